//! What a good silver row looks like, and what happens to one that does not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ColumnName, RuleName};

/// A rule that every row of a silver table should keep.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Its name, unique within the table.
    pub rule: RuleName,
    /// What is checked.
    pub check: Check,
    /// What happens to a row that fails.
    pub on_violation: OnViolation,
    /// What is wrong with such a row, for the person who finds it in quarantine.
    pub reason: String,
}

/// What an expectation checks. A null passes every check but `NotNull`.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// The column has a value.
    NotNull(ColumnName),
    /// The number lies between the bounds, both included.
    Range {
        /// A numeric column.
        column: ColumnName,
        /// The least good value, if there is one.
        min: Option<f64>,
        /// The greatest good value, if there is one.
        max: Option<f64>,
    },
    /// The text is one of these.
    AcceptedValues {
        /// A text column.
        column: ColumnName,
        /// The good values.
        values: Vec<String>,
    },
    /// The whole text matches a regular expression.
    Pattern {
        /// A text column.
        column: ColumnName,
        /// The expression, in the syntax that Rust's `regex` and RE2 share.
        regex: String,
    },
    /// The JSON object fits the schema of its kind. A kind without a schema passes.
    JsonSchema {
        /// A text column that holds JSON.
        column: ColumnName,
        /// The text column that says of which kind the row is.
        by: ColumnName,
        /// The properties of each kind.
        schemas: BTreeMap<String, Vec<JsonProperty>>,
    },
    /// A SQL condition that is true or null for a good row. A silver column is named plainly,
    /// a source column as `bronze.<column>`.
    Sql(String),
}

/// A property that a JSON object of a kind should have. Others may be there as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonProperty {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub json_type: JsonType,
    /// Whether an object without it does not fit.
    pub required: bool,
}

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonType {
    /// A string.
    Text,
    /// Any number.
    Number,
    /// A number without a fraction.
    Integer,
    /// True or false.
    Boolean,
    /// An object.
    Object,
    /// An array.
    List,
}

impl JsonType {
    /// All types, as written in `dataset.yaml`.
    pub const ALL: [(&str, Self); 6] = [
        ("text", Self::Text),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("object", Self::Object),
        ("list", Self::List),
    ];

    /// Whether a value has this type; null has none.
    pub fn fits(self, value: &serde_json::Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => {
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
            }
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
        }
    }
}

/// The function that [`Expectation::predicate`] calls for [`Check::JsonSchema`]: the JSON, the
/// kind, and the schemas of all kinds as JSON.
pub const FITS_JSON_SCHEMA: &str = "fits_json_schema";

/// What happens to a row that fails an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnViolation {
    /// The row is kept and counted.
    Warn,
    /// The row goes to quarantine.
    Reject,
    /// The run stops and nothing of it is committed.
    Fail,
}

impl OnViolation {
    /// As written in `dataset.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            OnViolation::Warn => "warn",
            OnViolation::Reject => "reject",
            OnViolation::Fail => "fail",
        }
    }
}

impl Expectation {
    /// SQL that is true for a good row and false for a bad one, never null; portable,
    /// except that an engine has to know [`FITS_JSON_SCHEMA`].
    pub fn predicate(&self) -> String {
        match &self.check {
            Check::NotNull(_) => self.condition(),
            _ => format!("COALESCE(({}), TRUE)", self.condition()),
        }
    }

    /// What the predicate is made of: true or null for a good row, false for a bad one.
    pub fn condition(&self) -> String {
        match &self.check {
            Check::NotNull(column) => format!("{column} IS NOT NULL"),
            Check::Range { column, min, max } => {
                let above = min.map(|min| format!("{column} >= {min}"));
                let below = max.map(|max| format!("{column} <= {max}"));
                match [above, below].into_iter().flatten().collect::<Vec<_>>().as_slice() {
                    [] => "TRUE".to_owned(),
                    bounds => bounds.join(" AND "),
                }
            }
            Check::AcceptedValues { column, values } => {
                let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
                format!("{column} IN ({})", values.join(", "))
            }
            // Anchored, because some engines match `~` anywhere in the text and some the whole of it.
            Check::Pattern { column, regex } => {
                format!("{column} ~ {}", literal(&format!("^(?:{regex})$")))
            }
            Check::JsonSchema { column, by, schemas } => {
                let schemas = serde_json::to_string(schemas).unwrap_or_default();
                format!("{FITS_JSON_SCHEMA}({column}, {by}, {})", literal(&schemas))
            }
            // The line break ends a comment that the text may end with.
            Check::Sql(sql) => format!("{}\n", sql.trim()),
        }
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicate(check: Check) -> String {
        Expectation {
            rule: "a_rule".parse().unwrap(),
            check,
            on_violation: OnViolation::Warn,
            reason: String::new(),
        }
        .predicate()
    }

    fn column() -> ColumnName {
        "c".parse().unwrap()
    }

    #[test]
    fn every_check_as_sql() {
        assert_eq!(predicate(Check::NotNull(column())), "c IS NOT NULL");
        let range = |min, max| predicate(Check::Range { column: column(), min, max });
        assert_eq!(range(Some(-74.3), Some(1.0)), "COALESCE((c >= -74.3 AND c <= 1), TRUE)");
        assert_eq!(range(None, Some(0.5)), "COALESCE((c <= 0.5), TRUE)");
        let values = vec!["a".to_owned(), "it's".to_owned()];
        assert_eq!(
            predicate(Check::AcceptedValues { column: column(), values }),
            "COALESCE((c IN ('a', 'it''s')), TRUE)"
        );
        let regex = "[0-9]{5}|n'a".to_owned();
        assert_eq!(
            predicate(Check::Pattern { column: column(), regex }),
            "COALESCE((c ~ '^(?:[0-9]{5}|n''a)$'), TRUE)"
        );
        assert_eq!(
            predicate(Check::Sql("a > b OR bronze.c IS NULL -- why".to_owned())),
            "COALESCE((a > b OR bronze.c IS NULL -- why\n), TRUE)"
        );
    }
}
