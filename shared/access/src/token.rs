//! Checks tokens (JWT, RFC 7519).

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::published_keys::PublishedKeys;
use crate::{KeySet, Refused, Role, RolesClaim};

/// Clocks may differ by so much.
const LEEWAY: Duration = Duration::from_secs(30);

/// A longer token is not looked at.
const MOST_BYTES: usize = 16 * 1024;

/// Bytes of the shortest secret that counts: as many as the hash has (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// Characters of a name that are kept.
const LONGEST_NAME: usize = 128;

const NO_TOKEN: &str =
    "the token is no JWT signed with RS256, ES256, EdDSA or HS256: send it whole";

/// What a token must say to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    issuer: String,
    audiences: Vec<String>,
    roles: RolesClaim,
}

/// Why tokens could not be checked by these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRulesError {
    /// Nobody is trusted.
    #[error("tokens need an issuer: name it as its tokens do in the claim `iss`")]
    NoIssuer,
    /// Tokens for anybody would count.
    #[error("tokens need an audience: name this service as its tokens do in the claim `aud`")]
    NoAudience,
    /// A secret that could be guessed.
    #[error(
        "the secret of HS256 has {0} bytes, and needs at least 32: `openssl rand -hex 32` makes one"
    )]
    ShortSecret(usize),
}

/// Checks tokens by their rules and by the keys of their issuer.
pub struct TokenVerifier {
    rules: TokenRules,
    keys: Keys,
}

enum Keys {
    Secret(DecodingKey),
    Published(PublishedKeys),
}

/// Whose token it is.
pub(crate) struct Bearer {
    pub(crate) name: String,
    pub(crate) role: Role,
}

impl TokenRules {
    /// Tokens of this issuer, for one of these audiences, with roles in this claim.
    pub fn new(
        issuer: impl Into<String>,
        audiences: impl IntoIterator<Item = impl Into<String>>,
        roles: RolesClaim,
    ) -> Result<Self, TokenRulesError> {
        let issuer = issuer.into();
        if issuer.is_empty() {
            return Err(TokenRulesError::NoIssuer);
        }
        let audiences: Vec<String> = audiences.into_iter().map(Into::into).collect();
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(TokenRulesError::NoAudience);
        }
        Ok(Self { issuer, audiences, roles })
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = match self.keys {
            Keys::Secret(_) => "a secret",
            Keys::Published(_) => "published keys",
        };
        let mut debug = formatter.debug_struct("TokenVerifier");
        debug.field("rules", &self.rules).field("keys", &keys).finish()
    }
}

impl TokenVerifier {
    /// Tokens that are signed with a secret which the issuer shares with this service (HS256).
    pub fn with_secret(rules: TokenRules, secret: &[u8]) -> Result<Self, TokenRulesError> {
        let too_short = || TokenRulesError::ShortSecret(secret.len());
        if secret.len() < SHORTEST_SECRET {
            return Err(too_short());
        }
        let key = DecodingKey::from_secret(secret).map_err(|_| too_short())?;
        Ok(Self { rules, keys: Keys::Secret(key) })
    }

    /// Tokens that are signed with keys which the issuer publishes (RS256, ES256, EdDSA). With the empty
    /// set, the first token asks for a fetch.
    pub fn with_key_set(rules: TokenRules, keys: KeySet) -> Self {
        Self { rules, keys: Keys::Published(PublishedKeys::new(keys)) }
    }

    pub(crate) fn is_fetch_due(&self, token: &str, now: Instant) -> bool {
        let Keys::Published(published) = &self.keys else { return false };
        let Ok(header) = read_header(token) else { return false };
        let keys = published.keys();
        published.is_fetch_due(keys.find(header.kid.as_deref(), header.alg).is_some(), now)
    }

    pub(crate) fn put_keys(&self, keys: KeySet, now: Instant) {
        if let Keys::Published(published) = &self.keys {
            published.put(keys, now);
        }
    }

    pub(crate) fn bearer(&self, token: &str, now: SystemTime) -> Result<Bearer, Refused> {
        let header = read_header(token)?;
        let claims = match &self.keys {
            Keys::Secret(secret) => self.signed_claims(token, secret, Algorithm::HS256)?,
            Keys::Published(published) => {
                let keys = published.keys();
                let (key, algorithm) =
                    keys.find(header.kid.as_deref(), header.alg).ok_or(Refused::UnknownKey)?;
                self.signed_claims(token, key, algorithm)?
            }
        };
        check_times(&claims, now)?;
        self.check_audience(&claims)?;
        let role = self.rules.roles.highest(&claims).ok_or_else(|| Refused::NoRole {
            claim: self.rules.roles.claim().to_owned(),
            example: self.rules.roles.written(Role::Reader),
        })?;
        Ok(Bearer { name: name(&claims), role })
    }

    /// The claims of a token that its issuer has signed with this key. Times are left to us, who are
    /// passed a clock.
    fn signed_claims(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<Map<String, Value>, Refused> {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["iss"]);
        validation.set_issuer(&[&self.rules.issuer]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let token = decode(token, key, &validation).map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Refused::Forged,
            ErrorKind::InvalidIssuer | ErrorKind::MissingRequiredClaim(_) => {
                Refused::WrongIssuer { expected: self.rules.issuer.clone() }
            }
            _ => Refused::Malformed(NO_TOKEN),
        })?;
        Ok(token.claims)
    }

    /// One of the audiences is ours. A token without any may name us as its client instead, as access
    /// tokens of Cognito do; API Gateway takes them so as well.
    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        let is_ours = |value: &Value| {
            value.as_str().is_some_and(|text| self.rules.audiences.iter().any(|ours| ours == text))
        };
        let is_for_us = match claims.get("aud").or_else(|| claims.get("client_id")) {
            Some(Value::Array(audiences)) => audiences.iter().any(is_ours),
            Some(audience) => is_ours(audience),
            None => false,
        };
        if is_for_us {
            return Ok(());
        }
        Err(Refused::WrongAudience { expected: self.rules.audiences.join(" or ") })
    }
}

fn read_header(token: &str) -> Result<Header, Refused> {
    if token.len() > MOST_BYTES {
        return Err(Refused::Malformed(
            "the token is longer than 16 kB: ask its issuer for fewer claims",
        ));
    }
    decode_header(token).map_err(|_| Refused::Malformed(NO_TOKEN))
}

fn check_times(claims: &Map<String, Value>, now: SystemTime) -> Result<(), Refused> {
    let seconds = |time: Duration| time.as_secs_f64();
    let now = now.duration_since(UNIX_EPOCH).map(seconds).unwrap_or_default();
    let time = |claim: &str| claims.get(claim).map(Value::as_f64);
    match time("exp") {
        Some(Some(expires)) if expires + seconds(LEEWAY) > now => {}
        Some(Some(_)) => return Err(Refused::Expired),
        Some(None) | None => {
            return Err(Refused::Malformed(
                "the token does not say when it expires: ask its issuer for one with `exp`",
            ));
        }
    }
    match time("nbf") {
        None => Ok(()),
        Some(Some(begins)) if begins - seconds(LEEWAY) <= now => Ok(()),
        Some(Some(_)) => Err(Refused::NotYetValid),
        Some(None) => Err(Refused::Malformed("the `nbf` of the token is no time")),
    }
}

/// Whose token it is, fit for a line of a log.
fn name(claims: &Map<String, Value>) -> String {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).filter(|it| !it.is_empty());
    let name = text("sub").or_else(|| text("client_id")).unwrap_or("unnamed");
    let visible = |character: char| if character.is_control() { '?' } else { character };
    name.chars().take(LONGEST_NAME).map(visible).collect()
}
