//! Upkeep of a dataset: what missed wake-ups left undone, larger files, and what may be deleted.

mod compact;
mod leftovers;

use std::time::{Duration, Instant};

use smelt_domain::{
    Dataset, SeriesTable, StageName, StepReport, Table as TableDefinition, TableId,
};

use self::compact::{RowOrder, compact};
use self::leftovers::{delete_announcements, delete_snapshots, delete_upload_records};
use crate::ingest::{FileOutcome, Ingested};
use crate::landing::sweep_landing;
use crate::refresh::refresh_dataset;
use crate::{Platform, StageError};

/// How upkeep is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upkeep {
    /// What was replaced, or never committed, stays this long: no reader takes longer, and no run.
    pub retention: Duration,
    /// Bytes up to which files are put together.
    pub target_bytes: u64,
}

/// What upkeep did.
#[derive(Debug, Default)]
pub struct Maintained {
    /// What was done, table by table.
    pub steps: Vec<StepReport>,
    /// Landed files that a missed wake-up had left, with what became of them.
    pub swept: Vec<(String, FileOutcome)>,
    /// Tables of which more rows were refused than their definition allows.
    pub refused_too_many: Vec<TableId>,
    /// Why landed files of a table could not be looked at. The rest was done all the same: a file that
    /// nobody can read must not keep tables from being looked after.
    pub failed: Option<StageError>,
}

/// Tables about series and models that get a small file with each forecast or fit.
const ONLY_ADDED_TO: [SeriesTable; 4] = [
    SeriesTable::Forecast,
    SeriesTable::ForecastAccuracy,
    SeriesTable::Experiments,
    SeriesTable::Clusters,
];

/// Takes in what missed wake-ups left, compacts, and deletes what nobody needs any more.
pub async fn maintain(
    platform: &Platform,
    dataset: &Dataset,
    upkeep: Upkeep,
) -> Result<Maintained, StageError> {
    let mut maintained = Maintained::default();
    for table in &dataset.tables {
        sweep(platform, dataset, table, &mut maintained).await;
    }
    let refreshed = refresh_dataset(platform, dataset).await?;
    maintained.steps.extend(refreshed.steps);
    maintained.refused_too_many = refreshed.refused_too_many;

    for table in &dataset.tables {
        if platform.is_past_deadline() {
            return Ok(maintained);
        }
        maintained.steps.extend(compact_all(platform, dataset, table, upkeep).await?);
    }
    for table in ONLY_ADDED_TO {
        if platform.is_past_deadline() {
            return Ok(maintained);
        }
        let table = platform.lake.table(dataset.series_id(table))?;
        let target = upkeep.target_bytes;
        maintained.steps.extend(compact(platform, &table, u64::MAX, target, RowOrder::Free).await?);
    }
    for id in crate::query::table_ids(dataset) {
        if platform.is_past_deadline() {
            return Ok(maintained);
        }
        maintained.steps.extend(vacuum(platform, &id, upkeep.retention).await?);
    }
    if !platform.is_past_deadline() {
        delete_snapshots(platform, dataset, upkeep.retention).await?;
        delete_upload_records(platform, dataset, upkeep.retention).await?;
        delete_announcements(platform, upkeep.retention).await?;
    }
    Ok(maintained)
}

/// Takes in the landed files that nobody was told of.
async fn sweep(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    maintained: &mut Maintained,
) {
    let swept = sweep_landing(platform, dataset, table).await;
    let mut swept =
        swept.unwrap_or_else(|error| Ingested { failed: Some(error), ..Ingested::default() });
    if let Some(error) = swept.failed.take() {
        platform.observer.failed(&error.to_string());
        maintained.failed.get_or_insert(error);
    }
    maintained.steps.extend(swept.steps);
    let is_news = |(_, outcome): &(String, FileOutcome)| {
        !matches!(outcome, FileOutcome::AlreadyLoaded | FileOutcome::RefusedBefore { .. })
    };
    maintained.swept.extend(swept.files.into_iter().filter(is_news));
}

/// Puts the small files of a table's bronze and quarantine together.
async fn compact_all(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    upkeep: Upkeep,
) -> Result<Vec<StepReport>, StageError> {
    let silver = platform.lake.table(dataset.silver_id(&table.name))?;
    let quarantine = platform.lake.table(dataset.quarantine_id(&table.name))?;
    let bronze = platform.lake.table(dataset.bronze_id(&table.name))?;
    // Rows that wait must stay apart from those that both tables have taken in.
    let taken_in = match (silver.snapshot().await?, quarantine.snapshot().await?) {
        (Some(silver), Some(quarantine)) => {
            silver.followed(bronze.id()).await?.min(quarantine.followed(bronze.id()).await?)
        }
        _ => None,
    };
    let (target, mut steps) = (upkeep.target_bytes, Vec::new());
    if let Some(version) = taken_in {
        steps.extend(compact(platform, &bronze, version, target, RowOrder::Kept).await?);
    }
    steps.extend(compact(platform, &quarantine, u64::MAX, target, RowOrder::Free).await?);
    Ok(steps)
}

async fn vacuum(
    platform: &Platform,
    id: &TableId,
    retention: Duration,
) -> Result<Option<StepReport>, StageError> {
    let started = Instant::now();
    let vacuumed = platform.lake.table(id.clone())?.vacuum(retention).await?;
    if vacuumed == Default::default() {
        return Ok(None);
    }
    let step = StepReport {
        files_removed: Some(vacuumed.data_files + vacuumed.log_files),
        ..crate::steps::step(StageName::Vacuum, id, started)
    };
    platform.observer.committed(&step);
    Ok(Some(step))
}
