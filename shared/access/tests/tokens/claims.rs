//! What a token says decides whether it counts, and for what.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use smelt_access::{
    ApiKeyHash, ApiKeys, Caller, Refused, Role, RolesClaim, TokenRules, TokenRulesError,
    TokenVerifier, Verifier,
};

use crate::issuer::{
    AUDIENCE, ISSUER, NOW, SECRET, SigningKey, bearer, by, by_secret, caller, claims, now, rules,
};

fn with(instead: Value) -> Result<Caller, Refused> {
    caller(&by_secret(), &SigningKey::hs256(SECRET).sign(&claims(instead)))
}

#[test]
fn an_expired_token_is_refused_half_a_minute_late() {
    assert!(with(json!({"exp": NOW - 29})).is_ok());
    assert_eq!(with(json!({"exp": NOW - 30})), Err(Refused::Expired));
    assert_eq!(with(json!({"exp": 0})), Err(Refused::Expired));
    assert_eq!(with(json!({"exp": -1})), Err(Refused::Expired));
}

#[test]
fn a_token_is_refused_before_its_time() {
    assert!(with(json!({"nbf": NOW + 30})).is_ok());
    assert_eq!(with(json!({"nbf": NOW + 31})), Err(Refused::NotYetValid));
}

#[test]
fn times_are_numbers_and_a_token_ends() {
    for instead in [
        json!({"exp": null}),
        json!({"exp": "2100-01-01"}),
        json!({"exp": [NOW + 600]}),
        json!({"nbf": "soon"}),
    ] {
        assert!(matches!(with(instead.clone()), Err(Refused::Malformed(_))), "{instead}");
    }
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    let wrong = Err(Refused::WrongIssuer { expected: ISSUER.to_owned() });
    assert_eq!(with(json!({"iss": "https://issuer.example.evil"})), wrong);
    assert_eq!(with(json!({"iss": format!("{ISSUER}/")})), wrong);
    assert_eq!(with(json!({"iss": null})), wrong);
    assert!(with(json!({"iss": 7})).is_err());
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    let wrong = Err(Refused::WrongAudience { expected: AUDIENCE.to_owned() });
    for aud in [json!("other"), json!(["other"]), json!([]), json!(7), json!({}), json!("smelt2")] {
        assert_eq!(with(json!({"aud": aud})), wrong, "{aud}");
    }
    assert_eq!(with(json!({"aud": null})), wrong);
    assert!(with(json!({"aud": ["other", AUDIENCE]})).is_ok());
}

#[test]
fn a_client_stands_for_an_audience_only_where_there_is_none() {
    assert!(with(json!({"aud": null, "client_id": AUDIENCE})).is_ok());
    let refused = with(json!({"aud": "other", "client_id": AUDIENCE})).unwrap_err();
    assert!(matches!(refused, Refused::WrongAudience { .. }));
}

#[test]
fn each_of_several_audiences_is_ours() {
    let rules = TokenRules::new(ISSUER, ["smelt", "dashboard"], RolesClaim::default()).unwrap();
    let access = by(TokenVerifier::with_secret(rules, SECRET).unwrap());
    for aud in ["smelt", "dashboard"] {
        let token = SigningKey::hs256(SECRET).sign(&claims(json!({"aud": aud})));
        assert!(caller(&access, &token).is_ok());
    }
}

#[test]
fn a_token_without_a_role_is_refused_and_says_how_one_is_written() {
    let rules = TokenRules::new(ISSUER, [AUDIENCE], RolesClaim::new("scope", "smelt:")).unwrap();
    let access = by(TokenVerifier::with_secret(rules, SECRET).unwrap());
    let token = SigningKey::hs256(SECRET).sign(&claims(json!({"scope": "openid admin"})));
    let refused = caller(&access, &token).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the token gives no role: ask an administrator for one, such as `smelt:reader` in the claim `scope`"
    );
    let token = SigningKey::hs256(SECRET).sign(&claims(json!({"scope": "openid smelt:admin"})));
    assert_eq!(caller(&access, &token).unwrap().role, Role::Admin);
}

#[test]
fn names_are_fit_for_a_log() {
    assert_eq!(with(json!({"sub": "ada\nadmin"})).unwrap().name, "ada?admin");
    assert_eq!(with(json!({"sub": "x".repeat(500)})).unwrap().name.len(), 128);
    assert_eq!(with(json!({"sub": null, "client_id": "robot"})).unwrap().name, "robot");
    assert_eq!(with(json!({"sub": null})).unwrap().name, "unnamed");
}

#[test]
fn rules_name_an_issuer_and_an_audience() {
    let rules = |issuer: &str, audiences: &[&str]| {
        TokenRules::new(issuer, audiences.iter().copied(), RolesClaim::default())
    };
    assert_eq!(rules("", &["smelt"]), Err(TokenRulesError::NoIssuer));
    assert_eq!(rules(ISSUER, &[]), Err(TokenRulesError::NoAudience));
    assert_eq!(rules(ISSUER, &[""]), Err(TokenRulesError::NoAudience));
}

#[test]
fn a_token_and_a_key_at_once_are_refused() {
    let hash = ApiKeyHash::of(b"key");
    let keys = format!(r#"[{{"name": "export", "sha256": "{hash}", "role": "admin"}}]"#);
    let tokens = TokenVerifier::with_secret(rules(), SECRET).unwrap();
    let verifier = Verifier::new(Some(tokens), ApiKeys::parse(&keys).unwrap()).unwrap();
    let access = smelt_access::Access::Checked(verifier);
    let mut headers = bearer(&SigningKey::hs256(SECRET).sign(&claims(json!({}))));
    assert_eq!(access.caller(&headers, now()).unwrap().role, Role::Reader);
    headers.insert("x-api-key", "key".parse().unwrap());
    assert!(matches!(access.caller(&headers, now()), Err(Refused::Malformed(_))));
    headers.remove("authorization");
    assert_eq!(access.caller(&headers, now()).unwrap().role, Role::Admin);
}

proptest! {
    #[test]
    fn a_token_counts_from_its_first_to_its_last_second(
        begins in NOW - 1000..NOW + 1000,
        lasts in 0_u64..1000,
        later in 0_u64..3000,
    ) {
        let ends = begins + lasts;
        let token = SigningKey::hs256(SECRET).sign(&claims(json!({"nbf": begins, "exp": ends})));
        let time = NOW - 1000 + later;
        let at = now() - Duration::from_secs(1000) + Duration::from_secs(later);
        let counts = by_secret().caller(&bearer(&token), at).is_ok();
        prop_assert_eq!(counts, begins <= time + 30 && time < ends + 30);
    }
}
