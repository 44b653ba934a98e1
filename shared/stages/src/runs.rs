//! Run reports: one JSON per run, by day, and its lineage beside it.

use chrono::Utc;
use smelt_domain::{
    DatasetName, FailureKind, Outcome, RunReport, StepReport, lineage_events, lineage_path,
};
use smelt_lake::Lake;

use crate::{Platform, StageError, boxed};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What woke it, in words.
    pub command: String,
    /// The dataset that it was about; `None` for several.
    pub dataset: Option<DatasetName>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed or was refused, and what kind of failure that is.
    pub failure: Option<(FailureKind, String)>,
    /// What it did.
    pub steps: Vec<StepReport>,
}

impl Ended {
    /// The report of a run that ends now.
    pub fn into_report(self, platform: &Platform) -> RunReport {
        let (failure, error) = self.failure.unzip();
        RunReport {
            run_id: platform.run_id.clone(),
            command: self.command,
            dataset: self.dataset,
            origin: platform.origin.clone(),
            started_at: platform.started_at,
            finished_at: Some(Utc::now()),
            outcome: self.outcome,
            error,
            failure,
            steps: self.steps,
        }
    }
}

/// Writes the report of a run, and the lineage of what it made.
#[boxed]
pub async fn write_report(platform: &Platform, report: &RunReport) -> Result<(), StageError> {
    let events = lineage_events(report, &platform.lake.namespace());
    if !events.is_empty() {
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        platform.lake.put_object(&lineage_path(&report.run_id), lines.into_bytes()).await?;
    }
    Ok(platform.lake.put_object(&report.path(), as_bytes(report)).await?)
}

/// Lets whoever watches over the lake know of a run that somebody has to look at; of any other there is nothing
/// to tell.
#[boxed]
pub async fn write_failure(platform: &Platform, report: &RunReport) -> Result<(), StageError> {
    if report.failure.is_none() {
        return Ok(());
    }
    Ok(platform.lake.put_object(&report.failure_path(), as_bytes(report)).await?)
}

fn as_bytes(report: &RunReport) -> Vec<u8> {
    serde_json::to_vec_pretty(report).unwrap_or_default()
}

/// The newest reports, newest first. A report that cannot be read is left out.
///
/// Reports are kept for longer than a year, so they are listed day by day, as far back as it takes.
#[boxed]
pub async fn last_reports(lake: &Lake, count: usize) -> Result<Vec<RunReport>, StageError> {
    let mut reports = Vec::new();
    for day in lake.list_folders("runs").await?.into_iter().rev() {
        let listed = lake.list_objects(&day).await?;
        let paths = listed.iter().rev().map(|object| object.location.as_ref());
        for path in paths.filter(|path| path.ends_with(".json")) {
            if reports.len() == count {
                return Ok(reports);
            }
            if let Some(bytes) = lake.get_object(path).await?
                && let Ok(report) = serde_json::from_slice(&bytes)
            {
                reports.push(report);
            }
        }
    }
    Ok(reports)
}
