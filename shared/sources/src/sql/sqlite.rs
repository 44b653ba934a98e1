//! Sessions of SQLite, which has a type for every value rather than for every column.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::TryStreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    Column, ConnectOptions, Connection, Decode, Executor, Row, Sqlite, Statement as _, TypeInfo,
    ValueRef,
};

use super::session::{Receiver, Session};
use super::statement::{Dialect, OrderColumn, Statement, derived};
use super::value::{Cell, Value, ValueKind, shown_bytes};
use crate::present::Present;

/// Steps of SQLite's machine between two looks at the clock; a few microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

pub(super) struct SqliteSession {
    connection: SqliteConnection,
    timeout: Duration,
}

impl SqliteSession {
    /// Opens the file for reading and starts the transaction; its first statement fixes the state
    /// that all of them see.
    pub(super) async fn open(
        options: &SqliteConnectOptions,
        timeout_seconds: u32,
    ) -> Result<Self, sqlx::Error> {
        let timeout = Duration::from_secs(u64::from(timeout_seconds));
        let mut connection = options.clone().busy_timeout(timeout).connect().await?;
        connection.execute("BEGIN DEFERRED").await?;
        Ok(Self { connection, timeout })
    }

    /// Interrupts the next statement when its time is over.
    async fn limit_time(&mut self) -> Result<(), sqlx::Error> {
        let end = Instant::now().checked_add(self.timeout);
        let goes_on = move || end.is_none_or(|end| Instant::now() < end);
        self.connection.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_LOOKS, goes_on);
        Ok(())
    }
}

#[async_trait]
impl Session for SqliteSession {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn columns(&mut self, query: &str) -> Result<Vec<OrderColumn>, sqlx::Error> {
        let statement = format!("SELECT * FROM {}", derived(query));
        let prepared = self.connection.prepare(&statement).await?;
        let column = |name: &str| OrderColumn { name: name.to_owned(), kind: None };
        Ok(prepared.columns().iter().map(|described| column(described.name())).collect())
    }

    async fn rows(
        &mut self,
        statement: &Statement,
        receive: &mut Receiver<'_>,
    ) -> Result<(), sqlx::Error> {
        self.limit_time().await?;
        let query = sqlx::query(&statement.text).persistent(false);
        let query = statement.bound.iter().fold(query, bind);
        let mut rows = self.connection.fetch(query);
        while let Some(row) = rows.try_next().await? {
            let cells = (0..row.len()).map(|index| cell(&row, index));
            if receive(cells.collect::<Result<Vec<_>, _>>()?).is_break() {
                break;
            }
        }
        Ok(())
    }

    async fn present(&mut self) -> Result<Present, sqlx::Error> {
        // It has no clock of its own.
        Ok(Present::of_this_machine())
    }

    async fn advice(&mut self) -> Result<Vec<String>, sqlx::Error> {
        Ok(Vec::new())
    }

    async fn close(self: Box<Self>) {
        // Nothing was changed that could be lost.
        let _ = self.connection.close().await;
    }
}

/// Binds a value with its own type, so that SQLite compares it as it compares its own.
fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments<'q>>,
    value: &'q Value,
) -> Query<'q, Sqlite, SqliteArguments<'q>> {
    let text = value.text.as_str();
    match value.kind {
        ValueKind::Integer => match text.parse::<i64>() {
            Ok(number) => query.bind(number),
            Err(_) => query.bind(text),
        },
        ValueKind::Real => match text.parse::<f64>() {
            Ok(number) => query.bind(number),
            Err(_) => query.bind(text),
        },
        ValueKind::Bytes => query.bind(bytes_of(value)),
        _ => query.bind(text),
    }
}

fn bytes_of(value: &Value) -> Vec<u8> {
    let digits = value.hex_digits().unwrap_or_default().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).filter_map(pair).collect()
}

fn cell(row: &SqliteRow, index: usize) -> Result<Option<Cell<'_>>, sqlx::Error> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(None);
    }
    let broken = |source| sqlx::Error::ColumnDecode { index: index.to_string(), source };
    let type_name = value.type_info().name().to_owned();
    Ok(Some(match type_name.as_str() {
        "INTEGER" => {
            let number = <i64 as Decode<Sqlite>>::decode(value).map_err(broken)?;
            Cell { kind: ValueKind::Integer, text: Cow::Owned(number.to_string()) }
        }
        "REAL" => {
            let number = <f64 as Decode<Sqlite>>::decode(value).map_err(broken)?;
            // The shortest text that reads back as the same number, always with a point or exponent.
            Cell { kind: ValueKind::Real, text: Cow::Owned(format!("{number:?}")) }
        }
        "BLOB" => {
            let bytes = <&[u8] as Decode<Sqlite>>::decode(value).map_err(broken)?;
            Cell { kind: ValueKind::Bytes, text: Cow::Owned(shown_bytes(bytes)) }
        }
        _ => {
            let bytes = <&[u8] as Decode<Sqlite>>::decode(value).map_err(broken)?;
            match std::str::from_utf8(bytes) {
                Ok(text) => Cell { kind: ValueKind::Text, text: Cow::Borrowed(text) },
                // SQLite takes any bytes for text. Shown whole, but there is no order by them.
                Err(_) => Cell { kind: ValueKind::Unordered, text: Cow::Owned(shown_bytes(bytes)) },
            }
        }
    }))
}
