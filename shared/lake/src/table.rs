use std::fmt;

use deltalake::logstore::{LogStoreRef, StorageConfig, logstore_with};
use deltalake::{DeltaTable, DeltaTableError};
use smelt_domain::TableId;
use url::Url;

use crate::{Lake, LakeError, Snapshot};

/// Where delta-rs believes a lake to be. It never opens this itself: it gets our store. The host's
/// ending is that of S3 directory buckets, whose listings have no order: the log replay then sorts
/// what it lists, which a folder needs and other stores do not mind.
const LOG_ROOT: &str = "memory://lake--x-s3";

/// A handle to one Delta table of a lake; the table need not exist yet.
#[derive(Clone)]
pub struct Table {
    lake: Lake,
    id: TableId,
    log_store: LogStoreRef,
}

impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Table").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Table {
    pub(crate) fn new(lake: Lake, id: TableId) -> Result<Self, LakeError> {
        let bad = |detail: String| LakeError::BadLocation { location: id.path(), detail };
        let url =
            Url::parse(&format!("{LOG_ROOT}/{}/", id.path())).map_err(|e| bad(e.to_string()))?;
        let log_store = logstore_with(lake.store().clone(), &url, StorageConfig::default())
            .map_err(|error| bad(error.to_string()))?;
        Ok(Self { lake, id, log_store })
    }

    /// What the table is called.
    pub fn id(&self) -> &TableId {
        &self.id
    }

    /// The lake that the table lies in.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    pub(crate) fn log_store(&self) -> &LogStoreRef {
        &self.log_store
    }

    /// Path of something in the table, from the lake's root.
    pub(crate) fn path(&self, relative: &str) -> String {
        format!("{}/{relative}", self.id.path())
    }

    /// The newest version; `None` when the table does not exist yet.
    pub async fn snapshot(&self) -> Result<Option<Snapshot>, LakeError> {
        // delta-rs reports a missing table in several ways: ask the store.
        if let Ok(snapshot) = self.load().await {
            return Ok(Some(snapshot));
        }
        if !self.exists().await? {
            return Ok(None);
        }
        // Another writer may have created it between the two looks: now it is there to stay.
        Ok(Some(self.load().await?))
    }

    async fn load(&self) -> Result<Snapshot, LakeError> {
        let mut table = DeltaTable::new(self.log_store.clone());
        table.load().await.map_err(|error| self.log_error(error))?;
        let state = table.snapshot().map_err(|error| self.log_error(error))?;
        Snapshot::new(&self.id, state.snapshot(), &self.log_store)
    }

    /// The newest version of a table that must exist.
    pub async fn require_snapshot(&self) -> Result<Snapshot, LakeError> {
        self.snapshot().await?.ok_or_else(|| LakeError::NoSuchTable { table: self.id.sql_name() })
    }

    async fn exists(&self) -> Result<bool, LakeError> {
        let log = self.lake.list_objects(&self.path("_delta_log")).await?;
        Ok(log.iter().any(|object| {
            let name = object.location.filename().unwrap_or_default();
            name.ends_with(".json") || name.ends_with(".parquet")
        }))
    }

    pub(crate) fn log_error(&self, error: DeltaTableError) -> LakeError {
        LakeError::from_log(self.id.sql_name(), self.path("_delta_log"), error)
    }
}
