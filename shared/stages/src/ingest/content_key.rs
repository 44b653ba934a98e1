//! Keys for rows that have none of their own: made of the content, so that the same rows have the
//! same keys whatever file they come in.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use sha2::{Digest, Sha256};
use smelt_domain::Table as TableDefinition;
use smelt_sources::SourceBatch;

use crate::clean::is_blank;
use crate::numbers_of_hashes::first_half;

/// Makes the content keys of the rows of one load, in their order.
///
/// A key is the hash of the row's source columns and its number among the equal rows of the load:
/// repetitions within a load are rows of their own, and a repeated load has the same keys.
#[derive(Debug)]
pub(crate) struct ContentKeys {
    /// Per source column its name, then its aliases; by name, so that their order does not count.
    columns: Vec<Vec<String>>,
    /// How often each content was seen. Half a hash will do: two contents that share it only count
    /// on together, and their keys still differ by the rest.
    seen: HashMap<u64, u32>,
}

impl ContentKeys {
    /// `None` for a table that makes no use of them.
    pub(crate) fn new(table: &TableDefinition) -> Option<Self> {
        if !table.content_key {
            return None;
        }
        let names = |column: &smelt_domain::SourceColumn| {
            std::iter::once(&column.name).chain(&column.aliases).map(ToString::to_string).collect()
        };
        let mut columns: Vec<Vec<String>> = table.source_columns.iter().map(names).collect();
        columns.sort();
        Some(Self { columns, seen: HashMap::new() })
    }

    /// Takes in keys of the same load that were made before: equal rows are numbered on behind them.
    pub(crate) fn go_on_behind<'a>(&mut self, keys: impl IntoIterator<Item = &'a str>) {
        for (content, number) in keys.into_iter().filter_map(content_and_number) {
            let next = self.seen.entry(content).or_default();
            *next = (*next).max(number.saturating_add(1));
        }
    }

    /// The keys of a batch; null for malformed rows.
    pub(crate) fn of(&mut self, batch: &SourceBatch) -> ArrayRef {
        let present = |name: &String| batch.fields.column_by_name(name)?.as_string_opt::<i32>();
        let columns: Vec<(&str, Vec<&StringArray>)> = self
            .columns
            .iter()
            .map(|names| (names[0].as_str(), names.iter().filter_map(present).collect()))
            .collect();
        let mut keys = StringBuilder::new();
        for row in 0..batch.line.len() {
            if batch.malformed.is_valid(row) {
                keys.append_null();
                continue;
            }
            let mut digest = Sha256::new();
            for (name, values) in &columns {
                if let Some(value) = values.iter().find_map(|values| cleaned(values, row)) {
                    digest.update(name);
                    digest.update([0]);
                    digest.update(value);
                    digest.update([0]);
                }
            }
            let hash = digest.finalize();
            let count = self.seen.entry(first_half(&hash)).or_default();
            let digits: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            keys.append_value(format!("{digits}-{count}"));
            *count += 1;
        }
        Arc::new(keys.finish())
    }
}

/// What [`ContentKeys`] counts by, and the number that a key got.
fn content_and_number(key: &str) -> Option<(u64, u32)> {
    let (digits, number) = key.split_once('-')?;
    Some((u64::from_str_radix(digits.get(..16)?, 16).ok()?, number.parse().ok()?))
}

/// The value as the silver SQL sees it, so that space around it makes no other key.
fn cleaned(values: &StringArray, row: usize) -> Option<&str> {
    let value = values.is_valid(row).then(|| values.value(row))?;
    let value = value.trim_matches(is_blank);
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, RecordBatch};
    use smelt_domain::{Dataset, DefinitionFiles, parse_dataset};

    use super::*;

    fn dataset() -> Dataset {
        let yaml = "dataset: d\ndescription: d\ntables:\n  t:\n    description: t\n    \
                    source_columns: [vendor]\n    content_key: true\n    key: [id]\n    \
                    columns: {id: TEXT}\n";
        let sql = "SELECT _content_key AS id FROM bronze.d_t";
        let files = [("dataset.yaml", yaml), ("silver/t.sql", sql)]
            .map(|(path, text)| (path.to_owned(), text.to_owned()));
        parse_dataset(&DefinitionFiles { folder: "d".to_owned(), files: files.into() }).unwrap()
    }

    fn batch(vendors: &[&str]) -> SourceBatch {
        let column: ArrayRef = Arc::new(StringArray::from(vendors.to_vec()));
        SourceBatch {
            fields: RecordBatch::try_from_iter([("vendor", column)]).unwrap(),
            line: Int64Array::from_iter_values(1..=vendors.len() as i64),
            malformed: StringArray::new_null(vendors.len()),
            raw: StringArray::new_null(vendors.len()),
        }
    }

    fn keys_of(keys: &mut ContentKeys, vendors: &[&str]) -> Vec<String> {
        let made = keys.of(&batch(vendors));
        made.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
    }

    #[test]
    fn a_load_in_two_parts_has_the_keys_of_one() {
        let dataset = dataset();
        let new = || ContentKeys::new(&dataset.tables[0]).unwrap();
        let whole = keys_of(&mut new(), &["a", "b", "a", "a", "c", "b"]);
        assert_eq!(whole.iter().collect::<std::collections::HashSet<_>>().len(), 6);
        let first = keys_of(&mut new(), &["a", "b", "a"]);
        let mut rest = new();
        // In which order they are read does not matter.
        rest.go_on_behind(first.iter().rev().map(String::as_str));
        let second = keys_of(&mut rest, &["a", "c", "b"]);
        assert_eq!([first, second].concat(), whole);
    }
}
