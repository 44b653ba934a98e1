//! Only who has the key of the issuer makes a token that counts.

use http::{HeaderMap, HeaderValue, header};
use jsonwebtoken::Algorithm;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use proptest::prelude::*;
use serde_json::json;
use smelt_access::{Accepts, Refused, Role, TokenRulesError, TokenVerifier};

use crate::issuer::{
    SECRET, SigningKey, bearer, by, by_keys, by_secret, caller, claims, now, rules,
};

#[test]
fn tokens_of_each_algorithm_count() {
    for key in [SigningKey::rs256("a"), SigningKey::es256("a"), SigningKey::eddsa("a")] {
        let caller = caller(&by_keys(&[&key]), &key.sign(&claims(json!({})))).unwrap();
        assert_eq!((caller.name.as_str(), caller.role), ("ada", Role::Reader));
    }
    let token = SigningKey::hs256(SECRET).sign(&claims(json!({})));
    assert_eq!(caller(&by_secret(), &token).unwrap().name, "ada");
}

#[test]
fn a_token_of_another_key_under_the_same_name_is_forged() {
    type Make = fn(&'static str) -> SigningKey;
    let kinds: [Make; 3] = [SigningKey::rs256, SigningKey::es256, SigningKey::eddsa];
    for make in kinds {
        let token = make("a").sign(&claims(json!({"roles": "admin"})));
        assert_eq!(caller(&by_keys(&[&make("a")]), &token), Err(Refused::Forged));
    }
    let token = SigningKey::hs256(&[7; 32]).sign(&claims(json!({})));
    assert_eq!(caller(&by_secret(), &token), Err(Refused::Forged));
}

#[test]
fn claims_under_the_signature_of_another_token_are_forged() {
    let key = SigningKey::es256("a");
    let reader = key.sign(&claims(json!({})));
    let admin = SigningKey::es256("a").sign(&claims(json!({"roles": "admin"})));
    let (_, signature) = reader.rsplit_once('.').unwrap();
    let (message, _) = admin.rsplit_once('.').unwrap();
    let token = format!("{message}.{signature}");
    assert_eq!(caller(&by_keys(&[&key]), &token), Err(Refused::Forged));
}

/// The public key is known to everybody: used as a secret, everybody could sign.
#[test]
fn a_public_key_is_no_secret() {
    let rsa = SigningKey::rs256("a");
    let jwk: Jwk = serde_json::from_value(rsa.jwk()).unwrap();
    let AlgorithmParameters::RSA(parameters) = jwk.algorithm else { panic!("no RSA key") };
    let public = jsonwebtoken::DecodingKey::from_rsa_components(&parameters.n, &parameters.e);
    let public = match public.unwrap().kind() {
        jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } => n.clone(),
        jsonwebtoken::DecodingKeyKind::SecretOrDer(der) => der.clone(),
    };
    for secret in [public.as_slice(), parameters.n.as_bytes(), rsa.jwk().to_string().as_bytes()] {
        let key = EncodingKey::from_secret(secret).unwrap();
        let forger = SigningKey { id: Some("a"), algorithm: Algorithm::HS256, key };
        let token = forger.sign(&claims(json!({"roles": "admin"})));
        assert_eq!(caller(&by_keys(&[&rsa]), &token), Err(Refused::Forged));
    }
}

#[test]
fn the_key_decides_the_algorithm() {
    let (rsa, curve) = (SigningKey::rs256("a"), SigningKey::es256("a"));
    let token = curve.sign(&claims(json!({})));
    assert_eq!(caller(&by_keys(&[&rsa]), &token), Err(Refused::Forged));
    assert_eq!(caller(&by_secret(), &token), Err(Refused::Forged));
    let rs512 = SigningKey { algorithm: Algorithm::RS512, ..rsa };
    let token = rs512.sign(&claims(json!({})));
    let rs256 = SigningKey { algorithm: Algorithm::RS256, ..rs512 };
    assert_eq!(caller(&by_keys(&[&rs256]), &token), Err(Refused::Forged));
}

#[test]
fn a_token_without_a_signature_is_refused() {
    // {"alg":"none"} . {"sub":"ada","roles":"admin"}
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEiLCJyb2xlcyI6ImFkbWluIn0";
    let key = SigningKey::es256("a");
    let (message, _) = key.sign(&claims(json!({}))).rsplit_once('.').map(own).unwrap();
    for token in [format!("{unsigned}."), unsigned.to_owned(), format!("{message}."), message] {
        for access in [by_keys(&[&key]), by_secret()] {
            assert!(
                matches!(caller(&access, &token), Err(Refused::Malformed(_) | Refused::Forged)),
                "{token}"
            );
        }
    }
}

fn own((message, signature): (&str, &str)) -> (String, String) {
    (message.to_owned(), signature.to_owned())
}

#[test]
fn other_headers_are_refused_without_showing_them() {
    let access = by_secret();
    let with = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        access.caller(&headers, now()).unwrap_err()
    };
    assert_eq!(with(&[]), Refused::Missing(Accepts::Tokens));
    for values in [&["Basic c2VjcmV0"][..], &["Bearer"], &["Bearer a", "Bearer b"], &["c2VjcmV0"]] {
        let refused = with(values);
        assert!(matches!(refused, Refused::Malformed(_)), "{values:?}: {refused:?}");
        assert!(!refused.to_string().contains("c2VjcmV0"));
    }
    assert!(matches!(with(&[&format!("Bearer {}", "a".repeat(20_000))]), Refused::Malformed(_)));
}

#[test]
fn a_secret_that_could_be_guessed_is_refused() {
    let error = TokenVerifier::with_secret(rules(), b"secret").unwrap_err();
    assert_eq!(error, TokenRulesError::ShortSecret(6));
    assert!(TokenVerifier::with_secret(rules(), b"").is_err());
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", by_secret());
    assert!(!shown.contains("example-of-a-secret"), "{shown}");
    assert!(!shown.contains(&format!("{:?}", &SECRET[..4])[1..10]), "{shown}");
}

proptest! {
    /// Every change of a token makes it count no more, and what is said of it shows nothing of it.
    #[test]
    fn a_changed_token_does_not_count(place in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.=-]") {
        let token = SigningKey::hs256(SECRET).sign(&claims(json!({})));
        let place = place.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(place..=place, &to);
        prop_assume!(changed != token);
        match caller(&by_secret(), &changed) {
            Ok(_) => prop_assert!(false, "{changed} counts"),
            Err(refused) => {
                let said = format!("{refused} {refused:?} {:?}", refused.challenge());
                for part in token.split('.') {
                    prop_assert!(!said.contains(part), "{said}");
                }
            }
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "[ -~]{0,200}") {
        let (keys, secret) = (by_keys(&[&SigningKey::eddsa("a")]), by_secret());
        for access in [&keys, &secret] {
            prop_assert!(access.caller(&bearer(&text), now()).is_err());
            let _ = access.wants_keys(&bearer(&text), std::time::Instant::now());
        }
    }
}

#[test]
fn tokens_count_beside_keys() {
    let access = by(TokenVerifier::with_secret(rules(), SECRET).unwrap());
    let mut headers = bearer(&SigningKey::hs256(SECRET).sign(&claims(json!({}))));
    headers.insert("x-api-key", HeaderValue::from_static("anything"));
    assert_eq!(access.caller(&headers, now()).unwrap().name, "ada", "keys do not count here");
}
