//! Tags of answers: what an answer is made of, as a short text (RFC 9110, 8.8.3).

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// Bytes of the hash that are kept.
const HASH_BYTES: usize = 16;

/// The tag of an answer. Answers with the same tag are the same, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ETag(String);

impl ETag {
    /// The tag of what is made of these parts, and of nothing else.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // The length before each: no two lists of parts are one text.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let hash = hash.finalize();
        let digits = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}"));
        Self(format!("\"{}\"", digits.collect::<String>()))
    }

    /// As in the header, in quotes.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The header's value.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.0.as_str()).ok()
    }

    /// Whether the client has this answer already (`If-None-Match`).
    pub(crate) fn is_known_by(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
            let tags = value.to_str().unwrap_or_default().split(',').map(str::trim);
            // A compressed answer has a weak tag; to compare, weak is good enough.
            tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag))
                .any(|tag| tag == "*" || tag == self.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_alone_in_a_list_and_weakly() {
        let tag = ETag::of(&[b"a", b"bc"]);
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::try_from(value).unwrap());
            tag.is_known_by(&headers)
        };
        assert!(known(tag.as_str()) && known("*") && known(&format!("W/{}", tag.as_str())));
        assert!(known(&format!("\"other\", {}", tag.as_str())));
        assert!(!known("\"other\"") && !known(""));
        assert!(!tag.is_known_by(&HeaderMap::new()));
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(ETag::of(&[b"a", b"bc"]), ETag::of(&[b"ab", b"c"]));
    }
}
