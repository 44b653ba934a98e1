//! The keys that an issuer publishes (JWKS, RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;
use serde_json::Value;

/// Bytes of the shortest modulus that counts: 2048 bits.
const SHORTEST_MODULUS: usize = 256;

/// The public keys of an issuer that tokens may be signed with. The empty set knows no token.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

/// A key and the one algorithm that it is for: what a token says of its algorithm decides nothing.
#[derive(Debug, Clone)]
struct PublicKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a text is no set of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is no JSON of this form.
    #[error(
        r#"the key set is not `{{"keys": [ … ]}}`, near line {line}, column {column}: check its address"#
    )]
    NoKeySet {
        /// Where it breaks off.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// None of its keys is for signatures that are known here.
    #[error(
        "none of the {found} keys of the set is for RS256 (2048 bits or more), ES256 or EdDSA (Ed25519)"
    )]
    NoUsableKey {
        /// How many there are.
        found: usize,
    },
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// The keys of a JWKS that are for RS256, ES256 or EdDSA; others in it are left out, as the standard
    /// asks for. So are symmetric ones: what is published is no secret.
    pub fn parse(json: &str) -> Result<Self, KeySetError> {
        let document: Document = serde_json::from_str(json).map_err(|error| {
            KeySetError::NoKeySet { line: error.line(), column: error.column() }
        })?;
        let found = document.keys.len();
        let keys: Vec<PublicKey> = document.keys.into_iter().filter_map(public_key).collect();
        if keys.is_empty() { Err(KeySetError::NoUsableKey { found }) } else { Ok(Self { keys }) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that a token names, or the only one where it names none. An algorithm tells keys of the
    /// same name apart; it never makes a key be used for another one than its own.
    pub(crate) fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Option<(&DecodingKey, Algorithm)> {
        let key = match id {
            Some(id) => {
                let named = || self.keys.iter().filter(|key| key.id.as_deref() == Some(id));
                named().find(|key| key.algorithm == algorithm).or_else(|| named().next())?
            }
            None => match self.keys.as_slice() {
                [only] => only,
                _ => return None,
            },
        };
        Some((&key.key, key.algorithm))
    }
}

fn public_key(value: Value) -> Option<PublicKey> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    if jwk.common.key_algorithm.is_some_and(|other| other != named) {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    is_whole(&key).then_some(PublicKey { id: jwk.common.key_id, algorithm, key })
}

fn is_whole(key: &DecodingKey) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            n.len() >= SHORTEST_MODULUS && !e.is_empty()
        }
        // A point of P-256 with its mark, or one of Ed25519.
        DecodingKeyKind::SecretOrDer(point) => matches!(point.len(), 65 | 32),
    }
}
