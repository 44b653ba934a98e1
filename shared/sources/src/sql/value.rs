//! Single values as a database shows them, and how it orders them.

use std::borrow::Cow;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use crate::present::Present;

/// How a database compares a value with others of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValueKind {
    /// A whole number.
    Integer,
    /// A number with exact decimals.
    Decimal,
    /// A double, as the shortest text that reads back as the same number.
    Real,
    /// A date, or a date with a time: `2024-05-01 12:30:00.250000`.
    Time,
    /// A TIMESTAMP, as the seconds since 1970 in UTC. Its wall clock would not do: when summer time
    /// ends it shows an hour twice.
    Instant,
    /// Text, compared byte by byte: no two different texts are equal.
    Text,
    /// Bytes as `0x…`.
    Bytes,
    /// What cannot be ordered reliably by its text, such as a FLOAT or JSON.
    Unordered,
}

/// One field of a row that is not null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell<'row> {
    pub(crate) kind: ValueKind,
    pub(crate) text: Cow<'row, str>,
}

/// A value that rows are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Value {
    pub(crate) kind: ValueKind,
    pub(crate) text: String,
}

impl Value {
    /// Whether the text can be what its kind says: what is not was not written by this source.
    pub(crate) fn is_sound(&self) -> bool {
        let only = |allowed: &str| {
            !self.text.is_empty()
                && self
                    .text
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || allowed.contains(letter))
        };
        match self.kind {
            ValueKind::Integer => only("-"),
            ValueKind::Decimal | ValueKind::Instant => only("-."),
            ValueKind::Real => only("+-.e"),
            ValueKind::Time => only("-:. "),
            ValueKind::Text => true,
            ValueKind::Bytes => self.hex_digits().is_some(),
            ValueKind::Unordered => false,
        }
    }

    /// What every value of the present is less than, if this one is a time in the future. A number
    /// may mean anything, and is believed.
    pub(crate) fn end_of_present(&self, present: Present) -> Option<Self> {
        match self.kind {
            ValueKind::Instant if self.whole_seconds()? >= present.end() => {
                Some(Self { kind: self.kind, text: present.end().to_string() })
            }
            ValueKind::Time | ValueKind::Text if present.is_before(&self.text) => {
                let separator = Moment::read(&self.text)?.separator;
                let end = Moment { time: present.end_on_any_wall(), separator };
                Some(Self { kind: self.kind, text: end.bound() })
            }
            _ => None,
        }
    }

    /// The seconds of an instant, without their fraction.
    pub(crate) fn whole_seconds(&self) -> Option<i64> {
        self.text.split('.').next()?.parse().ok()
    }

    /// The digits behind `0x` of a value of bytes.
    pub(crate) fn hex_digits(&self) -> Option<&str> {
        let digits = self.text.strip_prefix("0x")?;
        let whole = digits.len().is_multiple_of(2);
        (whole && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(digits)
    }
}

/// Bytes as two hexadecimal digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02X}");
        digits
    })
}

/// Bytes in the way that bronze shows them: `0x` and their digits.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    format!("0x{}", hex(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: ValueKind, text: &str) -> Value {
        Value { kind, text: text.to_owned() }
    }

    #[test]
    fn values_that_this_source_never_wrote_are_not_sound() {
        for (kind, text, sound) in [
            (ValueKind::Integer, "-12", true),
            (ValueKind::Integer, "1 OR 1=1", false),
            (ValueKind::Integer, "", false),
            (ValueKind::Decimal, "12.50", true),
            (ValueKind::Real, "1.5e-7", true),
            (ValueKind::Real, "1); DROP TABLE t", false),
            (ValueKind::Time, "2024-05-01 12:30:00.25", true),
            (ValueKind::Time, "2024-05-01' OR '1", false),
            (ValueKind::Text, "' OR '1", true),
            (ValueKind::Bytes, "0x00FF", true),
            (ValueKind::Bytes, "0x00F", false),
            (ValueKind::Bytes, "00FF", false),
            (ValueKind::Unordered, "1", false),
        ] {
            assert_eq!(value(kind, text).is_sound(), sound, "{kind:?} {text}");
        }
    }

    #[test]
    fn the_present_ends_where_a_time_of_the_future_is_compared() {
        let clock = chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        for (kind, text, end) in [
            (ValueKind::Time, "2026-01-01 23:59:59", None),
            (ValueKind::Time, "2099-12-31", Some("2026-01-02")),
            (ValueKind::Text, "2099-12-31T00:00:00Z", Some("2026-01-02")),
            (ValueKind::Text, "zzz", None),
            (ValueKind::Instant, "1767225600.999999", None),
            (ValueKind::Instant, "1767225601.000000", Some("1767225601")),
            (ValueKind::Integer, "99999999999", None),
        ] {
            let value = value(kind, text);
            let end_of_present = value.end_of_present(Present::at(clock));
            assert_eq!(end_of_present.as_ref().map(|end| end.text.as_str()), end, "{text}");
            assert!(end_of_present.is_none_or(|end| end.kind == kind && end.is_sound()));
        }
    }

    #[test]
    fn bytes_are_shown_as_hexadecimal_digits() {
        assert_eq!(shown_bytes(&[0, 171, 255]), "0x00ABFF");
        assert_eq!(shown_bytes(&[]), "0x");
        assert_eq!(value(ValueKind::Bytes, &shown_bytes(&[1, 2])).hex_digits(), Some("0102"));
    }
}
