//! New York's service requests: older ones as uploads, the newest from the portal.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use smelt_simulate::nyc311::{Nyc311, Truth};
use smelt_stages::Platform;

use super::finding::Finding;
use super::landed::{folder, landed};
use super::portals::{UploadRows, upload_rows};
use crate::arguments::{DemoArguments, Global};
use crate::commands::simulate::simulate;

const DATASET: &str = "nyc311";
/// The newest upload, which the portal has instead; beside the table's folder, so that it never lands.
const OF_THE_PORTAL: &str = "portal.csv";

/// Simulated requests.
pub(crate) struct SimulatedRequests {
    truth: Truth,
    portal: PathBuf,
}

impl SimulatedRequests {
    pub(crate) fn simulate(
        global: &Global,
        arguments: &DemoArguments,
        lake: &Path,
    ) -> Result<Self> {
        let settings = Nyc311 {
            days: arguments.days,
            rows_per_day: arguments.rows_per_day,
            seed: arguments.seed,
            ..Nyc311::default()
        };
        let write = |out: &Path| {
            let truth = simulate(global, &settings, out)?;
            give_newest_to_portal(&out.join(DATASET), &truth)
        };
        let same = |truth: &Truth| {
            truth.seed == settings.seed
                && days(&truth.first_day, &truth.last_day) == Some(i64::from(settings.days))
        };
        let truth = landed(lake, DATASET, write, same)?;
        Ok(Self { truth, portal: folder(lake, DATASET).join(OF_THE_PORTAL) })
    }

    /// The rows that the portal has, and how many records it does not have since they are no rows.
    pub(crate) fn of_the_portal(&self) -> Result<UploadRows> {
        match self.portal.exists() {
            true => upload_rows(&self.portal),
            false => Ok(UploadRows::default()),
        }
    }

    pub(crate) fn planted(&self) -> Vec<String> {
        self.truth.anomalies.iter().map(ToString::to_string).collect()
    }

    pub(crate) async fn findings(&self, platform: &Platform) -> Result<Vec<Finding>> {
        let left_behind = self.of_the_portal()?.malformed;
        let (truth, marts) = (&self.truth, &self.truth.marts);
        let refused = &truth.rows_refused;
        let questions = [
            (
                "rows received",
                truth.rows_received - left_behind,
                "SELECT COUNT(*) FROM bronze.nyc311_requests",
            ),
            (
                "clean rows, newest version of each key",
                truth.rows_silver,
                "SELECT COUNT(*) FROM silver.nyc311_requests",
            ),
            (
                "refused: unreadable rows",
                refused.malformed - left_behind,
                "SELECT COUNT(*) FROM quarantine.nyc311_requests WHERE rule = 'malformed'",
            ),
            (
                "refused: key is not an integer",
                refused.unique_key,
                "SELECT COUNT(*) FROM quarantine.nyc311_requests WHERE rule = 'unique_key_is_integer'",
            ),
            (
                "refused: no readable date",
                refused.created_date,
                "SELECT COUNT(*) FROM quarantine.nyc311_requests WHERE rule = 'created_date_is_readable'",
            ),
            (
                "daily_requests: rows",
                marts.daily_requests.rows,
                "SELECT COUNT(*) FROM gold.nyc311_daily_requests",
            ),
            (
                "daily_requests: requests",
                marts.daily_requests.requests,
                "SELECT SUM(requests) FROM gold.nyc311_daily_requests",
            ),
            (
                "daily_requests: closed",
                marts.daily_requests.closed,
                "SELECT SUM(closed) FROM gold.nyc311_daily_requests",
            ),
            (
                "borough_daily: rows",
                marts.borough_daily.rows,
                "SELECT COUNT(*) FROM gold.nyc311_borough_daily",
            ),
            (
                "borough_daily: requests",
                marts.borough_daily.requests,
                "SELECT SUM(requests) FROM gold.nyc311_borough_daily",
            ),
            (
                "borough_daily: closed",
                marts.borough_daily.closed,
                "SELECT SUM(closed) FROM gold.nyc311_borough_daily",
            ),
            (
                "hourly_pattern: rows",
                marts.hourly_pattern.rows,
                "SELECT COUNT(*) FROM gold.nyc311_hourly_pattern",
            ),
            (
                "hourly_pattern: requests",
                marts.hourly_pattern.requests,
                "SELECT SUM(requests) FROM gold.nyc311_hourly_pattern",
            ),
            (
                "agency_monthly: rows",
                marts.agency_monthly.rows,
                "SELECT COUNT(*) FROM gold.nyc311_agency_monthly",
            ),
            (
                "agency_monthly: closed",
                marts.agency_monthly.closed,
                "SELECT SUM(closed) FROM gold.nyc311_agency_monthly",
            ),
            (
                "agency_monthly: closed within 24 h",
                marts.agency_monthly.closed_within_24h,
                "SELECT SUM(closed_within_24h) FROM gold.nyc311_agency_monthly",
            ),
        ];
        let mut findings = Vec::new();
        for (what, expected, sql) in questions {
            findings.push(Finding::number(platform, what, expected, sql).await?);
        }
        Ok(findings)
    }
}

/// Moves the newest upload, of which there is no copy, out of the table's folder.
fn give_newest_to_portal(folder: &Path, truth: &Truth) -> Result<()> {
    let copied =
        |name: &String| truth.files.iter().any(|file| file.duplicate_of.as_ref() == Some(name));
    let newest = truth
        .files
        .last()
        .filter(|file| truth.files.len() > 1 && file.duplicate_of.is_none() && !copied(&file.name));
    let Some(newest) = newest else { return Ok(()) };
    let from = folder.join("requests").join(&newest.name);
    std::fs::rename(&from, folder.join(OF_THE_PORTAL))
        .with_context(|| format!("moving {}", from.display()))
}

fn days(first: &str, last: &str) -> Option<i64> {
    let day = |text: &str| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    Some((day(last)? - day(first)?).num_days() + 1)
}
