//! Metrics as CloudWatch's embedded metric format: a line of JSON on standard output for each fact.
//!
//! Dimensions are few and bounded (function, dataset, table): each combination is a metric that
//! costs. Delivery is at least once, so a count can be doubled.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use smelt_domain::{DatasetName, Outcome, RunReport, TableId};

/// Somewhere that takes lines.
type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// Emits metrics of one function.
#[derive(Clone)]
pub struct Metrics {
    namespace: String,
    function: &'static str,
    sink: Sink,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Metrics")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Something that happened and is counted.
#[derive(Debug)]
pub enum Fact<'a> {
    /// A run ended.
    RunEnded(&'a RunReport),
    /// The function started, in so many milliseconds from the start of its process.
    Started {
        /// How long it took.
        init_ms: f64,
    },
    /// A table is so many versions behind what it follows.
    Lag {
        /// The table.
        table: &'a TableId,
        /// The versions.
        versions: u64,
    },
    /// The newest data of a table is so old.
    Freshness {
        /// The table.
        table: &'a TableId,
        /// Seconds since its newest data time.
        seconds: i64,
    },
    /// Messages came that had come before.
    Retries {
        /// How many.
        messages: u64,
    },
    /// A message was refused.
    Refused {
        /// Why, in one word.
        kind: &'static str,
    },
}

impl Metrics {
    /// Metrics that go to standard output, where CloudWatch finds them.
    pub fn to_stdout(namespace: String, function: &'static str) -> Self {
        Self::to_sink(namespace, function, Arc::new(|line| println!("{line}")))
    }

    /// Metrics that go elsewhere.
    pub fn to_sink(namespace: String, function: &'static str, sink: Sink) -> Self {
        Self { namespace, function, sink }
    }

    /// Notes a fact.
    pub fn emit(&self, fact: &Fact<'_>) {
        let Some((dimensions, values)) = self.measured(fact) else { return };
        (self.sink)(&self.line(&dimensions, &values, chrono::Utc::now().timestamp_millis()));
    }

    /// Dimensions with their values, and metrics with unit and value.
    fn measured(&self, fact: &Fact<'_>) -> Option<(Dimensions, Vec<Measured>)> {
        let function = ("function", self.function.to_owned());
        let table = |id: &TableId| {
            vec![
                ("dataset", id.dataset.to_string()),
                ("table", format!("{}.{}", id.layer, id.table)),
            ]
        };
        Some(match fact {
            Fact::RunEnded(report) => {
                let dataset = report.dataset.as_ref().map_or("several", DatasetName::as_str);
                (vec![function, ("dataset", dataset.to_owned())], of_run(report))
            }
            Fact::Started { init_ms } => {
                (vec![function], vec![("InitMs", "Milliseconds", (*init_ms).into())])
            }
            Fact::Lag { table: id, versions } => {
                (table(id), vec![("LagVersions", "Count", (*versions).into())])
            }
            // Only silver is fresh or stale: an alarm names the table as the definition does.
            Fact::Freshness { table: id, seconds } => (
                vec![("dataset", id.dataset.to_string()), ("table", id.table.to_string())],
                vec![("FreshnessSeconds", "Seconds", (*seconds).into())],
            ),
            Fact::Retries { messages } => {
                (vec![function], vec![("Retries", "Count", (*messages).into())])
            }
            Fact::Refused { kind } => (
                vec![function, ("kind", (*kind).to_owned())],
                vec![("MessagesRefused", "Count", 1.into())],
            ),
        })
    }

    fn line(&self, dimensions: &Dimensions, values: &[Measured], timestamp_ms: i64) -> String {
        let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
        let metrics: Vec<Value> =
            values.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": timestamp_ms,
                "CloudWatchMetrics": [{
                    "Namespace": self.namespace,
                    "Dimensions": [names],
                    "Metrics": metrics,
                }],
            }),
        );
        for (name, value) in dimensions {
            line.insert((*name).to_owned(), json!(value));
        }
        for (name, _, value) in values {
            line.insert((*name).to_owned(), value.clone());
        }
        Value::Object(line).to_string()
    }
}

type Dimensions = Vec<(&'static str, String)>;
/// Name, unit and value.
type Measured = (&'static str, &'static str, Value);

/// What ought not to happen: a zero of it says nothing, and every metric is paid for by the hour in which
/// it has a value.
const UNWANTED: [&str; 3] = ["RowsRejected", "Conflicts", "RunsFailed"];

/// What a run's report counts. Unknown numbers are left out, and zeros of what is unwanted; other zeros
/// are not.
fn of_run(report: &RunReport) -> Vec<Measured> {
    let mut measured: Vec<Measured> = Vec::new();
    let mut count = |name, unit, of: &dyn Fn(&smelt_domain::StepReport) -> Option<u64>| {
        let known: Vec<u64> = report.steps.iter().filter_map(of).collect();
        if !known.is_empty() {
            measured.push((name, unit, known.iter().sum::<u64>().into()));
        }
    };
    count("RowsIn", "Count", &|step| step.rows_in);
    count("RowsOut", "Count", &|step| step.rows_out);
    count("RowsRejected", "Count", &|step| step.rows_rejected);
    count("BytesWritten", "Bytes", &|step| step.bytes_written);
    count("Conflicts", "Count", &|step| Some(step.conflicts));
    if let Some(finished) = report.finished_at {
        let duration = (finished - report.started_at).num_milliseconds();
        measured.push(("DurationMs", "Milliseconds", duration.into()));
    }
    let failed = i32::from(matches!(report.outcome, Outcome::Failed | Outcome::Refused));
    measured.push(("RunsFailed", "Count", failed.into()));
    measured.retain(|(name, _, value)| !UNWANTED.contains(name) || value.as_u64() != Some(0));
    measured
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn emitted(fact: &Fact<'_>) -> Vec<Value> {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&lines);
        let sink: Sink = Arc::new(move |line| sink.lock().unwrap().push(line.to_owned()));
        Metrics::to_sink("smelt/test".to_owned(), "silver", sink).emit(fact);
        let lines = lines.lock().unwrap();
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn report() -> RunReport {
        serde_json::from_value(json!({
            "run_id": "20261122T174903Z-3f9a2c",
            "command": "silver",
            "dataset": "nyc311",
            "started_at": "2026-11-22T17:49:03Z",
            "finished_at": "2026-11-22T17:49:05Z",
            "outcome": "failed",
            "error": "x",
            "steps": [{
                "stage": "silver",
                "table": "silver/nyc311/requests",
                "upstream": [],
                "version": 1,
                "definition_hash": null,
                "rows_in": 10,
                "rows_out": 0,
                "rows_rejected": null,
                "rows_warned": {},
                "rows_superseded": null,
                "partitions": null,
                "files_added": null,
                "files_removed": null,
                "bytes_written": 100,
                "conflicts": 2,
                "duration_ms": 12,
            }],
        }))
        .unwrap()
    }

    #[test]
    fn a_run_is_one_line_in_the_form_of_cloud_watch() {
        let lines = emitted(&Fact::RunEnded(&report()));
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "smelt/test");
        assert_eq!(directive["Dimensions"], json!([["function", "dataset"]]));
        assert_eq!((&line["function"], &line["dataset"]), (&json!("silver"), &json!("nyc311")));
        assert_eq!((&line["RowsIn"], &line["RowsOut"]), (&json!(10), &json!(0)));
        assert_eq!((&line["DurationMs"], &line["RunsFailed"]), (&json!(2000), &json!(1)));
        assert!(line.get("RowsRejected").is_none(), "unknown is not zero");
        // Every metric that is announced has a value.
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
        assert!(line["_aws"]["Timestamp"].as_i64().unwrap() > 1_600_000_000_000);
    }

    #[test]
    fn a_run_without_trouble_pays_for_no_metric_of_trouble() {
        let mut fine = report();
        fine.outcome = Outcome::Succeeded;
        fine.steps[0].conflicts = 0;
        fine.steps[0].rows_rejected = Some(0);
        let line = emitted(&Fact::RunEnded(&fine)).remove(0);
        for name in UNWANTED {
            assert!(line.get(name).is_none(), "{line}");
        }
        assert_eq!(line["RowsOut"], 0);
        fine.steps[0].rows_rejected = Some(3);
        assert_eq!(emitted(&Fact::RunEnded(&fine))[0]["RowsRejected"], 3);
    }

    #[test]
    fn tables_that_are_behind_are_named_with_their_layer() {
        let table: TableId = "silver/nyc311/requests".parse().unwrap();
        let lines = emitted(&Fact::Freshness { table: &table, seconds: 60 });
        assert_eq!(lines[0]["table"], "requests");
        assert_eq!(lines[0]["FreshnessSeconds"], 60);
        let lines = emitted(&Fact::Lag { table: &table, versions: 3 });
        assert_eq!(lines[0]["table"], "silver.requests");
        assert_eq!(lines[0]["LagVersions"], 3);
    }
}
