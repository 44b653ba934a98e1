//! The Delta log's actions as JSON, as far as smelt writes and compares them.
//!
//! Replaying a whole log (checkpoints included) is delta-rs' work; these types serve the two
//! things smelt does itself: write the lines of one commit, and read what single commits added.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One line of a commit.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LogAction {
    CommitInfo(Map<String, Value>),
    Protocol(Value),
    MetaData(Value),
    Txn(Transaction),
    Add(AddFile),
    Remove(RemoveFile),
    /// Actions of later protocol versions, skipped when reading.
    #[serde(untagged)]
    Other(Value),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    pub app_id: String,
    pub version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddFile {
    pub path: String,
    pub partition_values: HashMap<String, Option<String>>,
    pub size: u64,
    pub modification_time: i64,
    pub data_change: bool,
    pub stats: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<HashMap<String, Option<String>>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemoveFile {
    pub path: String,
    pub data_change: bool,
    pub deletion_timestamp: Option<i64>,
    pub extended_file_metadata: Option<bool>,
    pub partition_values: Option<HashMap<String, Option<String>>>,
    pub size: Option<u64>,
}
