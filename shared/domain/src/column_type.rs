//! The types a silver or gold column may have.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Aggregate, ColumnName};

/// The most digits a decimal can have in Delta, Parquet and every engine that reads them.
const MAX_PRECISION: u8 = 38;

/// The type of a column, written as in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ColumnType {
    /// 64-bit signed integer.
    BigInt,
    /// 32-bit signed integer.
    Int,
    /// 64-bit float.
    Double,
    /// Exact number of `precision` digits, `scale` of them after the point.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, 0 to `precision`.
        scale: i8,
    },
    /// UTF-8 text.
    Text,
    /// True or false.
    Boolean,
    /// Calendar day.
    Date,
    /// Wall clock without a zone, in microseconds.
    Timestamp,
}

impl ColumnType {
    /// Whether numbers can be compared with it.
    pub fn is_numeric(self) -> bool {
        matches!(
            self,
            ColumnType::BigInt | ColumnType::Int | ColumnType::Double | ColumnType::Decimal { .. }
        )
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnType::BigInt => formatter.pad("BIGINT"),
            ColumnType::Int => formatter.pad("INT"),
            ColumnType::Double => formatter.pad("DOUBLE"),
            ColumnType::Decimal { precision, scale } => {
                formatter.pad(&format!("DECIMAL({precision},{scale})"))
            }
            ColumnType::Text => formatter.pad("TEXT"),
            ColumnType::Boolean => formatter.pad("BOOLEAN"),
            ColumnType::Date => formatter.pad("DATE"),
            ColumnType::Timestamp => formatter.pad("TIMESTAMP"),
        }
    }
}

/// A text that is not a column type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a column type: expected BIGINT, INT, DOUBLE, DECIMAL(18,2), TEXT, BOOLEAN, DATE or TIMESTAMP"
)]
pub struct ColumnTypeError(String);

impl FromStr for ColumnType {
    type Err = ColumnTypeError;

    fn from_str(text: &str) -> Result<Self, ColumnTypeError> {
        let upper: String = text.to_ascii_uppercase().split_whitespace().collect();
        let column_type = match upper.as_str() {
            "BIGINT" => Some(ColumnType::BigInt),
            "INT" => Some(ColumnType::Int),
            "DOUBLE" => Some(ColumnType::Double),
            "TEXT" => Some(ColumnType::Text),
            "BOOLEAN" => Some(ColumnType::Boolean),
            "DATE" => Some(ColumnType::Date),
            "TIMESTAMP" => Some(ColumnType::Timestamp),
            decimal => parse_decimal(decimal),
        };
        column_type.ok_or_else(|| ColumnTypeError(text.to_owned()))
    }
}

fn parse_decimal(text: &str) -> Option<ColumnType> {
    let (precision, scale) = text.strip_prefix("DECIMAL(")?.strip_suffix(')')?.split_once(',')?;
    let precision: u8 = precision.parse().ok()?;
    let scale: u8 = scale.parse().ok()?;
    let possible = (1..=MAX_PRECISION).contains(&precision) && scale <= precision;
    possible.then_some(ColumnType::Decimal { precision, scale: i8::try_from(scale).ok()? })
}

impl TryFrom<String> for ColumnType {
    type Error = ColumnTypeError;

    fn try_from(text: String) -> Result<Self, ColumnTypeError> {
        text.parse()
    }
}

impl From<ColumnType> for String {
    fn from(column_type: ColumnType) -> String {
        column_type.to_string()
    }
}

/// A declared column of a silver table or a mart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: ColumnName,
    /// Its type.
    pub column_type: ColumnType,
    /// What it means, for people.
    pub description: Option<String>,
    /// How its values are put together when rows are, where the definition says so; see [`Aggregate::of`].
    pub aggregate: Option<Aggregate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in
            ["BIGINT", "INT", "DOUBLE", "DECIMAL(18,2)", "TEXT", "BOOLEAN", "DATE", "TIMESTAMP"]
        {
            assert_eq!(text.parse::<ColumnType>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn case_and_spaces_do_not_matter() {
        let expected = Ok(ColumnType::Decimal { precision: 18, scale: 2 });
        assert_eq!("decimal( 18, 2 )".parse(), expected);
        assert_eq!("bigint".parse(), Ok(ColumnType::BigInt));
    }

    #[test]
    fn impossible_types_are_refused() {
        for text in [
            "STRING",
            "",
            "DECIMAL",
            "DECIMAL(39,2)",
            "DECIMAL(2,3)",
            "DECIMAL(2,-1)",
            "DECIMAL(0,0)",
        ] {
            assert!(text.parse::<ColumnType>().is_err(), "{text}");
        }
    }
}
