//! How the values of a dump differ from the same values in a page: a dump is written by COPY, a page
//! by the JSON functions of PostgreSQL.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::text_of;

/// How the values of a column are written in a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// With the same letters as in a page.
    AsInPages,
    /// `t` or `f`.
    Boolean,
    /// As JSON, null included.
    Json,
    /// `2024-05-01 12:30:00+02`.
    ZonedTime,
}

impl Written {
    /// By the type that the datastore gives its column.
    pub(super) fn of_type(name: &str) -> Self {
        match name {
            "bool" | "boolean" => Self::Boolean,
            "timestamptz" | "timestamp with time zone" => Self::ZonedTime,
            "json" | "jsonb" | "nested" => Self::Json,
            array if array.starts_with('_') || array.ends_with("[]") => Self::Json,
            _ => Self::AsInPages,
        }
    }

    /// The text that the value has in a page; `None` for null. What is not written as its column
    /// promises stays as it is.
    pub(super) fn in_pages(self, text: &str) -> Option<Cow<'_, str>> {
        match (self, text) {
            (Self::Boolean, "t") => Some(Cow::Borrowed("true")),
            (Self::Boolean, "f") => Some(Cow::Borrowed("false")),
            (Self::Json, json) => match serde_json::from_str::<&RawValue>(json) {
                Ok(value) => text_of(value.get()).unwrap_or(Some(Cow::Borrowed(json))),
                Err(_) => Some(Cow::Borrowed(json)),
            },
            (Self::ZonedTime, time) => Some(iso_time(time)),
            (Self::AsInPages | Self::Boolean, text) => Some(Cow::Borrowed(text)),
        }
    }
}

/// `2024-05-01 12:30:00.25+02` as `2024-05-01T12:30:00.25+02:00`.
fn iso_time(text: &str) -> Cow<'_, str> {
    let (moment, era) = match text.strip_suffix(" BC") {
        Some(moment) => (moment, " BC"),
        None => (text, ""),
    };
    let Some((date, clock)) = moment.split_once(' ') else { return Cow::Borrowed(text) };
    let offset = clock.find(['+', '-']).and_then(|start| clock.get(start + 1..));
    let minutes = if offset.is_some_and(|offset| offset.len() == 2) { ":00" } else { "" };
    Cow::Owned(format!("{date}T{clock}{minutes}{era}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_as_pages_tell_them() {
        for (kind, dumped, page) in [
            ("text", "t", Some("t")),
            ("numeric", "12.50", Some("12.50")),
            ("timestamp", "2024-05-01T00:00:00", Some("2024-05-01T00:00:00")),
            ("bool", "t", Some("true")),
            ("bool", "f", Some("false")),
            ("_text", r#"["Princess Anna","a, b"]"#, Some(r#"["Princess Anna","a, b"]"#)),
            ("_text", "null", None),
            ("int4[]", "[1, 2]", Some("[1,2]")),
            ("json", r#"{"a": ["b", null]}"#, Some(r#"{"a":["b",null]}"#)),
            ("json", r#""say \"a\"""#, Some("say \"a\"")),
            ("json", "\"", Some("\"")),
            ("json", "no json", Some("no json")),
            ("nested", "null", None),
            ("timestamptz", "2024-05-01 12:30:00+00", Some("2024-05-01T12:30:00+00:00")),
            ("timestamptz", "2024-05-01 12:30:00.25-03:30", Some("2024-05-01T12:30:00.25-03:30")),
            ("timestamptz", "infinity", Some("infinity")),
            ("timestamptz", "0044-03-15 00:00:00+00 BC", Some("0044-03-15T00:00:00+00:00 BC")),
        ] {
            assert_eq!(Written::of_type(kind).in_pages(dumped).as_deref(), page, "{kind} {dumped}");
        }
    }
}
