//! Run reports: one JSON per run, by day.

use chrono::Utc;
use smelt_domain::{Outcome, RunReport, StepReport};
use smelt_lake::Lake;

use crate::{Platform, StageError};

/// Writes the report of a run that ends now.
pub async fn write_report(
    platform: &Platform,
    command: String,
    outcome: Outcome,
    error: Option<String>,
    steps: Vec<StepReport>,
) -> Result<RunReport, StageError> {
    let report = RunReport {
        run_id: platform.run_id.clone(),
        command,
        started_at: platform.started_at,
        finished_at: Some(Utc::now()),
        outcome,
        error,
        steps,
    };
    let bytes = serde_json::to_vec_pretty(&report).unwrap_or_default();
    platform.lake.put_object(&report.path(), bytes).await?;
    Ok(report)
}

/// The newest reports, newest first. A report that cannot be read is left out.
pub async fn last_reports(lake: &Lake, count: usize) -> Result<Vec<RunReport>, StageError> {
    let listed = lake.list_objects("runs").await?;
    let mut reports = Vec::new();
    for object in listed.iter().rev() {
        if reports.len() == count {
            break;
        }
        if let Some(bytes) = lake.get_object(object.location.as_ref()).await?
            && let Ok(report) = serde_json::from_slice(&bytes)
        {
            reports.push(report);
        }
    }
    Ok(reports)
}
