//! One value of a column: read from a text, taken from an array, put into one.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use smelt_domain::ColumnType;

use crate::calendar::{DAY, parse_day, parse_time};

/// A value that is known. Values of one column compare as the column does.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A whole number, a decimal without its point, a day, a microsecond, or 0 and 1 for false and true.
    Exact(i128),
    /// A float.
    Double(f64),
    /// A text.
    Text(String),
}

/// Why a text is no value of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueProblem {
    /// It is written in another way.
    Type,
    /// It has more digits than the type.
    Range,
}

impl Value {
    /// The value that a text is of a type.
    pub(crate) fn parse(column_type: ColumnType, text: &str) -> Result<Self, ValueProblem> {
        match column_type {
            ColumnType::Int => whole(text, i128::from(i32::MIN), i128::from(i32::MAX)),
            ColumnType::BigInt => whole(text, i128::from(i64::MIN), i128::from(i64::MAX)),
            ColumnType::Decimal { precision, scale } => decimal(text, precision, scale),
            ColumnType::Double => double(text),
            ColumnType::Text => Ok(Self::Text(text.to_owned())),
            ColumnType::Boolean => match text {
                "true" => Ok(Self::Exact(1)),
                "false" => Ok(Self::Exact(0)),
                _ => Err(ValueProblem::Type),
            },
            ColumnType::Date => {
                let day = parse_day(text).ok_or(ValueProblem::Type)?;
                Ok(Self::Exact(i128::from(day)))
            }
            ColumnType::Timestamp => {
                let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
                let day = parse_day(day).ok_or(ValueProblem::Type)?;
                let time = parse_time(time).ok_or(ValueProblem::Type)?;
                Ok(Self::Exact(i128::from(day * DAY + time)))
            }
        }
    }

    /// The value in a row of a column, if it is known.
    pub(crate) fn at(array: &dyn Array, row: usize) -> Option<Self> {
        if array.is_null(row) {
            return None;
        }
        let value = match array.data_type() {
            DataType::Int32 => Self::Exact(array.as_primitive::<Int32Type>().value(row).into()),
            DataType::Int64 => Self::Exact(array.as_primitive::<Int64Type>().value(row).into()),
            DataType::Date32 => Self::Exact(array.as_primitive::<Date32Type>().value(row).into()),
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                Self::Exact(array.as_primitive::<TimestampMicrosecondType>().value(row).into())
            }
            DataType::Decimal128(_, _) => {
                Self::Exact(array.as_primitive::<Decimal128Type>().value(row))
            }
            DataType::Boolean => Self::Exact(array.as_boolean().value(row).into()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row).to_owned()),
            DataType::Dictionary(_, _) => {
                let coded = array.as_dictionary_opt::<Int32Type>()?;
                let code = usize::try_from(coded.keys().value(row)).ok()?;
                return Self::at(coded.values(), code);
            }
            _ => return None,
        };
        Some(value)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Exact(this), Self::Exact(that)) => this.cmp(that),
            (Self::Double(this), Self::Double(that)) => this.total_cmp(that),
            (Self::Text(this), Self::Text(that)) => this.cmp(that),
            // Never of one column.
            (Self::Exact(_), _) | (Self::Double(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), _) | (Self::Double(_), Self::Exact(_)) => Ordering::Greater,
        }
    }
}

/// How values of a type are written, for messages.
pub(crate) fn notation(column_type: ColumnType) -> String {
    let example = match column_type {
        ColumnType::Int | ColumnType::BigInt => "a whole number",
        ColumnType::Decimal { .. } | ColumnType::Double => "a number such as 12.5",
        ColumnType::Text => "a text",
        ColumnType::Boolean => "true or false",
        ColumnType::Date => "a day such as 2026-10-31",
        ColumnType::Timestamp => "a time without a zone such as 2026-10-31T17:45:00",
    };
    format!("{example} ({column_type})")
}

/// What a column of that type is in memory; texts of a table in memory are coded, see [`crate::coded`].
pub(crate) fn data_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::BigInt => DataType::Int64,
        ColumnType::Int => DataType::Int32,
        ColumnType::Double => DataType::Float64,
        ColumnType::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
        ColumnType::Text => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

/// A column of these values; one that is none of the type is an error, never another value.
pub(crate) fn array_of(
    column_type: ColumnType,
    values: &[Option<Value>],
) -> Result<ArrayRef, ArrowError> {
    let array: ArrayRef = match column_type {
        ColumnType::Int => Arc::new(exact::<i32>(values)?.collect::<Int32Array>()),
        ColumnType::BigInt => Arc::new(exact::<i64>(values)?.collect::<Int64Array>()),
        ColumnType::Date => Arc::new(exact::<i32>(values)?.collect::<Date32Array>()),
        ColumnType::Timestamp => {
            Arc::new(exact::<i64>(values)?.collect::<TimestampMicrosecondArray>())
        }
        ColumnType::Boolean => {
            Arc::new(exact::<i8>(values)?.map(|it| it.map(|it| it != 0)).collect::<BooleanArray>())
        }
        ColumnType::Decimal { precision, scale } => Arc::new(
            exact::<i128>(values)?
                .collect::<Decimal128Array>()
                .with_precision_and_scale(precision, scale)?,
        ),
        ColumnType::Double => {
            let doubles: Result<Vec<Option<f64>>, ArrowError> = values
                .iter()
                .map(|value| match value {
                    None => Ok(None),
                    Some(Value::Double(double)) => Ok(Some(*double)),
                    Some(other) => Err(misfit(other, column_type)),
                })
                .collect();
            Arc::new(Float64Array::from(doubles?))
        }
        ColumnType::Text => {
            let texts: Result<Vec<Option<&str>>, ArrowError> = values
                .iter()
                .map(|value| match value {
                    None => Ok(None),
                    Some(Value::Text(text)) => Ok(Some(text.as_str())),
                    Some(other) => Err(misfit(other, column_type)),
                })
                .collect();
            Arc::new(StringArray::from(texts?))
        }
    };
    Ok(array)
}

fn exact<Native: TryFrom<i128>>(
    values: &[Option<Value>],
) -> Result<impl Iterator<Item = Option<Native>> + use<Native>, ArrowError> {
    let natives: Result<Vec<Option<Native>>, ArrowError> = values
        .iter()
        .map(|value| match value {
            None => Ok(None),
            Some(Value::Exact(exact)) => Native::try_from(*exact)
                .map(Some)
                .map_err(|_| ArrowError::CastError(format!("{exact} is too large"))),
            Some(other) => Err(misfit(other, ColumnType::BigInt)),
        })
        .collect();
    Ok(natives?.into_iter())
}

fn misfit(value: &Value, column_type: ColumnType) -> ArrowError {
    ArrowError::CastError(format!("{value:?} is no {column_type}"))
}

fn whole(text: &str, least: i128, most: i128) -> Result<Value, ValueProblem> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValueProblem::Type);
    }
    let number: i128 = text.parse().map_err(|_| ValueProblem::Range)?;
    if (least..=most).contains(&number) {
        Ok(Value::Exact(number))
    } else {
        Err(ValueProblem::Range)
    }
}

/// A decimal without its point; digits beyond the type's are refused, not rounded.
fn decimal(text: &str, precision: u8, scale: i8) -> Result<Value, ValueProblem> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (before, behind) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !before.is_empty() && only_digits(before) && only_digits(behind);
    if !is_number || unsigned.ends_with('.') {
        return Err(ValueProblem::Type);
    }
    let behind = behind.trim_end_matches('0');
    let before = before.trim_start_matches('0');
    let scale = usize::try_from(scale).map_err(|_| ValueProblem::Range)?;
    if behind.len() > scale || before.len() + scale > usize::from(precision) {
        return Err(ValueProblem::Range);
    }
    let digits = format!("0{before}{behind:0<scale$}");
    let number: i128 = digits.parse().map_err(|_| ValueProblem::Range)?;
    Ok(Value::Exact(if text.starts_with('-') { -number } else { number }))
}

fn double(text: &str) -> Result<Value, ValueProblem> {
    // Rust also reads `inf`, `nan` and `infinity`.
    let is_number =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let number: f64 = text.parse().map_err(|_| ValueProblem::Type)?;
    match (is_number, number.is_finite()) {
        (false, _) => Err(ValueProblem::Type),
        (true, false) => Err(ValueProblem::Range),
        // One zero: -0.0 is less than 0.0 in a total order.
        (true, true) => Ok(Value::Double(number + 0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(column_type: &str, text: &str) -> Result<Value, ValueProblem> {
        Value::parse(column_type.parse().unwrap(), text)
    }

    #[test]
    fn texts_are_read_as_the_type_of_their_column() {
        assert_eq!(parse("INT", "-42"), Ok(Value::Exact(-42)));
        assert_eq!(parse("DECIMAL(5,2)", "-123.4"), Ok(Value::Exact(-12340)));
        assert_eq!(parse("DECIMAL(5,2)", "00123.400"), Ok(Value::Exact(12340)));
        assert_eq!(parse("DECIMAL(2,2)", "0.25"), Ok(Value::Exact(25)));
        assert_eq!(parse("DOUBLE", "-0"), Ok(Value::Double(0.0)));
        assert_eq!(parse("DOUBLE", "1e3"), Ok(Value::Double(1000.0)));
        assert_eq!(parse("BOOLEAN", "true"), Ok(Value::Exact(1)));
        assert_eq!(parse("DATE", "1970-01-02"), Ok(Value::Exact(1)));
        assert_eq!(parse("TIMESTAMP", "1970-01-02"), Ok(Value::Exact(i128::from(DAY))));
        let same = parse("TIMESTAMP", "2026-10-31 17:45");
        assert_eq!(parse("TIMESTAMP", "2026-10-31T17:45:00.0"), same);
        assert_eq!(parse("TEXT", "'; DROP TABLE x"), Ok(Value::Text("'; DROP TABLE x".to_owned())));
    }

    #[test]
    fn what_is_no_value_is_told_from_what_does_not_fit() {
        for (column_type, text) in [
            ("INT", ""),
            ("INT", "1.5"),
            ("INT", "+1"),
            ("INT", "1 "),
            ("DECIMAL(5,2)", "."),
            ("DECIMAL(5,2)", "1."),
            ("DECIMAL(5,2)", "1e2"),
            ("DOUBLE", "nan"),
            ("DOUBLE", "inf"),
            ("DOUBLE", ""),
            ("BOOLEAN", "yes"),
            ("DATE", "2026-02-30"),
            ("TIMESTAMP", "2026-10-31T00:00:00Z"),
        ] {
            assert_eq!(parse(column_type, text), Err(ValueProblem::Type), "{column_type} {text}");
        }
        for (column_type, text) in [
            ("INT", "2147483648"),
            ("BIGINT", "9223372036854775808"),
            ("BIGINT", "99999999999999999999999999999999999999999999"),
            ("DECIMAL(5,2)", "1000"),
            ("DECIMAL(5,2)", "1.005"),
            ("DOUBLE", "1e999"),
        ] {
            assert_eq!(parse(column_type, text), Err(ValueProblem::Range), "{column_type} {text}");
        }
    }
}
