//! What is wrong with a body or with parameters that could not be read, in words for whoever sent them:
//! which field, what was expected, what came.
//!
//! serde tells it in the words of Rust ("invalid type: map, expected a string"), as a text only. Its forms
//! are few and fixed; one that is not known here says which field it is about, and no more.

use std::fmt::Display;

use serde_json::error::Category;
use serde_path_to_error::{Error, Path};
use smelt_domain::shown;

/// What is wrong with a body.
pub(crate) fn body(error: &Error<serde_json::Error>) -> String {
    let cause = error.inner();
    let (line, column) = (cause.line(), cause.column());
    match cause.classify() {
        Category::Data => {
            let said = cause.to_string();
            let place = format!(" at line {line} column {column}");
            told(error.path(), "the body", said.strip_suffix(&place).unwrap_or(&said))
        }
        Category::Eof => "the body is no JSON: it ends too early".to_owned(),
        Category::Syntax | Category::Io => syntax(line, column),
    }
}

/// What is wrong with a body that is no JSON there.
pub(crate) fn syntax(line: usize, column: usize) -> String {
    format!("the body is no JSON: it cannot be read at line {line}, column {column}")
}

/// What is wrong with the parameters behind the question mark.
pub(crate) fn parameters<E: Display>(error: &Error<E>) -> String {
    told(error.path(), "the parameters", &error.inner().to_string())
}

/// What serde said about the value at a place, in our words.
fn told(path: &Path, whole: &str, said: &str) -> String {
    if let Some(name) = between(said, "missing field `", "`") {
        return format!("`{name}` is missing");
    }
    if let Some(name) = between(said, "duplicate field `", "`") {
        return format!("`{name}` is given twice; give it once");
    }
    if let Some(name) = between(said, "unknown field `", "`, there are no fields") {
        return format!("`{}` is not known here; this takes no parameters", shown(name));
    }
    // What was sent may contain anything, what was expected does not.
    let (found, expected) = said.rsplit_once(", expected ").unwrap_or((said, ""));
    if let Some(name) = between(found, "unknown field `", "`") {
        return format!("`{}` is not known here; expected {expected}", shown(name));
    }
    let place = match path.to_string() {
        place if place == "." => whole.to_owned(),
        place => format!("`{}`", shown(&place)),
    };
    if let Some(variant) = between(found, "unknown variant `", "`") {
        return format!("{place}: expected {expected}, got `{}`", shown(variant));
    }
    let found = ["invalid type: ", "invalid value: "].iter().find_map(|it| found.strip_prefix(it));
    if let Some(found) = found {
        return match expectation(expected) {
            Some(expected) => format!("{place}: expected {expected}, got {}", value(found)),
            None => format!("{place}: {} is not expected here", value(found)),
        };
    }
    // Numbers of parameters are read as texts.
    if said.contains("digit found") || said.contains("integer") || said.starts_with("number too") {
        return format!("{place}: expected {WHOLE_NUMBER}");
    }
    format!("{place} cannot be read; /docs says what is expected")
}

const WHOLE_NUMBER: &str = "a whole number, 0 or more";

/// What was expected, from what serde calls it.
fn expectation(expected: &str) -> Option<&'static str> {
    Some(match expected {
        "a string" => "a text",
        "u64" | "usize" => WHOLE_NUMBER,
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ => return None,
    })
}

/// A value that was sent, from what serde calls it.
fn value(found: &str) -> String {
    let quoted = |start: &str, end: &str| between(found, start, end).map(shown);
    match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" => "null".to_owned(),
        _ => quoted("string \"", "\"")
            .map(|text| format!("the text `{text}`"))
            .or_else(|| quoted("integer `", "`").map(|number| format!("`{number}`")))
            .or_else(|| quoted("floating point `", "`").map(|number| format!("`{number}`")))
            .or_else(|| quoted("boolean `", "`").map(|truth| format!("`{truth}`")))
            .unwrap_or_else(|| "something else".to_owned()),
    }
}

/// The text between a start and an end, if that is all there is.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use url::form_urlencoded;

    use super::*;
    use crate::ports::RefreshMode;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong is looked at")]
    struct Sent {
        name: String,
        bytes: Option<u64>,
        mode: Option<RefreshMode>,
        rows: Option<Vec<BTreeMap<String, String>>>,
    }

    fn of_body(text: &str) -> String {
        let reader = &mut serde_json::Deserializer::from_str(text);
        body(&serde_path_to_error::deserialize::<_, Sent>(reader).unwrap_err())
    }

    #[test]
    fn bodies_are_told_by_field_expectation_and_value() {
        for (text, expected) in [
            ("{}", "`name` is missing"),
            (r#"{"name": "a", "name": "b"}"#, "`name` is given twice; give it once"),
            (
                r#"{"size": 1}"#,
                "`size` is not known here; expected one of `name`, `bytes`, `mode`, `rows`",
            ),
            (r#"{"name": {}}"#, "`name`: expected a text, got an object"),
            (r#"{"name": 5}"#, "`name`: expected a text, got `5`"),
            (r#"{"name": null}"#, "`name`: expected a text, got null"),
            (
                r#"{"bytes": "ten, expected u64"}"#,
                "`bytes`: expected a whole number, 0 or more, got the text `ten, expected u64`",
            ),
            (r#"{"bytes": -1}"#, "`bytes`: expected a whole number, 0 or more, got `-1`"),
            (r#"{"bytes": 1.5}"#, "`bytes`: expected a whole number, 0 or more, got `1.5`"),
            (r#"{"mode": "all"}"#, "`mode`: expected `incremental` or `full`, got `all`"),
            (r#"{"mode": 5}"#, "`mode`: expected a text, got `5`"),
            (r#"{"mode": {"full": null}}"#, "`mode`: expected a text, got an object"),
            (r#"{"rows": true}"#, "`rows`: expected a list, got `true`"),
            (r#"{"rows": [{"a": [1]}]}"#, "`rows[0].a`: expected a text, got a list"),
            (r#"{"rows": [5]}"#, "`rows[0]`: expected an object, got `5`"),
            ("5", "the body: expected an object, got `5`"),
            ("{\"name\":", "the body is no JSON: it ends too early"),
            ("{\n name}", "the body is no JSON: it cannot be read at line 2, column 2"),
        ] {
            assert_eq!(of_body(text), expected, "{text}");
        }
    }

    #[test]
    fn what_was_sent_is_shown_cut() {
        let long = "x".repeat(10_000);
        for text in [
            format!(r#"{{"{long}": 1}}"#),
            format!(r#"{{"bytes": "{long}"}}"#),
            format!(r#"{{"mode": "{long}"}}"#),
            format!(r#"{{"rows": [{{"{long}": []}}]}}"#),
        ] {
            let told = of_body(&text);
            assert!(told.len() < 250 && told.contains("xxx…"), "{told}");
        }
    }

    #[test]
    fn parameters_are_told_alike() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only what is wrong is looked at")]
        struct Asked {
            table: Option<String>,
            limit: Option<usize>,
        }
        for (text, expected) in [
            ("limit=many", "`limit`: expected a whole number, 0 or more"),
            ("limit=-1", "`limit`: expected a whole number, 0 or more"),
            ("limit=", "`limit`: expected a whole number, 0 or more"),
            ("limit=99999999999999999999", "`limit`: expected a whole number, 0 or more"),
            ("limit=1&limit=2", "`limit` is given twice; give it once"),
            ("limt=1", "`limt` is not known here; expected `table` or `limit`"),
        ] {
            let reader =
                serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
            let error = serde_path_to_error::deserialize::<_, Asked>(reader).unwrap_err();
            assert_eq!(parameters(&error), expected, "{text}");
        }
    }
}
