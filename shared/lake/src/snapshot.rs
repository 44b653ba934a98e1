use std::collections::BTreeMap;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use deltalake::kernel::{EagerSnapshot, LogicalFileView};
use deltalake::logstore::LogStoreRef;
use smelt_domain::TableId;
use uuid::Uuid;

use crate::data_file::{Arrival, DataFile, FileStatistics};
use crate::{LakeError, PartitionValues};

/// A table at one version: its schema, live files and what it has followed.
#[derive(Debug, Clone)]
pub struct Snapshot {
    table: TableId,
    version: u64,
    schema: SchemaRef,
    partition_columns: Vec<String>,
    metadata_id: String,
    properties: BTreeMap<String, String>,
    files: Vec<DataFile>,
    log: EagerSnapshot,
    log_store: LogStoreRef,
}

impl Snapshot {
    pub(crate) fn new(
        table: &TableId,
        log: &EagerSnapshot,
        log_store: &LogStoreRef,
    ) -> Result<Self, LakeError> {
        let corrupt = |detail: String| LakeError::Corrupt { table: table.sql_name(), detail };
        let files = log
            .log_data()
            .iter()
            .map(|view| {
                let path = view.path().into_owned();
                let statistics: FileStatistics = match view.stats() {
                    Some(text) => serde_json::from_str(&text).map_err(|error| {
                        corrupt(format!("the statistics of file {path} are not JSON: {error}"))
                    })?,
                    None => return Err(corrupt(format!("file {path} has no statistics"))),
                };
                let size = u64::try_from(view.size())
                    .map_err(|_| corrupt(format!("file {path} has a negative size")))?;
                let partition: PartitionValues = view.partition_values_map().into_iter().collect();
                let mut tags = tags(&view);
                let arrival = tags.remove(Arrival::TAG).and_then(|text| Arrival::from_tag(&text));
                Ok(DataFile { path, size, partition, statistics, arrival, tags })
            })
            .collect::<Result<Vec<_>, LakeError>>()?;
        Ok(Self {
            table: table.clone(),
            version: log.version(),
            schema: log.arrow_schema(),
            partition_columns: log.metadata().partition_columns().to_vec(),
            metadata_id: log.metadata().id().to_owned(),
            properties: log
                .metadata()
                .configuration()
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            files,
            log: log.clone(),
            log_store: log_store.clone(),
        })
    }

    /// The table's version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Columns in order, partition columns included.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Names of the Delta partition columns.
    pub fn partition_columns(&self) -> &[String] {
        &self.partition_columns
    }

    /// The table's identity: a table dropped and created again has another one.
    pub(crate) fn metadata_id(&self) -> &str {
        &self.metadata_id
    }

    /// The table's identity as a number: a table that was dropped and made anew has another one.
    pub fn identity(&self) -> u64 {
        let digits: String = self.metadata_id.chars().filter(char::is_ascii_hexdigit).collect();
        let tail = digits.get(digits.len().saturating_sub(15)..).unwrap_or_default();
        u64::from_str_radix(tail, 16).unwrap_or_default()
    }

    /// When the table was made, as its identity tells; `None` of a table that smelt did not make.
    pub fn created_at(&self) -> Option<DateTime<Utc>> {
        let (seconds, nanoseconds) =
            Uuid::parse_str(&self.metadata_id).ok()?.get_timestamp()?.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
    }

    /// A property of the table: what a commit set lands with its data and stays until it is set
    /// again.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// All properties of the table.
    pub fn properties(&self) -> &BTreeMap<String, String> {
        &self.properties
    }

    /// Live files, in no particular order.
    pub fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// Live files that arrived in commits `after + 1 ..= up_to`, oldest first.
    pub fn arrived(&self, after: Option<u64>, up_to: u64) -> Vec<DataFile> {
        let mut arrived: Vec<&DataFile> = self
            .files
            .iter()
            .filter(|file| {
                file.arrival.is_none_or(|arrival| {
                    arrival.version <= up_to && after.is_none_or(|after| arrival.version > after)
                })
            })
            .collect();
        arrived.sort_by_key(|file| file.arrival);
        arrived.into_iter().cloned().collect()
    }

    /// The version with which the newest live file arrived: later versions brought no rows (they
    /// moved a cursor, or rearranged files). 0 while there is no file.
    pub fn newest_arrival(&self) -> u64 {
        let versions = self.files.iter().filter_map(|file| Some(file.arrival?.version));
        versions.max().unwrap_or_default()
    }

    /// Rows in all live files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(DataFile::rows).sum()
    }

    /// Bytes in all live files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The upstream version that this version is computed from; `None` before the first.
    pub async fn followed(&self, upstream: &TableId) -> Result<Option<u64>, LakeError> {
        self.transaction(&followed_id(upstream)).await
    }

    /// A durable total kept in the table's log, 0 when it was never counted.
    ///
    /// Totals are app transactions: they land atomically with the data and survive checkpoints.
    pub async fn total(&self, name: &str) -> Result<u64, LakeError> {
        Ok(self.transaction(&total_id(name)).await?.unwrap_or(0))
    }

    /// Live files by the value of the only partition column; all under null without one.
    pub fn files_by_partition(&self) -> BTreeMap<Option<String>, Vec<&DataFile>> {
        let mut grouped: BTreeMap<Option<String>, Vec<&DataFile>> = BTreeMap::new();
        for file in &self.files {
            grouped.entry(file.partition_value().clone()).or_default().push(file);
        }
        grouped
    }

    async fn transaction(&self, app_id: &str) -> Result<Option<u64>, LakeError> {
        let place = || format!("{}/_delta_log", self.table.path());
        let version = self
            .log
            .transaction_version(self.log_store.as_ref(), app_id)
            .await
            .map_err(|error| LakeError::from_log(self.table.sql_name(), place(), error))?;
        Ok(version.and_then(|version| u64::try_from(version).ok()))
    }
}

/// delta-rs shows a live file's tags only through the whole `add` action.
#[allow(deprecated)]
fn tags(view: &LogicalFileView) -> BTreeMap<String, String> {
    let tags = view.add_action().tags.unwrap_or_default();
    tags.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// App id under which a table records how far it follows an upstream table.
pub(crate) fn followed_id(upstream: &TableId) -> String {
    format!("smelt/follow/{}", upstream.path())
}

/// App id under which a table records a durable total.
pub(crate) fn total_id(name: &str) -> String {
    format!("smelt/total/{name}")
}
