//! An issuer of tokens with keys of every kind.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};
use http::{HeaderMap, HeaderValue, header};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use smelt_access::{
    Access, ApiKeys, Caller, KeySet, Refused, RolesClaim, TokenRules, TokenVerifier, Verifier,
};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "smelt";
pub(crate) const SECRET: &[u8] = b"an-example-of-a-secret-that-is-long-enough";

/// What ends the header of PKCS #8 around an RSA key of 2048 bits.
const RSA_HEADER: usize = 26;

/// A key that signs tokens.
pub(crate) struct SigningKey {
    pub(crate) id: Option<&'static str>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: EncodingKey,
}

impl SigningKey {
    pub(crate) fn rs256(id: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let document = pair.as_der().unwrap();
        let key = EncodingKey::from_rsa_der(&document.as_ref()[RSA_HEADER..]);
        Self { id: Some(id), algorithm: Algorithm::RS256, key }
    }

    pub(crate) fn es256(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EncodingKey::from_ec_der(document.as_ref());
        Self { id: Some(id), algorithm: Algorithm::ES256, key }
    }

    pub(crate) fn eddsa(id: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let key = EncodingKey::from_ed_der(document.as_ref());
        Self { id: Some(id), algorithm: Algorithm::EdDSA, key }
    }

    pub(crate) fn hs256(secret: &[u8]) -> Self {
        let key = EncodingKey::from_secret(secret).unwrap();
        Self { id: None, algorithm: Algorithm::HS256, key }
    }

    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = self.id.map(str::to_owned);
        serde_json::to_value(jwk).unwrap()
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = self.id.map(str::to_owned);
        encode(&header, claims, &self.key).unwrap()
    }
}

pub(crate) fn key_set(keys: &[&SigningKey]) -> KeySet {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    KeySet::parse(&json!({ "keys": keys }).to_string()).unwrap()
}

pub(crate) fn rules() -> TokenRules {
    TokenRules::new(ISSUER, [AUDIENCE], RolesClaim::default()).unwrap()
}

/// Access by tokens alone.
pub(crate) fn by(tokens: TokenVerifier) -> Access {
    Access::Checked(Verifier::new(Some(tokens), ApiKeys::default()).unwrap())
}

pub(crate) fn by_keys(keys: &[&SigningKey]) -> Access {
    by(TokenVerifier::with_key_set(rules(), key_set(keys)))
}

pub(crate) fn by_secret() -> Access {
    by(TokenVerifier::with_secret(rules(), SECRET).unwrap())
}

/// The time of the tests, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

/// A token of Ada, with these claims instead; `null` leaves one out.
pub(crate) fn claims(instead: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": NOW + 600, "roles": ["reader"],
    });
    for (claim, value) in instead.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value.clone(),
        }
    }
    claims
}

pub(crate) fn bearer(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    headers.insert(header::AUTHORIZATION, value);
    headers
}

pub(crate) fn caller(access: &Access, token: &str) -> Result<Caller, Refused> {
    access.caller(&bearer(token), now())
}
