use std::collections::{BTreeSet, HashMap};

use arrow::datatypes::SchemaRef;
use chrono::Utc;
use deltalake::DeltaTable;
use deltalake::kernel::transaction::TransactionError;
use deltalake::logstore::CommitOrBytes;
use deltalake::protocol::checkpoints::create_checkpoint;
use serde_json::{Map, Value, json};
use smelt_domain::TableId;
use uuid::Uuid;

use crate::data_file::Arrival;
use crate::log_actions::{AddFile, LogAction, RemoveFile, Transaction};
use crate::snapshot::{followed_id, total_id};
use crate::table_schema::{delta_schema, has_wall_clock};
use crate::upkeep::{LONGEST_RETENTION, REMEMBERED};
use crate::{DataFile, LakeError, Snapshot, Table};

/// Commits between two checkpoints; readers replay at most this many JSON files.
const CHECKPOINT_INTERVAL: u64 = 20;

/// What one commit does to a table.
#[derive(Debug, Default)]
pub struct Commit {
    /// What the commit is, for the table's history: `INGEST`, `REFRESH`, `REBUILD`.
    pub operation: &'static str,
    /// Files that become live. One that has an arrival already keeps it.
    pub add: Vec<DataFile>,
    /// Files that stop being live.
    pub remove: Vec<DataFile>,
    /// Whether the added files hold the very rows of the removed ones: no change to those who follow.
    pub only_rearranges: bool,
    /// How far the table now follows each upstream.
    pub followed: Vec<(TableId, u64)>,
    /// Durable totals after this commit.
    pub totals: Vec<(&'static str, u64)>,
    /// The table's columns after this commit; `None` leaves them as they are.
    pub schema: Option<SchemaRef>,
    /// Partition columns that go with `schema`; changing them takes replacing every file.
    pub partition_columns: Vec<String>,
    /// Properties of the table to set beside those that it has, see [`Snapshot::property`].
    pub properties: Vec<(String, String)>,
    /// Run id, definition hash, row counts: kept in the log for lineage and audit.
    pub info: Map<String, Value>,
}

/// Why a commit did not visibly land.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another writer made this version (or a former try of our own did): re-read and decide anew.
    #[error("version {version} of {table} was committed by another writer")]
    Conflict {
        /// SQL name of the table.
        table: String,
        /// The version that was taken.
        version: u64,
    },
    /// The answer was lost: the commit may or may not have landed. Re-read and decide anew.
    #[error("the answer to a commit was lost: {0}")]
    Unknown(#[source] LakeError),
    /// It did not land and will not.
    #[error(transparent)]
    Failed(#[from] LakeError),
}

impl Table {
    /// Commits as exactly the version after `base` (0 when the table does not exist yet).
    ///
    /// There is no rebase on a conflict: what smelt commits is computed from `base`, so any other
    /// commit in between makes the computation void. Coordination is create-if-absent of the
    /// commit file and nothing else.
    pub async fn commit(
        &self,
        base: Option<&Snapshot>,
        commit: &Commit,
    ) -> Result<u64, CommitError> {
        let version = base.map_or(0, |snapshot| snapshot.version() + 1);
        let bytes = self.commit_bytes(base, commit)?;
        let written = self
            .log_store()
            .write_commit_entry(version, CommitOrBytes::LogBytes(bytes.into()), Uuid::now_v7())
            .await;
        match written {
            Ok(()) => {}
            Err(TransactionError::VersionAlreadyExists(_)) => {
                return Err(CommitError::Conflict { table: self.id().sql_name(), version });
            }
            Err(TransactionError::ObjectStore { source }) => {
                let place = self.path(&format!("_delta_log/{version:020}.json"));
                return Err(match LakeError::from_store("write", place, source) {
                    lost @ LakeError::Unavailable { .. } => CommitError::Unknown(lost),
                    refused => CommitError::Failed(refused),
                });
            }
            Err(other) => {
                return Err(CommitError::Failed(LakeError::Corrupt {
                    table: self.id().sql_name(),
                    detail: other.to_string(),
                }));
            }
        }
        if (version + 1).is_multiple_of(CHECKPOINT_INTERVAL) {
            self.checkpoint().await;
        }
        Ok(version)
    }

    /// Writes a checkpoint of the newest version. The commit before it has landed, so a failure
    /// here only costs readers time until the next one: it is logged, not returned.
    async fn checkpoint(&self) {
        let mut table = DeltaTable::new(self.log_store().clone());
        let outcome = match table.load().await {
            Ok(()) => create_checkpoint(&table, None).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(table = %self.id(), %error, "checkpoint not written, the log stays longer");
        }
    }

    fn commit_bytes(&self, base: Option<&Snapshot>, commit: &Commit) -> Result<Vec<u8>, LakeError> {
        let now = Utc::now().timestamp_millis();
        let mut lines = vec![LogAction::CommitInfo(commit_info(commit, now))];
        if let Some(schema) = &commit.schema {
            // A protocol is never taken back: a column that needs more only adds to it.
            let had_wall_clock = base.is_some_and(|base| has_wall_clock(base.schema()));
            if base.is_none() || (has_wall_clock(schema) && !had_wall_clock) {
                lines.push(LogAction::Protocol(protocol(has_wall_clock(schema))));
            }
        }
        if commit.schema.is_some() || !commit.properties.is_empty() {
            lines.push(LogAction::MetaData(self.metadata(base, commit, now)?));
        }
        for (upstream, version) in &commit.followed {
            lines.push(transaction(followed_id(upstream), *version, now));
        }
        for (name, total) in &commit.totals {
            lines.push(transaction(total_id(name), *total, now));
        }
        let data_change = !commit.only_rearranges;
        let removals = commit.remove.iter().map(|file| removal(file, data_change, now));
        lines.extend(removals.map(LogAction::Remove));
        let version = base.map_or(0, |snapshot| snapshot.version() + 1);
        lines.extend((0..).zip(&commit.add).map(|(position, file)| {
            let arrival = file.arrival.unwrap_or(Arrival { version, position });
            LogAction::Add(addition(file, arrival, data_change, now))
        }));

        let mut bytes = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut bytes, line).map_err(|error| self.unwritable(&error))?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    fn metadata(
        &self,
        base: Option<&Snapshot>,
        commit: &Commit,
        now: i64,
    ) -> Result<Value, LakeError> {
        let (schema, partition_columns) = match (&commit.schema, base) {
            (Some(schema), _) => (schema, commit.partition_columns.as_slice()),
            (None, Some(base)) => (base.schema(), base.partition_columns()),
            (None, None) => return Err(self.unwritable(&"a new table needs a schema")),
        };
        let schema_string = delta_schema(schema)
            .ok_or_else(|| self.unwritable(&"its schema has a type that Delta does not know"))?;
        let id = base.map_or_else(
            || Uuid::now_v7().to_string(),
            |snapshot| snapshot.metadata_id().to_owned(),
        );
        let mut configuration = base.map(|base| base.properties().clone()).unwrap_or_default();
        configuration
            .insert("delta.checkpointInterval".to_owned(), CHECKPOINT_INTERVAL.to_string());
        configuration.insert(
            REMEMBERED.to_owned(),
            format!("interval {} days", LONGEST_RETENTION.as_secs() / (24 * 3600)),
        );
        configuration.extend(commit.properties.iter().cloned());
        Ok(json!({
            "id": id,
            "name": self.id().sql_name(),
            "format": { "provider": "parquet", "options": {} },
            "schemaString": schema_string,
            "partitionColumns": partition_columns,
            "configuration": configuration,
            "createdTime": now,
        }))
    }

    fn unwritable(&self, detail: &dyn std::fmt::Display) -> LakeError {
        LakeError::Corrupt {
            table: self.id().sql_name(),
            detail: format!("its commit cannot be written: {detail}"),
        }
    }
}

fn commit_info(commit: &Commit, now: i64) -> Map<String, Value> {
    let partitions: BTreeSet<_> = commit.add.iter().map(DataFile::folder).collect();
    let mut info = Map::new();
    info.insert("timestamp".into(), json!(now));
    info.insert("operation".into(), json!(commit.operation));
    info.insert("engineInfo".into(), json!(concat!("smelt/", env!("CARGO_PKG_VERSION"))));
    info.insert(
        "operationMetrics".into(),
        json!({
            "numFiles": commit.add.len().to_string(),
            "numRemovedFiles": commit.remove.len().to_string(),
            "numOutputRows": commit.add.iter().map(DataFile::rows).sum::<u64>().to_string(),
            "numPartitions": partitions.len().to_string(),
        }),
    );
    for (name, value) in &commit.info {
        info.insert(name.clone(), value.clone());
    }
    info
}

fn protocol(wall_clock: bool) -> Value {
    if wall_clock {
        json!({
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": ["timestampNtz"],
            "writerFeatures": ["timestampNtz"],
        })
    } else {
        json!({ "minReaderVersion": 1, "minWriterVersion": 2 })
    }
}

fn transaction(app_id: String, version: u64, now: i64) -> LogAction {
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    LogAction::Txn(Transaction { app_id, version, last_updated: Some(now) })
}

fn addition(file: &DataFile, arrival: Arrival, data_change: bool, now: i64) -> AddFile {
    AddFile {
        path: file.path.clone(),
        partition_values: file.partition.clone().into_iter().collect(),
        size: file.size,
        modification_time: now,
        data_change,
        stats: serde_json::to_string(&file.statistics).ok(),
        tags: Some(tags(file, arrival)),
    }
}

fn tags(file: &DataFile, arrival: Arrival) -> HashMap<String, Option<String>> {
    let own = file.tags.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
    own.chain([(Arrival::TAG.to_owned(), Some(arrival.to_tag()))]).collect()
}

fn removal(file: &DataFile, data_change: bool, now: i64) -> RemoveFile {
    RemoveFile {
        path: file.path.clone(),
        data_change,
        deletion_timestamp: Some(now),
        extended_file_metadata: Some(true),
        partition_values: Some(file.partition.clone().into_iter().collect()),
        size: Some(file.size),
    }
}
