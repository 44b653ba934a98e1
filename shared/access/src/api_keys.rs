//! API keys, for machines that cannot log in.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Role, RoleError};

/// The header with the key.
pub const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// Characters of a role that is none: fewer than a hash has, which may have slipped in there.
const MOST_SHOWN: usize = 20;

/// The SHA-256 of a key: all that is kept of it. Keys are random (`openssl rand -hex 32`), so a slow hash
/// as for passwords would add nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiKeyHash([u8; 32]);

/// The keys that are known.
#[derive(Debug, Clone, Default)]
pub struct ApiKeys(Vec<ApiKey>);

#[derive(Debug, Clone)]
struct ApiKey {
    name: String,
    hash: ApiKeyHash,
    role: Role,
}

/// Why a text is no list of keys. It names entries by their place and name, and shows no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeysError {
    /// It is no list of objects of this form.
    #[error(
        r#"the list of API keys is not `[{{"name": "…", "sha256": "…", "role": "reader"}}]`, near line {line}, column {column}"#
    )]
    NoList {
        /// Where it breaks off.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// An entry without a name.
    #[error("API key {number} of the list has no name: give it one, it is what logs say")]
    NoName {
        /// Its place, from 1.
        number: usize,
    },
    /// A role that is none.
    #[error("the API key `{name}` has the role `{role}`: {}", RoleError)]
    NoRole {
        /// The name of the key.
        name: String,
        /// What stands there, cut.
        role: String,
    },
    /// A hash that is none.
    #[error(
        "`sha256` of the API key `{name}` is not 64 hexadecimal digits: `printf %s KEY | sha256sum` makes them"
    )]
    NoHash {
        /// The name of the key.
        name: String,
    },
    /// Two entries of one name.
    #[error("there are two API keys `{name}`: logs could not tell them apart")]
    SameName {
        /// Their name.
        name: String,
    },
    /// Two entries with the same key.
    #[error("the API key `{name}` has the same key as another: make a new one")]
    SameKey {
        /// The second one.
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    role: String,
}

impl ApiKeyHash {
    /// Of a key.
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }
}

impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKeyHash(…)")
    }
}

impl fmt::Display for ApiKeyHash {
    /// The 64 digits, for the list of keys.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl ApiKeys {
    /// A list: `[{"name": "nightly export", "sha256": "<64 digits>", "role": "reader"}]`.
    pub fn parse(json: &str) -> Result<Self, ApiKeysError> {
        let entries: Vec<Entry> = serde_json::from_str(json)
            .map_err(|error| ApiKeysError::NoList { line: error.line(), column: error.column() })?;
        let mut names = BTreeSet::new();
        let mut hashes = BTreeSet::new();
        let mut keys = Vec::with_capacity(entries.len());
        for (index, Entry { name, sha256, role }) in entries.into_iter().enumerate() {
            if name.trim().is_empty() {
                return Err(ApiKeysError::NoName { number: index + 1 });
            }
            let Ok(role) = role.parse::<Role>() else {
                let role = role.chars().take(MOST_SHOWN).collect();
                return Err(ApiKeysError::NoRole { name, role });
            };
            let Some(hash) = parse_hash(&sha256) else { return Err(ApiKeysError::NoHash { name }) };
            if !names.insert(name.clone()) {
                return Err(ApiKeysError::SameName { name });
            }
            if !hashes.insert(hash.clone()) {
                return Err(ApiKeysError::SameKey { name });
            }
            keys.push(ApiKey { name, hash, role });
        }
        Ok(Self(keys))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name and role of the key that a request shows. Every key is compared to its end, so that time
    /// tells nothing of them.
    pub(crate) fn find(&self, shown: &HeaderValue) -> Option<(&str, Role)> {
        let hash = ApiKeyHash::of(shown.as_bytes());
        let equals = |key: &&ApiKey| bool::from(key.hash.0.ct_eq(&hash.0));
        let found = self.0.iter().filter(equals).fold(None, |_, key| Some(key))?;
        Some((&found.name, found.role))
    }
}

impl FromStr for ApiKeys {
    type Err = ApiKeysError;

    fn from_str(json: &str) -> Result<Self, ApiKeysError> {
        Self::parse(json)
    }
}

fn parse_hash(digits: &str) -> Option<ApiKeyHash> {
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? * 16 + hex_digit(pair[1])?;
    }
    Some(ApiKeyHash(hash))
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(name: &str, key: &str, role: &str) -> String {
        let hash = ApiKeyHash::of(key.as_bytes());
        format!(r#"{{"name": "{name}", "sha256": "{hash}", "role": "{role}"}}"#)
    }

    fn shown(key: &str) -> HeaderValue {
        HeaderValue::from_str(key).unwrap()
    }

    #[test]
    fn a_key_is_found_by_its_hash() {
        let list =
            format!("[{}, {}]", entry("export", "one", "reader"), entry("load", "two", "operator"));
        let keys = ApiKeys::parse(&list).unwrap();
        assert_eq!(keys.find(&shown("one")), Some(("export", Role::Reader)));
        assert_eq!(keys.find(&shown("two")), Some(("load", Role::Operator)));
        for unknown in ["", "three", "One", "one "] {
            assert_eq!(keys.find(&shown(unknown)), None, "{unknown}");
        }
        let hash = ApiKeyHash::of(b"one").to_string();
        assert_eq!(keys.find(&shown(&hash)), None, "the hash is not the key");
    }

    #[test]
    fn the_hash_is_what_sha256sum_prints() {
        let printed = "8ab63e29a4ba14e4e1688f9c15e5af90895421358c945b0431f85d66977bd3d2";
        assert_eq!(ApiKeyHash::of(b"one two").to_string(), printed);
    }

    #[test]
    fn a_list_that_is_wrong_is_refused_without_showing_a_hash() {
        let error = |list: &str| ApiKeys::parse(list).unwrap_err().to_string();
        assert!(error("{}").contains("line 1, column"), "{}", error("{}"));
        let no_role = entry("export", "one", "root");
        let message = error(&format!("[{no_role}]"));
        let roles = "a role is reader, uploader, operator or admin";
        assert_eq!(message, format!("the API key `export` has the role `root`: {roles}"));
        let hash = ApiKeyHash::of(b"one").to_string();
        assert!(!error(&format!("[{}]", entry("export", "one", &hash))).contains(&hash));
        let (one, other) = (entry("a", "one", "reader"), entry("a", "two", "reader"));
        assert!(error(&format!("[{one}, {other}]")).contains("two API keys `a`"));
        let again = entry("b", "one", "admin");
        let message = error(&format!("[{one}, {again}]"));
        assert_eq!(message, "the API key `b` has the same key as another: make a new one");
        let nameless = entry(" ", "one", "reader");
        assert!(error(&format!("[{nameless}]")).contains("API key 1 of the list has no name"));
        let short = r#"[{"name": "a", "sha256": "abc", "role": "reader"}]"#;
        assert!(error(short).contains("not 64 hexadecimal digits"));
        let plus = one.replace(&ApiKeyHash::of(b"one").to_string(), &"+f".repeat(32));
        assert!(error(&format!("[{plus}]")).contains("not 64 hexadecimal digits"));
    }

    #[test]
    fn hashes_are_not_shown() {
        let list = format!("[{}]", entry("export", "one", "reader"));
        let shown = format!("{:?}", ApiKeys::parse(&list).unwrap());
        assert!(shown.contains("export"));
        assert!(!shown.contains(&ApiKeyHash::of(b"one").to_string()[..8]), "{shown}");
    }

    proptest! {
        #[test]
        fn a_hash_is_read_as_it_is_written(key in prop::collection::vec(any::<u8>(), 0..64)) {
            let hash = ApiKeyHash::of(&key);
            prop_assert_eq!(parse_hash(&hash.to_string()), Some(hash.clone()));
            prop_assert_eq!(parse_hash(&hash.to_string().to_uppercase()), Some(hash));
        }

        #[test]
        fn only_the_key_itself_is_found(key in "[ -~]{1,40}", other in "[ -~]{1,40}") {
            let keys = ApiKeys::parse(&format!("[{}]", entry("a", &key, "admin"))).unwrap();
            prop_assert_eq!(keys.find(&shown(&other)).is_some(), key == other);
        }
    }
}
