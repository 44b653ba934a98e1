//! Why a request is refused, and what its caller can do about it.

use http::{HeaderValue, StatusCode};

use crate::Role;

/// What a caller may be known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// A token.
    Tokens,
    /// An API key.
    ApiKeys,
    /// Either.
    Both,
}

/// Why a request is refused. The text is for the caller: it says what to do, and holds nothing of the
/// token, the key or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is neither a token nor a key that counts here.
    #[error("nobody is named: send {}", .0.what())]
    Missing(Accepts),
    /// What is sent cannot be read.
    #[error("{0}")]
    Malformed(&'static str),
    /// The token was good once.
    #[error("the token has expired: log in again and send the new one")]
    Expired,
    /// The token will be good.
    #[error("the token is not valid yet: wait, or set the clock of whoever issued it")]
    NotYetValid,
    /// The signature is not of the key that the token names.
    #[error("the signature of the token is wrong: log in again, and send the token unchanged")]
    Forged,
    /// The token names a key that the issuer does not publish, or none where there are several.
    #[error(
        "the token is signed with a key that is not known: log in again at the issuer that is trusted here"
    )]
    UnknownKey,
    /// The key is none of those that are known.
    #[error(
        "the key in X-Api-Key is not known: check that it is whole, or ask an administrator for one"
    )]
    UnknownApiKey,
    /// Somebody else issued the token.
    #[error("the token is of another issuer: log in at {expected}")]
    WrongIssuer {
        /// Who is trusted.
        expected: String,
    },
    /// The token is meant for another service.
    #[error("the token is for another audience: ask its issuer for one for {expected}")]
    WrongAudience {
        /// For whom it should be.
        expected: String,
    },
    /// The token gives its bearer no role.
    #[error(
        "the token gives no role: ask an administrator for one, such as `{example}` in the claim `{claim}`"
    )]
    NoRole {
        /// Where roles are looked for.
        claim: String,
        /// How a role is written there.
        example: String,
    },
    /// The caller is known, and may not do this.
    #[error("this needs the role {needs}, and yours is {has}: ask an administrator for {needs}")]
    Forbidden {
        /// The least role that may.
        needs: Role,
        /// The caller's.
        has: Role,
    },
}

impl Accepts {
    fn what(self) -> &'static str {
        match self {
            Self::Tokens => "a token as `Authorization: Bearer …`",
            Self::ApiKeys => "an API key as `X-Api-Key: …`",
            Self::Both => "a token as `Authorization: Bearer …`, or an API key as `X-Api-Key: …`",
        }
    }

    /// There is no registered scheme for API keys; an answer 401 has to name one.
    fn challenge(self) -> &'static str {
        match self {
            Self::Tokens => r#"Bearer realm="smelt""#,
            Self::ApiKeys => r#"ApiKey realm="smelt""#,
            Self::Both => r#"Bearer realm="smelt", ApiKey realm="smelt""#,
        }
    }
}

impl Refused {
    /// 403 where the caller is known and may not do this, else 401.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The header `WWW-Authenticate` of the answer (RFC 6750); none where another token would not help.
    pub fn challenge(&self) -> Option<HeaderValue> {
        let challenge = match self {
            Self::Missing(accepts) => accepts.challenge(),
            Self::Malformed(_) => r#"Bearer realm="smelt", error="invalid_request""#,
            Self::UnknownApiKey => Accepts::ApiKeys.challenge(),
            Self::Expired => {
                r#"Bearer realm="smelt", error="invalid_token", error_description="expired""#
            }
            Self::NotYetValid => {
                r#"Bearer realm="smelt", error="invalid_token", error_description="not valid yet""#
            }
            Self::Forged | Self::UnknownKey => {
                r#"Bearer realm="smelt", error="invalid_token", error_description="wrong signature""#
            }
            Self::WrongIssuer { .. } => {
                r#"Bearer realm="smelt", error="invalid_token", error_description="wrong issuer""#
            }
            Self::WrongAudience { .. } => {
                r#"Bearer realm="smelt", error="invalid_token", error_description="wrong audience""#
            }
            Self::NoRole { .. } => {
                r#"Bearer realm="smelt", error="invalid_token", error_description="no role""#
            }
            Self::Forbidden { .. } => return None,
        };
        Some(HeaderValue::from_static(challenge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_known_gets_401_with_a_challenge() {
        let expected = || "x".to_owned();
        for refused in [
            Refused::Missing(Accepts::Both),
            Refused::Malformed("the header is no text"),
            Refused::Expired,
            Refused::NotYetValid,
            Refused::Forged,
            Refused::UnknownKey,
            Refused::UnknownApiKey,
            Refused::WrongIssuer { expected: expected() },
            Refused::WrongAudience { expected: expected() },
            Refused::NoRole { claim: expected(), example: expected() },
        ] {
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{refused}");
            let challenge = refused.challenge().unwrap();
            assert!(challenge.to_str().unwrap().contains("realm=\"smelt\""), "{refused}");
        }
    }

    #[test]
    fn who_may_not_gets_403_and_the_role_that_may() {
        let refused = Refused::Forbidden { needs: Role::Operator, has: Role::Reader };
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(refused.challenge(), None);
        assert_eq!(
            refused.to_string(),
            "this needs the role operator, and yours is reader: ask an administrator for operator"
        );
    }

    #[test]
    fn a_challenge_names_what_is_accepted() {
        let challenge = |accepts| Refused::Missing(accepts).challenge().unwrap();
        assert_eq!(challenge(Accepts::Tokens), r#"Bearer realm="smelt""#);
        assert_eq!(challenge(Accepts::ApiKeys), r#"ApiKey realm="smelt""#);
        assert_eq!(challenge(Accepts::Both), r#"Bearer realm="smelt", ApiKey realm="smelt""#);
    }
}
