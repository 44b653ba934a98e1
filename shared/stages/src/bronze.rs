//! What a bronze table looks like: every source field as text, and where each row came from.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Name of the source file or object.
pub(crate) const SOURCE: &str = "_source";
/// Physical line (or row) of the source, from 1.
pub(crate) const LINE: &str = "_line";
/// When the file was ingested, UTC.
pub(crate) const INGESTED_AT: &str = "_ingested_at";
/// The run that ingested it.
pub(crate) const RUN_ID: &str = "_run_id";
/// Why the row could not be read; null for rows that could.
pub(crate) const MALFORMED: &str = "_malformed";
/// The row's text, for rows that could not be read.
pub(crate) const RAW: &str = "_raw";
/// Partition column: the day of ingestion, UTC.
pub(crate) const INGESTION_DATE: &str = "ingestion_date";

/// The columns that say where a row came from, in order.
pub(crate) fn origin_fields() -> Vec<Field> {
    vec![
        Field::new(SOURCE, DataType::Utf8, true),
        Field::new(LINE, DataType::Int64, true),
        Field::new(INGESTED_AT, DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new(RUN_ID, DataType::Utf8, true),
        Field::new(MALFORMED, DataType::Utf8, true),
        Field::new(RAW, DataType::Utf8, true),
    ]
}

/// Whether a bronze column holds a field of the source.
pub(crate) fn is_source_column(name: &str) -> bool {
    !name.starts_with('_') && name != INGESTION_DATE
}

/// The bronze schema with these source columns.
pub(crate) fn bronze_schema<'a>(source_columns: impl IntoIterator<Item = &'a str>) -> SchemaRef {
    let mut fields: Vec<Field> =
        source_columns.into_iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    fields.extend(origin_fields());
    fields.push(Field::new(INGESTION_DATE, DataType::Date32, true));
    Arc::new(Schema::new(fields))
}

/// The schema grown by columns that were not seen before; `None` when there are none.
pub(crate) fn grown_schema(current: &Schema, seen: &[String]) -> Option<SchemaRef> {
    let mut columns: Vec<&str> = current
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| is_source_column(name))
        .collect();
    let before = columns.len();
    for name in seen {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    (columns.len() > before).then(|| bronze_schema(columns))
}
