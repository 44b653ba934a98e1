//! Names the caller of a request.

use std::time::{Instant, SystemTime};

use http::{HeaderMap, header};

use crate::{API_KEY_HEADER, Accepts, ApiKeys, KeySet, Refused, Role, TokenVerifier};

/// Who may ask.
#[derive(Debug)]
pub enum Access {
    /// Everybody, everything: for a service that only this machine can reach.
    Open,
    /// Who is known by a token or a key.
    Checked(Verifier),
}

/// Knows callers by tokens, by keys, or by either.
#[derive(Debug)]
pub struct Verifier {
    tokens: Option<TokenVerifier>,
    api_keys: ApiKeys,
}

/// There are neither tokens nor keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "nobody could ask anything: name an issuer of tokens or API keys, or say that access is open"
)]
pub struct NobodyKnown;

/// What a caller is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// Nothing: access is open.
    None,
    /// A token.
    Token,
    /// An API key.
    ApiKey,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The subject of the token, or the name of the key.
    pub name: String,
    /// What the caller may do.
    pub role: Role,
    /// What the caller is known by: a key may have the name of somebody.
    pub credential: Credential,
}

/// Tells callers apart.
pub(crate) type CallerId = (Credential, String);

impl Access {
    /// Who sent a request with these headers.
    pub fn caller(&self, headers: &HeaderMap, now: SystemTime) -> Result<Caller, Refused> {
        match self {
            Self::Open => Ok(Caller {
                name: "anybody".to_owned(),
                role: Role::Admin,
                credential: Credential::None,
            }),
            Self::Checked(verifier) => verifier.caller(headers, now),
        }
    }

    /// Whether to fetch the keys of the issuer and [put](Self::put_keys) them before asking who sent this
    /// request: its token names one that is not known, or those that are known are an hour old. Says so
    /// at most once a minute.
    pub fn wants_keys(&self, headers: &HeaderMap, now: Instant) -> bool {
        let Self::Checked(Verifier { tokens: Some(tokens), .. }) = self else { return false };
        matches!(token(headers), Ok(Some(token)) if tokens.is_fetch_due(token, now))
    }

    /// From now on these are the keys of the issuer.
    pub fn put_keys(&self, keys: KeySet, now: Instant) {
        if let Self::Checked(Verifier { tokens: Some(tokens), .. }) = self {
            tokens.put_keys(keys, now);
        }
    }
}

impl Verifier {
    /// By tokens, by keys, or by either.
    pub fn new(tokens: Option<TokenVerifier>, api_keys: ApiKeys) -> Result<Self, NobodyKnown> {
        let knows_somebody = tokens.is_some() || !api_keys.is_empty();
        if knows_somebody { Ok(Self { tokens, api_keys }) } else { Err(NobodyKnown) }
    }

    fn caller(&self, headers: &HeaderMap, now: SystemTime) -> Result<Caller, Refused> {
        let shown_token = match &self.tokens {
            Some(tokens) => token(headers)?.map(|token| (tokens, token)),
            None => None,
        };
        let shown_key = if self.api_keys.is_empty() { None } else { headers.get(API_KEY_HEADER) };
        match (shown_token, shown_key) {
            (Some((tokens, token)), None) => {
                let bearer = tokens.bearer(token, now)?;
                Ok(Caller { name: bearer.name, role: bearer.role, credential: Credential::Token })
            }
            (None, Some(key)) => {
                let (name, role) = self.api_keys.find(key).ok_or(Refused::UnknownApiKey)?;
                Ok(Caller { name: name.to_owned(), role, credential: Credential::ApiKey })
            }
            (Some(_), Some(_)) => {
                Err(Refused::Malformed("there is a token and an API key: send one of them"))
            }
            (None, None) => Err(Refused::Missing(self.accepts())),
        }
    }

    fn accepts(&self) -> Accepts {
        match (&self.tokens, self.api_keys.is_empty()) {
            (Some(_), false) => Accepts::Both,
            (Some(_), true) => Accepts::Tokens,
            (None, _) => Accepts::ApiKeys,
        }
    }
}

impl Caller {
    /// An error unless the caller may do what needs this role.
    pub fn require(&self, needs: Role) -> Result<(), Refused> {
        if self.role >= needs { Ok(()) } else { Err(Refused::Forbidden { needs, has: self.role }) }
    }

    pub(crate) fn id(&self) -> CallerId {
        (self.credential, self.name.clone())
    }
}

/// The token of `Authorization: Bearer …`, if there is such a header.
fn token(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Refused::Malformed("there are several headers `Authorization`: send one"));
    }
    let no_bearer = Refused::Malformed("`Authorization` is not `Bearer …`: send a token so");
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Err(no_bearer);
    };
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(no_bearer) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::ApiKeyHash;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn with_one_key() -> Access {
        let hash = ApiKeyHash::of(b"key-of-export");
        let keys = format!(r#"[{{"name": "export", "sha256": "{hash}", "role": "uploader"}}]"#);
        let keys = ApiKeys::parse(&keys).unwrap();
        Access::Checked(Verifier::new(None, keys).unwrap())
    }

    #[test]
    fn open_lets_everybody_do_everything() {
        let headers = headers(&[("authorization", "nonsense"), ("x-api-key", "nonsense")]);
        let caller = Access::Open.caller(&headers, SystemTime::now()).unwrap();
        assert_eq!(caller.role, Role::Admin);
        assert!(!Access::Open.wants_keys(&headers, Instant::now()));
    }

    #[test]
    fn a_key_names_its_caller_who_may_do_what_its_role_may() {
        let access = with_one_key();
        let caller =
            access.caller(&headers(&[("x-api-key", "key-of-export")]), SystemTime::now()).unwrap();
        assert_eq!((caller.name.as_str(), caller.credential), ("export", Credential::ApiKey));
        assert_eq!(caller.require(Role::Reader), Ok(()));
        assert_eq!(caller.require(Role::Uploader), Ok(()));
        let refused = Refused::Forbidden { needs: Role::Operator, has: Role::Uploader };
        assert_eq!(caller.require(Role::Operator), Err(refused));
    }

    #[test]
    fn without_a_known_key_nobody_is_named() {
        let access = with_one_key();
        let refused = |pairs: &[(&'static str, &str)]| {
            access.caller(&headers(pairs), SystemTime::now()).unwrap_err()
        };
        assert_eq!(refused(&[]), Refused::Missing(Accepts::ApiKeys));
        assert_eq!(refused(&[("x-api-key", "guess")]), Refused::UnknownApiKey);
        for value in ["Bearer a.b.c", "Basic YTpi"] {
            let token = refused(&[("authorization", value)]);
            assert_eq!(token, Refused::Missing(Accepts::ApiKeys), "tokens do not count here");
        }
    }

    #[test]
    fn who_could_know_nobody_is_no_verifier() {
        assert!(Verifier::new(None, ApiKeys::default()).is_err());
    }
}
