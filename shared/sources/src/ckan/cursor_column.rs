//! The column that new rows are found by: its values must sort as they follow one another.

use chrono::{TimeDelta, Timelike};

use super::portal::FieldDescription;
use crate::moment::Moment;

/// The column, as the datastore describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CursorColumn {
    name: String,
    order: Order,
}

/// What its values are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Times,
    Numbers,
    /// Letter by letter, which is the order of time only where all are ISO times.
    Texts,
}

impl CursorColumn {
    /// The column of this name; `None` of a resource without it.
    pub(super) fn of(fields: &[FieldDescription], name: &str) -> Option<Self> {
        let field = fields.iter().find(|field| field.id == name)?;
        Some(Self { name: name.to_owned(), order: Order::of_type(&field.kind) })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the least value has to be looked at: what is no ISO time may sort before all that
    /// were read, and would never come.
    pub(super) fn is_text(&self) -> bool {
        self.order == Order::Texts
    }

    /// Why a later row may sort before this one; `None` for a value that sorts as it should.
    pub(super) fn defect(&self, value: &str) -> Option<String> {
        let misplaced = self.is_text() && Moment::read(value).is_none();
        misplaced.then(|| {
            format!(
                "`{}` is a column of text with `{value}` in it, which is no ISO time: texts sort by \
                 their letters, so that later rows would be missed",
                self.name
            )
        })
    }

    /// Why the second of two values that came one after the other is out of its place.
    pub(super) fn disorder(&self, before: &str, value: &str) -> Option<String> {
        let second = |text: &str| Moment::read(text)?.time.with_nanosecond(0);
        let backwards = self.is_text() && second(before)? > second(value)?;
        backwards.then(|| {
            format!(
                "`{}` is a column of text in which `{value}` sorts behind `{before}`, so that later \
                 rows would be missed",
                self.name
            )
        })
    }

    /// Whether rows before a value are looked at again: of numbers nobody knows how many.
    pub(super) fn has_overlap(&self, seconds: u32) -> bool {
        seconds > 0 && self.order != Order::Numbers
    }

    /// So many seconds before a time, to compare the column with; `None` for what is no time.
    pub(super) fn earlier(&self, value: &str, seconds: u32) -> Option<String> {
        let moment = Moment::read(value).filter(|_| self.has_overlap(seconds))?;
        let time = moment.time.checked_sub_signed(TimeDelta::seconds(seconds.into()))?;
        Some(match self.order {
            // In full, as every database reads it.
            Order::Times => time.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
            Order::Numbers | Order::Texts => Moment { time, ..moment }.bound(),
        })
    }
}

impl Order {
    /// By the type that the datastore gives its column.
    fn of_type(name: &str) -> Self {
        match name {
            "int" | "int2" | "int4" | "int8" | "integer" | "bigint" | "smallint" | "serial"
            | "bigserial" | "numeric" | "decimal" | "float" | "float4" | "float8" | "real"
            | "double precision" => Self::Numbers,
            "date"
            | "timestamp"
            | "timestamptz"
            | "timestamp without time zone"
            | "timestamp with time zone" => Self::Times,
            _ => Self::Texts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: &str) -> CursorColumn {
        let field = FieldDescription { id: "at".to_owned(), kind: kind.to_owned() };
        CursorColumn::of(&[field], "at").unwrap()
    }

    #[test]
    fn only_texts_are_looked_at() {
        for (kind, value, is_sound) in [
            ("text", "2024-09-09", true),
            ("text", "2024-09-09T10:00:00Z", true),
            ("text", "9/9/2024", false),
            ("text", "", false),
            ("text", "17", false),
            ("", "17", false),
            ("numeric", "17", true),
            ("timestamp", "2024-09-09T10:00:00", true),
        ] {
            assert_eq!(column(kind).defect(value).is_none(), is_sound, "{kind} {value}");
        }
        assert_eq!(CursorColumn::of(&[], "at"), None);
    }

    #[test]
    fn times_as_text_that_run_backwards_are_told() {
        let text = column("text");
        let (blank, letter) = ("2024-05-01 23:00:00", "2024-05-01T01:00:00");
        assert!(text.disorder(blank, letter).unwrap().contains(letter));
        assert_eq!(text.disorder(letter, blank), None);
        assert_eq!(text.disorder("2024-05-01T01:00:00.5Z", "2024-05-01T01:00:00Z"), None);
        assert_eq!(column("timestamp").disorder(blank, letter), None);
    }

    #[test]
    fn an_overlap_is_one_of_times() {
        let at = "2024-05-01T00:30:00";
        assert_eq!(column("timestamp").earlier(at, 3600).unwrap(), "2024-04-30T23:30:00");
        assert_eq!(column("text").earlier(at, 3600).unwrap(), "2024-04-30T23:30");
        assert_eq!(column("text").earlier("2024-05-01", 60).unwrap(), "2024-04-30 23:59");
        assert_eq!(column("numeric").earlier("1714521600", 3600), None);
        assert_eq!(column("timestamp").earlier(at, 0), None);
    }
}
