//! Questions to a published table, answered without a SQL engine.
//!
//! A question comes as the parameters of a URL, is checked against the table's columns, and is answered
//! from one immutable Parquet file:
//!
//! - [`Columns`]: what may be asked about: a mart, or a table about series.
//! - [`Query`]: a question that fits them, see [`Query::parse`] for the parameters.
//! - [`Snapshots`]: the files, small ones kept in memory; [`Snapshots::answer`] answers.
//! - [`Answer`]: the rows, and where the next page begins; [`Answer::encode`] writes them in a [`Format`].
//!
//! Nothing that is asked becomes code of any kind: names are looked up, values are compared.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![expect(dead_code, reason = "nothing is read or answered yet")]

mod answer;
mod columns;
mod error;
mod format;
mod query;
mod snapshots;

pub use answer::{Answer, AnswerError};
pub use columns::{Columns, ColumnsError};
pub use error::QueryError;
pub use format::{Format, FormatError};
pub use query::Query;
pub use snapshots::{Snapshot, Snapshots};
