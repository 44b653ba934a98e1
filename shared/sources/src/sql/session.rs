//! What a pull needs of a connection, whichever database it leads to.

use std::borrow::Cow;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::address::Address;
use super::failure::Failures;
use super::mysql::MySqlSession;
use super::sqlite::SqliteSession;
use super::statement::{Dialect, OrderColumn, OrderedRows, Statement};
use super::value::{Cell, Value, ValueKind};
use crate::SourceError;
use crate::present::Present;

/// How much longer than the database itself this side waits for a statement's rows.
const GRACE: Duration = Duration::from_secs(5);

/// Takes rows one by one; breaks when it wants no more.
pub(super) type Receiver<'a> =
    dyn for<'row> FnMut(Vec<Option<Cell<'row>>>) -> ControlFlow<()> + Send + 'a;

/// A connection in a transaction that only reads: all its statements see one state.
#[async_trait]
pub(super) trait Session: Send {
    fn dialect(&self) -> Dialect;

    /// The columns of the query, without running it.
    async fn columns(&mut self, query: &str) -> Result<Vec<OrderColumn>, sqlx::Error>;

    /// Hands over the rows of the statement until there are none left or no more are wanted.
    async fn rows(
        &mut self,
        statement: &Statement,
        receive: &mut Receiver<'_>,
    ) -> Result<(), sqlx::Error>;

    /// The clock of the database.
    async fn present(&mut self) -> Result<Present, sqlx::Error>;

    /// Sentences about this connection that its owner should know.
    async fn advice(&mut self) -> Result<Vec<String>, sqlx::Error>;

    async fn close(self: Box<Self>);
}

/// What a source is opened with.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) definition: smelt_domain::Sql,
    pub(super) failures: Failures,
    pub(super) address: Address,
}

/// A session whose calls end in time, and whose errors say what to do.
pub(super) struct Connection {
    origin: Arc<Origin>,
    deadline: Option<Instant>,
    session: Box<dyn Session>,
}

impl Connection {
    /// Connects and starts the transaction.
    pub(super) async fn open(
        origin: &Arc<Origin>,
        deadline: Option<Instant>,
    ) -> Result<Self, SourceError> {
        let seconds = origin.definition.timeout_seconds;
        let session = in_time(origin, deadline, async {
            Ok(match &origin.address {
                Address::MySql(options) => {
                    Box::new(MySqlSession::open(options, seconds).await?) as Box<dyn Session>
                }
                Address::Sqlite(options) => Box::new(SqliteSession::open(options, seconds).await?),
            })
        });
        Ok(Self { session: session.await?, origin: Arc::clone(origin), deadline })
    }

    /// The columns of the source's query, and its rows in order.
    pub(super) async fn ordered_rows(
        &mut self,
    ) -> Result<(Vec<OrderColumn>, OrderedRows), SourceError> {
        let definition = &self.origin.definition;
        let columns = self.session.columns(&definition.query);
        let columns = in_time(&self.origin, self.deadline, columns).await?;
        let find = |setting: &str, name: &str| {
            columns
                .iter()
                .find(|column| column.name == name)
                .or_else(|| columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)))
                .cloned()
                .ok_or_else(|| self.origin.failures.unknown_column(setting, name, &columns))
        };
        let rows = OrderedRows {
            dialect: self.session.dialect(),
            query: definition.query.clone(),
            cursor: find("cursor", &definition.cursor)?,
            key: find("key", &definition.key)?,
        };
        for (setting, column) in [("cursor", &rows.cursor), ("key", &rows.key)] {
            if column.kind == Some(ValueKind::Unordered) {
                return Err(self.origin.failures.unordered_column(setting, &column.name));
            }
        }
        Ok((columns, rows))
    }

    /// Hands over the rows of the statement until there are none left or no more are wanted.
    pub(super) async fn rows(
        &mut self,
        statement: &Statement,
        receive: &mut Receiver<'_>,
    ) -> Result<(), SourceError> {
        in_time(&self.origin, self.deadline, self.session.rows(statement, receive)).await
    }

    /// The fields of the statement's first row.
    pub(super) async fn first_row(
        &mut self,
        statement: &Statement,
    ) -> Result<Vec<Option<Cell<'static>>>, SourceError> {
        let mut cells = Vec::new();
        let receive = &mut |row: Vec<Option<Cell<'_>>>| {
            let owned =
                |cell: Cell<'_>| Cell { kind: cell.kind, text: Cow::Owned(cell.text.into_owned()) };
            cells = row.into_iter().map(|cell| cell.map(owned)).collect();
            ControlFlow::Break(())
        };
        self.rows(statement, receive).await?;
        Ok(cells)
    }

    /// The greatest value of the cursor column; `None` when no row has one.
    pub(super) async fn greatest(
        &mut self,
        rows: &OrderedRows,
    ) -> Result<Option<Value>, SourceError> {
        self.greatest_until(rows, None).await
    }

    /// The newest value of the cursor column: the greatest one that is no time in the future.
    pub(super) async fn newest(
        &mut self,
        rows: &OrderedRows,
    ) -> Result<Option<Value>, SourceError> {
        let greatest = self.greatest(rows).await?;
        match self.end_of_present(greatest.as_ref()).await? {
            Some(end) => self.greatest_until(rows, Some(&end)).await,
            None => Ok(greatest),
        }
    }

    /// What every value of the present is less than, if this one is a time in the future.
    pub(super) async fn end_of_present(
        &mut self,
        value: Option<&Value>,
    ) -> Result<Option<Value>, SourceError> {
        let Some(value) = value else { return Ok(None) };
        let present = in_time(&self.origin, self.deadline, self.session.present()).await?;
        Ok(value.end_of_present(present))
    }

    async fn greatest_until(
        &mut self,
        rows: &OrderedRows,
        until: Option<&Value>,
    ) -> Result<Option<Value>, SourceError> {
        let row = self.first_row(&rows.newest(until)).await?;
        Ok(rows.cursor.place(row.last().and_then(Option::as_ref)))
    }

    /// Sentences about this connection that its owner should know.
    pub(super) async fn advice(&mut self) -> Result<Vec<String>, SourceError> {
        in_time(&self.origin, self.deadline, self.session.advice()).await
    }

    pub(super) async fn close(self) {
        // The server ends what is not closed in time.
        let _ = tokio::time::timeout(GRACE, self.session.close()).await;
    }
}

/// Waits no longer than a statement may take, nor beyond the deadline.
async fn in_time<T>(
    origin: &Origin,
    deadline: Option<Instant>,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, SourceError> {
    let seconds = origin.definition.timeout_seconds;
    let patience = Instant::now().checked_add(Duration::from_secs(u64::from(seconds)) + GRACE);
    let Some(end) = deadline.into_iter().chain(patience).min() else {
        return answer.await.map_err(|error| origin.failures.explain(error));
    };
    match tokio::time::timeout_at(end.into(), answer).await {
        Ok(answer) => answer.map_err(|error| origin.failures.explain(error)),
        Err(_) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
            Err(origin.failures.deadline_passed())
        }
        Err(_) => Err(origin.failures.too_slow()),
    }
}
