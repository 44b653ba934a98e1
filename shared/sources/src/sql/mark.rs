//! How far pulls have come: what a page's cursor says.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::value::{Value, ValueKind};
use crate::Cursor;
use crate::moment::Moment;

/// How far pulls have come.
///
/// A pull that was cut short goes on exactly behind its last row, however many rows have the same
/// cursor value. One that reached the end is followed by one that starts a little before the newest
/// value *that the first of them saw*: transactions that were open then may have committed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    /// The greatest value of the cursor column when the pull began that was no time in the future;
    /// `None` when there was none.
    pub(crate) newest: Option<Value>,
    /// The last row read of a pull that did not reach the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Position>,
}

/// A row's place in the order of a pull; null is before every value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Its value in the cursor column.
    pub(crate) cursor: Option<Value>,
    /// Its value in the key column.
    pub(crate) key: Option<Value>,
}

impl Mark {
    /// Reads what [`cursor`](Self::cursor) wrote; `None` for anything else.
    pub(crate) fn read(cursor: &Cursor) -> Option<Self> {
        let mark: Self = serde_json::from_value(cursor.0.clone()).ok()?;
        let after = mark.after.iter().flat_map(|after| [&after.cursor, &after.key]);
        let sound = after.chain([&mark.newest]).flatten().all(Value::is_sound);
        sound.then_some(mark)
    }

    pub(crate) fn cursor(&self) -> Option<Cursor> {
        serde_json::to_value(self).ok().map(Cursor)
    }

    /// Where it stands, in words.
    pub(crate) fn place(&self) -> String {
        let shown = |value: &Option<Value>| match value {
            None => "rows without a value".to_owned(),
            Some(value) if value.kind == ValueKind::Instant => {
                let moment = value.whole_seconds().and_then(|at| DateTime::from_timestamp(at, 0));
                moment.map_or_else(|| value.text.clone(), |moment| moment.to_string())
            }
            Some(value) => value.text.clone(),
        };
        match &self.after {
            Some(after) => format!("{}, more follows", shown(&after.cursor)),
            None => shown(&self.newest),
        }
    }

    /// Where the next pull starts when this one reached the end: `overlap_seconds` before the
    /// newest value if that is a time, so much less if it is a whole number, else at the value
    /// itself.
    pub(crate) fn start(&self, overlap_seconds: u32) -> Option<Value> {
        let newest = self.newest.clone()?;
        if newest.kind == ValueKind::Instant {
            return Some(earlier(newest, overlap_seconds));
        }
        if newest.kind == ValueKind::Integer
            && let Ok(number) = newest.text.parse::<i64>()
        {
            let text = number.saturating_sub(i64::from(overlap_seconds)).to_string();
            return Some(Value { kind: newest.kind, text });
        }
        if !matches!(newest.kind, ValueKind::Time | ValueKind::Text) {
            return Some(newest);
        }
        let overlap = chrono::Duration::seconds(i64::from(overlap_seconds));
        let Some(moment) = Moment::read(&newest.text) else { return Some(newest) };
        let Some(time) = moment.time.checked_sub_signed(overlap) else { return Some(newest) };
        Some(Value { kind: newest.kind, text: Moment { time, ..moment }.bound() })
    }
}

/// So many seconds before an instant.
fn earlier(instant: Value, seconds: u32) -> Value {
    let Some(whole) = instant.whole_seconds() else { return instant };
    Value { kind: instant.kind, text: whole.saturating_sub(i64::from(seconds)).max(0).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn newest(kind: ValueKind, text: &str) -> Mark {
        Mark { newest: Some(Value { kind, text: text.to_owned() }), after: None }
    }

    #[test]
    fn marks_survive_their_json() {
        let text = Value { kind: ValueKind::Text, text: "é'".to_owned() };
        let mark = Mark {
            after: Some(Position { cursor: None, key: Some(text) }),
            ..newest(ValueKind::Integer, "7")
        };
        assert_eq!(Mark::read(&mark.cursor().unwrap()), Some(mark));
        let finished = newest(ValueKind::Time, "2024-05-01 00:00:00");
        let json = json!({"newest": {"kind": "time", "text": "2024-05-01 00:00:00"}});
        assert_eq!(finished.cursor(), Some(Cursor(json)));
    }

    #[test]
    fn a_place_is_what_was_seen_last() {
        let mut mark = newest(ValueKind::Time, "2024-05-01 00:00:00");
        assert_eq!(mark.place(), "2024-05-01 00:00:00");
        mark.after = Some(Position { cursor: None, key: None });
        assert_eq!(mark.place(), "rows without a value, more follows");
        assert_eq!(newest(ValueKind::Instant, "1714521600").place(), "2024-05-01 00:00:00 UTC");
    }

    #[test]
    fn cursors_of_other_sources_are_no_marks() {
        for json in [
            json!(null),
            json!("2024"),
            json!({"updated": "2024"}),
            json!({"newest": {"kind": "integer", "text": "1 OR 1=1"}}),
            json!({"newest": null, "after": {"cursor": null, "key": {"kind": "bytes", "text": "x"}}}),
        ] {
            assert_eq!(Mark::read(&Cursor(json.clone())), None, "{json}");
        }
    }

    #[test]
    fn times_and_whole_numbers_are_overlapped() {
        for (kind, text, start) in [
            (ValueKind::Time, "2024-05-01 00:01:00.500000", "2024-04-30 23:56:00.5"),
            (ValueKind::Time, "0000-00-00 00:00:00", "0000-00-00 00:00:00"),
            (ValueKind::Text, "2024-05-01T10:00:00Z", "2024-05-01T09:55"),
            (ValueKind::Text, "abc", "abc"),
            (ValueKind::Integer, "1714500000", "1714499700"),
            (ValueKind::Text, "1714500000", "1714500000"),
            (ValueKind::Decimal, "1714500000.5", "1714500000.5"),
            (ValueKind::Instant, "1714500300.250000", "1714500000"),
        ] {
            assert_eq!(newest(kind, text).start(300).unwrap().text, start);
        }
        assert_eq!(Mark { newest: None, after: None }.start(300), None);
    }
}
