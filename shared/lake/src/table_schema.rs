//! Arrow schemas to Delta schemas and back, for the types that datasets can declare.

use arrow::datatypes::{DataType, Schema, TimeUnit};
use serde_json::{Value, json};
use smelt_domain::ColumnType;

/// The Arrow type in which a declared column is computed and stored.
pub fn arrow_type(column_type: &ColumnType) -> DataType {
    match column_type {
        ColumnType::BigInt => DataType::Int64,
        ColumnType::Int => DataType::Int32,
        ColumnType::Double => DataType::Float64,
        ColumnType::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale),
        ColumnType::Text => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

/// The `schemaString` of a Delta table.
pub(crate) fn delta_schema(schema: &Schema) -> Option<String> {
    let fields: Option<Vec<Value>> = schema
        .fields()
        .iter()
        .map(|field| {
            Some(json!({
                "name": field.name(),
                "type": delta_type(field.data_type())?,
                "nullable": true,
                "metadata": {},
            }))
        })
        .collect();
    Some(json!({ "type": "struct", "fields": fields? }).to_string())
}

fn delta_type(data_type: &DataType) -> Option<String> {
    Some(match data_type {
        DataType::Int64 => "long".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Utf8 | DataType::Utf8View => "string".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        // Source times are wall clocks: no zone is known, none is invented.
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp_ntz".to_owned(),
        _ => return None,
    })
}

/// Whether the schema needs the table feature for timestamps without a zone.
pub(crate) fn has_wall_clock(schema: &Schema) -> bool {
    schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Timestamp(_, None)))
}
