//! The reports of runs that failed, as they lie under `failures/`.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::Utc;
use futures::{StreamExt, TryStreamExt};
use smelt_domain::{RunId, RunReport, failure_path, failures_prefix};
use smelt_lake::Lake;
use tokio::sync::OnceCell;

use crate::{Platform, StageError, boxed};

/// Reports that are read at the same time.
const READS_AT_ONCE: usize = 16;

/// The reports of these runs. One that is gone, or that cannot be understood, is not among them.
#[boxed]
pub async fn failure_reports(
    lake: &Lake,
    runs: Vec<RunId>,
) -> Result<BTreeMap<RunId, RunReport>, StageError> {
    let paths: Vec<String> = runs.into_iter().map(|run| failure_path(&run)).collect();
    let reads = futures::stream::iter(paths.into_iter().map(|path| report(lake, path)));
    let found: Vec<_> = reads.buffer_unordered(READS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().map(|report| (report.run_id.clone(), report)).collect())
}

/// The runs of today and yesterday that failed, whatever their datasets: whoever was to be woken by
/// them may not have been. They are read once, when they are first asked for.
#[derive(Debug, Default)]
pub struct RecentFailures(OnceCell<Vec<RunReport>>);

impl RecentFailures {
    /// The reports.
    pub(super) async fn reports(&self, platform: &Platform) -> Result<&[RunReport], StageError> {
        let reports = self.0.get_or_try_init(|| read_recent(platform)).await?;
        Ok(reports)
    }
}

/// The newest first, until half of the time is over: the other half is for telling. What is left out
/// was announced to the function when it was written, one by one.
async fn read_recent(platform: &Platform) -> Result<Vec<RunReport>, StageError> {
    let started = Instant::now();
    let until =
        platform.deadline.map(|deadline| started + deadline.saturating_duration_since(started) / 2);
    let today = Utc::now().date_naive();
    let mut paths = Vec::new();
    for day in [Some(today), today.pred_opt()].into_iter().flatten() {
        let objects = platform.lake.list_objects(&failures_prefix(&day.to_string())).await?;
        paths.extend(objects.into_iter().rev().map(|object| object.location.to_string()));
    }
    let count = paths.len();
    let reads = futures::stream::iter(paths.into_iter().map(|path| report(&platform.lake, path)));
    let mut reads = reads.buffered(READS_AT_ONCE);
    let (mut reports, mut done) = (Vec::new(), 0);
    while done < count && until.is_none_or(|until| Instant::now() < until) {
        let Some(read) = reads.try_next().await? else { break };
        done += 1;
        // What it did is of no interest here, and there may be thousands.
        reports.extend(read.map(|report| RunReport { steps: Vec::new(), ..report }));
    }
    if done < count {
        tracing::warn!(
            count,
            done,
            "too many failed runs to look at all of them: the oldest are left out"
        );
    }
    Ok(reports)
}

async fn report(lake: &Lake, path: String) -> Result<Option<RunReport>, StageError> {
    let Some(bytes) = lake.get_object(&path).await? else { return Ok(None) };
    let read = serde_json::from_slice(&bytes);
    Ok(read.inspect_err(|error| tracing::warn!(path, %error, "this is no report")).ok())
}
