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
use crate::ingest::FileOutcome;
use crate::landing::sweep_landing;
use crate::refresh::refresh_dataset;
use crate::{Failures, Platform, StageError, boxed};

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
    let mut keeping = Keeping {
        platform,
        dataset,
        done: Maintained::default(),
        failures: Failures::new(platform),
    };
    for table in &dataset.tables {
        keeping.sweep(table).await;
    }
    let refreshed = keeping.failures.done_of(refresh_dataset(platform, dataset).await);
    keeping.done.steps.extend(refreshed.steps);
    keeping.done.refused_too_many = refreshed.refused_too_many;
    keeping.put_together(upkeep.target_bytes).await;
    keeping.delete_old(upkeep.retention).await;
    Maintained { failed: keeping.failures.first(), ..keeping.done }
}

/// Upkeep that is going on.
struct Keeping<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    done: Maintained,
    failures: Failures<'a>,
}

impl Keeping<'_> {
    /// Adds what was done, or notes why it was not.
    fn add<S>(&mut self, done: Result<S, StageError>)
    where
        S: IntoIterator<Item = StepReport>,
    {
        self.done.steps.extend(self.failures.unless(done).into_iter().flatten());
    }

    /// Takes in the landed files that nobody was told of.
    async fn sweep(&mut self, table: &TableDefinition) {
        let swept = sweep_landing(self.platform, self.dataset, table).await;
        let Some(swept) = self.failures.unless(swept) else { return };
        if let Some(error) = swept.failed {
            self.failures.note(error);
        }
        self.done.steps.extend(swept.steps);
        let is_news = |(_, outcome): &(String, FileOutcome)| {
            !matches!(outcome, FileOutcome::AlreadyLoaded | FileOutcome::RefusedBefore { .. })
        };
        self.done.swept.extend(swept.files.into_iter().filter(is_news));
    }

    /// Puts the small files of tables together that get one with each arrival, forecast or fit.
    async fn put_together(&mut self, target_bytes: u64) {
        let (platform, dataset) = (self.platform, self.dataset);
        for table in &dataset.tables {
            if platform.is_past_deadline() {
                return;
            }
            self.add(compact_bronze(platform, dataset, table, target_bytes).await);
        }
        let quarantines = dataset.tables.iter().map(|table| dataset.quarantine_id(&table.name));
        let only_added_to = ONLY_ADDED_TO.map(|table| dataset.series_id(table));
        for id in quarantines.chain(only_added_to) {
            if platform.is_past_deadline() {
                return;
            }
            self.add(compact_any_order(platform, id, target_bytes).await);
        }
    }

    /// Deletes what no reader needs any more, of the tables and beside them.
    async fn delete_old(&mut self, retention: Duration) {
        let (platform, dataset) = (self.platform, self.dataset);
        for id in crate::query::table_ids(dataset) {
            if platform.is_past_deadline() {
                return;
            }
            self.add(vacuum(platform, &id, retention).await);
        }
        let marts = dataset.marts.iter().map(|mart| dataset.gold_id(&mart.name));
        for id in marts.chain(SeriesTable::ALL.map(|table| dataset.series_id(table))) {
            if platform.is_past_deadline() {
                return;
            }
            self.add(delete_snapshots(platform, &id, retention).await);
        }
        for table in &dataset.tables {
            if platform.is_past_deadline() {
                return;
            }
            let bronze = dataset.bronze_id(&table.name);
            self.add(delete_upload_records(platform, &bronze, retention).await);
        }
        if !platform.is_past_deadline() {
            self.add(delete_announcements(platform, dataset, retention).await);
        }
    }
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
