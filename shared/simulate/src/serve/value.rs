//! Rows, columns, and how values compare.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Value};

use super::row_id::row_number;

/// A row: its fields by name. What is null is left out.
pub type Row = Map<String, Value>;

/// What the values of a column are, which decides how they sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, by code point.
    Text,
    /// Numbers, as JSON numbers or as text.
    Number,
    /// Times as ISO text, with or without a zone.
    Time,
    /// Times with a zone, as ISO text.
    ZonedTime,
    /// True or false.
    Boolean,
    /// Any JSON, which does not sort.
    Json,
    /// A list of texts, which does not sort.
    List,
    /// Row ids of Socrata, see [`row_id`](super::row_id).
    RowId,
}

/// A column of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
}

impl Column {
    /// A column of this name and kind.
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind }
    }
}

/// A value that can be compared with others of its column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Comparable {
    Text(String),
    Number(f64),
    Time(NaiveDateTime),
    RowId(u64),
}

impl ColumnKind {
    /// The value of a field; `None` for null and for what is no value of this kind.
    pub(super) fn comparable(self, value: &Value) -> Option<Comparable> {
        match value {
            Value::Null => None,
            Value::String(text) => self.parse(text),
            other => self.parse(&other.to_string()),
        }
    }

    /// The value that a literal stands for.
    pub(super) fn parse(self, text: &str) -> Option<Comparable> {
        match self {
            Self::Text => Some(Comparable::Text(text.to_owned())),
            Self::Number => text.parse().ok().map(Comparable::Number),
            Self::Time | Self::ZonedTime => time(text).map(Comparable::Time),
            Self::Boolean => Some(Comparable::Number(f64::from(u8::from(text == "true")))),
            Self::Json | Self::List => None,
            Self::RowId => row_number(text).map(Comparable::RowId),
        }
    }
}

impl Comparable {
    /// The order of two values of one column.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right),
            (Self::Time(left), Self::Time(right)) => left.cmp(right),
            (Self::RowId(left), Self::RowId(right)) => left.cmp(right),
            // Values of one column are of one kind.
            _ => Ordering::Equal,
        }
    }
}

fn time(text: &str) -> Option<NaiveDateTime> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.naive_utc());
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()
}
