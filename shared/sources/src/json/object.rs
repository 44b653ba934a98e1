//! One JSON object as its fields, each value as the text it is loaded as.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A key and its value as text; `None` stands for null.
pub(super) type ObjectField<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// The fields of the object that is all of `text`, in order, or why it is none.
pub(super) fn parse(text: &str) -> Result<Vec<ObjectField<'_>>, String> {
    if !text.starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_str::<Object<'_>>(text).map(|object| object.0).map_err(|error| {
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        format!(
            "not valid JSON: {what} at line {}, column {} of the record",
            error.line(),
            error.column()
        )
    })
}

struct Object<'a>(Vec<ObjectField<'a>>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(16);
        while let Some(Key(key)) = map.next_key()? {
            let value = map.next_value::<&RawValue>()?;
            let text = text_of(value.get()).map_err(|error| {
                de::Error::custom(format_args!("the string of {key:?} cannot be decoded ({error})"))
            })?;
            fields.push((key, text));
        }
        Ok(Object(fields))
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

/// The text of one valid JSON value as written, without blanks around it; only strings are decoded
/// and only nested values compacted.
pub(crate) fn text_of(raw: &str) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    Ok(match raw.as_bytes().first() {
        Some(b'n') => None,
        Some(b'"') if memchr::memchr(b'\\', raw.as_bytes()).is_some() => {
            Some(serde_json::from_str(raw)?)
        }
        Some(b'"') => Some(Cow::Borrowed(&raw[1..raw.len() - 1])),
        Some(b'{' | b'[') => Some(compact(raw)),
        _ => Some(Cow::Borrowed(raw)),
    })
}

/// Valid JSON without the blanks between its parts; everything else stays as written.
fn compact(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let (mut in_string, mut escaped) = (false, false);
    for letter in raw.chars() {
        if !in_string && letter.is_ascii_whitespace() {
            continue;
        }
        in_string ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        text.push(letter);
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<(String, Option<String>)> {
        parse(text)
            .unwrap()
            .into_iter()
            .map(|(key, value)| (key.into_owned(), value.map(Cow::into_owned)))
            .collect()
    }

    #[test]
    fn values_are_texts_as_written() {
        let object = r#" {"s": "a", "n":10032.0, "e": 1E+2, "big":123456789012345678901234567890, "t":true,
            "f":false, "z": null, "u":"caf\u00e9 \"x\"", "o": { "a" : [ 1, "b c\\\" d" ] }, "empty":"", "k\"":1} "#;
        let expected = [
            ("s", Some("a")),
            ("n", Some("10032.0")),
            ("e", Some("1E+2")),
            ("big", Some("123456789012345678901234567890")),
            ("t", Some("true")),
            ("f", Some("false")),
            ("z", None),
            ("u", Some("café \"x\"")),
            ("o", Some(r#"{"a":[1,"b c\\\" d"]}"#)),
            ("empty", Some("")),
            ("k\"", Some("1")),
        ];
        let expected: Vec<_> =
            expected.map(|(key, value)| (key.to_owned(), value.map(str::to_owned))).into();
        assert_eq!(fields(object.trim()), expected);
    }

    #[test]
    fn what_is_no_object_says_why() {
        assert_eq!(parse("[1]").unwrap_err(), "not a JSON object");
        assert_eq!(parse("").unwrap_err(), "not a JSON object");
        assert!(
            parse("{\"a\":1")
                .unwrap_err()
                .starts_with("not valid JSON: EOF while parsing an object")
        );
        assert!(
            parse("{\"a\":1} x").unwrap_err().starts_with("not valid JSON: trailing characters")
        );
        assert!(parse(r#"{"a":"\ud800"}"#).is_err());
        assert!(parse("{'a':1}").is_err());
    }
}
