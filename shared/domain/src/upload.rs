//! The record of an upload: how far a landed file has come, and what became of it.
//!
//! It is written while the file is taken in, so that whoever uploaded it can watch, and stays as a
//! receipt, so that the file is not read again. The tables never depend on it: without a record a
//! file is read once more and recognised by its content.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{DatasetName, RunId, TableName};

/// Which upload: sixteen hexadecimal digits made of the key under which the file landed, so that it
/// is known before the file is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadId(String);

/// A text that is no upload id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an upload: expected 16 hexadecimal digits")]
pub struct UploadIdError(String);

impl UploadId {
    /// The id of what lands under this key, such as `landing/nyc311/requests/export.csv`.
    pub fn of_key(key: &str) -> Self {
        let hash = Sha256::digest(key);
        Self(hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl TryFrom<String> for UploadId {
    type Error = UploadIdError;

    fn try_from(text: String) -> Result<Self, UploadIdError> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 16 && text.bytes().all(digit) {
            Ok(Self(text))
        } else {
            Err(UploadIdError(text))
        }
    }
}

impl From<UploadId> for String {
    fn from(id: UploadId) -> String {
        id.0
    }
}

/// Which bytes lie under a key: another file under the same name is another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// Bytes.
    pub size: u64,
    /// When it was written.
    pub modified: DateTime<Utc>,
    /// What the store calls this content, if it does.
    pub e_tag: Option<String>,
}

/// How far an upload has come on its way to bronze.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum UploadState {
    /// It is looked over for the first time: format, encoding, whether it is whole.
    Inspecting,
    /// Its rows are being written.
    Loading,
    /// Its rows are in bronze.
    Loaded {
        /// Hash of the content.
        content: String,
        /// The version of bronze that has them.
        bronze_version: u64,
    },
    /// The same content was there already, under this or another name.
    AlreadyLoaded {
        /// Hash of the content.
        content: String,
    },
    /// It has a header but no records.
    NoRows,
    /// None of its columns is one that the dataset reads; nothing was loaded.
    Foreign {
        /// What was found and what was expected.
        problem: String,
    },
    /// It cannot be read; nothing was loaded.
    Unreadable {
        /// Why.
        problem: String,
    },
    /// The run ended before it was done with the file; the next one takes it up again.
    Interrupted {
        /// Why.
        problem: String,
    },
}

impl UploadState {
    /// Whether nothing more happens to these bytes, as the definition is.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Inspecting | Self::Loading | Self::Interrupted { .. })
    }

    /// The hash of the content that is in bronze.
    pub fn content(&self) -> Option<&str> {
        match self {
            Self::Loaded { content, .. } | Self::AlreadyLoaded { content } => Some(content),
            _ => None,
        }
    }
}

/// The record of one upload, kept as `uploads/<dataset>/<table>/<id>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRecord {
    /// Which upload.
    pub upload: UploadId,
    /// The key under which the file lies, from the lake's root.
    pub key: String,
    /// Which file under this key.
    pub object: ObjectVersion,
    /// How far it has come.
    #[serde(flatten)]
    pub state: UploadState,
    /// Bytes of the file that were read in this state.
    pub bytes_done: u64,
    /// Records read so far, malformed ones included; null before any was.
    pub rows: Option<u64>,
    /// Records that could not be read; they are in bronze too, and go to quarantine.
    pub malformed: Option<u64>,
    /// Hash of the definition by which the file was judged.
    pub definition_hash: String,
    /// The run that wrote this.
    pub run_id: RunId,
    /// When it was written.
    pub updated_at: DateTime<Utc>,
}

impl UploadRecord {
    /// Whether this file needs no second look: the same bytes were judged, and where the judgement
    /// was by the definition, by the same one.
    pub fn settles(&self, object: &ObjectVersion, definition_hash: &str) -> bool {
        let by_definition = matches!(self.state, UploadState::Foreign { .. });
        self.state.is_final()
            && self.object == *object
            && (!by_definition || self.definition_hash == definition_hash)
    }
}

/// Where the record of an upload is kept: `uploads/nyc311/requests/0123456789abcdef.json`.
pub fn upload_record_path(dataset: &DatasetName, table: &TableName, upload: &UploadId) -> String {
    format!("{}/{upload}.json", uploads_prefix(dataset, table))
}

/// Where it is kept that an upload is to come, before it has: `uploads/announced/0123456789abcdef.json`.
pub fn upload_announcement_path(upload: &UploadId) -> String {
    format!("{UPLOAD_ANNOUNCEMENTS}/{upload}.json")
}

/// Where announcements of uploads are kept.
pub const UPLOAD_ANNOUNCEMENTS: &str = "uploads/announced";

/// Where the records of a table's uploads are kept: `uploads/nyc311/requests`.
pub fn uploads_prefix(dataset: &DatasetName, table: &TableName) -> String {
    format!("uploads/{dataset}/{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: UploadState) -> UploadRecord {
        let key = "landing/nyc311/requests/a.csv";
        UploadRecord {
            upload: UploadId::of_key(key),
            key: key.to_owned(),
            object: object(7),
            state,
            bytes_done: 7,
            rows: Some(1),
            malformed: None,
            definition_hash: "d1".to_owned(),
            run_id: "20261122T174903Z-3f9a2c".parse().unwrap(),
            updated_at: "2026-11-22T17:49:04Z".parse().unwrap(),
        }
    }

    fn object(size: u64) -> ObjectVersion {
        ObjectVersion { size, modified: "2026-11-22T17:49:03Z".parse().unwrap(), e_tag: None }
    }

    #[test]
    fn the_form_is_a_contract() {
        let loaded = UploadState::Loaded { content: "ab".to_owned(), bronze_version: 3 };
        let json = serde_json::to_value(record(loaded.clone())).unwrap();
        let expected = serde_json::json!({
            "upload": "f06adb41dddaec91",
            "key": "landing/nyc311/requests/a.csv",
            "object": {"size": 7, "modified": "2026-11-22T17:49:03Z", "e_tag": null},
            "state": "loaded",
            "content": "ab",
            "bronze_version": 3,
            "bytes_done": 7,
            "rows": 1,
            "malformed": null,
            "definition_hash": "d1",
            "run_id": "20261122T174903Z-3f9a2c",
            "updated_at": "2026-11-22T17:49:04Z",
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<UploadRecord>(json).unwrap(), record(loaded));
    }

    #[test]
    fn other_bytes_or_another_definition_are_looked_at_again() {
        let problem = || "p".to_owned();
        let loaded = record(UploadState::AlreadyLoaded { content: "ab".to_owned() });
        assert!(loaded.settles(&object(7), "d2"));
        assert!(!loaded.settles(&object(8), "d1"));
        let foreign = record(UploadState::Foreign { problem: problem() });
        assert!(foreign.settles(&object(7), "d1"));
        assert!(!foreign.settles(&object(7), "d2"));
        for state in [UploadState::Loading, UploadState::Interrupted { problem: problem() }] {
            assert!(!record(state).settles(&object(7), "d1"));
        }
    }

    #[test]
    fn an_id_is_made_of_the_key() {
        let id = UploadId::of_key("landing/nyc311/requests/a.csv");
        assert_eq!(UploadId::try_from(id.to_string()), Ok(id.clone()));
        assert_ne!(id, UploadId::of_key("landing/nyc311/requests/b.csv"));
        for text in ["", "f06adb41dddaec9", "F06ADB41DDDAEC91", "../../etc/passwd"] {
            assert!(UploadId::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
