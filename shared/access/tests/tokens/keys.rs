//! The keys of an issuer: several, and changing ones.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smelt_access::{KeySet, KeySetError, Refused, TokenVerifier};

use crate::issuer::{SigningKey, bearer, by, by_keys, by_secret, caller, claims, key_set, rules};

fn parse(keys: Value) -> Result<KeySet, KeySetError> {
    KeySet::parse(&json!({ "keys": keys }).to_string())
}

#[test]
fn a_token_names_its_key() {
    let (one, two) = (SigningKey::rs256("one"), SigningKey::eddsa("two"));
    let access = by_keys(&[&one, &two]);
    for key in [&one, &two] {
        assert!(caller(&access, &key.sign(&claims(json!({})))).is_ok());
    }
    let stranger = SigningKey::eddsa("three").sign(&claims(json!({})));
    assert_eq!(caller(&access, &stranger), Err(Refused::UnknownKey));
    let swapped = SigningKey { id: Some("one"), ..two };
    assert_eq!(caller(&access, &swapped.sign(&claims(json!({})))), Err(Refused::Forged));
}

#[test]
fn a_token_need_not_name_the_only_key() {
    let (one, two) = (SigningKey::es256("one"), SigningKey::es256("two"));
    let access = (by_keys(&[&one]), by_keys(&[&one, &two]));
    let token = SigningKey { id: None, ..one }.sign(&claims(json!({})));
    assert!(caller(&access.0, &token).is_ok());
    assert_eq!(caller(&access.1, &token), Err(Refused::UnknownKey));
}

#[test]
fn keys_of_one_name_are_told_apart_by_their_algorithms() {
    let (curve, edwards) = (SigningKey::es256("a"), SigningKey::eddsa("a"));
    let access = by_keys(&[&curve, &edwards]);
    for key in [&curve, &edwards] {
        assert!(caller(&access, &key.sign(&claims(json!({})))).is_ok());
    }
}

#[test]
fn a_new_key_is_fetched_and_an_old_one_dropped() {
    let (old, new) = (SigningKey::es256("old"), SigningKey::es256("new"));
    let (access, start) = (by_keys(&[&old]), Instant::now());
    let by_old = old.sign(&claims(json!({})));
    let by_new = new.sign(&claims(json!({})));
    assert!(!access.wants_keys(&bearer(&by_old), start));
    assert_eq!(caller(&access, &by_new), Err(Refused::UnknownKey));
    assert!(access.wants_keys(&bearer(&by_new), start));
    assert!(!access.wants_keys(&bearer(&by_new), start + Duration::from_secs(1)));

    access.put_keys(key_set(&[&old, &new]), start + Duration::from_secs(1));
    assert!(caller(&access, &by_old).is_ok());
    assert!(caller(&access, &by_new).is_ok());

    let hour = start + Duration::from_secs(3601);
    assert!(access.wants_keys(&bearer(&by_new), hour), "a withdrawn key has to be noticed");
    access.put_keys(key_set(&[&new]), hour);
    assert_eq!(caller(&access, &by_old), Err(Refused::UnknownKey));
    assert!(caller(&access, &by_new).is_ok());
}

#[test]
fn the_first_token_asks_for_keys() {
    let key = SigningKey::rs256("a");
    let access = by(TokenVerifier::with_key_set(rules(), KeySet::default()));
    let token = key.sign(&claims(json!({})));
    let now = Instant::now();
    assert!(!access.wants_keys(&bearer("nonsense"), now));
    assert!(access.wants_keys(&bearer(&token), now));
    access.put_keys(key_set(&[&key]), now);
    assert!(caller(&access, &token).is_ok());
}

#[test]
fn a_secret_is_never_fetched() {
    let token = SigningKey::es256("a").sign(&claims(json!({})));
    assert!(!by_secret().wants_keys(&bearer(&token), Instant::now()));
}

#[test]
fn keys_for_something_else_are_left_out() {
    let key = SigningKey::es256("a");
    let with = |name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    let symmetric = SigningKey::hs256(&[7; 32]).jwk();
    let short = json!({"kty": "RSA", "n": "AQAB".repeat(40), "e": "AQAB"});
    for other in [
        with("use", json!("enc")),
        with("alg", json!("ES384")),
        with("crv", json!("P-384")),
        with("crv", json!("secp256k1")),
        with("x", json!("AQAB")),
        with("kty", json!("AKP")),
        symmetric,
        short,
        json!("text"),
        json!({}),
    ] {
        let error = parse(json!([other])).unwrap_err();
        assert_eq!(error, KeySetError::NoUsableKey { found: 1 }, "{other}");
        let keys = parse(json!([other, key.jwk()])).unwrap();
        let access = by(TokenVerifier::with_key_set(rules(), keys));
        assert!(caller(&access, &key.sign(&claims(json!({})))).is_ok());
    }
}

#[test]
fn what_is_no_key_set_says_where() {
    let error = KeySet::parse("<html>").unwrap_err().to_string();
    assert!(error.contains("near line 1, column 1"), "{error}");
    assert_eq!(parse(json!([])).unwrap_err(), KeySetError::NoUsableKey { found: 0 });
}
