//! Where a pull goes on.

use serde::{Deserialize, Serialize};

use super::keyset::ROW_ID;
use super::update_time::UpdateTime;
use crate::{Cursor, SourceError};

/// The last row that was read, and whether the pull that read it had come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SodaCursor {
    /// The row's update time, as the portal wrote it.
    pub(super) updated_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Values of the key columns, where rows are not told apart by the row id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Vec<String>>,
    /// The newest update time there was when the pull began. Rows that become visible late may have
    /// any time since then less the overlap, wherever the pull has got to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) began_at: Option<String>,
    /// Whether rows follow. Then the next pull goes on right behind the row, without an overlap:
    /// otherwise a resource whose rows all changed at once could never be read in parts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unfinished: bool,
}

impl SodaCursor {
    /// The cursor behind a row; `tie` are its values of `tie_columns`.
    pub(super) fn behind(
        updated_at: &str,
        tie_columns: &[String],
        tie: &[String],
        began_at: &str,
        unfinished: bool,
    ) -> Self {
        let by_id = tie_columns == [ROW_ID];
        Self {
            updated_at: updated_at.to_owned(),
            id: tie.first().filter(|_| by_id).cloned(),
            key: (!by_id).then(|| tie.to_vec()),
            began_at: Some(began_at.to_owned()),
            unfinished,
        }
    }

    pub(super) fn read(cursor: Cursor, source_label: &str) -> Result<Self, SourceError> {
        let unreadable = |detail: String| SourceError::Definition {
            source_label: source_label.to_owned(),
            detail: format!("its cursor cannot be read ({detail})"),
            remedy: "pull everything again with --full".to_owned(),
        };
        let cursor: Self =
            serde_json::from_value(cursor.0).map_err(|error| unreadable(error.to_string()))?;
        for text in [Some(&cursor.updated_at), cursor.began_at.as_ref()].into_iter().flatten() {
            if UpdateTime::read(text).is_none() {
                return Err(unreadable(format!("`{text}` is no time")));
            }
        }
        Ok(cursor)
    }

    pub(super) fn write(&self) -> Option<Cursor> {
        serde_json::to_value(self).ok().map(Cursor)
    }

    /// The row's values of these columns; `None` when the cursor was made with others.
    pub(super) fn tie(&self, tie_columns: &[String]) -> Option<Vec<String>> {
        if tie_columns == [ROW_ID] {
            return self.id.clone().map(|id| vec![id]);
        }
        self.key.clone().filter(|key| key.len() == tie_columns.len())
    }

    /// The time from which rows may have become visible since.
    pub(super) fn earliest_unseen(&self, overlap_seconds: u32) -> Option<UpdateTime> {
        let last = UpdateTime::read(&self.updated_at)?;
        let began = self.began_at.as_deref().and_then(UpdateTime::read).unwrap_or(last);
        Some(last.min(began).earlier(overlap_seconds))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_needs_no_more_than_a_time_and_an_id() {
        let json = json!({"updated_at": "2024-01-01T00:00:00.000Z", "id": "row-1"});
        let cursor = SodaCursor::read(Cursor(json.clone()), "x").unwrap();
        assert_eq!(cursor.tie(&[ROW_ID.to_owned()]), Some(vec!["row-1".to_owned()]));
        assert_eq!(cursor.tie(&["unique_key".to_owned()]), None);
        assert_eq!(cursor.write().unwrap().0, json);
    }

    #[test]
    fn the_overlap_counts_from_where_the_pull_began() {
        let time = |text: &str| format!("2024-01-01T00:{text}.000Z");
        let columns = [ROW_ID.to_owned()];
        let tie = ["row-1".to_owned()];
        let cursor = SodaCursor::behind(&time("30:00"), &columns, &tie, &time("10:00"), false);
        assert_eq!(cursor.earliest_unseen(60).unwrap().text(), time("09:00"));
        let cursor = SodaCursor::behind(&time("05:00"), &columns, &tie, &time("10:00"), true);
        assert_eq!(cursor.earliest_unseen(60).unwrap().text(), time("04:00"));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for json in [json!({}), json!("x"), json!({"updated_at": "soon"})] {
            let error = SodaCursor::read(Cursor(json), "x").unwrap_err();
            assert!(matches!(error, SourceError::Definition { .. }));
        }
    }
}
