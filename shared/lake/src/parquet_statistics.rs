//! Delta statistics of a file from its Parquet footer.

use arrow::datatypes::{DataType, Schema, TimeUnit};
use chrono::{DateTime, NaiveDate};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use serde_json::{Map, Value, json};

use crate::FileStatistics;

/// Row count, bounds and null counts over all row groups.
///
/// Columns are flat and in the schema's order. Bounds are left out where a row group with values has
/// none (of NaN only, for example).
pub(crate) fn file_statistics(metadata: &ParquetMetaData, schema: &Schema) -> FileStatistics {
    let rows = metadata.row_groups().iter().map(|group| group.num_rows()).sum::<i64>();
    let mut statistics =
        FileStatistics { rows: u64::try_from(rows).unwrap_or(0), ..FileStatistics::default() };
    for (index, field) in schema.fields().iter().enumerate() {
        let groups: Option<Vec<&Statistics>> = metadata
            .row_groups()
            .iter()
            .map(|group| group.columns().get(index).and_then(|column| column.statistics()))
            .collect();
        let Some(groups) = groups else { continue };
        let name = field.name();
        if let Some(nulls) = groups.iter().map(|group| group.null_count_opt()).sum::<Option<u64>>()
        {
            statistics.null_count.insert(name.clone(), json!(nulls));
            if nulls == statistics.rows {
                continue;
            }
        }
        let bounds = groups
            .iter()
            .zip(metadata.row_groups())
            // A row group of nulls only has no bounds and does not widen the file's.
            .filter(|(group, all)| group.null_count_opt() != u64::try_from(all.num_rows()).ok())
            .map(|(group, _)| bounds(group, field.data_type()))
            .collect::<Option<Vec<_>>>();
        if let Some(bounds) = bounds {
            insert_extreme(&mut statistics.min_values, name, bounds.iter().map(|b| &b.0), false);
            insert_extreme(&mut statistics.max_values, name, bounds.iter().map(|b| &b.1), true);
        }
    }
    statistics
}

/// Smallest and largest value of one row group in the log's JSON form.
fn bounds(statistics: &Statistics, data_type: &DataType) -> Option<(Value, Value)> {
    match (statistics, data_type) {
        (Statistics::Int64(values), DataType::Int64) => {
            Some((json!(values.min_opt()?), json!(values.max_opt()?)))
        }
        (Statistics::Int32(values), DataType::Int32) => {
            Some((json!(values.min_opt()?), json!(values.max_opt()?)))
        }
        (Statistics::Int32(values), DataType::Date32) => {
            Some((date(*values.min_opt()?)?, date(*values.max_opt()?)?))
        }
        (Statistics::Int64(values), DataType::Timestamp(TimeUnit::Microsecond, None)) => {
            Some((wall_clock(*values.min_opt()?)?, wall_clock(*values.max_opt()?)?))
        }
        (Statistics::Double(values), DataType::Float64) => {
            let (min, max) = (*values.min_opt()?, *values.max_opt()?);
            (min.is_finite() && max.is_finite()).then(|| (json!(min), json!(max)))
        }
        (Statistics::ByteArray(values), DataType::Utf8 | DataType::Utf8View) => {
            let min = std::str::from_utf8(values.min_opt()?.data()).ok()?;
            let max = std::str::from_utf8(values.max_opt()?.data()).ok()?;
            Some((json!(min), json!(max)))
        }
        _ => None,
    }
}

fn date(days: i32) -> Option<Value> {
    let date = NaiveDate::from_epoch_days(days)?;
    Some(json!(date.format("%Y-%m-%d").to_string()))
}

fn wall_clock(microseconds: i64) -> Option<Value> {
    let time = DateTime::from_timestamp_micros(microseconds)?;
    Some(json!(time.naive_utc().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()))
}

fn insert_extreme<'a>(
    values: &mut Map<String, Value>,
    column: &str,
    candidates: impl Iterator<Item = &'a Value>,
    largest: bool,
) {
    let extreme = candidates.reduce(|best, candidate| {
        let candidate_is_larger = match (candidate, best) {
            (Value::String(candidate), Value::String(best)) => candidate > best,
            (candidate, best) => match (candidate.as_i64(), best.as_i64()) {
                (Some(candidate), Some(best)) => candidate > best,
                _ => candidate.as_f64() > best.as_f64(),
            },
        };
        if candidate_is_larger == largest { candidate } else { best }
    });
    if let Some(extreme) = extreme {
        values.insert(column.to_owned(), extreme.clone());
    }
}
