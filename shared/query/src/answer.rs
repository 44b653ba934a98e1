//! What came out.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use serde_json::{Map, Value};
use smelt_domain::ColumnType;

use crate::encode::{to_arrow, to_csv, to_json, to_parquet};
use crate::{Format, QueryError};

/// The rows of one page.
#[derive(Debug, Clone)]
pub struct Answer {
    columns: Vec<(String, ColumnType)>,
    rows: RecordBatch,
    next: Option<String>,
}

impl Answer {
    pub(crate) fn new(
        columns: Vec<(String, ColumnType)>,
        rows: RecordBatch,
        next: Option<String>,
    ) -> Self {
        Self { columns, rows, next }
    }

    /// Names and types of the columns.
    pub fn columns(&self) -> &[(String, ColumnType)] {
        &self.columns
    }

    /// The rows.
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// The cursor of the next page, if there are more rows.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The rows as bytes.
    ///
    /// JSON is one object: the members of `about` first, then `columns`, `rows` and `next`. The other
    /// formats hold the rows alone.
    pub fn encode(
        &self,
        format: Format,
        about: &Map<String, Value>,
    ) -> Result<Vec<u8>, AnswerError> {
        match format {
            Format::Json => to_json(self, about),
            Format::Csv => to_csv(self),
            Format::Parquet => to_parquet(self),
            Format::Arrow => to_arrow(self),
        }
    }
}

/// Why a question that fits its table was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The question cannot be answered as it is: a sum that is too large, too many groups.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The file is not there: a newer one has taken its place.
    #[error("there is no snapshot {path} any more; read latest.json again")]
    Gone {
        /// Path in the lake.
        path: String,
    },
    /// The store did not answer; a retry helps.
    #[error("the store did not read {path}: {source}; ask again later")]
    Unavailable {
        /// Path in the lake.
        path: String,
        /// The store's own answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file has other columns than its table is said to have.
    #[error("snapshot {path}: {problem}; publish the table again (`smelt refresh`)")]
    OtherColumns {
        /// Path in the lake.
        path: String,
        /// What does not fit.
        problem: String,
    },
    /// The file cannot be read, or the rows cannot be computed or written.
    #[error("{context}: {source}")]
    Failed {
        /// What was being done.
        context: String,
        /// The library's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl AnswerError {
    pub(crate) fn failed(
        context: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Failed { context: context.into(), source: Box::new(source) }
    }

    /// What a store said about a file.
    pub(crate) fn from_store(path: &str, error: object_store::Error) -> Self {
        use object_store::Error::{
            InvalidPath, NotFound, NotImplemented, NotSupported, PermissionDenied, Unauthenticated,
        };
        let path = path.to_owned();
        match error {
            NotFound { .. } => Self::Gone { path },
            PermissionDenied { .. }
            | Unauthenticated { .. }
            | InvalidPath { .. }
            | NotSupported { .. }
            | NotImplemented { .. } => Self::failed(format!("reading snapshot {path}"), error),
            error => Self::Unavailable { path, source: Box::new(error) },
        }
    }

    /// Whether the same question may be answered later without anyone changing anything.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::Unavailable { .. })
    }
}

/// Rows that are not what their columns say, or more of them than can be counted.
impl From<ArrowError> for AnswerError {
    fn from(error: ArrowError) -> Self {
        Self::failed("computing an answer", error)
    }
}
