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
        /// The greatest value when the pull began, where that was less: rows that become visible late
        /// may lie that far back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        began_at: Option<String>,
        /// Whether rows follow. Then the next pull goes on right behind the row, without an overlap:
        /// otherwise rows that all have one time could never be read in parts.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unfinished: bool,
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

    /// Where it stands, in words.
    pub(super) fn place(&self) -> String {
        let is_whole = |reached: &&Reached| matches!(reached, Reached::Copy { complete: true, .. });
        let copies = |reached: &&Reached| matches!(reached, Reached::Copy { .. });
        let (all, whole) = (
            self.resources.values().filter(copies).count(),
            self.resources.values().filter(is_whole),
        );
        let copied = (all > 0).then(|| format!("{} of {all} resources copied", whole.count()));
        let behind = self.resources.iter().filter_map(|(resource, reached)| match reached {
            Reached::Behind { value, unfinished, .. } => {
                let follows = if *unfinished { ", more follows" } else { "" };
                Some(format!("{value} of {resource}{follows}"))
            }
            Reached::Copy { .. } => None,
        });
        copied.into_iter().chain(behind).collect::<Vec<String>>().join(", ")
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
        assert_eq!(cursor.place(), "0 of 1 resources copied, 2024-01-01 of r2");
        assert!(CkanCursor::read(Cursor(json!({"r1": 1})), "x").is_err());
    }
}
