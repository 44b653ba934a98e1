//! The parameters of a URL, sorted by what they are for.

use std::collections::BTreeMap;

use smelt_domain::shown;

use crate::{Format, QueryError};

/// Rows of a page where nothing else is asked for, and at most.
const USUAL_LIMIT: usize = 100;
const MOST_ROWS: usize = 10_000;
/// Filters of a question, values of one of them, and bytes of one value.
const MOST_FILTERS: usize = 50;
const MOST_VALUES: usize = 100;
const MOST_VALUE_BYTES: usize = 1_024;
/// Names in a list, and bytes of a cursor, which holds a value of each column of the order.
const MOST_NAMES: usize = 100;
const MOST_CURSOR_BYTES: usize = 32 * 1_024;

/// The names that are no columns.
pub(super) const RESERVED: [&str; 7] =
    ["select", "order", "group", "aggregate", "limit", "cursor", "format"];

/// What was asked, not yet compared with any table.
#[derive(Debug)]
pub(super) struct Parameters {
    /// Values by column and operator; of any name that is not reserved.
    pub(super) filters: BTreeMap<(String, String), Vec<String>>,
    pub(super) select: Option<Vec<String>>,
    pub(super) order: Option<Vec<String>>,
    pub(super) group: Option<Vec<String>>,
    pub(super) aggregate: Option<Vec<String>>,
    pub(super) limit: usize,
    pub(super) cursor: Option<String>,
    pub(super) format: Option<Format>,
}

impl Parameters {
    pub(super) fn read<Name, Text>(
        parameters: impl IntoIterator<Item = (Name, Text)>,
    ) -> Result<Self, QueryError>
    where
        Name: AsRef<str>,
        Text: AsRef<str>,
    {
        let mut read = Self {
            filters: BTreeMap::new(),
            select: None,
            order: None,
            group: None,
            aggregate: None,
            limit: USUAL_LIMIT,
            cursor: None,
            format: None,
        };
        let mut limit = None;
        let mut format = None;
        for (name, text) in parameters {
            let (name, text) = (name.as_ref(), text.as_ref());
            match name {
                "select" => read_names(name, text, &mut read.select)?,
                "order" => read_names(name, text, &mut read.order)?,
                "group" => read_names(name, text, &mut read.group)?,
                "aggregate" => read_names(name, text, &mut read.aggregate)?,
                "limit" => read_once(name, text, MOST_VALUE_BYTES, &mut limit)?,
                "cursor" => read_once(name, text, MOST_CURSOR_BYTES, &mut read.cursor)?,
                "format" => read_once(name, text, MOST_VALUE_BYTES, &mut format)?,
                _ => read.filter(name, text)?,
            }
        }
        if let Some(limit) = limit {
            read.limit = parse_limit(&limit)?;
        }
        if let Some(format) = format {
            read.format = Some(parse_format(&format)?);
        }
        Ok(read)
    }

    fn filter(&mut self, name: &str, text: &str) -> Result<(), QueryError> {
        // A parameter may be as long as a URL; what is stored of it, and told, may not.
        if name.len() > MOST_VALUE_BYTES {
            return Err(too_long(name, "the name of a column and an operator", name));
        }
        if text.len() > MOST_VALUE_BYTES {
            return Err(too_long(name, &format!("at most {MOST_VALUE_BYTES} bytes"), text));
        }
        let (column, operator) = name.split_once('.').unwrap_or((name, "eq"));
        let place = (column.to_owned(), operator.to_owned());
        if !self.filters.contains_key(&place) && self.filters.len() == MOST_FILTERS {
            return Err(QueryError::OutOfRange {
                parameter: shown(name),
                expected: format!("at most {MOST_FILTERS} filters"),
                value: "one more".to_owned(),
            });
        }
        let values = self.filters.entry(place).or_default();
        if operator == "in" {
            values.extend(text.split(',').map(str::to_owned));
        } else {
            values.push(text.to_owned());
        }
        if values.len() > MOST_VALUES {
            return Err(QueryError::OutOfRange {
                parameter: shown(name),
                expected: format!("at most {MOST_VALUES} values"),
                value: values.len().to_string(),
            });
        }
        Ok(())
    }
}

/// Adds the names of `a,b` to a list.
fn read_names(name: &str, text: &str, list: &mut Option<Vec<String>>) -> Result<(), QueryError> {
    let list = list.get_or_insert_default();
    for item in text.split(',').map(str::trim) {
        if item.is_empty() {
            return Err(QueryError::WrongType {
                parameter: name.to_owned(),
                expected: "names with a comma between them".to_owned(),
                value: format!("`{}`", shown(text)),
            });
        }
        if list.len() == MOST_NAMES {
            return Err(QueryError::OutOfRange {
                parameter: name.to_owned(),
                expected: format!("at most {MOST_NAMES} names"),
                value: "one more".to_owned(),
            });
        }
        list.push(item.to_owned());
    }
    Ok(())
}

fn read_once(
    name: &str,
    text: &str,
    most_bytes: usize,
    place: &mut Option<String>,
) -> Result<(), QueryError> {
    if place.is_some() {
        return Err(QueryError::Contradiction {
            parameter: name.to_owned(),
            problem: "given twice; give it once".to_owned(),
        });
    }
    if text.len() > most_bytes {
        return Err(too_long(name, &format!("at most {most_bytes} bytes"), text));
    }
    *place = Some(text.to_owned());
    Ok(())
}

fn parse_limit(text: &str) -> Result<usize, QueryError> {
    let expected = format!("a number from 1 to {MOST_ROWS}");
    let value = format!("`{}`", shown(text));
    let parameter = "limit".to_owned();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(QueryError::WrongType { parameter, expected, value });
    }
    match text.parse() {
        Ok(limit) if (1..=MOST_ROWS).contains(&limit) => Ok(limit),
        _ => Err(QueryError::OutOfRange { parameter, expected, value }),
    }
}

fn parse_format(text: &str) -> Result<Format, QueryError> {
    text.parse().map_err(|_| QueryError::WrongType {
        parameter: "format".to_owned(),
        expected: format!("one of {}", Format::ALL.map(Format::as_str).join(", ")),
        value: format!("`{}`", shown(text)),
    })
}

fn too_long(name: &str, expected: &str, text: &str) -> QueryError {
    QueryError::OutOfRange {
        parameter: shown(name),
        expected: expected.to_owned(),
        value: format!("{} bytes", text.len()),
    }
}
