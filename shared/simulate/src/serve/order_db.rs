//! A restaurant's order database on a real server.

use sqlx::mysql::MySqlConnectOptions;
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

/// Tables of a simulation before are emptied: its rows would be in no truth.
const EMPTIED: [&str; 2] = ["DELETE FROM order_items", "DELETE FROM orders"];

/// Where an order database is.
#[derive(Clone)]
pub struct OrderDbUrl {
    kind: DatabaseKind,
    /// With credentials.
    url: String,
}

#[derive(Debug, Clone, Copy)]
enum DatabaseKind {
    MySql,
    Sqlite,
}

/// A text that is the URL of no database that can be filled. It does not show the text, which may hold
/// a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is the URL of no database that can be filled: write mysql://user:password@host:port/database, the \
     same with mariadb://, or sqlite:///path/to/file"
)]
pub struct NoOrderDbUrl;

impl std::str::FromStr for OrderDbUrl {
    type Err = NoOrderDbUrl;

    fn from_str(text: &str) -> Result<Self, NoOrderDbUrl> {
        let (scheme, _) = text.split_once("://").ok_or(NoOrderDbUrl)?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "mysql" | "mariadb" => DatabaseKind::MySql,
            "sqlite" => DatabaseKind::Sqlite,
            _ => return Err(NoOrderDbUrl),
        };
        Ok(Self { kind, url: text.to_owned() })
    }
}

impl std::fmt::Debug for OrderDbUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}(…)", self.kind)
    }
}

/// Brings the tables `orders` and `order_items` to this state. They are made the first time; tables
/// of these names that somebody else made are left alone, which is an error.
///
/// The file of an SQLite database is created when absent.
pub async fn fill_order_db(url: &OrderDbUrl, state: &OrderDatabase) -> Result<(), sqlx::Error> {
    match url.kind {
        DatabaseKind::MySql => {
            let options: MySqlConnectOptions = url.url.parse()?;
            let mut connection = MySqlConnection::connect_with(&options).await?;
            let is_new = connection.execute(MARK).await.is_err();
            for statement in statements(state, is_new) {
                connection.execute(statement.as_str()).await?;
            }
            connection.close().await
        }
        DatabaseKind::Sqlite => {
            let options: SqliteConnectOptions = url.url.parse()?;
            let options = options.create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let is_new = connection.execute(MARK).await.is_err();
            for statement in statements(state, is_new) {
                connection.execute(statement.as_str()).await?;
            }
            connection.close().await
        }
    }
}

/// All statements in order; the rows of before go and these come in one transaction.
fn statements(state: &OrderDatabase, is_new: bool) -> impl Iterator<Item = String> {
    let tables = TABLES.into_iter().filter(move |_| is_new).map(str::to_owned);
    let emptied = EMPTIED.into_iter().filter(move |_| !is_new).map(str::to_owned);
    let orders = state.orders.chunks(ROWS_PER_STATEMENT);
    let orders = orders.map(|orders| insert("orders", orders, order_values));
    let items = state.items.chunks(ROWS_PER_STATEMENT);
    let items = items.map(|items| insert("order_items", items, item_values));
    let begun = tables.chain(["BEGIN".to_owned()]).chain(emptied);
    begun.chain(orders).chain(items).chain(["COMMIT".to_owned()])
}

fn insert<T>(table: &str, rows: &[T], values: fn(&T) -> String) -> String {
    let rows: Vec<String> = rows.iter().map(|row| format!("({})", values(row))).collect();
    format!("INSERT INTO {table} VALUES {}", rows.join(", "))
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
        let rows = insert("t", &[1, 2], |row: &i32| row.to_string());
        assert_eq!(rows, "INSERT INTO t VALUES (1), (2)");
    }

    #[test]
    fn databases_of_three_schemes_can_be_filled_and_no_url_is_shown() {
        for url in ["mysql://u:s3cr3t@h/d", "MariaDB://u:s3cr3t@h/d", "sqlite://s3cr3t.db"] {
            let url: OrderDbUrl = url.parse().unwrap();
            assert!(!format!("{url:?}").contains("s3cr3t"), "{url:?}");
        }
        for url in ["", "orders.db", "postgres://u:s3cr3t@h/d", "mysql:u:s3cr3t"] {
            let told = url.parse::<OrderDbUrl>().unwrap_err().to_string();
            assert!(told.contains("mariadb://") && !told.contains("s3cr3t"), "{told}");
        }
    }
}
