//! What a correct pipeline must find.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::anomalies::Anomaly;
use super::dirt::RAGGED;
use crate::SimulateError;
use crate::dataset_folder::DatasetFolder;

/// The truth about simulated files, exact to the row.
///
/// Rows are counted over distinct contents: a file that repeats another one's bytes adds nothing.
/// `rows_received` = `rows_silver` + `rows_superseded` + all of `rows_refused`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// The dataset's name.
    pub dataset: String,
    /// The seed it was simulated with.
    pub seed: u64,
    /// The first simulated day.
    pub first_day: String,
    /// The last simulated day.
    pub last_day: String,
    /// The files in the order of their arrival.
    pub files: Vec<FileTruth>,
    /// Records of all distinct contents.
    pub rows_received: u64,
    /// Records that must not be accepted.
    pub rows_refused: Refused,
    /// Accepted records that are not the winning version of their key.
    pub rows_superseded: u64,
    /// Keys with at least one accepted record.
    pub rows_silver: u64,
    /// Accepted records, of all versions, that deserve a warning.
    pub warned: Warned,
    /// The marts over the winning versions.
    pub marts: Marts,
    /// Winning versions per month of creation, such as `2024-01`.
    pub by_month: BTreeMap<String, u64>,
    /// Winning versions per borough, the unknown ones as `UNSPECIFIED`.
    pub by_borough: BTreeMap<String, u64>,
    /// Versions that replaced an earlier one, by their reason.
    pub later_versions: LaterVersions,
    /// Rows per kind of dirt, as the fields of the rates are called; repetitions are not counted
    /// again.
    pub dirt: BTreeMap<String, u64>,
    /// The planted anomalies.
    pub anomalies: Vec<Anomaly>,
}

impl Truth {
    /// The truth about a portal that has the rows of all distinct files: there are no files any more,
    /// and no records that are no rows.
    #[must_use]
    pub fn of_portal(mut self) -> Self {
        self.rows_received -= std::mem::take(&mut self.rows_refused.malformed);
        self.dirt.remove(RAGGED);
        self.files.clear();
        self
    }

    /// Writes `<out>/nyc311/truth.json` about rows that lie in no files but are served.
    ///
    /// The truth of an earlier simulation gives way; a folder with other files is refused.
    pub fn write(&self, out: &Path) -> Result<(), SimulateError> {
        DatasetFolder::for_truth(out, &self.dataset, &["requests"])?.write_truth(self)
    }
}

/// A simulated file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTruth {
    /// The file's name.
    pub name: String,
    /// Records, the malformed ones included, the header and empty lines not.
    pub rows: u64,
    /// The file with the same content that came first.
    pub duplicate_of: Option<String>,
}

/// Records that must not be accepted, by their first reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Too few or too many fields.
    pub malformed: u64,
    /// The unique_key is not a 64-bit integer.
    pub unique_key: u64,
    /// The created_date is missing or unreadable.
    pub created_date: u64,
}

impl Refused {
    /// All refused records.
    pub fn total(&self) -> u64 {
        self.malformed + self.unique_key + self.created_date
    }
}

/// Accepted records that deserve a warning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warned {
    /// Closed before they were created.
    pub closed_before_created: u64,
    /// With coordinates far from New York.
    pub outside_nyc: u64,
    /// With a zip code that is neither five digits nor missing; a trailing `.0` is none of it.
    pub odd_zip: u64,
}

/// Versions that replaced an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaterVersions {
    /// The request was closed in the meantime.
    pub closed: u64,
    /// The created_date moved to another month.
    pub month_corrected: u64,
    /// The borough changed.
    pub borough_corrected: u64,
}

/// The sizes of the marts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marts {
    /// Per day of creation, borough and complaint type; no complaint type is a group, too.
    pub daily_requests: Counts,
    /// Per day of creation and borough.
    pub borough_daily: Counts,
    /// Per month, borough, day of the week and hour of creation.
    pub hourly_pattern: HourlyCounts,
    /// Per month of creation and agency.
    pub agency_monthly: MonthlyCounts,
}

/// A mart's rows and the sums of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Groups with at least one request.
    pub rows: u64,
    /// Requests in all groups.
    pub requests: u64,
    /// Requests with a readable closed_date.
    pub closed: u64,
}

/// The mart of hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourlyCounts {
    /// Groups with at least one request.
    pub rows: u64,
    /// Requests in all groups.
    pub requests: u64,
}

/// The mart of agencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthlyCounts {
    /// Groups with at least one request.
    pub rows: u64,
    /// Requests in all groups.
    pub requests: u64,
    /// Requests with a readable closed_date.
    pub closed: u64,
    /// Requests closed at most 24 hours after, and not before, their creation.
    pub closed_within_24h: u64,
}

impl fmt::Display for Truth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: u64| writeln!(formatter, "{name:<34}{value:>14}");
        line("files", self.files.len() as u64)?;
        line("  of them copies", self.copies())?;
        line("rows received", self.rows_received)?;
        line("  refused: malformed", self.rows_refused.malformed)?;
        line("  refused: unique_key", self.rows_refused.unique_key)?;
        line("  refused: created_date", self.rows_refused.created_date)?;
        line("  superseded", self.rows_superseded)?;
        line("  silver", self.rows_silver)?;
        line("warned: closed before created", self.warned.closed_before_created)?;
        line("warned: outside New York", self.warned.outside_nyc)?;
        line("warned: odd zip code", self.warned.odd_zip)?;
        line("mart daily_requests, rows", self.marts.daily_requests.rows)?;
        line("mart borough_daily, rows", self.marts.borough_daily.rows)?;
        line("mart hourly_pattern, rows", self.marts.hourly_pattern.rows)?;
        line("mart agency_monthly, rows", self.marts.agency_monthly.rows)?;
        line("closed", self.marts.agency_monthly.closed)?;
        line("closed within 24 hours", self.marts.agency_monthly.closed_within_24h)?;
        for anomaly in &self.anomalies {
            writeln!(formatter, "anomaly {anomaly}")?;
        }
        Ok(())
    }
}

impl Truth {
    fn copies(&self) -> u64 {
        self.files.iter().filter(|file| file.duplicate_of.is_some()).count() as u64
    }
}
