//! What the API asks others to do.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use smelt_access::KeySet;
use smelt_domain::{Dataset, DatasetName, RunReport, TableName, UploadId};
use utoipa::ToSchema;

use crate::upload_target::UploadTarget;

/// Why somebody else did not do what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// It cannot be done; the text says what to do instead.
    #[error("{0}")]
    Refused(String),
    /// It did not work this time.
    #[error("{what} did not work: {reason}")]
    Failed {
        /// What was asked for.
        what: &'static str,
        /// The other's own words.
        reason: String,
    },
}

/// An upload that is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRequest {
    /// Its id.
    pub upload: UploadId,
    /// The dataset that it is for.
    pub dataset: DatasetName,
    /// The table that it is for.
    pub table: TableName,
    /// Where it lands, from the lake's root.
    pub key: String,
    /// Its size, and no other.
    pub bytes: u64,
    /// Its type, and no other.
    pub content_type: String,
    /// Until when it may be sent.
    pub expires_at: DateTime<Utc>,
}

/// Says where the bytes of an upload are to be sent.
#[async_trait]
pub trait UploadGate: Send + Sync + fmt::Debug {
    /// Where to, and how.
    async fn open(&self, upload: &UploadRequest) -> Result<UploadTarget, PortError>;
}

/// How much a refresh does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefreshMode {
    /// What is new: files that landed, and everything behind the table that it follows.
    #[default]
    Incremental,
    /// Everything, computed anew from bronze.
    Full,
}

/// From its name only: serde would take `{"full": null}` as well.
impl<'de> Deserialize<'de> for RefreshMode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "incremental" => Ok(Self::Incremental),
            "full" => Ok(Self::Full),
            other => Err(D::Error::unknown_variant(other, &["incremental", "full"])),
        }
    }
}

/// What is to be refreshed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The dataset.
    pub dataset: DatasetName,
    /// Its tables, into which files may have landed.
    pub tables: Vec<TableName>,
    /// How much of it.
    pub mode: RefreshMode,
}

impl Asked {
    /// What is to be refreshed of a dataset.
    pub fn of(dataset: &Dataset, mode: RefreshMode) -> Self {
        let tables = dataset.tables.iter().map(|table| table.name.clone()).collect();
        Self { dataset: dataset.name.clone(), tables, mode }
    }
}

/// Lets others work.
#[async_trait]
pub trait Refresher: Send + Sync + fmt::Debug {
    /// Notes that there is something to do; it is done soon, and not waited for.
    async fn refresh(&self, asked: Asked) -> Result<(), PortError>;
}

/// Fetches the keys that an issuer of tokens publishes.
#[async_trait]
pub trait KeySource: Send + Sync + fmt::Debug {
    /// The keys as they are now.
    async fn keys(&self) -> Result<KeySet, PortError>;
}

/// Counts the runs that requests make.
pub trait RunCounter: Send + Sync + fmt::Debug {
    /// A run ended so.
    fn run_ended(&self, report: &RunReport);
}
