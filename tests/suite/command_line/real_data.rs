//! The city's own files, where they are at hand.

use std::path::PathBuf;

use super::Home;
use crate::support::{checkout, say};

fn real_files() -> Option<PathBuf> {
    let folder = checkout().join("../shared/data/nyc311");
    folder.is_dir().then_some(folder)
}

#[test]
fn all_real_files_load_into_one_table() {
    let Some(folder) = real_files() else {
        return say("skipped: the real 311 files are not here (../shared/data/nyc311)");
    };
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let home = Home::new();
    let ingested = home.run(&["ingest", "nyc311", "--file", &file("snapshots")]);
    assert_eq!(ingested.code, Some(0), "{ingested:?}");
    // Seven files of 10,000 rows, two of them with the same bytes.
    let loaded = ingested.err.lines().filter(|line| line.ends_with(".csv: 10,000 rows")).count();
    let known = ingested.err.lines().filter(|line| line.contains("in bronze already")).count();
    assert_eq!((loaded, known), (6, 1), "{}", ingested.err);
    home.fine(&["refresh"]);
    // One more file holds the rows of another one in other bytes: all of its rows are superseded.
    assert_eq!(home.balance(), [60_000, 50_000, 10_000, 0, 0]);

    home.fine(&[
        "ingest",
        "nyc311",
        "--file",
        &file("all_columns_2021-09-21.csv"),
        &file("elevator_2024.parquet"),
        &file("noise_residential_brooklyn_2023.csv.gz"),
    ]);
    home.fine(&["refresh"]);
    let per_file = "SELECT _source, COUNT(*) FROM bronze.nyc311_requests GROUP BY 1 ORDER BY 1";
    let files = home.select(per_file);
    for known in [
        "all_columns_2021-09-21.csv,7012",
        "elevator_2024.parquet,22504",
        "noise_residential_brooklyn_2023.csv.gz,86040",
    ] {
        assert!(files.iter().any(|line| line == known), "{known} is not in {files:?}");
    }
    let [all, ..] = home.balance();
    assert_eq!(all, 60_000 + 7_012 + 22_504 + 86_040);
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
