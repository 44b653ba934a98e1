//! Object keys outside the Delta tables, relative to the lake's root.

use crate::{DatasetName, RunId, TableName};

/// The immutable snapshot of a mart at one table version:
/// `published/nyc311/daily_requests/17.parquet`.
pub fn published_path(dataset: &DatasetName, mart: &TableName, version: u64) -> String {
    format!("published/{dataset}/{mart}/{version}.parquet")
}

/// The pointer to the newest snapshot of a mart: `published/nyc311/daily_requests/latest.json`.
pub fn published_latest_path(dataset: &DatasetName, mart: &TableName) -> String {
    format!("published/{dataset}/{mart}/latest.json")
}

/// Where files to be ingested into a table are dropped: `landing/nyc311/requests`.
pub fn landing_prefix(dataset: &DatasetName, table: &TableName) -> String {
    format!("landing/{dataset}/{table}")
}

/// The report of a run: `runs/2026-11-22/20261122T174903Z-3f9a2c.json`.
pub fn run_report_path(run: &RunId) -> String {
    format!("runs/{}/{run}.json", run.date())
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
            published_path(&dataset, &mart, 17),
            "published/nyc311/daily_requests/17.parquet"
        );
        assert_eq!(
            published_latest_path(&dataset, &mart),
            "published/nyc311/daily_requests/latest.json"
        );
        assert_eq!(
            landing_prefix(&dataset, &"requests".parse().unwrap()),
            "landing/nyc311/requests"
        );
        assert_eq!(run_report_path(&run), "runs/2026-11-22/20261122T174903Z-3f9a2c.json");
    }
}
