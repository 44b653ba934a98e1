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
/// A key made of the row's content, in tables that ask for it.
pub(crate) const CONTENT_KEY: &str = "_content_key";
/// A row's place among those of its file, in files that several arrivals were compacted to: there
/// their lines begin anew.
pub(crate) const ORDER: &str = "_order";
/// What a correction does, see [`crate::records`]; null in rows of the source.
pub(crate) const OPERATION: &str = "_operation";
/// The silver row of a correction, as JSON of texts.
pub(crate) const RECORD: &str = "_record";
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

/// Whether a bronze column is one of the platform's that only some tables have.
fn is_optional_column(name: &str) -> bool {
    [CONTENT_KEY, OPERATION, RECORD, ORDER].contains(&name)
}

fn optional_type(name: &str) -> DataType {
    if name == ORDER { DataType::Int64 } else { DataType::Utf8 }
}

/// The bronze schema with these columns beside those that every bronze table has.
pub(crate) fn bronze_schema<'a>(columns: impl IntoIterator<Item = &'a str>) -> SchemaRef {
    let text = |name: &str| Field::new(name, optional_type(name), true);
    let (of_the_source, optional): (Vec<&str>, Vec<&str>) =
        columns.into_iter().partition(|name| is_source_column(name));
    let mut fields: Vec<Field> = of_the_source.into_iter().map(text).collect();
    fields.extend(origin_fields());
    fields.extend(optional.into_iter().map(text));
    fields.push(Field::new(INGESTION_DATE, DataType::Date32, true));
    Arc::new(Schema::new(fields))
}

/// The schema grown by columns that were not seen before; `None` when there are none.
pub(crate) fn grown_schema(current: &Schema, seen: &[String]) -> Option<SchemaRef> {
    let mut columns: Vec<&str> = current
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| is_source_column(name) || is_optional_column(name))
        .collect();
    let before = columns.len();
    for name in seen {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    (columns.len() > before).then(|| bronze_schema(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(schema: &Schema) -> Vec<&str> {
        schema.fields().iter().map(|field| field.name().as_str()).collect()
    }

    #[test]
    fn source_columns_come_first_and_what_few_tables_have_behind_the_origin() {
        let schema = bronze_schema(["a", CONTENT_KEY, "b"]);
        assert_eq!(
            names(&schema),
            [
                "a",
                "b",
                "_source",
                "_line",
                "_ingested_at",
                "_run_id",
                "_malformed",
                "_raw",
                "_content_key",
                "ingestion_date"
            ]
        );
        let date = schema.field_with_name(INGESTION_DATE).unwrap();
        assert_eq!(date.data_type(), &DataType::Date32);
    }

    #[test]
    fn a_schema_grows_by_what_is_new_only() {
        let schema = bronze_schema(["a"]);
        assert_eq!(grown_schema(&schema, &["a".to_owned()]), None);
        let grown = grown_schema(&schema, &[CONTENT_KEY.to_owned(), "b".to_owned()]).unwrap();
        assert_eq!(grown, bronze_schema(["a", "b", CONTENT_KEY]));
        assert_eq!(grown_schema(&grown, &["b".to_owned()]), None);
    }
}
