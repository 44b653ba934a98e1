//! Gold → published: the report of a period as a page, and which one is the newest.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use smelt_domain::{Dataset, DatasetName, report_latest_path, report_path};
use smelt_report::{Length, Period, summary, to_html};

use super::report;
use crate::{Platform, StageError, boxed};

/// Names the month that is over, in UTC.
pub const LAST_MONTH: &str = "last_month";

/// What `published/reports/<dataset>/latest.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedReport {
    /// The dataset.
    pub dataset: DatasetName,
    /// The period, as it is written: `2026-10`.
    pub period: String,
    /// The page's path from the lake's root.
    pub path: String,
    /// Bytes of the page.
    pub bytes: u64,
    /// What it says, in a few sentences.
    pub summary: Vec<String>,
    /// When it was written, RFC 3339, UTC.
    pub written_at: String,
}

/// The period that a text names: `last_month`, or one as [`Period`] reads it.
pub fn parse_period(text: &str, today: NaiveDate) -> Result<Period, StageError> {
    let wrong = |problem: String| StageError::Report {
        problem,
        remedy: "name a period such as 2026-10, 2026-Q3 or last_month".to_owned(),
    };
    if text == LAST_MONTH {
        let last = Period::around(Length::Month, today).and_then(|month| month.before());
        return last.ok_or_else(|| wrong("there is no month before".to_owned()));
    }
    text.parse().map_err(|error| wrong(format!("{error}")))
}

/// Writes the report of a period to `published/reports/<dataset>/<period>.html`, in place of the one that
/// was there, and points `latest.json` at it, unless that names a period that ends later.
///
/// # Errors
/// As of [`report()`].
#[boxed]
pub async fn publish_report(
    platform: &Platform,
    dataset: &Dataset,
    period: Period,
) -> Result<PublishedReport, StageError> {
    let report = report(platform, dataset, period).await?;
    let page = to_html(&report).into_bytes();
    let published = PublishedReport {
        dataset: dataset.name.clone(),
        period: period.to_string(),
        path: report_path(&dataset.name, &period.to_string()),
        bytes: page.len() as u64,
        summary: summary(&report),
        written_at: report.written_at.to_rfc3339(),
    };
    platform.lake.put_object(&published.path, page).await?;
    let newest = latest_report(platform, &dataset.name).await?;
    let ends_later = |other: PublishedReport| {
        other.period.parse::<Period>().is_ok_and(|other| other.end() > period.end())
    };
    if !newest.is_some_and(ends_later) {
        platform.lake.put_json(&report_latest_path(&dataset.name), &published).await?;
    }
    Ok(published)
}

/// The newest report of a dataset; `None` before the first. A pointer that cannot be read counts as
/// absent: the next report replaces it.
#[boxed]
pub async fn latest_report(
    platform: &Platform,
    dataset: &DatasetName,
) -> Result<Option<PublishedReport>, StageError> {
    let Some(bytes) = platform.lake.get_object(&report_latest_path(dataset)).await? else {
        return Ok(None);
    };
    Ok(serde_json::from_slice(&bytes).ok())
}
