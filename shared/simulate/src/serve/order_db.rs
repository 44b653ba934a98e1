//! A restaurant's order database on a real server.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, MySqlConnection, SqliteConnection};

use crate::restaurant::{Order, OrderDatabase, OrderItem};

/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 500;

/// A table that only simulated databases have.
const MARK: &str = "SELECT COUNT(*) FROM simulated_by_smelt";

const TABLES: [&str; 3] = [
    "CREATE TABLE orders (order_id BIGINT PRIMARY KEY, ordered_at DATETIME NOT NULL, \
     status VARCHAR(20) NOT NULL, total_amount DECIMAL(12,2) NOT NULL, updated_at DATETIME NOT NULL)",
    "CREATE TABLE order_items (order_item_id BIGINT PRIMARY KEY, order_id BIGINT NOT \
     NULL, item VARCHAR(100) NOT NULL, category VARCHAR(100) NOT NULL, quantity INT NOT NULL, \
     unit_price DECIMAL(12,2) NOT NULL)",
    "CREATE TABLE simulated_by_smelt (made INT)",
];

/// Brings the tables `orders` and `order_items` to this state. They are made the first time; tables
/// of these names that somebody else made are left alone, which is an error.
///
/// `url` is `mysql://user:password@host:port/database`, or `sqlite:///path`, whose file is created
/// when absent.
pub async fn fill_order_db(url: &str, state: &OrderDatabase) -> Result<(), sqlx::Error> {
    if url.starts_with("mysql:") {
        let mut connection = MySqlConnection::connect(url).await?;
        let is_new = connection.execute(MARK).await.is_err();
        for statement in statements(state, is_new) {
            connection.execute(statement.as_str()).await?;
        }
        return connection.close().await;
    }
    let options: SqliteConnectOptions = url.parse()?;
    let mut connection = SqliteConnection::connect_with(&options.create_if_missing(true)).await?;
    let is_new = connection.execute(MARK).await.is_err();
    for statement in statements(state, is_new) {
        connection.execute(statement.as_str()).await?;
    }
    connection.close().await
}

/// All statements in order; the rows land in one transaction.
fn statements(state: &OrderDatabase, is_new: bool) -> impl Iterator<Item = String> {
    let tables = TABLES.into_iter().filter(move |_| is_new).map(str::to_owned);
    let orders = state.orders.chunks(ROWS_PER_STATEMENT);
    let orders = orders.map(|orders| replace("orders", orders, order_values));
    let items = state.items.chunks(ROWS_PER_STATEMENT);
    let items = items.map(|items| replace("order_items", items, item_values));
    tables.chain(["BEGIN".to_owned()]).chain(orders).chain(items).chain(["COMMIT".to_owned()])
}

/// Both databases know REPLACE, which inserts a row or takes the place of the one with its key.
fn replace<T>(table: &str, rows: &[T], values: fn(&T) -> String) -> String {
    let rows: Vec<String> = rows.iter().map(|row| format!("({})", values(row))).collect();
    format!("REPLACE INTO {table} VALUES {}", rows.join(", "))
}

fn order_values(order: &Order) -> String {
    format!(
        "{}, '{}', '{}', {}, '{}'",
        order.order_id,
        order.ordered_at.format("%Y-%m-%d %H:%M:%S"),
        order.status.as_str(),
        decimal(order.total_amount),
        order.updated_at.format("%Y-%m-%d %H:%M:%S"),
    )
}

fn item_values(item: &OrderItem) -> String {
    format!(
        "{}, {}, {}, {}, {}, {}",
        item.order_item_id,
        item.order_id,
        text(&item.item),
        text(&item.category),
        item.quantity,
        decimal(item.unit_price),
    )
}

fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_both_databases_read_them() {
        assert_eq!(decimal(1205), "12.05");
        assert_eq!(decimal(-7), "-0.07");
        assert_eq!(text("Chef's"), "'Chef''s'");
        let rows = replace("t", &[1, 2], |row: &i32| row.to_string());
        assert_eq!(rows, "REPLACE INTO t VALUES (1), (2)");
    }
}
