//! Rows of a MySQL, MariaDB or SQLite database, which is only ever read.
//!
//! A pull is one transaction that cannot write, and all its pages see the state in which it began
//! (in tables of transactional engines). Rows come in the order of the cursor column, and among
//! equals in that of the key column, each page starting behind the last row of the one before; rows
//! without a cursor value come first, in a pull that starts from the beginning.
//!
//! A pull that goes on from a finished one starts `overlap_seconds` before the newest time that was
//! seen, as transactions commit later than the times they write; a cursor that is no time starts at
//! the newest value itself. Both give some rows again. A time in the future is not remembered as
//! the newest: its rows come again with every pull.
//!
//! Fields are shown as the database shows them: times as its wall clock (`TIMESTAMP` in the time
//! zone of the server's session), bytes as `0x…`, bits as numbers. In SQLite, where a time is what
//! looks like one, times of a column have to be written in one way.
//!
//! Pages are fast with an index on the cursor and a number or time as key: `(cursor, key)`. A key of
//! text is sorted for each page, as its bytes, which no index knows.

mod address;
mod failure;
mod mark;
mod mysql;
mod page_rows;
mod pages;
mod session;
mod sqlite;
mod statement;
mod value;

use std::sync::Arc;

use async_trait::async_trait;

use self::address::Address;
use self::failure::Failures;
use self::mark::Mark;
use self::pages::{SqlPages, column_names};
use self::session::{Connection, Origin};
use crate::{Cursor, Pages, Probe, PullRequest, Secret, Source, SourceError, present};

/// A query of a database.
#[derive(Debug)]
pub struct SqlSource {
    origin: Arc<Origin>,
}

/// Opens a source; nothing is connected before it is asked for something.
///
/// `label` is what rows and errors name the source by, `url` the value of the environment variable
/// that the definition names. Fails with [`SourceError::Setting`] when the URL cannot be read.
pub fn open(
    definition: &smelt_domain::Sql,
    label: String,
    url: Secret,
) -> Result<SqlSource, SourceError> {
    let failures = Failures::new(label, definition);
    let address =
        Address::read(url.reveal(), definition.tls).map_err(|problem| failures.address(problem))?;
    let origin = Origin { definition: definition.clone(), failures, address };
    Ok(SqlSource { origin: Arc::new(origin) })
}

#[async_trait]
impl Source for SqlSource {
    fn label(&self) -> &str {
        self.origin.failures.label()
    }

    async fn probe(&self) -> Result<Probe, SourceError> {
        let mut connection = Connection::open(&self.origin, None).await?;
        let (columns, ordered) = connection.ordered_rows().await?;
        let newest = connection.first_row(&ordered.newest(None)).await?;
        let place = ordered.cursor.place(newest.last().and_then(Option::as_ref));
        let is_in_future = connection.end_of_present(place.as_ref()).await?.is_some();
        let counts = connection.first_row(&ordered.counts()).await?;
        let mut counts = counts.iter().map(|count| count.as_ref()?.text.parse::<u64>().ok());
        let (rows, with_cursor) = (counts.next().flatten(), counts.next().flatten());
        let mut notes = connection.advice().await?;
        connection.close().await;
        let without_cursor = rows.unwrap_or(0).saturating_sub(with_cursor.unwrap_or(0));
        if without_cursor > 0 {
            notes.push(format!(
                "{without_cursor} rows have no value in `{}`: only a load from the beginning gets them.",
                ordered.cursor.name
            ));
        }
        notes.push("rows that are deleted in the database are not noticed".to_owned());
        if is_in_future {
            notes.push(present::note(&ordered.cursor.name));
        }
        let newest = newest.into_iter().next().flatten().map(|cell| cell.text.into_owned());
        let (columns, cursor) = (column_names(&columns), ordered.cursor.name.clone());
        Ok(Probe { columns, rows, cursor, newest, notes })
    }

    fn place(&self, cursor: &Cursor) -> Option<String> {
        Some(Mark::read(cursor)?.place())
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pages>, SourceError> {
        let pages = SqlPages::new(&self.origin, &request.scope, request.deadline)?;
        Ok(Box::new(pages))
    }
}
