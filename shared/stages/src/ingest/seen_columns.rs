//! What the pulls of a source saw of its columns: kept in the bronze table together with the rows, so that
//! a pull that misses one, or has one more, is told from the pulls before it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use smelt_domain::ColumnName;

/// Bytes of the property that holds them: every commit of the table carries it.
const MOST_BYTES: usize = 32 * 1024;
/// Columns that are not declared; a source with more of them is not watched for new ones.
const MOST_OTHERS: usize = 500;

/// The columns of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeenColumns {
    /// Those that are declared, by what is copied (the empty text where nothing is).
    #[serde(default)]
    pub(super) copies: BTreeMap<String, BTreeMap<ColumnName, SeenColumn>>,
    /// All others, of whatever copy.
    #[serde(default)]
    others: BTreeSet<String>,
}

/// A declared column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeenColumn {
    /// Of a thousand rows, those that had a value when it was there last.
    pub(super) filled: u64,
    /// Rows that came without it since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) absent: u64,
    /// Whether its values are objects, as far as they are all of one kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) objects: Option<bool>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl SeenColumn {
    /// Values that rows without the column would have had.
    pub(super) fn expected(self) -> u64 {
        self.filled.saturating_mul(self.absent) / 1000
    }
}

impl SeenColumns {
    /// What a property says; one that cannot be read is as none.
    pub(super) fn parse(property: Option<&str>) -> Self {
        property.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The property, without the first copies where there are too many.
    pub(super) fn to_text(&self) -> Option<String> {
        let mut kept = self.clone();
        loop {
            let text = serde_json::to_string(&kept).ok()?;
            if text.len() <= MOST_BYTES {
                return Some(text);
            }
            kept.copies.pop_first()?;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.copies.is_empty() && self.others.is_empty()
    }

    /// Declared columns that some pull had.
    pub(super) fn declared(&self) -> BTreeSet<&ColumnName> {
        self.copies.values().flat_map(BTreeMap::keys).collect()
    }

    /// What is expected of a column of a copy: what it had before; of a copy that is new, what all
    /// others have.
    pub(super) fn expected(&self, copy: &str, column: &ColumnName) -> Option<SeenColumn> {
        if let Some(known) = self.copies.get(copy) {
            return known.get(column).copied();
        }
        let all: Option<Vec<SeenColumn>> =
            self.copies.values().map(|known| known.get(column).copied()).collect();
        let least = all?.into_iter().min_by_key(|seen| seen.filled)?;
        Some(SeenColumn { filled: least.filled, absent: 0, objects: None })
    }

    /// Whether a column that is not declared was never there.
    pub(super) fn is_new(&self, other: &str) -> bool {
        let was_declared = || self.declared().iter().any(|column| column.as_str() == other);
        !self.is_empty()
            && self.others.len() < MOST_OTHERS
            && !self.others.contains(other)
            && !was_declared()
    }

    /// Takes in columns that are not declared.
    pub(super) fn add_others<'a>(&mut self, others: impl IntoIterator<Item = &'a String>) {
        for other in others {
            if self.others.len() == MOST_OTHERS {
                return;
            }
            self.others.insert(other.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(copies: &[(&str, &str, u64)]) -> SeenColumns {
        let mut seen = SeenColumns::default();
        for (copy, column, filled) in copies {
            let of_copy = seen.copies.entry((*copy).to_owned()).or_default();
            let found = SeenColumn { filled: *filled, ..SeenColumn::default() };
            of_copy.insert(column.parse().unwrap(), found);
        }
        seen
    }

    #[test]
    fn the_form_is_kept_with_the_table() {
        let mut columns = seen(&[("2023", "vendor", 1000)]);
        columns.add_others([&"note".to_owned()]);
        let text = columns.to_text().unwrap();
        assert_eq!(text, r#"{"copies":{"2023":{"vendor":{"filled":1000}}},"others":["note"]}"#);
        assert_eq!(SeenColumns::parse(Some(&text)), columns);
        for unreadable in [None, Some(""), Some("[]")] {
            assert!(SeenColumns::parse(unreadable).is_empty(), "{unreadable:?}");
        }
    }

    #[test]
    fn of_a_new_copy_is_expected_what_all_others_have() {
        let columns = seen(&[("1", "a", 900), ("2", "a", 500), ("2", "b", 1000)]);
        let filled = |copy: &str, column: &str| {
            columns.expected(copy, &column.parse().unwrap()).map(|seen| seen.filled)
        };
        assert_eq!(filled("1", "a"), Some(900));
        assert_eq!(filled("1", "b"), None);
        assert_eq!(filled("3", "a"), Some(500));
        assert_eq!(filled("3", "b"), None);
        assert_eq!(SeenColumns::default().expected("1", &"a".parse().unwrap()), None);
    }

    #[test]
    fn what_is_kept_stays_small() {
        let copies: Vec<String> = (0..1200).map(|number| format!("{number:04}")).collect();
        let copies: Vec<(&str, &str, u64)> =
            copies.iter().map(|copy| (copy.as_str(), "vendor", 1000)).collect();
        let text = seen(&copies).to_text().unwrap();
        assert!(text.len() <= MOST_BYTES, "{}", text.len());
        assert!(text.contains("\"1199\"") && !text.contains("\"0000\""), "the first are left out");
        let many: Vec<String> = (0..2 * MOST_OTHERS).map(|number| number.to_string()).collect();
        let mut columns = SeenColumns::default();
        columns.add_others(&many);
        assert!(!columns.is_new("another"));
    }
}
