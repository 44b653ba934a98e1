//! Backfills: partitions computed anew from bronze, though nothing new came. After a data file was
//! lost, after smelt itself computes something better, or to be sure.
//!
//! Silver replaces the partitions in one commit. Gold then follows silver as always, so the pieces
//! of the marts that read them are computed anew as well; each table's readers see its old version
//! until the new one is complete.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use smelt_domain::{
    Dataset, PartitionRange, PartitionsInRange, Table as TableDefinition, TableId, TableName,
};
use smelt_lake::DataFile;

use crate::folders::partition_folder;
use crate::gold::{PartitionValue, planned_pieces};
use crate::refresh::{PartlyRefreshed, RefreshReport, Refreshing};
use crate::silver::{Silver, SilverFollowed, backfill_silver, follow_bronze};
use crate::{Platform, StageError, boxed};

/// What a backfill would do to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedTable {
    /// The table.
    pub table: TableId,
    /// The partitions that would be replaced, as their folders are called
    /// (`created_month=2024-01`; `whole` for a table or a mart that is one piece).
    pub partitions: Vec<String>,
    /// Partitions that the table has.
    pub of: u64,
    /// Rows that they would be computed from; of silver, the rows that they have now.
    pub rows: u64,
    /// Bronze rows that wait: they are taken in first, and may touch other partitions as well.
    pub waiting: u64,
}

/// What [`backfill_dataset`] would do, table by table; tables that it leaves alone are missing.
#[boxed]
pub async fn plan_backfill(
    platform: &Platform,
    dataset: &Dataset,
    range: PartitionRange,
) -> Result<Vec<PlannedTable>, StageError> {
    let mut planned = Vec::new();
    let mut changed: BTreeMap<TableName, Option<BTreeSet<PartitionValue>>> = BTreeMap::new();
    for (table, partitions) in chosen_tables(dataset, range)? {
        let (plan, values) = plan_silver(platform, dataset, table, partitions).await?;
        if !plan.partitions.is_empty() {
            changed.insert(table.name.clone(), values);
        }
        planned.push(plan);
    }
    for mart in &dataset.marts {
        let pieces = planned_pieces(platform, dataset, mart, &changed).await?;
        planned.push(PlannedTable {
            table: dataset.gold_id(&mart.name),
            partitions: pieces.folders,
            of: pieces.of,
            rows: pieces.rows,
            waiting: 0,
        });
    }
    Ok(planned)
}

/// Computes the partitions of a range anew, in silver and in every mart that reads them, and
/// publishes the marts. What waits in bronze is taken in first. What is wrong with one table or mart keeps
/// no other from being computed.
#[boxed]
pub async fn backfill_dataset(
    platform: &Platform,
    dataset: &Dataset,
    range: PartitionRange,
) -> Result<RefreshReport, PartlyRefreshed> {
    let chosen = chosen_tables(dataset, range)?;
    let mut refreshing = Refreshing::new(platform, dataset);
    for table in &dataset.tables {
        match chosen.iter().find(|(chosen, _)| chosen.name == table.name) {
            Some((_, partitions)) => {
                let backfill = backfill_table(platform, dataset, table, *partitions);
                refreshing.silver(table, backfill).await;
            }
            None => refreshing.silver(table, follow_bronze(platform, dataset, table)).await,
        }
    }
    refreshing.finish().await
}

/// Computes a silver table anew from all of bronze; what waits there is taken in first. What follows the
/// table takes it from there.
#[boxed]
pub async fn recompute_table(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<SilverFollowed, StageError> {
    backfill_table(platform, dataset, table, PartitionsInRange::All).await
}

async fn backfill_table(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    partitions: PartitionsInRange,
) -> Result<SilverFollowed, StageError> {
    let mut followed = follow_bronze(platform, dataset, table).await?;
    // A table that was just computed anew as a whole has nothing left to be done to it.
    let is_new = |step: &smelt_domain::StepReport| step.upstream.iter().any(|u| u.from.is_none());
    if !followed.steps.iter().any(is_new) {
        followed.steps.extend(backfill_silver(platform, dataset, table, partitions).await?);
    }
    Ok(followed)
}

/// The tables whose partitions the range can choose, with what it chooses.
fn chosen_tables(
    dataset: &Dataset,
    range: PartitionRange,
) -> Result<Vec<(&TableDefinition, PartitionsInRange)>, StageError> {
    let mut chosen = Vec::new();
    let mut unchosen = None;
    for table in &dataset.tables {
        match range.within(table) {
            Ok(partitions) => chosen.push((table, partitions)),
            // A small table that is one piece has no part in a range of time.
            Err(error) if table.partition.is_none() => unchosen = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    match unchosen {
        Some(error) if chosen.is_empty() => Err(error.into()),
        _ => Ok(chosen),
    }
}

async fn plan_silver(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    partitions: PartitionsInRange,
) -> Result<(PlannedTable, Option<BTreeSet<PartitionValue>>), StageError> {
    let stage = Silver::new(platform, dataset, table)?;
    let silver = stage.silver.snapshot().await?;
    let bronze = stage.bronze.snapshot().await?;
    let followed = stage.followed(silver.as_ref()).await?;
    let basis = bronze.as_ref().map(|bronze| stage.basis(bronze));
    let current = followed.filter(|followed| Some(followed.definition) == basis);
    let waiting = bronze.as_ref().map_or(0, |bronze| {
        let new = bronze.arrived(current.map(|followed| followed.version), bronze.version());
        new.iter().map(DataFile::rows).sum()
    });
    let grouped = silver.as_ref().map(|silver| silver.files_by_partition()).unwrap_or_default();
    let of = grouped.len() as u64;
    // By another definition all of it is computed anew, whatever was asked for.
    let partitions = if current.is_some() { partitions } else { PartitionsInRange::All };
    let column = table.partition.as_ref().map(|column| column.as_str());
    let mut plan = PlannedTable {
        table: stage.silver.id().clone(),
        partitions: Vec::new(),
        of,
        rows: 0,
        waiting,
    };
    let mut values = BTreeSet::new();
    for (value, files) in grouped {
        if partitions.contains(value.as_deref()) {
            plan.partitions.push(partition_folder(column, value.as_deref()));
            plan.rows += files.iter().map(|file| file.rows()).sum::<u64>();
            values.insert(value);
        }
    }
    Ok((plan, (partitions != PartitionsInRange::All).then_some(values)))
}
