//! A fingerprint of what decides a table's rows: it changes when, and only when, a recomputation
//! could give something else.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 of a table's or a mart's definition: names, types, key, partition, checks and SQL, but
/// not descriptions, reasons or thresholds. In JSON all 64 hexadecimal digits, displayed the first 16.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DefinitionHash(String);

impl DefinitionHash {
    /// The hash of a definition and its SQL. Line ends and space around the SQL do not count:
    /// a checkout on another system must not recompute the lake.
    pub(crate) fn of(definition: &serde_json::Value, sql: &str) -> Self {
        let sql: Vec<&str> = sql.trim().lines().map(str::trim_end).collect();
        let mut digest = Sha256::new();
        digest.update(definition.to_string());
        digest.update([0]);
        digest.update(sql.join("\n"));
        Self(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// All 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 60 bits as a number, for places that keep numbers only. Never 0, which stands for
    /// "no definition known" there.
    pub fn as_number(&self) -> u64 {
        let digits = self.0.get(..15).unwrap_or_default();
        u64::from_str_radix(digits, 16).unwrap_or_default().max(1)
    }
}

impl fmt::Display for DefinitionHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.0.get(..16).unwrap_or(&self.0))
    }
}

/// A text that is not a definition hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a definition hash: expected 64 hexadecimal digits")]
pub struct DefinitionHashError(String);

impl TryFrom<String> for DefinitionHash {
    type Error = DefinitionHashError;

    fn try_from(text: String) -> Result<Self, DefinitionHashError> {
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(hexadecimal) {
            Ok(Self(text))
        } else {
            Err(DefinitionHashError(text))
        }
    }
}

impl From<DefinitionHash> for String {
    fn from(hash: DefinitionHash) -> String {
        hash.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn definition_and_sql_count() {
        let hash = DefinitionHash::of(&json!({"key": ["a"]}), "SELECT 1");
        assert_eq!(hash, DefinitionHash::of(&json!({"key": ["a"]}), "SELECT 1"));
        assert_ne!(hash, DefinitionHash::of(&json!({"key": ["b"]}), "SELECT 1"));
        assert_ne!(hash, DefinitionHash::of(&json!({"key": ["a"]}), "SELECT 2"));
    }

    #[test]
    fn line_ends_do_not_count() {
        let unix = DefinitionHash::of(&json!({}), "SELECT a,\n  b\n");
        assert_eq!(unix, DefinitionHash::of(&json!({}), "SELECT a,\r\n  b \r\n\r\n"));
    }

    #[test]
    fn displays_sixteen_digits_and_keeps_all_in_json() {
        let hash = DefinitionHash::of(&json!({}), "");
        assert_eq!(hash.to_string().len(), 16);
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(json.len(), 66);
        assert_eq!(serde_json::from_str::<DefinitionHash>(&json).unwrap(), hash);
        assert!(serde_json::from_str::<DefinitionHash>("\"abc\"").is_err());
    }
}
