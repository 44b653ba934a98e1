//! Partitions of a silver table, computed anew from all of bronze and replaced in one commit.

use std::time::Instant;

use smelt_domain::{Dataset, PartitionsInRange, StepReport, Table as TableDefinition};
use smelt_lake::{Commit, DataFile, Snapshot};

use super::position::Refresh;
use super::refresh::{Refreshed, refresh};
use super::{REFUSED, Silver, arrived};
use crate::follow::{Attempt, Follower, follow};
use crate::numbers_of_hashes::number_of;
use crate::{Platform, StageError};

/// Total that names the last backfill, so that one whose answer was lost is known to have landed.
const BACKFILL: &str = "backfill";

/// Computes these partitions anew from the bronze rows that silver has taken in; with all of them
/// the quarantine as well. What waits in bronze is not looked at, and neither is a table that is to
/// be computed by another definition: both is what following bronze does.
pub(crate) async fn backfill_silver(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    partitions: PartitionsInRange,
) -> Result<Vec<StepReport>, StageError> {
    let stage = Silver::new(platform, dataset, table)?;
    // The log keeps signed numbers.
    let token = number_of(platform.run_id.as_str()) >> 1;
    let silver = stage.silver.clone();
    let mut backfill = SilverBackfill { stage, partitions, token };
    follow(&silver, platform, &mut backfill).await
}

struct SilverBackfill<'a> {
    stage: Silver<'a>,
    partitions: PartitionsInRange,
    token: u64,
}

impl Follower for SilverBackfill<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let stage = &self.stage;
        let silver = stage.silver.snapshot().await?;
        let quarantine = stage.quarantine.snapshot().await?;
        let (Some(base), Some(bronze)) = (silver, stage.bronze.snapshot().await?) else {
            return Ok(Attempt::UpToDate);
        };
        let definition = stage.basis(&bronze);
        let followed = stage.followed(Some(&base)).await?;
        let Some(followed) = followed.filter(|followed| followed.definition == definition) else {
            return Ok(Attempt::UpToDate);
        };
        if base.total(BACKFILL).await? == self.token {
            return Ok(Attempt::UpToDate);
        }

        let all = self.partitions == PartitionsInRange::All;
        let range = Refresh { from: None, to: followed.version, quarantine_too: all };
        let arrived = arrived(&bronze, range);
        let refreshed = refresh(stage, &bronze, arrived, None, self.partitions, all).await?;
        let (replaced, others): (Vec<DataFile>, Vec<DataFile>) = base
            .files()
            .iter()
            .cloned()
            .partition(|file| self.partitions.contains(file.partition_value().as_deref()));
        if replaced.is_empty() && refreshed.files.is_empty() {
            return Ok(Attempt::UpToDate);
        }
        if all {
            stage.commit_quarantine(quarantine, range, definition, &refreshed).await?;
        } else {
            self.require_same_rest(&base, &others, &refreshed).await?;
        }
        let commit = stage.commit(Some(&base), range, definition, &refreshed, replaced).await?;
        let totals = commit.totals.iter().copied().chain([(BACKFILL, self.token)]);
        let commit = Commit { operation: "BACKFILL", totals: totals.collect(), ..commit };
        let report = stage.report(range, &refreshed, &commit, started);
        Ok(Attempt::Commit { base: Some(base), commit, report })
    }
}

impl SilverBackfill<'_> {
    /// The rows that stay as they are must be those that were computed for the other partitions:
    /// or the table would be a mixture, and its balance a coincidence.
    async fn require_same_rest(
        &self,
        base: &Snapshot,
        others: &[DataFile],
        refreshed: &Refreshed,
    ) -> Result<(), StageError> {
        let there: u64 = others.iter().map(DataFile::rows).sum();
        if there == refreshed.unwritten && base.total(REFUSED).await? == refreshed.refused {
            return Ok(());
        }
        Err(StageError::BackfillTooNarrow {
            table: self.stage.silver.id().sql_name(),
            dataset: self.stage.dataset.name.to_string(),
        })
    }
}
