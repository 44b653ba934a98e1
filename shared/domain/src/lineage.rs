//! What a run made of what, in the form of OpenLineage (specification 2-0-2): one event per table.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{Outcome, RunReport, StepReport};

const PRODUCER: &str = concat!("urn:smelt:", env!("CARGO_PKG_VERSION"));
const SPECIFICATION: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const VERSION_FACET: &str =
    "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json";
const STATISTICS_FACET: &str =
    "https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json";
const ERROR_FACET: &str = "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json";

/// The events of a run that ended. `store` is the namespace of the tables: the bucket with its
/// scheme, or `file`.
pub fn lineage_events(report: &RunReport, store: &str) -> Vec<Value> {
    report.steps.iter().map(|step| event(report, step, store)).collect()
}

fn event(report: &RunReport, step: &StepReport, store: &str) -> Value {
    let inputs: Vec<Value> = step
        .upstream
        .iter()
        .map(|upstream| dataset(store, &upstream.table.path(), Some(upstream.to)))
        .collect();
    let mut output = dataset(store, &step.table.path(), step.version);
    output["outputFacets"] = json!({ "outputStatistics": statistics(step) });
    let failed = report.outcome == Outcome::Failed;
    json!({
        "eventType": if failed { "FAIL" } else { "COMPLETE" },
        "eventTime": report.finished_at.unwrap_or(report.started_at),
        "producer": PRODUCER,
        "schemaURL": SPECIFICATION,
        "run": { "runId": run_uuid(report, step), "facets": run_facets(report) },
        "job": { "namespace": "smelt", "name": format!("{} {}", step.stage, step.table.sql_name()) },
        "inputs": inputs,
        "outputs": [output],
    })
}

fn dataset(store: &str, path: &str, version: Option<u64>) -> Value {
    let mut facets = Map::new();
    if let Some(version) = version {
        let facet = json!({
            "_producer": PRODUCER,
            "_schemaURL": VERSION_FACET,
            "datasetVersion": version.to_string(),
        });
        facets.insert("version".to_owned(), facet);
    }
    json!({ "namespace": store, "name": path, "facets": facets })
}

fn statistics(step: &StepReport) -> Value {
    json!({
        "_producer": PRODUCER,
        "_schemaURL": STATISTICS_FACET,
        "rowCount": step.rows_out,
        "size": step.bytes_written,
        "fileCount": step.files_added,
    })
}

fn run_facets(report: &RunReport) -> Value {
    match &report.error {
        None => json!({}),
        Some(error) => json!({ "errorMessage": {
            "_producer": PRODUCER,
            "_schemaURL": ERROR_FACET,
            "message": error,
            "programmingLanguage": "Rust",
        }}),
    }
}

/// A UUID that is the same whoever computes it (version 8: made of a hash).
fn run_uuid(report: &RunReport, step: &StepReport) -> String {
    let name = format!("{} {} {}", report.run_id, step.stage, step.table.path());
    let mut bytes: Vec<u8> = Sha256::digest(name).iter().take(16).copied().collect();
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{RunOrigin, StageName, UpstreamVersion};

    #[test]
    fn an_event_names_what_was_made_of_what() {
        let report = RunReport {
            run_id: "20261122T174903Z-3f9a2c".parse().unwrap(),
            command: "silver".to_owned(),
            dataset: None,
            origin: RunOrigin::default(),
            started_at: "2026-11-22T17:49:03Z".parse().unwrap(),
            finished_at: Some("2026-11-22T17:49:04Z".parse().unwrap()),
            outcome: Outcome::Succeeded,
            error: None,
            failure: None,
            steps: vec![StepReport {
                stage: StageName::Silver,
                table: "silver/nyc311/requests".parse().unwrap(),
                upstream: vec![UpstreamVersion {
                    table: "bronze/nyc311/requests".parse().unwrap(),
                    from: Some(2),
                    to: 3,
                }],
                version: Some(1),
                definition_hash: None,
                rows_in: Some(10),
                rows_out: Some(9),
                rows_rejected: Some(1),
                rows_warned: BTreeMap::new(),
                rows_superseded: None,
                partitions: None,
                files_added: Some(1),
                files_removed: None,
                bytes_written: Some(512),
                conflicts: 0,
                duration_ms: 12,
            }],
        };
        let events = lineage_events(&report, "s3://lake");
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event["eventType"], "COMPLETE");
        assert_eq!(event["job"]["name"], "silver silver.nyc311_requests");
        assert_eq!(event["inputs"][0]["name"], "bronze/nyc311/requests");
        assert_eq!(event["inputs"][0]["facets"]["version"]["datasetVersion"], "3");
        assert_eq!(event["outputs"][0]["namespace"], "s3://lake");
        assert_eq!(event["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 9);
        let run = event["run"]["runId"].as_str().unwrap();
        assert_eq!((run.len(), &run[14..15]), (36, "8"), "{run}");
        assert_eq!(lineage_events(&report, "s3://lake"), events, "the same whoever computes it");
    }
}
