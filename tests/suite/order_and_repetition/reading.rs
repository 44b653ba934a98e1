//! Reads tables and published files back, as texts that compare.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use smelt_domain::TableId;
use smelt_lake::published::{Latest, latest};
use smelt_stages::{Platform, query};

use super::oracle::{NULL, Rows, number};

/// The rows of a query, sorted.
pub(super) async fn rows(platform: &Platform, sql: &str) -> Rows {
    let answer = query(platform, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let batches: Vec<RecordBatch> = answer.try_collect().await.unwrap();
    sorted(&batches)
}

/// What is published of a mart, with its rows; `None` before the first publication.
pub(super) async fn published(platform: &Platform, mart: &TableId) -> Option<(Latest, Rows)> {
    let latest = latest(&platform.lake, mart).await.unwrap()?;
    let bytes = platform.lake.get_object(&latest.path).await.unwrap();
    let bytes = bytes.unwrap_or_else(|| panic!("{} is named but does not exist", latest.path));
    assert_eq!(bytes.len() as u64, latest.bytes, "bytes of {}", latest.path);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let rows = sorted(&batches);
    assert_eq!(rows.len() as u64, latest.rows, "rows of {}", latest.path);
    Some((latest, rows))
}

fn sorted(batches: &[RecordBatch]) -> Rows {
    let mut rows: Rows = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|row| {
                batch.columns().iter().map(|column| cell(column.as_ref(), row)).collect()
            })
        })
        .collect();
    rows.sort();
    rows
}

/// Times as seconds since 1970, dates as days, floating point with six digits.
fn cell(column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return NULL.to_owned();
    }
    match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Date32 => column.as_primitive::<Date32Type>().value(row).to_string(),
        DataType::Float64 => number(Some(column.as_primitive::<Float64Type>().value(row))),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Utf8View => column.as_string_view().value(row).to_owned(),
        DataType::Timestamp(..) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            assert_eq!(micros % 1_000_000, 0, "times of these worlds are whole seconds");
            (micros / 1_000_000).to_string()
        }
        other => panic!("no text for {other}"),
    }
}
