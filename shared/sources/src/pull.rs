//! Sources that are pulled: pages of rows, each with the cursor that goes on behind it.

use std::fmt;
use std::time::Instant;

use async_trait::async_trait;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::{SourceBatch, SourceError};

/// Something that rows are pulled from.
#[async_trait]
pub trait Source: Send + Sync + fmt::Debug {
    /// What the rows' `_source` says; never a secret.
    fn label(&self) -> &str;

    /// Looks without loading anything.
    async fn probe(&self) -> Result<Probe, SourceError>;

    /// Where a pull goes on that starts from this cursor, in words; `None` for a cursor of another source.
    fn place(&self, cursor: &Cursor) -> Option<String>;

    /// Starts a pull. Nothing is read before the first page is asked for.
    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pages>, SourceError>;

    /// What deletes are found by; `None` for sources that cannot tell.
    fn inventory(&self) -> Option<&dyn Inventory> {
        None
    }
}

/// The pages of one pull.
#[async_trait]
pub trait Pages: Send {
    /// The next page; `None` when there is nothing more. A page whose error is retryable may be
    /// asked for again in a new pull, from the cursor of the page before it.
    async fn next(&mut self) -> Result<Option<Page>, SourceError>;

    /// What else is worth knowing of the pages so far, a sentence each: rows that are never among them.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What is to be pulled.
#[derive(Debug, Clone, Default)]
pub struct PullRequest {
    /// Which rows.
    pub scope: PullScope,
    /// When to stop waiting and retrying; the caller asks for no page after it.
    pub deadline: Option<Instant>,
    /// What there are full copies of, by [`SnapshotPart::of`].
    pub copies: Vec<String>,
}

/// Which rows are pulled.
#[derive(Debug, Clone, PartialEq)]
pub enum PullScope {
    /// What came since the cursor; everything when there is none.
    New(Option<Cursor>),
    /// Rows whose time lies in `since ≤ time < until`; the cursor stays where it is, and pages
    /// carry none.
    Window {
        /// The first moment; `None` from the beginning.
        since: Option<NaiveDateTime>,
        /// The moment behind the last; `None` to the end.
        until: Option<NaiveDateTime>,
    },
}

impl Default for PullScope {
    fn default() -> Self {
        Self::New(None)
    }
}

/// Where a pull goes on: JSON whose meaning only its source knows. It is committed together with
/// the rows before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub serde_json::Value);

/// Rows that came together.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows as received; `line` counts the rows of the pull from 1.
    pub rows: SourceBatch,
    /// Where to go on when the rows are committed; `None` leaves the cursor as it is.
    pub cursor: Option<Cursor>,
    /// The snapshot that the rows are a part of; `None` for rows that stand for themselves.
    pub snapshot: Option<SnapshotPart>,
}

/// Part of a full copy that replaces the copy before it as soon as it is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotPart {
    /// What is copied, such as a resource id.
    pub of: String,
    /// Which copy, of which state: parts that give the same text belong together.
    pub state: String,
    /// How far the copy is with this page.
    pub progress: CopyProgress,
}

impl SnapshotPart {
    /// Whether all rows of the copy are there with this page.
    pub fn is_complete(&self) -> bool {
        self.progress == CopyProgress::Complete
    }
}

/// How far a full copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyProgress {
    /// More of it is to come: the copy before it goes on to count.
    Underway,
    /// These are all its rows, counted.
    Complete,
    /// There is nothing to copy any more at the source: no copy counts.
    Gone,
}

/// What a look at a source found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Columns, as bronze would name them.
    pub columns: Vec<String>,
    /// Rows there, if the source tells.
    pub rows: Option<u64>,
    /// What tells rows that are new: a column, or in words what else does.
    pub cursor: String,
    /// The newest value of what the cursor goes by.
    pub newest: Option<String>,
    /// What else is worth knowing, a sentence each: an order that was refused, a missing token.
    pub notes: Vec<String>,
}

/// Finds deletes: how many rows the source has, and which.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// Rows by month (`YYYY-MM`) of the time column; rows without a time under the empty text.
    async fn rows_by_month(&self) -> Result<std::collections::BTreeMap<String, u64>, SourceError>;

    /// The key columns of all rows of a month, as text, under the names that bronze gives them.
    async fn keys_of_month(&self, month: &str) -> Result<Box<dyn Pages>, SourceError>;
}

/// A value that must not be seen: a token, a URL with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}
