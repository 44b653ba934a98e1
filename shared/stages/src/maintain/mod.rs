//! Upkeep of a dataset: what missed wake-ups left undone, larger files, and what may be deleted.

mod compact;
mod leftovers;

use std::time::{Duration, Instant};

use smelt_domain::{
    Dataset, SeriesTable, StageName, StepReport, Table as TableDefinition, TableId,
};
use smelt_lake::Vacuumed;

use self::compact::{RowOrder, compact};
use self::leftovers::{delete_announcements, delete_snapshots, delete_upload_records};
use crate::ingest::{FileOutcome, Ingested};
use crate::landing::sweep_landing;
use crate::refresh::refresh_dataset;
use crate::{Platform, StageError, boxed};

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
    /// What failed first: landed files that could not be looked at, a table that could not be followed,
    /// compacted or cleared. The rest was done all the same, and the observer was told of all that failed after it.
    pub failed: Option<StageError>,
}

/// Tables about series and models that get a small file with each forecast or fit.
const ONLY_ADDED_TO: [SeriesTable; 4] = [
    SeriesTable::Forecast,
    SeriesTable::ForecastAccuracy,
    SeriesTable::Experiments,
    SeriesTable::Clusters,
];

/// Takes in what missed wake-ups left, compacts, and deletes what nobody needs any more. What is wrong with one
/// table keeps no other from being looked after; only a deadline ends all.
#[boxed]
pub async fn maintain(platform: &Platform, dataset: &Dataset, upkeep: Upkeep) -> Maintained {
    let mut maintained = Maintained::default();
    for table in &dataset.tables {
        sweep(platform, dataset, table, &mut maintained).await;
    }
    let refreshed = refresh_dataset(platform, dataset).await.unwrap_or_else(|partly| {
        maintained.note(platform, partly.failed);
        partly.done
    });
    maintained.steps.extend(refreshed.steps);
    maintained.refused_too_many = refreshed.refused_too_many;
    put_together(platform, dataset, upkeep.target_bytes, &mut maintained).await;
    delete_old(platform, dataset, upkeep.retention, &mut maintained).await;
    maintained
}

impl Maintained {
    /// Adds what was done, or notes why it was not.
    fn add<S>(&mut self, platform: &Platform, done: Result<S, StageError>)
    where
        S: IntoIterator<Item = StepReport>,
    {
        match done {
            Ok(steps) => self.steps.extend(steps),
            Err(error) => self.note(platform, error),
        }
    }

    /// Notes what failed: the first is what the run failed of, the others are told at once.
    fn note(&mut self, platform: &Platform, error: StageError) {
        match self.failed {
            None => self.failed = Some(error),
            Some(_) => platform.observer.failed(&error.to_string()),
        }
    }
}

/// Puts the small files of tables together that get one with each arrival, forecast or fit.
async fn put_together(
    platform: &Platform,
    dataset: &Dataset,
    target_bytes: u64,
    maintained: &mut Maintained,
) {
    for table in &dataset.tables {
        if platform.is_past_deadline() {
            return;
        }
        let done = compact_bronze(platform, dataset, table, target_bytes).await;
        maintained.add(platform, done);
    }
    let quarantines = dataset.tables.iter().map(|table| dataset.quarantine_id(&table.name));
    let only_added_to = ONLY_ADDED_TO.map(|table| dataset.series_id(table));
    for id in quarantines.chain(only_added_to) {
        if platform.is_past_deadline() {
            return;
        }
        maintained.add(platform, compact_any_order(platform, id, target_bytes).await);
    }
}

/// Deletes what no reader needs any more, of the tables and beside them.
async fn delete_old(
    platform: &Platform,
    dataset: &Dataset,
    retention: Duration,
    maintained: &mut Maintained,
) {
    for id in crate::query::table_ids(dataset) {
        if platform.is_past_deadline() {
            return;
        }
        maintained.add(platform, vacuum(platform, &id, retention).await);
    }
    let marts = dataset.marts.iter().map(|mart| dataset.gold_id(&mart.name));
    for id in marts.chain(SeriesTable::ALL.map(|table| dataset.series_id(table))) {
        if platform.is_past_deadline() {
            return;
        }
        maintained.add(platform, delete_snapshots(platform, &id, retention).await);
    }
    for table in &dataset.tables {
        if platform.is_past_deadline() {
            return;
        }
        let bronze = dataset.bronze_id(&table.name);
        maintained.add(platform, delete_upload_records(platform, &bronze, retention).await);
    }
    if !platform.is_past_deadline() {
        maintained.add(platform, delete_announcements(platform, dataset, retention).await);
    }
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
        maintained.note(platform, error);
    }
    maintained.steps.extend(swept.steps);
    let is_news = |(_, outcome): &(String, FileOutcome)| {
        !matches!(outcome, FileOutcome::AlreadyLoaded | FileOutcome::RefusedBefore { .. })
    };
    maintained.swept.extend(swept.files.into_iter().filter(is_news));
}

/// Puts the small files of a table's bronze together.
async fn compact_bronze(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    target_bytes: u64,
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
    match taken_in {
        Some(version) => compact(platform, &bronze, version, target_bytes, RowOrder::Kept).await,
        None => Ok(Vec::new()),
    }
}

/// Puts the small files of a table together in which the order of rows means nothing.
async fn compact_any_order(
    platform: &Platform,
    id: TableId,
    target_bytes: u64,
) -> Result<Vec<StepReport>, StageError> {
    let table = platform.lake.table(id)?;
    compact(platform, &table, u64::MAX, target_bytes, RowOrder::Free).await
}

async fn vacuum(
    platform: &Platform,
    id: &TableId,
    retention: Duration,
) -> Result<Option<StepReport>, StageError> {
    let started = Instant::now();
    let vacuumed = platform.lake.table(id.clone())?.vacuum(retention).await?;
    if vacuumed == Vacuumed::default() {
        return Ok(None);
    }
    let step = StepReport {
        files_added: Some(vacuumed.checkpoints),
        files_removed: Some(vacuumed.data_files + vacuumed.log_files),
        ..crate::steps::step(StageName::Vacuum, id, started)
    };
    platform.observer.committed(&step);
    Ok(Some(step))
}
