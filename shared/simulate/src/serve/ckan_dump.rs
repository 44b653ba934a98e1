//! The dump of a resource as CKAN gives it: a header written by Python, rows written by PostgreSQL.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::Formatter;

use super::ckan::{Arguments, Portal, ROW_NUMBER};
use super::value::{Column, ColumnKind, Row};

/// Rows that are written at once.
const ROWS_AT_ONCE: usize = 32_000;

pub(super) async fn dump(
    State(portal): State<Arc<Portal>>,
    Path(resource): Path<String>,
    arguments: Arguments,
    headers: HeaderMap,
) -> Result<Response, PageOfError> {
    let asked = Asked::read(&arguments)?;
    // Who may not read a resource is not told that it is there.
    if !portal.lets_in(&headers) {
        return Err(PageOfError::not_found());
    }
    let limit = [asked.limit, portal.most_dump_rows].into_iter().flatten().min();
    let mut resources = portal.resources();
    let rows = portal.page(&mut resources, &resource, |resource| {
        resource.rows_from(asked.offset, limit, Some(ROW_NUMBER))
    });
    let rows = rows.map_err(|_| PageOfError::not_found())?;
    let resource = resources.get(&resource).ok_or_else(PageOfError::not_found)?;
    let columns = resource.all_columns();
    let mut parts = vec![Ok::<Bytes, io::Error>(Bytes::from(first_line(&columns, asked.bom)))];
    parts.extend(rows.chunks(ROWS_AT_ONCE).map(|rows| Ok(Bytes::from(lines(&columns, rows)))));
    let disposition = format!("attachment; filename=\"{}.csv\"", resource.id);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, &disposition),
    ];
    Ok((headers, Body::from_stream(stream::iter(parts))).into_response())
}

/// What is asked for, as far as it is simulated.
struct Asked {
    offset: usize,
    limit: Option<usize>,
    bom: bool,
}

impl Asked {
    fn read(arguments: &Arguments) -> Result<Self, PageOfError> {
        let mut asked = Self { offset: 0, limit: None, bom: false };
        for (name, value) in &arguments.0 {
            let number = || value.parse().map_err(|_| PageOfError::invalid(name));
            match (name.as_str(), value.as_str()) {
                ("offset", _) => asked.offset = number()?,
                ("limit", _) => asked.limit = Some(number()?),
                ("bom", "true" | "True" | "1") => asked.bom = true,
                ("bom", "false" | "False" | "0") | ("format", "csv") | ("sort", ROW_NUMBER) => {}
                _ => return Err(PageOfError::invalid(name)),
            }
        }
        Ok(asked)
    }
}

fn first_line(columns: &[Column], bom: bool) -> String {
    let names: Vec<String> = columns.iter().map(|column| field(Some(&column.name))).collect();
    format!("{}{}\r\n", if bom { "\u{feff}" } else { "" }, names.join(","))
}

fn lines(columns: &[Column], rows: &[Row]) -> String {
    let line = |row: &Row| {
        let value = |column: &Column| {
            let value = row.get(&column.name).unwrap_or(&Value::Null);
            field(text(column.kind, value).as_deref())
        };
        columns.iter().map(value).collect::<Vec<_>>().join(",") + "\n"
    };
    rows.iter().map(line).collect()
}

/// A field: nothing for null, quoted where it would be misread, an empty text among them.
fn field(text: Option<&str>) -> String {
    match text {
        None => String::new(),
        Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(text) => text.to_owned(),
    }
}

/// A value in the way of COPY; `None` for null.
fn text(kind: ColumnKind, value: &Value) -> Option<String> {
    match (kind, value) {
        // CKAN turns lists into JSON before they are copied, null among them.
        (ColumnKind::List, value) => Some(value.to_string()),
        (_, Value::Null) => None,
        (ColumnKind::Json, value) => Some(as_it_was_given(value)),
        (ColumnKind::Boolean, Value::Bool(value)) => {
            Some(if *value { "t" } else { "f" }.to_owned())
        }
        (ColumnKind::ZonedTime, Value::String(time)) => {
            let time = time.replacen('T', " ", 1);
            Some(time.strip_suffix(":00").unwrap_or(&time).to_owned())
        }
        (_, Value::String(text)) => Some(text.clone()),
        (_, other) => Some(other.to_string()),
    }
}

/// JSON as Python wrote it into the database, which keeps it.
fn as_it_was_given(value: &Value) -> String {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut text, WithBlanks);
    // Writing JSON into memory does not fail.
    let _ = value.serialize(&mut writer);
    String::from_utf8_lossy(&text).into_owned()
}

/// Blanks behind commas and colons.
struct WithBlanks;

impl Formatter for WithBlanks {
    fn begin_array_value<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }
}

/// An error for people: a page in HTML.
#[derive(Debug)]
pub(super) struct PageOfError {
    status: StatusCode,
    text: String,
}

impl PageOfError {
    fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, text: "DataStore resource not found".to_owned() }
    }

    fn invalid(argument: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: format!("{argument}: Invalid value") }
    }
}

impl IntoResponse for PageOfError {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (self.status, headers, format!("<!DOCTYPE html>\n<h1>{}</h1>\n", self.text)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_the_database_copies_them() {
        for (kind, value, expected) in [
            (ColumnKind::Text, json!(null), ""),
            (ColumnKind::Text, json!(""), "\"\""),
            (ColumnKind::Text, json!(" a "), " a "),
            (ColumnKind::Text, json!("say \"a\", b"), "\"say \"\"a\"\", b\""),
            (ColumnKind::Text, json!("two\nlines"), "\"two\nlines\""),
            (ColumnKind::Number, json!(12.5), "12.5"),
            (ColumnKind::Boolean, json!(true), "t"),
            (ColumnKind::Boolean, json!(null), ""),
            (ColumnKind::List, json!(["a", "e"]), "\"[\"\"a\"\",\"\"e\"\"]\""),
            (ColumnKind::List, json!(null), "null"),
            (ColumnKind::Json, json!(["b", {"m": "x"}]), "\"[\"\"b\"\", {\"\"m\"\": \"\"x\"\"}]\""),
            (ColumnKind::ZonedTime, json!("2024-05-01T12:30:00+02:00"), "2024-05-01 12:30:00+02"),
        ] {
            assert_eq!(field(text(kind, &value).as_deref()), expected, "{value}");
        }
    }

    #[test]
    fn the_header_ends_as_python_ends_lines() {
        let columns =
            [Column::new("_id", ColumnKind::Number), Column::new("a,b", ColumnKind::Text)];
        assert_eq!(first_line(&columns, false), "_id,\"a,b\"\r\n");
        assert_eq!(first_line(&columns, true), "\u{feff}_id,\"a,b\"\r\n");
    }
}
