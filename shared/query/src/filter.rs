//! Which rows are asked for.

use crate::value::Value;

/// What has to be true of a column. Of an unknown value only [`Test::Null`] is true.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    /// The position of the column in its table.
    pub(crate) column: usize,
    /// What has to be true.
    pub(crate) test: Test,
}

/// What may be true of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// It is one of these.
    AnyOf(Vec<Value>),
    /// It is none of these.
    NoneOf(Vec<Value>),
    /// It is less, or greater.
    Compare(Comparison, Value),
    /// One of these texts is part of it.
    Contains(Vec<String>),
    /// It begins with one of these texts.
    Starts(Vec<String>),
    /// It is unknown, or known.
    Null(bool),
}

/// How a value compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is known about the values of a column in a part of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bounds {
    /// No known value is less than the first, or greater than the second; `None` if that is not known.
    pub(crate) range: Option<(Value, Value)>,
    /// Whether there may be unknown values.
    pub(crate) may_be_null: bool,
    /// Whether there may be known values.
    pub(crate) may_be_known: bool,
}

impl Bounds {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self { range: None, may_be_null: true, may_be_known: true };

    /// Whether a test may be true of a value within.
    pub(crate) fn may_match(&self, test: &Test) -> bool {
        if let Test::Null(wanted) = test {
            return if *wanted { self.may_be_null } else { self.may_be_known };
        }
        if !self.may_be_known {
            return false;
        }
        let Some((low, high)) = &self.range else { return true };
        match test {
            Test::AnyOf(values) => values.iter().any(|value| low <= value && value <= high),
            Test::Compare(Comparison::Less, value) => low < value,
            Test::Compare(Comparison::LessOrEqual, value) => low <= value,
            Test::Compare(Comparison::Greater, value) => high > value,
            Test::Compare(Comparison::GreaterOrEqual, value) => high >= value,
            Test::Starts(parts) => parts.iter().any(|part| may_start(part, low, high)),
            Test::NoneOf(_) | Test::Contains(_) | Test::Null(_) => true,
        }
    }
}

fn may_start(part: &str, low: &Value, high: &Value) -> bool {
    let (Value::Text(low), Value::Text(high)) = (low, high) else { return true };
    high.as_str() >= part && (low.as_str() <= part || low.starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(low: &str, high: &str) -> Bounds {
        let text = |text: &str| Value::Text(text.to_owned());
        Bounds { range: Some((text(low), text(high))), may_be_null: false, may_be_known: true }
    }

    #[test]
    fn parts_that_cannot_hold_a_prefix_are_left_out() {
        let starts = |part: &str| Test::Starts(vec![part.to_owned()]);
        assert!(between("BRONX", "QUEENS").may_match(&starts("BRO")));
        assert!(between("BRONX", "BRONX").may_match(&starts("BRONX")));
        assert!(between("BRONX", "QUEENS").may_match(&starts("MAN")));
        assert!(!between("BRONX", "QUEENS").may_match(&starts("STATEN")));
        assert!(!between("BRONX", "QUEENS").may_match(&starts("A")));
    }

    #[test]
    fn unknown_values_match_nothing_but_null() {
        let unknown = Bounds { range: None, may_be_null: true, may_be_known: false };
        assert!(unknown.may_match(&Test::Null(true)));
        assert!(!unknown.may_match(&Test::Null(false)));
        assert!(!unknown.may_match(&Test::NoneOf(vec![Value::Exact(1)])));
        assert!(!between("A", "B").may_match(&Test::Null(true)));
        assert!(Bounds::UNKNOWN.may_match(&Test::AnyOf(vec![Value::Exact(1)])));
    }
}
