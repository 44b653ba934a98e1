use datafusion::error::DataFusionError;
use smelt_domain::{DatasetName, FailureKind, PartitionRangeError, Problems, RuleName};
use smelt_lake::LakeError;
use smelt_sources::{FileError, SourceError};

use crate::Panic;
use crate::alert::NotTold;

/// Why a stage did not finish, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The lake could not be read or written.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A source file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A source could not be pulled; what was committed before stays.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A dataset's definition is wrong; nothing was started.
    #[error("{0}")]
    Definition(Problems),
    /// There is no such dataset.
    #[error("there is no dataset `{name}`; known datasets: {known}")]
    UnknownDataset {
        /// The name as given.
        name: String,
        /// The names that exist, comma-separated.
        known: String,
    },
    /// A row broke an expectation that stops the pipeline.
    #[error(
        "{table}: {rows} rows break the rule `{rule}` ({reason}), which stops the run; \
         nothing was committed; mend the source or the definition, then run again"
    )]
    Expectation {
        /// SQL name of the silver table.
        table: String,
        /// The broken rule.
        rule: RuleName,
        /// How many rows broke it.
        rows: u64,
        /// The rule's own words.
        reason: String,
    },
    /// Rows of a mart share a key.
    #[error("{mart}: more than one row has the key {key}; nothing was committed; {remedy}")]
    RepeatedKey {
        /// SQL name of the mart.
        mart: String,
        /// The key's columns, with the values that the rows share.
        key: String,
        /// What would help.
        remedy: String,
    },
    /// Rows went missing between two tables: a defect in smelt, and nothing was committed.
    #[error(
        "{table}: {expected} rows went in but {found} were accounted for; nothing was committed; \
         this is a defect of smelt, please report it"
    )]
    Unbalanced {
        /// SQL name of the table.
        table: String,
        /// Rows that went in.
        expected: u64,
        /// Rows that came out, one way or another.
        found: u64,
    },
    /// Partitions that a backfill leaves alone are not what bronze gives either.
    #[error(
        "{table}: its other partitions are not what bronze gives today either; nothing was \
         committed; compute all of it anew: smelt backfill {dataset}"
    )]
    BackfillTooNarrow {
        /// SQL name of the silver table.
        table: String,
        /// Its dataset.
        dataset: String,
    },
    /// The partitions of a dataset cannot be chosen as asked for.
    #[error(transparent)]
    Range(#[from] PartitionRangeError),
    /// An alert could not be told; it stays pending.
    #[error(transparent)]
    NotTold(#[from] NotTold),
    /// The work broke off: a defect in smelt.
    #[error(transparent)]
    Panicked(#[from] Panic),
    /// A model cannot be fitted, found or put into production.
    #[error("{problem}; {remedy}")]
    Model {
        /// What is wrong.
        problem: String,
        /// What would help.
        remedy: String,
    },
    /// A dataset has no data of a period. Whoever asks for a report by a schedule need not call it a failure.
    #[error("{dataset} has no data of {period}; {remedy}")]
    NothingToReport {
        /// The dataset.
        dataset: DatasetName,
        /// The period, as people call it: `October 2026`.
        period: String,
        /// What would help.
        remedy: String,
    },
    /// There is no such period to report on.
    #[error("{problem}; {remedy}")]
    Report {
        /// What is wrong.
        problem: String,
        /// What would help.
        remedy: String,
    },
    /// A query given by the user is wrong or failed.
    #[error("{problem}")]
    Query {
        /// What is wrong, in words.
        problem: String,
        /// The engine's error.
        #[source]
        source: Box<DataFusionError>,
    },
    /// Local scratch space could not be used.
    #[error(
        "scratch space {place} cannot be used: {source}; set TMPDIR to a folder with free space"
    )]
    Scratch {
        /// Path of the folder or file.
        place: String,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
}

impl StageError {
    /// Whether the same call may succeed later without anyone changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Lake(error) => error.retryable(),
            Self::File(error) => error.retryable(),
            Self::Source(error) => error.retryable(),
            Self::NotTold(error) => error.retryable,
            _ => false,
        }
    }

    /// What kind of failure a run has that ends with this.
    pub fn failure_kind(&self) -> FailureKind {
        match self {
            _ if self.retryable() => FailureKind::Passing,
            Self::Expectation { .. } => FailureKind::Expectation,
            Self::Definition(_)
            | Self::UnknownDataset { .. }
            | Self::RepeatedKey { .. }
            | Self::Source(_) => FailureKind::Definition,
            _ => FailureKind::Lasting,
        }
    }

    pub(crate) fn engine(context: impl Into<String>, error: DataFusionError) -> Self {
        Self::Lake(LakeError::from_engine(context, error))
    }

    pub(crate) fn query(error: DataFusionError) -> Self {
        Self::Query { problem: query_problem(&error), source: Box::new(error) }
    }
}

/// What is wrong with a query, without the engine's own names for things.
fn query_problem(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::Plan(text) => text.clone(),
        other => other.strip_backtrace(),
    };
    match text.strip_prefix("table 'smelt.").and_then(|rest| rest.strip_suffix("' not found")) {
        Some(table) => format!(
            "there is no table {table} in this lake, or none yet; `smelt query \"SHOW TABLES\"` \
             lists what there is"
        ),
        None => text,
    }
}
