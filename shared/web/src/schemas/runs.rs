//! What ran.

#![expect(dead_code, reason = "only described: see `smelt_domain::RunReport`")]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

/// What a run did. Null is unknown, 0 is a computed zero.
#[derive(ToSchema)]
pub(crate) struct RunReport {
    /// Which run.
    run_id: String,
    /// What was asked for.
    command: String,
    /// The dataset; null of a run about several.
    dataset: Option<String>,
    /// Where it ran.
    origin: RunOrigin,
    /// When it started.
    started_at: DateTime<Utc>,
    /// When it ended; null while it runs.
    finished_at: Option<DateTime<Utc>>,
    /// `running`, `succeeded`, `failed` or `refused`.
    outcome: String,
    /// Why it failed.
    error: Option<String>,
    /// What kind of failure it was: `passing`, `expectation`, `refused`, `definition` or `lasting`.
    failure: Option<String>,
    /// What it did, step by step.
    steps: Vec<StepReport>,
}

/// Where a run ran.
#[derive(ToSchema)]
pub(crate) struct RunOrigin {
    /// The function; null on a command line.
    function: Option<String>,
    /// The id of the invocation, or of the request to `smelt serve`.
    request_id: Option<String>,
    /// The trace that it belongs to: 32 hexadecimal digits.
    trace_id: Option<String>,
}

/// One commit of a run.
#[derive(ToSchema)]
pub(crate) struct StepReport {
    /// What was done, such as `ingest`, `silver`, `gold` or `publish`.
    stage: String,
    /// To which table, such as `silver/nyc311/requests`.
    table: String,
    /// What it was computed from.
    upstream: Vec<UpstreamVersion>,
    /// The version that was committed.
    version: Option<u64>,
    /// The hash of the definition by which it was computed.
    definition_hash: Option<String>,
    /// Rows read.
    rows_in: Option<u64>,
    /// Rows written.
    rows_out: Option<u64>,
    /// Rows refused.
    rows_rejected: Option<u64>,
    /// Rows that broke a rule and were kept, by the rule.
    rows_warned: BTreeMap<String, u64>,
    /// Older versions of keys.
    rows_superseded: Option<u64>,
    /// Partitions replaced.
    partitions: Option<u64>,
    /// Data files added by the commit.
    files_added: Option<u64>,
    /// Data files removed by the commit.
    files_removed: Option<u64>,
    /// Bytes of the files added.
    bytes_written: Option<u64>,
    /// Commits of others that came in between.
    conflicts: u64,
    /// How long it took.
    duration_ms: u64,
}

/// Up to where a step read.
#[derive(ToSchema)]
pub(crate) struct UpstreamVersion {
    /// The table.
    table: String,
    /// The version that it was read up to before; null at the first time.
    from: Option<u64>,
    /// The version that it was read up to now.
    to: u64,
}
