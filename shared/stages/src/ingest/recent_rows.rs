//! The last rows of a pull, remembered: the next pull starts a little before its cursor, and what
//! it brings again unchanged is no news.

use std::collections::{HashSet, VecDeque};

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::{filter, filter_record_batch};
use arrow::error::ArrowError;
use sha2::{Digest, Sha256};
use smelt_sources::SourceBatch;

use crate::numbers_of_hashes::first_half;

/// How many rows are remembered.
const REMEMBERED: usize = 1000;
/// Hexadecimal digits of a remembered row's hash.
const DIGITS: usize = 16;

/// Rows by the hash of all their fields.
#[derive(Debug, Default)]
pub(crate) struct RecentRows {
    before: HashSet<u64>,
    newest: VecDeque<u64>,
}

impl RecentRows {
    /// As the last pull left them: what was read before it may have changed back since.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        let digits = text.unwrap_or_default().as_bytes().chunks(DIGITS);
        let hashes = digits
            .filter_map(|digits| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        Self { before: hashes.collect(), newest: VecDeque::new() }
    }

    /// For the next pull.
    pub(crate) fn to_text(&self) -> String {
        self.newest.iter().map(|hash| format!("{hash:016x}")).collect()
    }

    /// The rows that an earlier pull has not brought in this very form.
    pub(crate) fn only_news(&mut self, batch: SourceBatch) -> Result<SourceBatch, ArrowError> {
        let columns = by_name(&batch.fields);
        let hashes: Vec<u64> = (0..batch.line.len()).map(|row| hash(&columns, row)).collect();
        for hash in &hashes {
            if self.newest.len() == REMEMBERED {
                self.newest.pop_front();
            }
            self.newest.push_back(*hash);
        }
        let news: BooleanArray =
            hashes.iter().map(|hash| Some(!self.before.contains(hash))).collect();
        if !news.has_false() {
            return Ok(batch);
        }
        Ok(SourceBatch {
            fields: filter_record_batch(&batch.fields, &news)?,
            line: filter(&batch.line, &news)?.as_primitive().clone(),
            malformed: filter(&batch.malformed, &news)?.as_string().clone(),
            raw: filter(&batch.raw, &news)?.as_string().clone(),
        })
    }
}

/// The columns by name: in which order they come differs from page to page.
fn by_name(fields: &RecordBatch) -> Vec<(&str, &StringArray)> {
    let schema = fields.schema_ref().fields().iter();
    let texts = schema.zip(fields.columns()).filter_map(|(field, column)| {
        Some((field.name().as_str(), column.as_string_opt::<i32>()?))
    });
    let mut columns: Vec<(&str, &StringArray)> = texts.collect();
    columns.sort_unstable_by_key(|(name, _)| *name);
    columns
}

fn hash(columns: &[(&str, &StringArray)], row: usize) -> u64 {
    let mut digest = Sha256::new();
    for (name, texts) in columns.iter().filter(|(_, texts)| texts.is_valid(row)) {
        digest.update(name);
        digest.update([0]);
        digest.update(texts.value(row));
        digest.update([0]);
    }
    first_half(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    fn batch(ids: &[&str]) -> SourceBatch {
        let schema = Schema::new(vec![Field::new("id", DataType::Utf8, true)]);
        let ids = StringArray::from(ids.to_vec());
        let rows = ids.len();
        SourceBatch {
            fields: RecordBatch::try_new(Arc::new(schema), vec![Arc::new(ids)]).unwrap(),
            line: Int64Array::from_iter_values(1..=rows as i64),
            malformed: StringArray::new_null(rows),
            raw: StringArray::new_null(rows),
        }
    }

    fn ids(batch: &SourceBatch) -> Vec<&str> {
        batch.fields.column(0).as_string::<i32>().iter().flatten().collect()
    }

    #[test]
    fn what_the_last_pull_brought_is_no_news_in_the_next() {
        let mut first = RecentRows::parse(None);
        assert_eq!(ids(&first.only_news(batch(&["a", "b", "b"])).unwrap()), ["a", "b", "b"]);
        let mut second = RecentRows::parse(Some(&first.to_text()));
        let news = second.only_news(batch(&["b", "c"])).unwrap();
        assert_eq!(ids(&news), ["c"]);
        assert_eq!(news.line.values(), &[2]);
        let mut third = RecentRows::parse(Some(&second.to_text()));
        assert_eq!(ids(&third.only_news(batch(&["a", "b", "c"])).unwrap()), ["a"]);
    }

    #[test]
    fn the_order_of_columns_does_not_count() {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let row = |names: [&str; 2]| {
            let columns = names.map(|name| Arc::new(StringArray::from(vec![name])) as _);
            let schema = Arc::new(Schema::new(names.map(text).to_vec()));
            SourceBatch {
                fields: RecordBatch::try_new(schema, columns.to_vec()).unwrap(),
                ..batch(&["x"])
            }
        };
        let mut first = RecentRows::default();
        first.only_news(row(["a", "b"])).unwrap();
        let mut second = RecentRows::parse(Some(&first.to_text()));
        assert_eq!(second.only_news(row(["b", "a"])).unwrap().line.len(), 0);
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut recent = RecentRows::default();
        let many: Vec<String> = (0..1500).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        recent.only_news(batch(&many)).unwrap();
        assert_eq!(recent.to_text().len(), REMEMBERED * DIGITS);
        let mut next = RecentRows::parse(Some(&recent.to_text()));
        assert_eq!(ids(&next.only_news(batch(&["1", "1499"])).unwrap()), ["1"]);
    }
}
