//! Sessions of MySQL and MariaDB.
//!
//! Rows come by the text protocol, in which the server itself writes every value as text: decimals
//! with all their digits, times as wall clock (also `0000-00-00`), doubles as short as they read
//! back.

use std::borrow::Cow;
use std::collections::HashSet;

use async_trait::async_trait;
use chrono::NaiveDateTime;
use futures::TryStreamExt;
use sqlx::mysql::{MySqlColumn, MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{Column, ConnectOptions, Connection, Executor, Row, Statement as _, TypeInfo};

use super::session::{Receiver, Session};
use super::statement::{Dialect, OrderColumn, Statement, derived};
use super::value::{Cell, ValueKind, shown_bytes};
use crate::present::Present;

/// What a user may do without being able to change anything.
const READING: [&str; 5] = ["SELECT", "SHOW VIEW", "SHOW DATABASES", "USAGE", "PROCESS"];

pub(super) struct MySqlSession {
    connection: MySqlConnection,
    /// Columns that hold text although their type says bytes: collations that compare bytes mark
    /// their columns in the same way.
    text: HashSet<String>,
}

/// How a column's values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    AsSent(ValueKind),
    Bytes,
    Bits,
}

impl MySqlSession {
    /// Connects, gives up the right to write, and fixes the state that all statements see.
    pub(super) async fn open(
        options: &MySqlConnectOptions,
        timeout_seconds: u32,
    ) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        let mut session = Self { connection, text: HashSet::new() };
        let version = session.texts("SELECT VERSION()").await?.concat();
        let timeout = if version.contains("MariaDB") {
            format!("SET SESSION max_statement_time = {timeout_seconds}")
        } else {
            let milliseconds = u64::from(timeout_seconds) * 1000;
            format!("SET SESSION max_execution_time = {milliseconds}")
        };
        for statement in [
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            &timeout,
            &format!("SET SESSION lock_wait_timeout = {}", timeout_seconds.max(1)),
            // A row with the date 0000-00-00 must not end the comparison with it.
            "SET SESSION sql_mode = REPLACE(REPLACE(@@sql_mode, 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', '')",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ] {
            session.connection.execute(sqlx::raw_sql(statement)).await?;
        }
        Ok(session)
    }

    /// The first column of a statement of our own.
    async fn texts(&mut self, statement: &str) -> Result<Vec<String>, sqlx::Error> {
        let rows = self.connection.fetch_all(sqlx::raw_sql(statement)).await?;
        let text = |row: &MySqlRow| {
            row.try_get_unchecked::<&[u8], _>(0)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        rows.iter().map(text).collect()
    }

    /// Finds out which of the columns that look like bytes hold text.
    async fn tell_text(&mut self, rows: &str, names: Vec<String>) -> Result<(), sqlx::Error> {
        if names.is_empty() {
            return Ok(());
        }
        let character_sets: Vec<String> = names
            .iter()
            .map(|name| format!("CHARSET(rows_of_source.{})", Dialect::MySql.quoted(name)))
            .collect();
        // One row, whatever the query gives, and none of its rows read.
        let statement = format!(
            "SELECT CONCAT_WS(',', {}) FROM (SELECT 1) AS one LEFT JOIN {rows} ON FALSE",
            character_sets.join(", ")
        );
        let answer = self.texts(&statement).await?.concat();
        let text = names.into_iter().zip(answer.split(',')).filter(|(_, set)| *set != "binary");
        self.text = text.map(|(name, _)| name).collect();
        Ok(())
    }
}

#[async_trait]
impl Session for MySqlSession {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    async fn columns(&mut self, query: &str) -> Result<Vec<OrderColumn>, sqlx::Error> {
        let rows = derived(query);
        // Preparing refuses more than one statement, so the query cannot end our own.
        let statement = format!("SELECT * FROM {rows}");
        let prepared = self.connection.prepare(&statement).await?;
        let columns: Vec<(String, String)> = prepared
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), column.type_info().name().to_owned()))
            .collect();
        let unclear = columns.iter().filter(|(_, type_name)| looks_like_bytes(type_name));
        let unclear = unclear.map(|(name, _)| name.clone()).collect();
        self.tell_text(&rows, unclear).await?;
        let column = |(name, type_name): (String, String)| {
            let kind = Some(shown(&name, &type_name, &self.text).kind());
            OrderColumn { name, kind }
        };
        Ok(columns.into_iter().map(column).collect())
    }

    async fn rows(
        &mut self,
        statement: &Statement,
        receive: &mut Receiver<'_>,
    ) -> Result<(), sqlx::Error> {
        let mut columns: Option<Vec<Shown>> = None;
        let mut rows = self.connection.fetch(sqlx::raw_sql(&statement.text));
        while let Some(row) = rows.try_next().await? {
            let columns = columns.get_or_insert_with(|| {
                let shown = |column: &MySqlColumn| {
                    shown(column.name(), column.type_info().name(), &self.text)
                };
                row.columns().iter().map(shown).collect()
            });
            let cell = |(index, shown): (usize, &Shown)| -> Result<_, sqlx::Error> {
                let sent = row.try_get_unchecked::<Option<&[u8]>, _>(index)?;
                Ok(sent.map(|bytes| shown.cell(bytes)))
            };
            let cells = columns.iter().enumerate().map(cell).collect::<Result<Vec<_>, _>>()?;
            if receive(cells).is_break() {
                break;
            }
        }
        Ok(())
    }

    async fn present(&mut self) -> Result<Present, sqlx::Error> {
        let clock = self.texts("SELECT UTC_TIMESTAMP()").await?.concat();
        let clock = NaiveDateTime::parse_from_str(&clock, "%Y-%m-%d %H:%M:%S");
        Ok(clock.map_or_else(|_| Present::of_this_machine(), |clock| Present::at(clock.and_utc())))
    }

    async fn advice(&mut self) -> Result<Vec<String>, sqlx::Error> {
        let grants = self.texts("SHOW GRANTS").await?;
        let mut writing: Vec<String> = grants
            .iter()
            .flat_map(|grant| privileges(grant))
            .filter(|name| !READING.contains(&name.as_str()))
            .collect();
        writing.sort();
        writing.dedup();
        if writing.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![format!(
            "The user may do more than read ({}); a user with nothing but SELECT is safer.",
            writing.join(", ")
        )])
    }

    async fn close(self: Box<Self>) {
        // Nothing was changed that could be lost.
        let _ = self.connection.close().await;
    }
}

/// How a column is shown by its type; `text` names those that hold text although they look like
/// bytes.
fn shown(name: &str, type_name: &str, text: &HashSet<String>) -> Shown {
    match type_name {
        "BIT" => Shown::Bits,
        "DECIMAL" => Shown::AsSent(ValueKind::Decimal),
        "DOUBLE" => Shown::AsSent(ValueKind::Real),
        "DATE" | "DATETIME" => Shown::AsSent(ValueKind::Time),
        "TIMESTAMP" => Shown::AsSent(ValueKind::Instant),
        "FLOAT" | "TIME" | "JSON" | "NULL" => Shown::AsSent(ValueKind::Unordered),
        "BOOLEAN" | "YEAR" => Shown::AsSent(ValueKind::Integer),
        number if number.contains("INT") => Shown::AsSent(ValueKind::Integer),
        "GEOMETRY" => Shown::Bytes,
        bytes if looks_like_bytes(bytes) && !text.contains(name) => Shown::Bytes,
        _ => Shown::AsSent(ValueKind::Text),
    }
}

fn looks_like_bytes(type_name: &str) -> bool {
    type_name.ends_with("BLOB") || type_name.ends_with("BINARY")
}

impl Shown {
    fn kind(self) -> ValueKind {
        match self {
            Self::AsSent(kind) => kind,
            Self::Bytes => ValueKind::Bytes,
            Self::Bits => ValueKind::Integer,
        }
    }

    fn cell(self, sent: &[u8]) -> Cell<'_> {
        let text = match self {
            Self::AsSent(_) => match std::str::from_utf8(sent) {
                Ok(text) => Cow::Borrowed(text),
                // The server writes text in the connection's UTF-8, so this is none.
                Err(_) => Cow::Owned(shown_bytes(sent)),
            },
            Self::Bytes => Cow::Owned(shown_bytes(sent)),
            Self::Bits => {
                let number = sent.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
                Cow::Owned(number.to_string())
            }
        };
        Cell { kind: self.kind(), text }
    }
}

/// The privileges that a line of SHOW GRANTS gives; none for a line that gives a role.
fn privileges(grant: &str) -> Vec<String> {
    let Some((privileges, _)) =
        grant.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON "))
    else {
        return Vec::new();
    };
    // Privileges of single columns name these: SELECT (a, b), INSERT (a).
    let mut depth = 0;
    let without_columns: String = privileges
        .chars()
        .filter(|letter| {
            depth += i32::from(*letter == '(') - i32::from(*letter == ')');
            depth == 0 && *letter != ')'
        })
        .collect();
    without_columns.split(',').map(|name| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileges_are_read_without_columns_and_secrets() {
        for (grant, expected) in [
            ("GRANT USAGE ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*AB'", vec!["USAGE"]),
            (
                "GRANT SELECT (`a`, `b`), INSERT (`a`) ON `d`.`t` TO `r`@`%`",
                vec!["SELECT", "INSERT"],
            ),
            ("GRANT SELECT, SHOW VIEW ON `d`.* TO `r`@`%`", vec!["SELECT", "SHOW VIEW"]),
            ("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`", vec!["ALL PRIVILEGES"]),
            ("GRANT `role` TO `r`@`%`", vec![]),
            ("SET DEFAULT ROLE NONE", vec![]),
        ] {
            assert_eq!(privileges(grant), expected, "{grant}");
        }
    }

    #[test]
    fn columns_that_only_compare_bytes_are_text() {
        let text = HashSet::from(["name".to_owned()]);
        assert_eq!(shown("name", "VARBINARY", &text), Shown::AsSent(ValueKind::Text));
        assert_eq!(shown("hash", "VARBINARY", &text), Shown::Bytes);
        assert_eq!(shown("n", "BIGINT UNSIGNED", &text), Shown::AsSent(ValueKind::Integer));
        assert_eq!(shown("p", "GEOMETRY", &text), Shown::Bytes);
    }

    #[test]
    fn bits_are_numbers() {
        assert_eq!(Shown::Bits.cell(&[1]).text, "1");
        assert_eq!(Shown::Bits.cell(&[255; 8]).text, u64::MAX.to_string());
    }
}
