//! The engine's types in the words of SQL.

use arrow::compute::can_cast_types;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use smelt_domain::ColumnName;

/// What a definition would call the type.
pub(crate) fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Int32 => "INT".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "TEXT".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(_, None) => "TIMESTAMP".to_owned(),
        DataType::Null => "NULL".to_owned(),
        other => other.to_string(),
    }
}

/// Refuses what no value of a selected column could be cast to: the engine itself would say so without
/// the column's name.
pub(crate) fn require_castable(
    column: &ColumnName,
    selected: &DataType,
    declared: &DataType,
) -> Result<()> {
    if can_cast_types(selected, declared) {
        return Ok(());
    }
    Err(DataFusionError::Plan(format!(
        "column `{column}` is declared as {}, but the SQL selects it as {}, which cannot be cast to that",
        sql_type(declared),
        sql_type(selected)
    )))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    #[test]
    fn types_are_called_as_definitions_call_them() {
        let time = DataType::Timestamp(TimeUnit::Microsecond, None);
        let types = [DataType::Int64, DataType::Decimal128(12, 2), DataType::Utf8View, time];
        assert_eq!(types.map(|of| sql_type(&of)), ["BIGINT", "DECIMAL(12,2)", "TEXT", "TIMESTAMP"]);
    }

    #[test]
    fn a_column_that_can_never_be_cast_is_named() {
        let column: ColumnName = "day".parse().unwrap();
        assert!(require_castable(&column, &DataType::Utf8View, &DataType::Date32).is_ok());
        let error = require_castable(&column, &DataType::Boolean, &DataType::Date32).unwrap_err();
        let expected = "column `day` is declared as DATE, but the SQL selects it as BOOLEAN";
        assert!(error.to_string().contains(expected), "{error}");
    }
}
