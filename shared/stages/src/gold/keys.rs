//! The key of a mart: no two rows share one, or whoever reads the mart by its key counts twice.
//!
//! Rows of a file come sorted by key, so equal keys are neighbours. Files are told apart by what the log
//! knows of their columns: a group of the SQL lies within one partition, so a column of the key does too.
//! Only where no column shows it, the keys of all files are counted.

use arrow::array::RecordBatch;
use arrow::compute::{concat_batches, partition};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use serde_json::Value;
use smelt_domain::{Column, ColumnName, ColumnType, Mart, TableId, shown};
use smelt_lake::DataFile;

use super::rows::{mart_schema, register};

/// Watches the keys of a file's rows, which come sorted by key.
pub(super) struct KeyWatch<'a> {
    key: &'a [ColumnName],
    /// The key of the last row seen: the next batch may go on with it.
    last: Option<RecordBatch>,
}

impl<'a> KeyWatch<'a> {
    pub(super) fn new(mart: &'a Mart) -> Self {
        Self { key: &mart.key, last: None }
    }

    /// A key that a row of this batch shares with the row before it. Null is a value like any other.
    pub(super) fn repeated(&mut self, batch: &RecordBatch) -> Result<Option<String>, ArrowError> {
        let Some(last) = batch.num_rows().checked_sub(1) else { return Ok(None) };
        let schema = batch.schema();
        let columns = self.key.iter().map(|name| schema.index_of(name.as_str()));
        let keys = batch.project(&columns.collect::<Result<Vec<_>, _>>()?)?;
        let before = self.last.replace(keys.slice(last, 1));
        let at_the_seam = match before {
            Some(before) => {
                repeated_in(&concat_batches(&keys.schema(), [&before, &keys.slice(0, 1)])?)?
            }
            None => None,
        };
        match at_the_seam {
            None => repeated_in(&keys),
            key => Ok(key),
        }
    }
}

/// The first of these sorted keys that is there more than once.
fn repeated_in(keys: &RecordBatch) -> Result<Option<String>, ArrowError> {
    let runs = partition(keys.columns())?;
    if runs.len() == keys.num_rows() {
        return Ok(None);
    }
    let run = runs.ranges().into_iter().find(|run| run.len() > 1);
    run.map(|run| key_text(keys, run.start)).transpose()
}

/// A key for people: `month=2026-01, station=BER`.
fn key_text(keys: &RecordBatch, row: usize) -> Result<String, ArrowError> {
    let options = FormatOptions::new().with_null("null");
    let mut parts = Vec::new();
    for (field, column) in keys.schema().fields().iter().zip(keys.columns()) {
        let value = ArrayFormatter::try_new(column, &options)?.value(row).try_to_string()?;
        parts.push(format!("{}={value}", field.name()));
    }
    Ok(shown(&parts.join(", ")))
}

/// Whether a column of the key alone shows that no two files share a key.
pub(super) fn are_apart(mart: &Mart, files: &[&DataFile]) -> bool {
    let is_key = |column: &&Column| mart.key.contains(&column.name);
    files.len() < 2 || mart.columns.iter().filter(is_key).any(|column| tells_apart(column, files))
}

/// Whether no value of this column is in two files, as far as their bounds say.
fn tells_apart(column: &Column, files: &[&DataFile]) -> bool {
    let name = column.name.as_str();
    let (mut with_nulls, mut bounds) = (0, Vec::new());
    for file in files {
        let known = &file.statistics;
        let Some(nulls) = known.null_count.get(name).and_then(Value::as_u64) else { return false };
        with_nulls += usize::from(nulls > 0);
        if nulls == file.rows() {
            continue;
        }
        let bound = |value: Option<&Value>| Bound::of(column.column_type, value?);
        let (min, max) = (bound(known.min_values.get(name)), bound(known.max_values.get(name)));
        let (Some(min), Some(max)) = (min, max) else { return false };
        bounds.push((min, max));
    }
    bounds.sort_unstable();
    let behind = bounds.iter().zip(bounds.iter().skip(1)).all(|(one, next)| one.1 < next.0);
    behind && with_nulls < 2
}

/// A bound of a column's values in a file, in the order of the values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Number(i64),
    Text(String),
}

impl Bound {
    /// Of a value as the log has it; `None` where that is in another order than the column's values.
    fn of(column_type: ColumnType, value: &Value) -> Option<Self> {
        let text = || value.as_str().map(str::to_owned);
        // Years of more or fewer digits than four begin with a sign.
        let moment =
            || text().filter(|text| text.starts_with(|first: char| first.is_ascii_digit()));
        match column_type {
            ColumnType::BigInt | ColumnType::Int => value.as_i64().map(Self::Number),
            ColumnType::Text => text().map(Self::Text),
            ColumnType::Date => moment().map(Self::Text),
            // To the second: a fraction has as many digits as whoever wrote it likes.
            ColumnType::Timestamp => Some(Self::Text(moment()?.get(..19)?.to_owned())),
            ColumnType::Double | ColumnType::Decimal { .. } | ColumnType::Boolean => None,
        }
    }
}

/// A key that more than one row of these files has, found by counting them.
pub(super) async fn repeated_between(
    session: &SessionContext,
    id: &TableId,
    mart: &Mart,
    files: Vec<DataFile>,
) -> Result<Option<String>, DataFusionError> {
    register(session, id, &mart_schema(mart), &[], files)?;
    let key: Vec<String> = mart.key.iter().map(|name| format!("\"{name}\"")).collect();
    let (key, table) = (key.join(", "), id.sql_name());
    let count = format!("SELECT {key} FROM {table} GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 1");
    let found = session.sql(&count).await?.collect().await?;
    let repeated = found.iter().find(|batch| batch.num_rows() > 0);
    Ok(repeated.map(|keys| key_text(keys, 0)).transpose()?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use serde_json::{Map, json};
    use smelt_domain::{DefinitionFiles, parse_dataset};
    use smelt_lake::FileStatistics;

    use super::*;

    /// A mart with the key `day`, `shop`; these are its columns.
    fn mart() -> Mart {
        let yaml = "\
dataset: till
description: A till
tables:
  sales:
    description: one row per sale
    source_columns: [number]
    key: [number]
    columns: {number: BIGINT}
marts:
  daily:
    description: sales by day and shop
    from: sales
    key: [day, shop]
    columns: {shop: TEXT, day: BIGINT, sold: BIGINT}
";
        let sql = "SELECT number FROM bronze.till_sales";
        let files =
            [("dataset.yaml", yaml), ("silver/sales.sql", sql), ("gold/daily.sql", "SELECT 1")];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let dataset = parse_dataset(&DefinitionFiles { folder: "till".to_owned(), files }).unwrap();
        dataset.marts[0].clone()
    }

    fn batch(rows: &[(Option<i64>, &str)]) -> RecordBatch {
        let shops: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.1)).collect::<StringArray>());
        let days: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>());
        let sold: ArrayRef = Arc::new(Int64Array::from(vec![1; rows.len()]));
        RecordBatch::try_from_iter_with_nullable([
            ("shop", shops, true),
            ("day", days, true),
            ("sold", sold, true),
        ])
        .unwrap()
    }

    /// The key that repeats in rows that come in these batches.
    fn repeated(batches: &[&[(Option<i64>, &str)]]) -> Option<String> {
        let mart = mart();
        let mut watch = KeyWatch::new(&mart);
        batches.iter().find_map(|rows| watch.repeated(&batch(rows)).unwrap())
    }

    #[test]
    fn rows_of_different_keys_pass() {
        assert_eq!(repeated(&[&[(None, "a"), (Some(1), "a")], &[], &[(Some(1), "b")]]), None);
        assert_eq!(repeated(&[&[(Some(1), "a")], &[(Some(2), "a"), (Some(3), "a")]]), None);
    }

    #[test]
    fn a_key_that_repeats_is_told_within_a_batch_and_across_two() {
        let found = repeated(&[&[(Some(1), "a"), (Some(2), "b"), (Some(2), "b")]]);
        assert_eq!(found.as_deref(), Some("day=2, shop=b"));
        let found = repeated(&[&[(Some(1), "a"), (Some(2), "b")], &[], &[(Some(2), "b")]]);
        assert_eq!(found.as_deref(), Some("day=2, shop=b"));
        let found = repeated(&[&[(None, "a"), (None, "a"), (Some(2), "b")]]);
        assert_eq!(found.as_deref(), Some("day=null, shop=a"), "null is a value");
    }

    /// A file of two rows with these days, and all shops from a to z.
    fn file(days: Option<(i64, i64)>, nulls: u64) -> DataFile {
        let mut statistics = FileStatistics { rows: 2, ..FileStatistics::default() };
        let bounds = |day: Option<i64>, shop: &str| {
            let mut bounds = Map::from_iter([("shop".to_owned(), json!(shop))]);
            bounds.extend(day.map(|day| ("day".to_owned(), json!(day))));
            bounds
        };
        statistics.min_values = bounds(days.map(|days| days.0), "a");
        statistics.max_values = bounds(days.map(|days| days.1), "z");
        statistics.null_count.insert("shop".to_owned(), json!(0));
        statistics.null_count.insert("day".to_owned(), json!(nulls));
        DataFile {
            path: "f".to_owned(),
            size: 1,
            partition: Default::default(),
            statistics,
            arrival: None,
            tags: Default::default(),
        }
    }

    #[test]
    fn files_are_apart_where_a_column_of_the_key_says_so() {
        let mart = mart();
        let apart = |files: &[DataFile]| are_apart(&mart, &files.iter().collect::<Vec<_>>());
        assert!(apart(&[]));
        assert!(apart(&[file(None, 2)]));
        assert!(apart(&[file(Some((10, 11)), 0), file(Some((9, 9)), 0), file(None, 2)]));
        assert!(!apart(&[file(Some((9, 10)), 0), file(Some((10, 11)), 0)]));
        assert!(!apart(&[file(Some((9, 9)), 1), file(None, 2)]), "null is a value");
        let mut unknown = file(Some((9, 9)), 0);
        unknown.statistics.null_count.clear();
        assert!(!apart(&[file(Some((1, 1)), 0), unknown]));
    }

    #[test]
    fn bounds_are_in_the_order_of_the_values() {
        let moment = |text: &str| Bound::of(ColumnType::Timestamp, &json!(text));
        assert_eq!(moment("2024-01-01T10:00:00.5Z"), moment("2024-01-01T10:00:00.000000"));
        assert_eq!(moment("+10000-01-01T10:00:00"), None);
        assert_eq!(Bound::of(ColumnType::Date, &json!("-0001-01-01")), None);
        assert_eq!(Bound::of(ColumnType::Double, &json!(1.5)), None);
        assert!(Bound::of(ColumnType::Int, &json!(9)) < Bound::of(ColumnType::Int, &json!(10)));
    }
}
