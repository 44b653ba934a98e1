//! Which web pages may ask (CORS).
//!
//! Callers are known by headers that a page sets itself, never by cookies. So no answer allows
//! credentials, and `*` gives a page nothing that it could not ask for by its own server.

use std::collections::BTreeSet;
use std::str::FromStr;

use http::HeaderValue;
use url::Url;

/// The web pages that may ask, by their origins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// Only those that come from the same place as the answers.
    #[default]
    Same,
    /// These as well, in the form that browsers send.
    Listed(BTreeSet<String>),
    /// All.
    Any,
}

/// Why a text is no list of origins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginsError {
    /// An entry is no origin.
    #[error(
        "`{0}` is no origin: it is scheme, host and port if it is not the usual one, such as `https://example.com`, without a path"
    )]
    NoOrigin(String),
    /// All, and some.
    #[error("`*` allows every origin: list either it alone or single origins")]
    AnyAndSome,
}

impl Origins {
    /// Origins between commas, or `*` for all, or nothing for none.
    pub fn parse(list: &str) -> Result<Self, OriginsError> {
        let entries: Vec<&str> =
            list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        match entries.as_slice() {
            [] => Ok(Self::Same),
            ["*"] => Ok(Self::Any),
            entries if entries.contains(&"*") => Err(OriginsError::AnyAndSome),
            entries => entries
                .iter()
                .map(|entry| parse_origin(entry))
                .collect::<Result<_, _>>()
                .map(Self::Listed),
        }
    }

    /// What an answer to a page of this origin says in `Access-Control-Allow-Origin`; `None`: nothing, so
    /// that the browser keeps it from the page.
    pub fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match self {
            Self::Same => None,
            Self::Listed(origins) => {
                origins.contains(origin.to_str().ok()?).then(|| origin.clone())
            }
            Self::Any => Some(HeaderValue::from_static("*")),
        }
    }

    /// Whether answers differ by origin, which caches are told with `Vary: Origin`.
    pub fn vary(&self) -> bool {
        matches!(self, Self::Listed(_))
    }
}

impl FromStr for Origins {
    type Err = OriginsError;

    fn from_str(list: &str) -> Result<Self, OriginsError> {
        Self::parse(list)
    }
}

/// An origin as browsers write it: lower case, without a port that is the usual one.
fn parse_origin(entry: &str) -> Result<String, OriginsError> {
    let no_origin = || OriginsError::NoOrigin(entry.to_owned());
    let url = Url::parse(entry).map_err(|_| no_origin())?;
    let is_whole = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && !entry.ends_with('/');
    // A pattern such as `https://*.example.com` would never match.
    if is_whole && !entry.contains('*') {
        Ok(url.origin().ascii_serialization())
    } else {
        Err(no_origin())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed(list: &str, origin: &str) -> Option<String> {
        let allowed =
            Origins::parse(list).unwrap().allowed(&HeaderValue::from_str(origin).unwrap());
        allowed.map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn origins_match_exactly() {
        let list = "https://a.example, http://localhost:5173";
        for origin in ["https://a.example", "http://localhost:5173"] {
            assert_eq!(allowed(list, origin).as_deref(), Some(origin));
        }
        for origin in [
            "https://b.example",
            "http://a.example",
            "https://a.example:8443",
            "https://a.example.evil.example",
            "https://evila.example",
            "https://x.a.example",
            "http://localhost",
            "null",
            "",
            "*",
        ] {
            assert_eq!(allowed(list, origin), None, "{origin}");
        }
    }

    #[test]
    fn an_origin_is_taken_as_browsers_write_it() {
        assert_eq!(
            allowed("HTTPS://A.Example:443", "https://a.example").as_deref(),
            Some("https://a.example")
        );
        assert_eq!(
            allowed("https://bücher.example", "https://xn--bcher-kva.example").as_deref(),
            Some("https://xn--bcher-kva.example")
        );
    }

    #[test]
    fn nothing_is_none_and_a_star_is_all() {
        assert_eq!(Origins::parse(" , "), Ok(Origins::Same));
        assert_eq!(allowed("", "https://a.example"), None);
        assert_eq!(allowed("*", "https://a.example").as_deref(), Some("*"));
        assert!(!Origins::Any.vary());
        assert!(Origins::parse("https://a.example").unwrap().vary());
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        assert_eq!(Origins::parse("*, https://a.example"), Err(OriginsError::AnyAndSome));
        for entry in [
            "a.example",
            "null",
            "https://a.example/",
            "https://a.example/path",
            "https://a.example?x",
            "https://user@a.example",
            "https://*.example",
            "ftp://a.example",
            "file:///tmp",
            "https://",
        ] {
            let error = Origins::parse(entry).unwrap_err();
            assert_eq!(error, OriginsError::NoOrigin(entry.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn only_what_is_listed_is_allowed(
            listed in prop::collection::btree_set("https?://[a-z]{1,3}\\.example(:[1-9][0-9]{3})?", 1..4),
            asked in "https?://[a-z]{1,3}\\.example(:[1-9][0-9]{3})?",
        ) {
            let list = listed.iter().cloned().collect::<Vec<_>>().join(",");
            let expected = listed.contains(&asked).then(|| asked.clone());
            prop_assert_eq!(allowed(&list, &asked), expected);
        }
    }
}
