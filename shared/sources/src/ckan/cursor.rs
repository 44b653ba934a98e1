//! Where a pull goes on: one entry for every resource.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Cursor, SourceError};

/// What was read of every resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct CkanCursor {
    pub(super) resources: BTreeMap<String, Reached>,
}

/// How far a resource was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Reached {
    /// A copy of one state of it.
    Copy {
        /// The fingerprint of its metadata; `None` where the portal tells nothing.
        state: Option<String>,
        /// When the copy was begun, which tells it from others of the same state.
        started: String,
        /// Rows that were read.
        rows: u64,
        /// The `_id` of the last one; `None` before the first.
        last_id: Option<i64>,
        /// Whether these are all of them.
        complete: bool,
    },
    /// The last row in the order of a column.
    Behind {
        /// Its value of the column.
        value: String,
        /// Its `_id`.
        id: i64,
    },
}

impl CkanCursor {
    pub(super) fn read(cursor: Cursor, source_label: &str) -> Result<Self, SourceError> {
        serde_json::from_value(cursor.0).map_err(|error| SourceError::Definition {
            source_label: source_label.to_owned(),
            detail: format!("its cursor cannot be read ({error})"),
            remedy: "pull everything again with --full".to_owned(),
        })
    }

    pub(super) fn write(&self) -> Option<Cursor> {
        serde_json::to_value(self).ok().map(Cursor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_is_a_map_of_resources() {
        let json = json!({
            "r1": {"state": "s", "started": "t", "rows": 3, "last_id": 3, "complete": false},
            "r2": {"value": "2024-01-01", "id": 7},
        });
        let cursor = CkanCursor::read(Cursor(json.clone()), "x").unwrap();
        assert_eq!(cursor.write().unwrap().0, json);
        assert!(CkanCursor::read(Cursor(json!({"r1": 1})), "x").is_err());
    }
}
