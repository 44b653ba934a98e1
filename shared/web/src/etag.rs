//! Tags of answers: what an answer is made of, as a short text (RFC 9110, 8.8.3).

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};

/// Bytes of the hash that are kept.
const HASH_BYTES: usize = 16;

/// What a weak tag begins with: answers of the same meaning have it, whatever their bytes.
const WEAK: &str = "W/";

/// The tag of an answer. Answers with the same tag are the same, byte for byte, before they are compressed.
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
        // A compressed answer has a weak tag; to compare, weak is good enough.
        known_tags(headers)
            .map(|tag| tag.strip_prefix(WEAK).unwrap_or(tag))
            .any(|tag| tag == "*" || tag == self.0)
    }
}

/// The tags of answers that the client has.
fn known_tags(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    values.flat_map(|value| value.to_str().unwrap_or_default().split(',').map(str::trim))
}

/// Tells answers of different encodings apart. For outside the layer that compresses: it compresses an answer
/// whose tag says which bytes it has, and leaves one alone that has no body.
pub(crate) async fn by_encoding(request: Request, next: Next) -> Response {
    let weakly_known: Vec<String> = known_tags(request.headers())
        .filter(|tag| tag.starts_with(WEAK))
        .map(str::to_owned)
        .collect();
    let mut response = next.run(request).await;
    let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
    settle(response.headers_mut(), is_unchanged, &weakly_known);
    response
}

/// Weakens the tag of a compressed answer. What has not changed has the headers that the whole answer would
/// have (RFC 9110, 15.4.5): the tag by which the client has it, and that it depends on the encoding.
fn settle(headers: &mut HeaderMap, is_unchanged: bool, weakly_known: &[String]) {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(tag) = tag.filter(|tag| !tag.starts_with(WEAK)) {
        let weak = format!("{WEAK}{tag}");
        let is_compressed = headers.contains_key(header::CONTENT_ENCODING)
            || is_unchanged && weakly_known.contains(&weak);
        if is_compressed && let Ok(weak) = HeaderValue::try_from(weak) {
            headers.insert(header::ETAG, weak);
        }
    }
    if is_unchanged && !varies_by_encoding(headers) {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

fn varies_by_encoding(headers: &HeaderMap) -> bool {
    let names = headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    names.flat_map(|names| names.split(',')).any(|name| {
        let name = name.trim();
        name == "*" || name.eq_ignore_ascii_case(header::ACCEPT_ENCODING.as_str())
    })
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

    /// The tag of an answer as it is sent, and what it varies by.
    fn sent(given: &[(header::HeaderName, &str)], is_unchanged: bool, known: &str) -> [String; 2] {
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, HeaderValue::try_from(known).unwrap());
        let known = known_tags(&asked).filter(|tag| tag.starts_with(WEAK)).map(str::to_owned);
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(name.clone(), HeaderValue::try_from(*value).unwrap());
        }
        settle(&mut headers, is_unchanged, &known.collect::<Vec<_>>());
        [header::ETAG, header::VARY].map(|name| {
            let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap());
            values.collect::<Vec<_>>().join("; ")
        })
    }

    #[test]
    fn compressed_answers_have_a_weak_tag() {
        let (tag, vary) = ((header::ETAG, "\"a\""), (header::VARY, "Accept"));
        let gzip = (header::CONTENT_ENCODING, "gzip");
        assert_eq!(sent(std::slice::from_ref(&tag), false, ""), ["\"a\"", ""]);
        assert_eq!(sent(&[tag.clone(), gzip.clone()], false, ""), ["W/\"a\"", ""]);
        assert_eq!(sent(&[(header::ETAG, "W/\"a\""), gzip], false, ""), ["W/\"a\"", ""]);
        let unchanged = [tag, vary];
        assert_eq!(sent(&unchanged, true, "\"a\""), ["\"a\"", "Accept; accept-encoding"]);
        assert_eq!(sent(&unchanged, true, "W/\"a\"")[0], "W/\"a\"");
        assert_eq!(sent(&unchanged, true, "W/\"b\", *")[0], "\"a\"");
        let said = [(header::VARY, "Accept-Encoding, Accept")];
        assert_eq!(sent(&said, true, ""), ["", "Accept-Encoding, Accept"]);
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(ETag::of(&[b"a", b"bc"]), ETag::of(&[b"ab", b"c"]));
    }
}
