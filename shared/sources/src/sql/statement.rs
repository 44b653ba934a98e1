//! The statements that read rows in order, page by page.

use super::mark::Position;
use super::value::{Cell, Value, ValueKind, hex};

/// The SQL of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
}

/// A statement and what stands for its `?`, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) bound: Vec<Value>,
}

/// A column that rows are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderColumn {
    /// As the database calls it.
    pub(crate) name: String,
    /// How it is compared; `None` where every value has a type of its own.
    pub(crate) kind: Option<ValueKind>,
}

/// The rows of a query, in the order of their cursor and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderedRows {
    pub(crate) dialect: Dialect,
    pub(crate) query: String,
    pub(crate) cursor: OrderColumn,
    pub(crate) key: OrderColumn,
}

/// Which of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The least value of the cursor column.
    pub(crate) since: Option<Value>,
    /// What every value of the cursor column is less than.
    pub(crate) until: Option<Value>,
    /// Only what comes behind this row.
    pub(crate) after: Option<Position>,
}

impl Statement {
    fn plain(text: String) -> Self {
        Self { text, bound: Vec::new() }
    }
}

impl OrderColumn {
    /// What the place of a row with this field is compared by.
    pub(crate) fn place(&self, cell: Option<&Cell<'_>>) -> Option<Value> {
        let value = |cell: &Cell<'_>| Value {
            kind: self.kind.unwrap_or(cell.kind),
            text: cell.text.clone().into_owned(),
        };
        cell.map(value)
    }
}

impl OrderedRows {
    /// The first `limit` rows of the selection, in order; behind their fields, the cursor and the
    /// key that their places are compared by.
    pub(crate) fn page(&self, selection: &Selection, limit: u64) -> Statement {
        let Self { cursor, key, .. } = self;
        let mut conditions =
            Conditions { dialect: self.dialect, texts: Vec::new(), bound: Vec::new() };
        if let Some(since) = &selection.since {
            conditions.from(cursor, since);
        }
        if let Some(until) = &selection.until {
            conditions.compare(cursor, "<", until);
        }
        if let Some(after) = &selection.after {
            conditions.behind(cursor, key, after);
        }
        let rows = derived(&self.query);
        let condition = conditions.text();
        let places = [cursor, key].map(|column| self.dialect.place(column)).join(", ");
        let order = [cursor, key].map(|column| self.dialect.ordered(column)).join(", ");
        let text = format!(
            "SELECT rows_of_source.*, {places} FROM {rows}{condition}\nORDER BY {order}\nLIMIT {limit}"
        );
        Statement { text, bound: conditions.bound }
    }

    /// The greatest value of the cursor column, or the greatest one that is less than `until`: as it
    /// is shown, and as it is compared.
    pub(crate) fn newest(&self, until: Option<&Value>) -> Statement {
        let mut conditions =
            Conditions { dialect: self.dialect, texts: Vec::new(), bound: Vec::new() };
        if let Some(until) = until {
            conditions.compare(&self.cursor, "<", until);
        }
        let rows = derived(&self.query);
        let condition = conditions.text();
        let name = self.dialect.quoted(&self.cursor.name);
        let order = self.dialect.ordered(&self.cursor);
        let place = self.dialect.place(&self.cursor);
        let text = format!(
            "SELECT {name}, {place} FROM {rows}{condition}\nORDER BY {order} DESC\nLIMIT 1"
        );
        Statement { text, bound: conditions.bound }
    }

    /// How many rows there are, and how many of them have a cursor value.
    pub(crate) fn counts(&self) -> Statement {
        let name = self.dialect.quoted(&self.cursor.name);
        Statement::plain(format!("SELECT COUNT(*), COUNT({name}) FROM {}", derived(&self.query)))
    }
}

/// The query as a table; the line break ends a comment in its last line.
pub(crate) fn derived(query: &str) -> String {
    let query = query.trim_end_matches(|letter: char| letter == ';' || letter.is_whitespace());
    format!("(\n{query}\n) AS rows_of_source")
}

/// Conditions that all have to hold.
struct Conditions {
    dialect: Dialect,
    texts: Vec<String>,
    bound: Vec<Value>,
}

impl Conditions {
    /// At the value or greater.
    fn from(&mut self, column: &OrderColumn, value: &Value) {
        self.compare(column, ">=", value);
        // No index knows instants. It does know the wall clock, which is never set back by more.
        const CLOCK_CHANGE_SECONDS: i64 = 3 * 60 * 60;
        let Some(whole) = value.whole_seconds().filter(|_| value.kind == ValueKind::Instant) else {
            return;
        };
        if whole > CLOCK_CHANGE_SECONDS {
            let name = self.dialect.quoted(&column.name);
            self.texts.push(format!("{name} >= FROM_UNIXTIME({})", whole - CLOCK_CHANGE_SECONDS));
        }
    }

    fn compare(&mut self, column: &OrderColumn, operator: &str, value: &Value) {
        let comparison = self.comparison(column, operator, value);
        self.texts.push(comparison);
    }

    fn comparison(&mut self, column: &OrderColumn, operator: &str, value: &Value) -> String {
        let operand = match self.dialect {
            Dialect::MySql => literal(value),
            Dialect::Sqlite => {
                self.bound.push(value.clone());
                "?".to_owned()
            }
        };
        let compared = match (column.kind, value.kind) {
            (Some(ValueKind::Instant), ValueKind::Instant) => self.dialect.place(column),
            _ => self.dialect.ordered(column),
        };
        format!("{compared} {operator} {operand}")
    }

    /// Behind a row: a greater cursor, or the same and a greater key.
    fn behind(&mut self, cursor: &OrderColumn, key: &OrderColumn, after: &Position) {
        let (greater, same) = match &after.cursor {
            Some(value) => {
                // Says nothing new, but an index can start there.
                self.from(cursor, value);
                (self.comparison(cursor, ">", value), self.comparison(cursor, "=", value))
            }
            None => (self.null(cursor, "IS NOT NULL"), self.null(cursor, "IS NULL")),
        };
        let greater_key = match &after.key {
            Some(value) => self.comparison(key, ">", value),
            None => self.null(key, "IS NOT NULL"),
        };
        self.texts.push(format!("({greater} OR ({same} AND {greater_key}))"));
    }

    fn null(&self, column: &OrderColumn, condition: &str) -> String {
        format!("{} {condition}", self.dialect.quoted(&column.name))
    }

    fn text(&self) -> String {
        if self.texts.is_empty() {
            return String::new();
        }
        format!("\nWHERE {}", self.texts.join("\n  AND "))
    }
}

impl Dialect {
    /// A name that is read as it stands.
    pub(crate) fn quoted(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            Self::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// What a row's place is known by.
    fn place(self, column: &OrderColumn) -> String {
        let name = self.quoted(&column.name);
        match column.kind {
            Some(ValueKind::Instant) => format!("CAST(UNIX_TIMESTAMP({name}) AS DECIMAL(20, 6))"),
            _ => name,
        }
    }

    /// The column in an order that tells all values apart: collations take `a` and `A` for the
    /// same, and some also `a` and `a `, and rows between such values would be lost.
    fn ordered(self, column: &OrderColumn) -> String {
        let name = self.quoted(&column.name);
        match (self, column.kind) {
            (Self::Sqlite, _) => format!("{name} COLLATE BINARY"),
            (Self::MySql, Some(ValueKind::Text)) => {
                format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY)")
            }
            (Self::MySql, _) => name,
        }
    }
}

/// The value as MySQL reads it. Rows are read by the text protocol, which binds nothing, so text is
/// written by its bytes, and the rest holds what [`Value::is_sound`] allows.
fn literal(value: &Value) -> String {
    match value.kind {
        ValueKind::Integer | ValueKind::Decimal | ValueKind::Instant => value.text.clone(),
        ValueKind::Real if value.text.contains('e') => value.text.clone(),
        ValueKind::Real => format!("{}e0", value.text),
        ValueKind::Time => format!("'{}'", value.text),
        ValueKind::Bytes => format!("X'{}'", value.hex_digits().unwrap_or_default()),
        ValueKind::Text | ValueKind::Unordered => format!("X'{}'", hex(value.text.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(dialect: Dialect) -> OrderedRows {
        let column = |name: &str, kind| OrderColumn { name: name.to_owned(), kind: Some(kind) };
        OrderedRows {
            dialect,
            query: "SELECT * FROM t -- all ;\n; ".to_owned(),
            cursor: column("at", ValueKind::Time),
            key: column("i`d", ValueKind::Text),
        }
    }

    fn value(kind: ValueKind, text: &str) -> Option<Value> {
        Some(Value { kind, text: text.to_owned() })
    }

    #[test]
    fn a_page_of_mysql_starts_behind_the_last_row() {
        let selection = Selection {
            after: Some(Position {
                cursor: value(ValueKind::Time, "2024-05-01 00:00:00"),
                key: value(ValueKind::Text, "'é"),
            }),
            ..Selection::default()
        };
        let statement = rows(Dialect::MySql).page(&selection, 11);
        assert_eq!(
            statement.text,
            "SELECT rows_of_source.*, `at`, `i``d` FROM (\nSELECT * FROM t -- all\n) AS rows_of_source\n\
             WHERE `at` >= '2024-05-01 00:00:00'\n  \
             AND (`at` > '2024-05-01 00:00:00' OR (`at` = '2024-05-01 00:00:00' \
             AND CAST(CONVERT(`i``d` USING utf8mb4) AS BINARY) > X'27C3A9'))\n\
             ORDER BY `at`, CAST(CONVERT(`i``d` USING utf8mb4) AS BINARY)\nLIMIT 11"
        );
        assert!(statement.bound.is_empty());
    }

    #[test]
    fn instants_are_compared_in_utc_and_found_by_an_index_of_the_wall_clock() {
        let cursor = OrderColumn { name: "at".to_owned(), kind: Some(ValueKind::Instant) };
        let rows = OrderedRows { cursor, ..rows(Dialect::MySql) };
        let since = value(ValueKind::Instant, "1730610000.500000");
        let until = value(ValueKind::Time, "2024-11-04");
        let statement = rows.page(&Selection { since, until, after: None }, 2);
        assert!(statement.text.contains(
            "WHERE CAST(UNIX_TIMESTAMP(`at`) AS DECIMAL(20, 6)) >= 1730610000.500000\n  \
             AND `at` >= FROM_UNIXTIME(1730599200)\n  AND `at` < '2024-11-04'\n\
             ORDER BY `at`, "
        ));
    }

    #[test]
    fn a_page_of_sqlite_binds_its_values_in_order() {
        let selection = Selection {
            since: value(ValueKind::Integer, "1"),
            until: value(ValueKind::Integer, "9"),
            after: Some(Position { cursor: None, key: value(ValueKind::Text, "k") }),
        };
        let statement = rows(Dialect::Sqlite).page(&selection, 2);
        assert!(statement.text.contains(
            "WHERE \"at\" COLLATE BINARY >= ?\n  AND \"at\" COLLATE BINARY < ?\n  \
             AND (\"at\" IS NOT NULL OR (\"at\" IS NULL AND \"i`d\" COLLATE BINARY > ?))"
        ));
        let bound: Vec<&str> = statement.bound.iter().map(|value| value.text.as_str()).collect();
        assert_eq!(bound, ["1", "9", "k"]);
    }

    #[test]
    fn literals_keep_the_type_of_their_column() {
        for (kind, text, expected) in [
            (ValueKind::Integer, "18446744073709551615", "18446744073709551615"),
            (ValueKind::Decimal, "0.10", "0.10"),
            (ValueKind::Real, "0.1", "0.1e0"),
            (ValueKind::Real, "1e300", "1e300"),
            (ValueKind::Bytes, "0x00FF", "X'00FF'"),
        ] {
            assert_eq!(literal(&Value { kind, text: text.to_owned() }), expected);
        }
    }
}
