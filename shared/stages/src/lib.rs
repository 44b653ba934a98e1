//! The stages of smelt: files → bronze → silver and quarantine → gold → published.
//!
//! Each stage is a function of a [`Platform`] (lake, engine, definitions) and a dataset, and
//! follows the log of the table before it (see [`refresh_dataset`]). Nothing here reads the
//! environment or prints: a command line and a Lambda function call the same functions.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod alert;
mod backfill;
mod bronze;
mod clean;
mod definitions;
mod engine;
mod error;
mod exact_value;
mod folders;
mod follow;
mod gold;
mod ingest;
mod json_field;
mod json_schema;
mod landing;
mod learning;
mod maintain;
mod misplaced;
mod numbers_of_hashes;
mod observer;
mod overview;
mod panic;
mod parallel;
mod partly;
mod percentile;
mod platform;
mod publish;
mod quality;
mod query;
mod reconcile;
mod recorder;
mod records;
mod refresh;
mod refused_rows;
mod report;
mod runs;
mod series;
mod silver;
mod snapshots;
mod sql_types;
mod status;
mod steps;
mod stop;
mod upload_records;
mod uploads;

/// Makes an asynchronous function return its future in a box: it is compiled here, once, and not in every
/// binary that awaits it. For all that is public.
pub(crate) use async_recursion::async_recursion as boxed;

pub use alert::{
    Alerted, Causes, Freshness, MESSAGE_BYTES, Newest, NotTold, Notifier, RecentFailures,
    SUBJECT_CHARACTERS, alert, alerts, failure_reports, freshness, message_text, subject_line,
};
pub use backfill::{PlannedTable, backfill_dataset, plan_backfill, recompute_table};
pub use definitions::{check_sql, read_definitions};
pub use engine::{Engine, EngineSettings};
pub use error::StageError;
pub use gold::follow_silver;
pub use ingest::{
    ColumnDrift, FileOutcome, Ingested, PullEnding, PullFrom, Pulled, Upload, UploadMeter,
    UploadPhase, Verdict, ingest_files, pull_source, pulled_columns, pulled_to,
};
pub use landing::{ingest_landed, sweep_landing};
pub use learning::{Predicted, predict};
pub use maintain::{Maintained, Upkeep, maintain};
pub use misplaced::{Misplaced, misplaced_uploads};
pub use observer::{Observer, Silent, Ticket, Unit};
pub use overview::{DatasetOverview, dataset_overview, publish_overview};
pub use panic::Panic;
pub use partly::{Failures, Partly};
pub use platform::Platform;
pub use publish::{publish, publish_series};
pub use quality::{RuleOutcome, RuleQuality, quality};
pub use query::{query, table_ids};
pub use reconcile::{Reconciled, reconcile};
pub use recorder::Recorder;
pub use records::{Correction, CorrectionError, correct, correct_settled};
pub use refresh::{PartlyRefreshed, RefreshReport, refresh_dataset, too_many_refused};
pub use refused_rows::{RefusedRow, known_rules, refused_rows};
pub use report::{
    LAST_MONTH, PublishedReport, latest_report, parse_period, publish_report, report,
};
pub use runs::{Ended, last_reports, write_failure, write_report};
pub use series::{
    Anomaly, AnomalyStatus, Found, ModelRegistry, Refit, Trained, anomalies, detect,
    model_versions, step_text, train,
};
pub use silver::{SilverFollowed, follow_bronze};
pub use status::{Balance, DatasetStatus, Follows, TableStatus, dataset_status, table_balance};
pub use stop::Stop;
pub use uploads::{UploadProgress, UploadStage, find_upload, upload_progress, uploads};
