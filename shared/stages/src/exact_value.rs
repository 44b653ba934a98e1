//! Whether a column holds the value that a text says, or another one near it.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;

/// Whether a value of this type is exactly what the text says: no digit is rounded away, and no hour
/// left out of a day. The text is one that can be read as such a value.
pub(crate) fn holds_exactly(data_type: &DataType, text: &str) -> bool {
    match data_type {
        DataType::Decimal128(_, scale) => {
            decimal_places(text).is_none_or(|places| places <= i64::from(*scale))
        }
        DataType::Date32 | DataType::Timestamp(TimeUnit::Microsecond, None) => {
            same_moment(data_type, text)
        }
        _ => true,
    }
}

/// The digits behind the point that the number needs: 1 of `1.50`, 3 of `15e-4`, none of `1e2`;
/// `None` for zero.
fn decimal_places(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let is_zero = !digits.contains(|digit: char| ('1'..='9').contains(&digit));
    (!is_zero).then(|| fraction.len() as i64 - zeros as i64 - exponent)
}

/// Whether the text's moment, to the nanosecond, is that of the value. Moments that nanoseconds do
/// not reach are taken as they are.
fn same_moment(data_type: &DataType, text: &str) -> bool {
    let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let Ok(said) = ScalarValue::try_from_string(text.to_owned(), &nanoseconds) else { return true };
    let held = ScalarValue::try_from_string(text.to_owned(), data_type)
        .and_then(|held| held.cast_to(&nanoseconds));
    held.is_ok_and(|held| held == said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_hold_no_more_digits_than_they_have() {
        let amount = DataType::Decimal128(18, 2);
        for text in ["1.23", "1.230", "-1.2", "7", "0.000", "123e-2", "1e3", "1200e-4", " 5 "] {
            assert!(holds_exactly(&amount, text), "{text}");
        }
        for text in ["1.239", "-0.001", "0.005", "123e-3", "1.2e-2"] {
            assert!(!holds_exactly(&amount, text), "{text}");
        }
    }

    #[test]
    fn days_hold_no_hours_and_moments_no_nanoseconds() {
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        for text in ["2024-03-01", "2024-03-01T00:00:00", "9999-12-31"] {
            assert!(holds_exactly(&DataType::Date32, text), "{text}");
        }
        assert!(!holds_exactly(&DataType::Date32, "2024-03-01T10:00:00"));
        assert!(holds_exactly(&moment, "2024-03-01T10:00:00.123456"));
        assert!(!holds_exactly(&moment, "2024-03-01T10:00:00.1234567"));
    }

    #[test]
    fn other_types_hold_what_can_be_read_as_them() {
        for (data_type, text) in
            [(DataType::Utf8, "1.239"), (DataType::Int64, "7"), (DataType::Float64, "0.1")]
        {
            assert!(holds_exactly(&data_type, text));
        }
    }
}
