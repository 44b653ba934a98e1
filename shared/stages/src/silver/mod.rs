//! Bronze → silver and quarantine.
//!
//! New bronze rows are typed by the dataset's SQL and judged by its expectations. Refused rows go
//! to quarantine. Accepted rows are gathered by partition, together with the silver rows of the
//! partitions they touch; of each key the newest version stays, and these partitions are replaced.

mod backfill;
pub(crate) mod former_corrections;
mod judge;
mod key_log;
mod key_ranges;
mod layout;
mod merge;
mod newest;
mod old_rows;
mod partition_writer;
pub(crate) mod plan;
mod position;
mod refresh;
mod refused;
mod router;
mod rule_check;
mod scratch_file;
mod shuffle;

use std::sync::Arc;
use std::time::Instant;

use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use serde_json::{Map, json};
use smelt_domain::{
    Dataset, PartitionsInRange, RuleName, StageName, StepReport, Table as TableDefinition, TableId,
    UpstreamVersion,
};
use smelt_lake::{Commit, CommitError, DataFile, FilesTable, Snapshot, Table};

pub(crate) use self::backfill::backfill_silver;
use self::former_corrections::HOLDS_CORRECTIONS;
pub(crate) use self::judge::rule_against;
use self::plan::silver_schema;
pub(crate) use self::plan::{declared_bronze_schema, silver_plan};
use self::position::{Followed, Refresh, next_refresh, some_versions};
use self::refresh::{Arrived, Refreshed, refresh};
use self::refused::quarantine_schema;
pub(crate) use self::rule_check::{UnfitRule, unfit_rules};
use crate::follow::{Attempt, Follower, follow};
use crate::{Platform, StageError, boxed, snapshots};

/// Durable totals in the silver log; they land with the rows that they count.
pub(crate) const SUPERSEDED: &str = "superseded";
pub(crate) const DELETED: &str = "deleted";
pub(crate) const REFUSED: &str = "refused";
/// What the table was computed by, as a number (see [`basis`]).
pub(crate) const DEFINITION: &str = "definition";

/// Where silver keeps how many rows broke a rule that only warns, when they were taken in.
fn warned_property(rule: &RuleName) -> String {
    format!("smelt.warned.{rule}")
}

/// How many rows broke a rule that only warns, when they were taken in; `None` where nobody counted.
pub(crate) fn rows_warned(silver: &Snapshot, rule: &RuleName) -> Option<u64> {
    silver.property(&warned_property(rule))?.parse().ok()
}

/// Bronze rows after which a refresh against a deadline commits.
const ROWS_AT_A_TIME: u64 = 2_000_000;

/// One number for a definition and the very tables it was applied to: when it differs, everything
/// is computed anew. Never 0, which stands for a total that was never counted.
pub(crate) fn basis(definition: u64, upstreams: impl IntoIterator<Item = u64>) -> u64 {
    let mixed = upstreams.into_iter().fold(definition, |mixed, identity| {
        (mixed ^ identity).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    });
    // The log keeps signed numbers.
    (mixed >> 1).max(1)
}

/// What following bronze did to one silver table.
#[derive(Debug)]
pub struct SilverFollowed {
    /// The commits made.
    pub steps: Vec<StepReport>,
    /// Whether more rows were refused than the definition allows in one run.
    pub refused_too_many: bool,
}

/// Follows the bronze table until there is nothing left to do.
#[boxed]
pub async fn follow_bronze(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<SilverFollowed, StageError> {
    let mut stage = Silver::new(platform, dataset, table)?;
    let steps = follow(&stage.silver.clone(), platform, &mut stage).await?;
    let rows_in: u64 = steps.iter().filter_map(|step| step.rows_in).sum();
    let refused: u64 = steps.iter().filter_map(|step| step.rows_rejected).sum();
    let refused_too_many = table
        .refuse_above
        .is_some_and(|share| rows_in > 0 && refused as f64 / rows_in as f64 > share);
    Ok(SilverFollowed { steps, refused_too_many })
}

/// One silver table with its neighbours.
pub(crate) struct Silver<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) dataset: &'a Dataset,
    pub(crate) table: &'a TableDefinition,
    pub(crate) bronze: Table,
    pub(crate) silver: Table,
    pub(crate) quarantine: Table,
}

impl Follower for Silver<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        // In this order: silver is at no later version of bronze than the quarantine, and the
        // quarantine at none that the bronze seen here does not have yet.
        let silver = self.silver.snapshot().await?;
        let quarantine = self.quarantine.snapshot().await?;
        let Some(bronze) = self.bronze.snapshot().await? else {
            return Ok(Attempt::UpToDate);
        };
        let definition = self.basis(&bronze);
        let followed_silver = self.followed(silver.as_ref()).await?;
        let followed_quarantine = self.followed(quarantine.as_ref()).await?;
        let Some(range) =
            next_refresh(definition, bronze.newest_arrival(), followed_silver, followed_quarantine)
        else {
            return Ok(Attempt::UpToDate);
        };

        let range = self.bounded(range, silver.is_none(), &bronze);
        let arrived = arrived(&bronze, range);
        let old = silver.as_ref().filter(|_| range.from.is_some());
        let (all, quarantine_too) = (PartitionsInRange::All, range.quarantine_too);
        let refreshed = refresh(self, &bronze, arrived, old, all, quarantine_too).await?;
        if range.quarantine_too
            && let Err(lost) =
                self.commit_quarantine(quarantine, range, definition, &refreshed).await
        {
            // Whether it landed is for the next look to see; this try is void.
            return Err(lost);
        }
        let replaced = replaced_files(silver.as_ref(), range, &refreshed);
        let commit = self.commit(silver.as_ref(), range, definition, &refreshed, replaced).await?;
        let report = self.report(range, &refreshed, &commit, started);
        Ok(Attempt::Commit { base: silver, commit, report })
    }
}

impl<'a> Silver<'a> {
    pub(crate) fn new(
        platform: &'a Platform,
        dataset: &'a Dataset,
        table: &'a TableDefinition,
    ) -> Result<Self, StageError> {
        Ok(Self {
            platform,
            dataset,
            table,
            bronze: platform.lake.table(dataset.bronze_id(&table.name))?,
            silver: platform.lake.table(dataset.silver_id(&table.name))?,
            quarantine: platform.lake.table(dataset.quarantine_id(&table.name))?,
        })
    }

    /// The silver SQL over files of bronze, in their order of arrival.
    fn plan(
        &self,
        session: &SessionContext,
        bronze: &Snapshot,
        files: Vec<DataFile>,
    ) -> datafusion::error::Result<LogicalPlan> {
        let (schema, partitioned) = (bronze.schema(), bronze.partition_columns());
        let files = FilesTable::with_ordinals(self.bronze.id(), schema, partitioned, files);
        silver_plan(session, self.dataset, self.table, Arc::new(files))
    }

    /// What silver is computed by: its definition, this very bronze table, and which copies of its
    /// sources count.
    pub(crate) fn basis(&self, bronze: &Snapshot) -> u64 {
        let upstream = std::iter::once(bronze.identity()).chain(snapshots::identity(bronze));
        basis(self.table.definition_hash.as_number(), upstream)
    }

    pub(crate) async fn followed(
        &self,
        snapshot: Option<&Snapshot>,
    ) -> Result<Option<Followed>, StageError> {
        let Some(snapshot) = snapshot else {
            return Ok(None);
        };
        let Some(version) = snapshot.followed(self.bronze.id()).await? else {
            return Ok(None);
        };
        let definition = snapshot.total(DEFINITION).await?;
        Ok(Some(Followed { version, definition }))
    }

    /// Against a deadline, so many rows at a time: a refresh that was cut off would begin anew, and
    /// be cut off again. A table that is computed anew is replaced at once whatever it takes.
    fn bounded(&self, range: Refresh, is_first: bool, bronze: &Snapshot) -> Refresh {
        let begins = range.from.is_some() || is_first;
        if self.platform.deadline.is_none() || !begins || !range.quarantine_too {
            return range;
        }
        let arrived = bronze.arrived(range.from, range.to).into_iter();
        let arrived =
            arrived.map(|file| (file.arrival.map_or(range.to, |at| at.version), file.rows()));
        Refresh { to: some_versions(arrived, ROWS_AT_A_TIME).unwrap_or(range.to), ..range }
    }

    async fn commit_quarantine(
        &self,
        base: Option<Snapshot>,
        range: Refresh,
        definition: u64,
        refreshed: &Refreshed,
    ) -> Result<(), StageError> {
        let anew = range.from.is_none();
        let commit = Commit {
            operation: operation(anew),
            add: refreshed.quarantined.iter().cloned().collect(),
            remove: match &base {
                Some(base) if anew => base.files().to_vec(),
                _ => Vec::new(),
            },
            followed: vec![(self.bronze.id().clone(), range.to)],
            totals: vec![(DEFINITION, definition)],
            schema: base.is_none().then(quarantine_schema),
            info: self.info(range),
            ..Commit::default()
        };
        match self.quarantine.commit(base.as_ref(), &commit).await {
            Ok(_) => Ok(()),
            Err(CommitError::Failed(error) | CommitError::Unknown(error)) => Err(error.into()),
            Err(CommitError::Conflict { table, .. }) => {
                Err(smelt_lake::LakeError::Contended { table, attempts: 1 }.into())
            }
        }
    }

    async fn commit(
        &self,
        base: Option<&Snapshot>,
        range: Refresh,
        definition: u64,
        refreshed: &Refreshed,
        remove: Vec<DataFile>,
    ) -> Result<Commit, StageError> {
        let (superseded, deleted, refused) = match base.filter(|_| range.from.is_some()) {
            Some(base) => (
                base.total(SUPERSEDED).await?,
                base.total(DELETED).await?,
                base.total(REFUSED).await?,
            ),
            None => (0, 0, 0),
        };
        Ok(Commit {
            operation: operation(range.from.is_none()),
            add: refreshed.files.clone(),
            remove,
            followed: vec![(self.bronze.id().clone(), range.to)],
            totals: vec![
                (SUPERSEDED, superseded + refreshed.superseded),
                (DELETED, deleted + refreshed.deletes),
                (REFUSED, refused + refreshed.refused),
                (DEFINITION, definition),
            ],
            schema: self.schema_change(base),
            partition_columns: self.partition_columns(),
            properties: self.warnings(base, range, refreshed),
            info: self.info(range),
            ..Commit::default()
        })
    }

    /// The counts of rows that broke rules that only warn, where they changed.
    fn warnings(
        &self,
        base: Option<&Snapshot>,
        range: Refresh,
        refreshed: &Refreshed,
    ) -> Vec<(String, String)> {
        let counted = self.table.warning_rules().filter_map(|rule| {
            let before = base.and_then(|base| rows_warned(base, rule));
            // Rows that are there and were never counted stay unknown.
            if before.is_none() && base.is_some() && range.from.is_some() {
                return None;
            }
            let kept = before.filter(|_| range.from.is_some()).unwrap_or(0);
            let now = kept + refreshed.warned.get(rule).copied().unwrap_or(0);
            (before != Some(now)).then(|| (warned_property(rule), now.to_string()))
        });
        counted.collect()
    }

    fn partition_columns(&self) -> Vec<String> {
        self.table.partition.iter().map(ToString::to_string).collect()
    }

    /// The declared schema where the table does not have it yet.
    fn schema_change(&self, base: Option<&Snapshot>) -> Option<arrow::datatypes::SchemaRef> {
        let declared = silver_schema(self.table);
        let same = base.is_some_and(|base| {
            let current = base.schema().fields().iter().map(|f| (f.name(), f.data_type()));
            base.partition_columns() == self.partition_columns()
                && current.eq(declared.fields().iter().map(|f| (f.name(), f.data_type())))
        });
        (!same).then_some(declared)
    }

    fn info(&self, range: Refresh) -> Map<String, serde_json::Value> {
        Map::from_iter([
            ("runId".to_owned(), json!(self.platform.run_id)),
            ("definitionHash".to_owned(), json!(self.table.definition_hash)),
            (
                "upstream".to_owned(),
                json!([{ "table": self.bronze.id(), "from": range.from, "to": range.to }]),
            ),
        ])
    }

    fn report(
        &self,
        range: Refresh,
        refreshed: &Refreshed,
        commit: &Commit,
        started: Instant,
    ) -> StepReport {
        let warned = refreshed.warned.iter().map(|(rule, rows)| (rule.clone(), *rows));
        StepReport {
            upstream: vec![upstream(self.bronze.id(), range.from, range.to)],
            definition_hash: Some(self.table.definition_hash.to_string()),
            rows_in: Some(refreshed.rows_in),
            rows_out: Some(commit.add.iter().map(DataFile::rows).sum()),
            rows_rejected: Some(refreshed.refused),
            rows_warned: warned.collect::<std::collections::BTreeMap<RuleName, u64>>(),
            rows_superseded: Some(refreshed.superseded),
            partitions: Some(refreshed.partitions.len() as u64),
            files_added: Some(commit.add.len() as u64),
            files_removed: Some(commit.remove.len() as u64),
            bytes_written: Some(commit.add.iter().map(|file| file.size).sum()),
            ..crate::steps::step(StageName::Silver, self.silver.id(), started)
        }
    }
}

/// The bronze files of a range, apart those whose rows no longer count.
fn arrived(bronze: &Snapshot, range: Refresh) -> Arrived {
    let new_files = bronze.arrived(range.from, range.to);
    let (files, replaced): (Vec<_>, Vec<_>) =
        new_files.into_iter().partition(|file| snapshots::counts(bronze, file));
    let former = match range.from {
        Some(from) => bronze.arrived(None, from),
        None => Vec::new(),
    };
    Arrived {
        files,
        replaced_rows: replaced.iter().map(DataFile::rows).sum(),
        former_corrections: former
            .into_iter()
            .filter(|file| file.tags.contains_key(HOLDS_CORRECTIONS))
            .collect(),
    }
}

/// Files that the refresh replaces: of the touched partitions, or all when computed anew.
fn replaced_files(base: Option<&Snapshot>, range: Refresh, refreshed: &Refreshed) -> Vec<DataFile> {
    let files = base.map_or(&[][..], |base| base.files());
    let replaced = |file: &&DataFile| {
        range.from.is_none() || refreshed.partitions.contains(file.partition_value())
    };
    files.iter().filter(replaced).cloned().collect()
}

fn operation(anew: bool) -> &'static str {
    if anew { "REBUILD" } else { "REFRESH" }
}

pub(crate) fn upstream(table: &TableId, from: Option<u64>, to: u64) -> UpstreamVersion {
    UpstreamVersion { table: table.clone(), from, to }
}
