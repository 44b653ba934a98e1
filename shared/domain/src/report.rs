//! The run report: what a run did, as a contract.
//!
//! `null` is unknown, `0` is a computed zero, and there is never a `-1`. A report holds counts,
//! names and versions, never a value of a row.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{DatasetName, RuleName, RunId, TableId, keys};

/// What one run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// The id of the run.
    pub run_id: RunId,
    /// What woke it: `ingest --file …`, `refresh`, `landing sweep`.
    pub command: String,
    /// The dataset that it was about; null for several.
    #[serde(default)]
    pub dataset: Option<DatasetName>,
    /// Where it ran.
    #[serde(default)]
    pub origin: RunOrigin,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended; null while it runs, or if it was killed.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed or was refused.
    pub error: Option<String>,
    /// What kind of failure that was.
    #[serde(default)]
    pub failure: Option<FailureKind>,
    /// What it did to each table, in the order of doing.
    pub steps: Vec<StepReport>,
}

impl RunReport {
    /// Where it is kept: `runs/<yyyy-mm-dd>/<run-id>.json`, by the day the run started.
    pub fn path(&self) -> String {
        keys::run_report_path(&self.run_id)
    }

    /// Where a copy of it tells that somebody has to look: `failures/<yyyy-mm-dd>/<run-id>.json`.
    pub fn failure_path(&self) -> String {
        keys::failure_path(&self.run_id)
    }
}

/// Where a run took place, for whoever looks for its log and its trace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrigin {
    /// The function; null on a command line.
    pub function: Option<String>,
    /// The id of the invocation, or of the request to `smelt serve`.
    pub request_id: Option<String>,
    /// The trace that it belongs to: 32 hexadecimal digits (W3C; those of an X-Ray root).
    pub trace_id: Option<String>,
}

/// Why a run did not succeed, by what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// It may go well the next time.
    Passing,
    /// A row broke a rule that stops the run: mend the source or the rule.
    Expectation,
    /// More rows were refused than the dataset tolerates, or a file as a whole: look at them.
    Refused,
    /// The definition is wrong, or the source is not what it says: mend the definition.
    Definition,
    /// Somebody has to look.
    Lasting,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            FailureKind::Passing => "passing",
            FailureKind::Expectation => "expectation",
            FailureKind::Refused => "refused",
            FailureKind::Definition => "definition",
            FailureKind::Lasting => "lasting",
        })
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not ended yet, or killed.
    Running,
    /// Everything that was to be done is done.
    Succeeded,
    /// It stopped with an error; what is committed stays.
    Failed,
    /// It went through, but more rows were refused than the dataset tolerates.
    Refused,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Outcome::Running => "running",
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Refused => "refused",
        })
    }
}

/// The stage a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// Source to bronze.
    Ingest,
    /// Bronze to silver and quarantine.
    Silver,
    /// Silver to a mart.
    Gold,
    /// A mart to its published snapshot.
    Publish,
    /// A mart to models of its series.
    Train,
    /// A mart and a model to forecasts.
    Forecast,
    /// A mart to anomalies in its series.
    Detect,
    /// Small files of a table to larger ones.
    Compact,
    /// Files that no reader needs any more, deleted: of a table, or beside it (published snapshots, records and
    /// announcements of uploads).
    Vacuum,
    /// What somebody should know, to those who subscribed.
    Alert,
}

impl fmt::Display for StageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            StageName::Ingest => "ingest",
            StageName::Silver => "silver",
            StageName::Gold => "gold",
            StageName::Publish => "publish",
            StageName::Train => "train",
            StageName::Forecast => "forecast",
            StageName::Detect => "detect",
            StageName::Compact => "compact",
            StageName::Vacuum => "vacuum",
            StageName::Alert => "alert",
        })
    }
}

/// What a run did to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// The stage.
    pub stage: StageName,
    /// The table it wrote.
    pub table: TableId,
    /// What it followed.
    pub upstream: Vec<UpstreamVersion>,
    /// The version it committed; null if it committed none.
    pub version: Option<u64>,
    /// The hash of the definition it applied.
    pub definition_hash: Option<String>,
    /// Rows read.
    pub rows_in: Option<u64>,
    /// Rows written.
    pub rows_out: Option<u64>,
    /// Rows sent to quarantine.
    pub rows_rejected: Option<u64>,
    /// Rows kept in spite of a rule, by rule.
    pub rows_warned: BTreeMap<RuleName, u64>,
    /// Rows that lost to another version of their key.
    pub rows_superseded: Option<u64>,
    /// Partitions replaced.
    pub partitions: Option<u64>,
    /// Data files added by the commit; of a vacuum, checkpoints of the log.
    pub files_added: Option<u64>,
    /// Data files removed by the commit; of a vacuum, all that it deleted.
    pub files_removed: Option<u64>,
    /// Bytes of the files added.
    pub bytes_written: Option<u64>,
    /// Commits lost to another writer and tried again.
    pub conflicts: u64,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
}

/// How far a step followed one upstream table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamVersion {
    /// The table followed.
    pub table: TableId,
    /// The version it had been followed to before; null if never.
    pub from: Option<u64>,
    /// The version it is followed to now.
    pub to: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> RunReport {
        RunReport {
            run_id: "20261122T174903Z-3f9a2c".parse().unwrap(),
            command: "refresh".to_owned(),
            dataset: Some("nyc311".parse().unwrap()),
            origin: RunOrigin { function: Some("silver".to_owned()), ..RunOrigin::default() },
            started_at: "2026-11-22T17:49:03Z".parse().unwrap(),
            finished_at: None,
            outcome: Outcome::Running,
            error: None,
            failure: None,
            steps: vec![StepReport {
                stage: StageName::Silver,
                table: "silver/nyc311/requests".parse().unwrap(),
                upstream: vec![UpstreamVersion {
                    table: "bronze/nyc311/requests".parse().unwrap(),
                    from: None,
                    to: 3,
                }],
                version: Some(1),
                definition_hash: None,
                rows_in: Some(10),
                rows_out: Some(0),
                rows_rejected: None,
                rows_warned: BTreeMap::from([("odd_zip".parse().unwrap(), 2)]),
                rows_superseded: None,
                partitions: None,
                files_added: None,
                files_removed: None,
                bytes_written: None,
                conflicts: 0,
                duration_ms: 12,
            }],
        }
    }

    #[test]
    fn json_is_the_contract() {
        let json = serde_json::to_value(report()).unwrap();
        let expected = json!({
            "run_id": "20261122T174903Z-3f9a2c",
            "command": "refresh",
            "dataset": "nyc311",
            "origin": {"function": "silver", "request_id": null, "trace_id": null},
            "started_at": "2026-11-22T17:49:03Z",
            "finished_at": null,
            "outcome": "running",
            "error": null,
            "failure": null,
            "steps": [{
                "stage": "silver",
                "table": "silver/nyc311/requests",
                "upstream": [{"table": "bronze/nyc311/requests", "from": null, "to": 3}],
                "version": 1,
                "definition_hash": null,
                "rows_in": 10,
                "rows_out": 0,
                "rows_rejected": null,
                "rows_warned": {"odd_zip": 2},
                "rows_superseded": null,
                "partitions": null,
                "files_added": null,
                "files_removed": null,
                "bytes_written": null,
                "conflicts": 0,
                "duration_ms": 12,
            }],
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<RunReport>(json).unwrap(), report());
    }

    #[test]
    fn reports_of_before_are_still_read() {
        let json = json!({
            "run_id": "20261122T174903Z-3f9a2c",
            "command": "refresh",
            "started_at": "2026-11-22T17:49:03Z",
            "finished_at": null,
            "outcome": "running",
            "error": null,
            "steps": [],
        });
        let report: RunReport = serde_json::from_value(json).unwrap();
        assert_eq!((report.dataset, report.failure), (None, None));
    }

    #[test]
    fn kept_by_the_day_it_started() {
        assert_eq!(report().path(), "runs/2026-11-22/20261122T174903Z-3f9a2c.json");
    }
}
