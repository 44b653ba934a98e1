//! Upkeep of a table's files: nothing here changes a row that a reader can see.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use deltalake::operations::vacuum::VacuumMode;
use deltalake::protocol::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use deltalake::{DeltaTable, DeltaTableError};
use object_store::path::Path;
use serde_json::Value;

use crate::lake::object_path;
use crate::{LakeError, Table};

/// The longest retention that holds. Checkpoints forget what was replaced longer ago, and what is in no
/// log counts as never committed, by the age of its file alone.
pub const LONGEST_RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// The property of a table that says how long its logs remember what was replaced; smelt sets it to
/// [`LONGEST_RETENTION`].
pub(crate) const REMEMBERED: &str = "delta.deletedFileRetentionDuration";
/// How long they do without it, by Delta's protocol.
const UNLESS_SAID: Duration = Duration::from_secs(7 * 24 * 3600);

/// What was deleted of a table, and written for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Data files that no version within the retention names.
    pub data_files: u64,
    /// Files of the log from before the retention.
    pub log_files: u64,
    /// Checkpoints without which none of these could have been deleted.
    pub checkpoints: u64,
}

impl Table {
    /// Deletes data files that were replaced, or never committed, longer ago than `retention`, and
    /// the log that far back. Readers of versions within the retention, which is at most
    /// [`LONGEST_RETENTION`], lose nothing.
    ///
    /// Log files are deleted only below a checkpoint, so the newest version gets one.
    pub async fn vacuum(&self, retention: Duration) -> Result<Vacuumed, LakeError> {
        let Some(snapshot) = self.snapshot().await? else { return Ok(Vacuumed::default()) };
        let table = self.delta_table().await?;
        let remembers = snapshot.properties().contains_key(REMEMBERED);
        let retention = retention.min(if remembers { LONGEST_RETENTION } else { UNLESS_SAID });
        let data_files = self.delete_unnamed(table.clone(), retention).await?;
        let mut vacuumed = Vacuumed { data_files, ..Vacuumed::default() };
        // It is only longer to read; the next upkeep tries again.
        if let Err(error) = self.cut_log(&table, retention, &mut vacuumed).await {
            tracing::warn!(table = %self.id(), %error, "the log was not cut");
        }
        Ok(vacuumed)
    }

    /// Deletes the log below a checkpoint of the newest version, as far as it is older than the
    /// retention. A checkpoint takes more requests to read than some commits, so there is none before
    /// there is something to cut.
    async fn cut_log(
        &self,
        table: &DeltaTable,
        retention: Duration,
        vacuumed: &mut Vacuumed,
    ) -> Result<(), DeltaTableError> {
        let retention = chrono::Duration::from_std(retention).unwrap_or(chrono::Duration::MAX);
        let Some(before) = Utc::now().checked_sub_signed(retention) else { return Ok(()) };
        if !self.has_log_before(before).await? {
            return Ok(());
        }
        let version = table.version().unwrap_or_default();
        if self.newest_checkpoint().await != Some(version) {
            create_checkpoint(table, None).await?;
            vacuumed.checkpoints += 1;
        }
        let log = self.log_store().as_ref();
        let deleted =
            cleanup_expired_logs_for(version, log, before.timestamp_millis(), None).await?;
        vacuumed.log_files += deleted as u64;
        Ok(())
    }

    /// Whether a file of the log, but for the newest, was written before a time.
    async fn has_log_before(&self, time: DateTime<Utc>) -> Result<bool, DeltaTableError> {
        let listed = self.lake().list_objects(&self.path("_delta_log")).await;
        let listed = listed.map_err(|error| DeltaTableError::generic(error.to_string()))?;
        let old = listed.iter().filter(|object| object.last_modified < time);
        Ok(old.filter(|object| !object.location.as_ref().ends_with("_last_checkpoint")).count() > 1)
    }

    /// delta-rs decides what may go; it would also note its work in the log, and each note is a
    /// version that every follower looks at, so the deleting is done here.
    async fn delete_unnamed(
        &self,
        table: DeltaTable,
        retention: Duration,
    ) -> Result<u64, LakeError> {
        let retention = chrono::Duration::from_std(retention).unwrap_or(chrono::Duration::MAX);
        let (_, found) = table
            .vacuum()
            .with_mode(VacuumMode::Full)
            .with_retention_period(retention)
            // The retention that is given is the caller's; the table's own is not asked.
            .with_enforce_retention_duration(false)
            .with_dry_run(true)
            .await
            .map_err(|error: DeltaTableError| self.log_error(error))?;
        if found.files_deleted.is_empty() {
            return Ok(0);
        }
        // What was replaced is named for as long as the log remembers it, also when it is gone; a store
        // need not tell that it deleted nothing.
        let there = self.lake().list_objects(&self.id().path()).await?;
        let there: HashSet<Path> = there.into_iter().map(|object| object.location).collect();
        let named = found.files_deleted.iter().map(|path| self.path(path));
        let paths: Vec<String> = named.filter(|path| there.contains(&object_path(path))).collect();
        self.lake().delete_objects(&paths).await
    }

    /// The version of the checkpoint that readers start from.
    async fn newest_checkpoint(&self) -> Option<u64> {
        let hint =
            self.lake().get_object(&self.path("_delta_log/_last_checkpoint")).await.ok()??;
        let hint: Value = serde_json::from_slice(&hint).ok()?;
        hint.get("version")?.as_u64()
    }

    /// The table, which exists, as delta-rs sees it.
    async fn delta_table(&self) -> Result<DeltaTable, LakeError> {
        let mut table = DeltaTable::new(self.log_store().clone());
        table.load().await.map_err(|error| self.log_error(error))?;
        Ok(table)
    }
}
