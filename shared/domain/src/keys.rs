//! Object keys outside the Delta tables, relative to the lake's root.

use crate::{DatasetName, RunId, TableName};

/// The immutable snapshot of a mart at one table version:
/// `published/nyc311/daily_requests/17-00c0ffee5eed0311.parquet`.
///
/// A mart that was dropped and made anew counts its versions anew, and caches keep a snapshot for as
/// long as they like, so its name holds the table's `identity` too.
pub fn published_path(
    dataset: &DatasetName,
    mart: &TableName,
    version: u64,
    identity: u64,
) -> String {
    format!("published/{dataset}/{mart}/{version}-{identity:016x}.parquet")
}

/// The pointer to the newest snapshot of a mart: `published/nyc311/daily_requests/latest.json`.
pub fn published_latest_path(dataset: &DatasetName, mart: &TableName) -> String {
    format!("published/{dataset}/{mart}/latest.json")
}

/// Where the snapshots of a mart are: `published/nyc311/daily_requests`.
pub fn published_prefix(dataset: &DatasetName, mart: &TableName) -> String {
    format!("published/{dataset}/{mart}")
}

/// Which datasets are published: `published/catalog.json`.
pub const PUBLISHED_CATALOG: &str = "published/catalog.json";

/// What a dataset is and where it stands: `published/nyc311/dataset.json`.
pub fn published_dataset_path(dataset: &DatasetName) -> String {
    format!("published/{dataset}/dataset.json")
}

/// The report of a dataset on a period: `published/reports/nyc311/2026-10.html`.
pub fn report_path(dataset: &DatasetName, period: &str) -> String {
    format!("published/reports/{dataset}/{period}.html")
}

/// The pointer to the newest report of a dataset: `published/reports/nyc311/latest.json`.
pub fn report_latest_path(dataset: &DatasetName) -> String {
    format!("published/reports/{dataset}/latest.json")
}

/// Where files to be ingested into a table are dropped: `landing/nyc311/requests`.
pub fn landing_prefix(dataset: &DatasetName, table: &TableName) -> String {
    format!("landing/{dataset}/{table}")
}

/// The report of a run: `runs/2026-11-22/20261122T174903Z-3f9a2c.json`.
pub fn run_report_path(run: &RunId) -> String {
    format!("runs/{}/{run}.json", run.date())
}

/// The lineage of a run, a line per table: `runs/2026-11-22/20261122T174903Z-3f9a2c.openlineage.jsonl`.
pub fn lineage_path(run: &RunId) -> String {
    format!("runs/{}/{run}.openlineage.jsonl", run.date())
}

/// The report of a run that somebody has to look at: `failures/2026-11-22/20261122T174903Z-3f9a2c.json`.
pub fn failure_path(run: &RunId) -> String {
    format!("{}/{run}.json", failures_prefix(&run.date()))
}

/// Where the reports of runs that failed on a day are: `failures/2026-11-22`.
pub fn failures_prefix(day: &str) -> String {
    format!("failures/{day}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let dataset: DatasetName = "nyc311".parse().unwrap();
        let mart: TableName = "daily_requests".parse().unwrap();
        let run: RunId = "20261122T174903Z-3f9a2c".parse().unwrap();
        assert_eq!(
            published_path(&dataset, &mart, 17, 0xc0_ffee_5eed_0311),
            "published/nyc311/daily_requests/17-00c0ffee5eed0311.parquet"
        );
        assert_eq!(
            published_latest_path(&dataset, &mart),
            "published/nyc311/daily_requests/latest.json"
        );
        assert_eq!(report_path(&dataset, "2026-10"), "published/reports/nyc311/2026-10.html");
        assert_eq!(report_latest_path(&dataset), "published/reports/nyc311/latest.json");
        assert_eq!(
            landing_prefix(&dataset, &"requests".parse().unwrap()),
            "landing/nyc311/requests"
        );
        assert_eq!(run_report_path(&run), "runs/2026-11-22/20261122T174903Z-3f9a2c.json");
        assert_eq!(failure_path(&run), "failures/2026-11-22/20261122T174903Z-3f9a2c.json");
    }
}
