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

/// The value as the silver SQL sees it, so that space around it makes no other key.
fn cleaned(values: &StringArray, row: usize) -> Option<&str> {
    let value = values.is_valid(row).then(|| values.value(row))?;
    let value = value.trim_matches(is_blank);
    (!value.is_empty()).then_some(value)
}
