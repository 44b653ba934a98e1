//! Names, parsed once where they enter: after that a name is known to be safe in SQL, in an
//! object key and on every file system.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::shown;

/// The most characters a name may have (the shortest limit among the readers we care about).
const MAX_LENGTH: usize = 63;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no character at all.
    #[error("a {kind} name must not be empty")]
    Empty {
        /// What was being named.
        kind: &'static str,
    },
    /// More than 63 characters.
    #[error("{kind} name `{}` has {length} characters, at most 63 are allowed", shown(.text))]
    TooLong {
        /// What was being named.
        kind: &'static str,
        /// The refused text.
        text: String,
        /// Its length in characters.
        length: usize,
    },
    /// The first character is not allowed there.
    #[error("{kind} name `{}` must start with {allowed}", shown(.text))]
    Start {
        /// What was being named.
        kind: &'static str,
        /// The refused text.
        text: String,
        /// What a first character may be.
        allowed: &'static str,
    },
    /// A character outside a-z, 0-9 and underscore.
    #[error(
        "{kind} name `{}` contains {character:?}: only a-z, 0-9 and underscore are allowed",
        shown(.text)
    )]
    Character {
        /// What was being named.
        kind: &'static str,
        /// The refused text.
        text: String,
        /// The first character that is not allowed.
        character: char,
    },
}

/// Whether a leading underscore is allowed: `_delta_log` and friends must not become folders of ours.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    Letter,
    LetterOrUnderscore,
}

fn check(kind: &'static str, start: Start, text: &str) -> Result<(), NameError> {
    let Some(first) = text.chars().next() else {
        return Err(NameError::Empty { kind });
    };
    let allowed = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '_');
    if let Some(character) = text.chars().find(|character| !allowed(*character)) {
        return Err(NameError::Character { kind, text: text.to_owned(), character });
    }
    let starts_well =
        first.is_ascii_lowercase() || (first == '_' && start == Start::LetterOrUnderscore);
    if !starts_well {
        let allowed = match start {
            Start::Letter => "a letter a-z",
            Start::LetterOrUnderscore => "a letter a-z or an underscore",
        };
        return Err(NameError::Start { kind, text: text.to_owned(), allowed });
    }
    let length = text.chars().count();
    if length > MAX_LENGTH {
        return Err(NameError::TooLong { kind, text: text.to_owned(), length });
    }
    Ok(())
}

macro_rules! name {
    ($(#[$documentation:meta])* $name:ident, $kind:literal, $start:expr) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                check($kind, $start, &text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// The name of a dataset: a folder under `datasets/`, a prefix of its tables in SQL.
    DatasetName, "dataset", Start::Letter
}
name! {
    /// The name of a table or a mart within its dataset.
    TableName, "table", Start::Letter
}
name! {
    /// The name of a column.
    ColumnName, "column", Start::LetterOrUnderscore
}
name! {
    /// The name of a source within its dataset.
    SourceName, "source", Start::Letter
}
name! {
    /// The name of an expectation, as it appears in quarantine and in run reports.
    RuleName, "rule", Start::LetterOrUnderscore
}

impl TableName {
    /// The table that alerts wait in.
    pub(crate) fn outbox() -> Self {
        Self::of_platform("outbox")
    }

    /// A name that the platform gives to a table of its own.
    pub(crate) fn of_platform(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_is_a_name() {
        for text in ["a", "nyc311", "unique_key", "a_1"] {
            assert_eq!(text.parse::<DatasetName>().unwrap().as_str(), text);
        }
        assert_eq!("_updated_at".parse::<ColumnName>().unwrap().to_string(), "_updated_at");
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        let message = |text: &str| text.parse::<TableName>().unwrap_err().to_string();
        assert_eq!(message(""), "a table name must not be empty");
        assert_eq!(message("_delta_log"), "table name `_delta_log` must start with a letter a-z");
        assert_eq!(message("1st"), "table name `1st` must start with a letter a-z");
        assert!(message("Requests").contains("'R'"));
        assert!(message("../x").contains("'.'"));
        assert!(message(&"a".repeat(64)).contains("64 characters"));
        assert!("a".repeat(63).parse::<TableName>().is_ok());
    }

    #[test]
    fn serde_checks_too() {
        assert_eq!(serde_json::to_string(&"a".parse::<RuleName>().unwrap()).unwrap(), "\"a\"");
        assert!(serde_json::from_str::<ColumnName>("\"a b\"").is_err());
    }
}
