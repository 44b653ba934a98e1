//! The city's own files, where they are at hand.

use std::path::{Path, PathBuf};

use super::Home;
use crate::support::say;

fn real_files() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/nyc311");
    folder.is_dir().then_some(folder)
}

#[test]
fn all_real_files_load_into_one_table() {
    let Some(folder) = real_files() else {
        return say("skipped: the real 311 files are not here (../shared/data/nyc311)");
    };
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let home = Home::new();
    home.fine(&["ingest", "nyc311", "--file", &file("snapshots")]);
    home.fine(&["refresh"]);
    // Of seven snapshots three hold the same rows in the same bytes, or not: by content.
    let per_file = "SELECT _source, COUNT(*) FROM bronze.nyc311_requests GROUP BY 1 ORDER BY 1";
    let snapshots = home.select(per_file);
    assert!(snapshots.iter().all(|line| line.ends_with(",10000")), "{snapshots:?}");
    let [bronze, silver, superseded, quarantined, waiting] = home.balance();
    assert_eq!(bronze, 10_000 * snapshots.len() as u64);
    assert_eq!(bronze, silver + superseded + quarantined);
    assert_eq!((quarantined, waiting), (0, 0));
    say(&format!("real snapshots: {} contents, {silver} requests", snapshots.len()));

    home.fine(&[
        "ingest",
        "nyc311",
        "--file",
        &file("all_columns_2021-09-21.csv"),
        &file("elevator_2024.parquet"),
        &file("noise_residential_brooklyn_2023.csv.gz"),
    ]);
    home.fine(&["refresh"]);
    let files = home.select(per_file);
    for known in [
        "all_columns_2021-09-21.csv,7012",
        "elevator_2024.parquet,22504",
        "noise_residential_brooklyn_2023.csv.gz,86040",
    ] {
        assert!(files.iter().any(|line| line == known), "{known} is not in {files:?}");
    }
    let [all, ..] = home.balance();
    assert_eq!(all, bronze + 7_012 + 22_504 + 86_040);
    let per_year = "SELECT SUBSTR(created_month, 1, 4), COUNT(*) FROM silver.nyc311_requests \
                    WHERE created_month < '2026' GROUP BY 1 ORDER BY 1";
    assert_eq!(home.select(per_year), ["2021,7012", "2023,86040", "2024,22504"]);
    for mart in ["daily_requests", "borough_daily", "hourly_pattern", "agency_monthly"] {
        let sql = format!(
            "SELECT (SELECT SUM(requests) FROM gold.nyc311_{mart}) - \
             (SELECT COUNT(*) FROM silver.nyc311_requests)"
        );
        assert_eq!(home.select(&sql), ["0"], "{mart}");
    }
}
