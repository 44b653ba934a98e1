//! The cells of a column as text: numbers with all their digits, days and times as ISO 8601 writes them.

use arrow::array::{Array, AsArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;

use crate::calendar::{write_day, write_time};

/// A column to be written cell by cell.
#[derive(Debug)]
pub(super) enum Cells<'a> {
    Int(&'a PrimitiveArray<Int32Type>),
    BigInt(&'a PrimitiveArray<Int64Type>),
    Double(&'a PrimitiveArray<Float64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>, usize),
    Boolean(&'a BooleanArray),
    Date(&'a PrimitiveArray<Date32Type>),
    Timestamp(&'a PrimitiveArray<TimestampMicrosecondType>),
    Text(&'a StringArray),
}

impl<'a> Cells<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Result<Self, ArrowError> {
        Ok(match array.data_type() {
            DataType::Int32 => Self::Int(array.as_primitive()),
            DataType::Int64 => Self::BigInt(array.as_primitive()),
            DataType::Float64 => Self::Double(array.as_primitive()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive(), usize::try_from(*scale).unwrap_or(0))
            }
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Date32 => Self::Date(array.as_primitive()),
            DataType::Timestamp(_, _) => Self::Timestamp(array.as_primitive()),
            DataType::Utf8 => Self::Text(array.as_string()),
            other => return Err(ArrowError::NotYetImplemented(format!("writing {other}"))),
        })
    }

    /// Whether a cell has nothing to be written: it is unknown, or no finite number.
    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Int(array) => array.is_null(row),
            Self::BigInt(array) => array.is_null(row),
            Self::Double(array) => array.is_null(row) || !array.value(row).is_finite(),
            Self::Decimal(array, _) => array.is_null(row),
            Self::Boolean(array) => array.is_null(row),
            Self::Date(array) => array.is_null(row),
            Self::Timestamp(array) => array.is_null(row),
            Self::Text(array) => array.is_null(row),
        }
    }

    /// Whether cells are texts, days or times: what JSON puts between quotes.
    pub(super) fn is_quoted(&self) -> bool {
        matches!(self, Self::Date(_) | Self::Timestamp(_) | Self::Text(_))
    }

    /// The text of a cell of a column of texts.
    pub(super) fn text(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Text(array) => Some(array.value(row)),
            _ => None,
        }
    }

    /// Writes a cell that is not null.
    pub(super) fn write(&self, out: &mut Vec<u8>, row: usize) -> serde_json::Result<()> {
        match self {
            Self::Int(array) => serde_json::to_writer(out, &array.value(row))?,
            Self::BigInt(array) => serde_json::to_writer(out, &array.value(row))?,
            Self::Double(array) => serde_json::to_writer(out, &array.value(row))?,
            Self::Decimal(array, scale) => write_decimal(out, array.value(row), *scale),
            Self::Boolean(array) => {
                out.extend_from_slice(if array.value(row) { b"true" } else { b"false" });
            }
            Self::Date(array) => write_day(out, array.value(row).into()),
            Self::Timestamp(array) => write_time(out, array.value(row)),
            Self::Text(array) => out.extend_from_slice(array.value(row).as_bytes()),
        }
        Ok(())
    }
}

/// The digits of a decimal, with its point.
fn write_decimal(out: &mut Vec<u8>, unscaled: i128, scale: usize) {
    if unscaled < 0 {
        out.push(b'-');
    }
    // A digit before the point, however small the number is.
    let mut digits = [b'0'; 40];
    let mut start = digits.len();
    let mut rest = unscaled.unsigned_abs();
    while rest > 0 || digits.len() - start <= scale {
        // Most are small: 64-bit division is several times as fast.
        let digit = match u64::try_from(rest) {
            Ok(small) => {
                rest = u128::from(small / 10);
                (small % 10) as u8
            }
            Err(_) => {
                let digit = (rest % 10) as u8;
                rest /= 10;
                digit
            }
        };
        start -= 1;
        digits[start] = b'0' + digit;
    }
    let point = digits.len() - scale;
    out.extend_from_slice(&digits[start..point]);
    if scale > 0 {
        out.push(b'.');
        out.extend_from_slice(&digits[point..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        let written = |unscaled, scale| {
            let mut out = Vec::new();
            write_decimal(&mut out, unscaled, scale);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(0, 0), "0");
        assert_eq!(written(0, 2), "0.00");
        assert_eq!(written(5, 2), "0.05");
        assert_eq!(written(-1_234_550, 2), "-12345.50");
        let most = 99_999_999_999_999_999_999_999_999_999_999_999_999_i128;
        assert_eq!(written(most, 38), format!("0.{}", "9".repeat(38)));
        assert_eq!(written(-most, 0), format!("-{}", "9".repeat(38)));
    }
}
