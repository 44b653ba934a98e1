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

mod aggregate;
mod answer;
mod bucket;
mod calendar;
mod chunk;
mod coded;
mod columns;
mod cursor;
mod encode;
mod error;
mod evaluation;
mod filter;
mod first_rows;
mod format;
mod groups;
mod large_file;
mod parquet_file;
mod query;
mod selection;
mod snapshots;
mod table;
mod value;

pub use answer::{Answer, AnswerError};
pub use columns::{Columns, ColumnsError};
pub use error::QueryError;
pub use format::{Format, FormatError};
pub use query::Query;
pub use snapshots::{Snapshot, Snapshots};
