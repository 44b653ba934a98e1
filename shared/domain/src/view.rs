//! Named questions to what a dataset publishes.

use crate::TableName;

/// A question to a mart, or to a table about series, that has a name of its own in the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: TableName,
    /// What it tells, for people.
    pub description: String,
    /// The mart, or the table about series.
    pub table: TableName,
    /// What is asked, as in a URL behind the question mark: `group=month&aggregate=sum(amount)`.
    pub query: String,
}
