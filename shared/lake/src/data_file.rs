use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Partition column → value as text (`None` = null), in the order of the column names.
pub type PartitionValues = BTreeMap<String, Option<String>>;

/// One live data file of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    /// Path relative to the table's root.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// The partition the file belongs to; empty for tables without partition columns.
    pub partition: PartitionValues,
    /// What the log knows about the rows.
    pub statistics: FileStatistics,
    /// When the file arrived in the table; `None` until it is committed.
    pub arrival: Option<Arrival>,
    /// What else the log notes of the file; kept as long as the file is live.
    pub tags: BTreeMap<String, String>,
}

/// A file's place in the order of arrival: the commit that added it, then its place in the commit.
///
/// Kept as a tag of the log's `add` action, so that it outlives log cleanup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arrival {
    /// Version of the commit.
    pub version: u64,
    /// Position among the files of the commit.
    pub position: u64,
}

impl Arrival {
    pub(crate) const TAG: &'static str = "smelt.arrival";

    pub(crate) fn to_tag(self) -> String {
        format!("{}.{}", self.version, self.position)
    }

    pub(crate) fn from_tag(text: &str) -> Option<Self> {
        let (version, position) = text.split_once('.')?;
        Some(Self { version: version.parse().ok()?, position: position.parse().ok()? })
    }
}

impl DataFile {
    /// Rows in the file; every file that smelt writes has the count in the log.
    pub fn rows(&self) -> u64 {
        self.statistics.rows
    }

    /// The value of the only partition column; null as well for tables without one.
    pub fn partition_value(&self) -> &Option<String> {
        self.partition.values().next().unwrap_or(&None)
    }

    /// The folder of the path, by which a mart's files are told apart
    /// (`created_month=2026-04`): marts carry no partition column of their own.
    pub fn folder(&self) -> Option<&str> {
        self.path.rsplit_once('/').map(|(folder, _)| folder)
    }
}

/// Row count and column bounds of a file, in the Delta log's JSON form.
///
/// Bounds of text columns may be cut (a lower minimum, a higher maximum), never too narrow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileStatistics {
    /// Rows in the file.
    #[serde(rename = "numRecords")]
    pub rows: u64,
    /// Column → smallest value.
    pub min_values: Map<String, Value>,
    /// Column → largest value.
    pub max_values: Map<String, Value>,
    /// Column → number of nulls.
    pub null_count: Map<String, Value>,
}
