//! Who may ask, as the settings say.

use std::sync::Arc;

use smelt_access::{
    Access, ApiKeys, KeySet, Limiter, Origins, Rate, RolesClaim, TokenRules, TokenVerifier,
    Verifier,
};
use smelt_runtime::{Settings, StartError};
use smelt_web::{HttpKeySource, KeySource};

use crate::secrets::Secrets;
use crate::variables::{
    ACCESS, AUDIENCE, BURST, CORS_ORIGINS, HS256_SECRET, ISSUER, JWKS_URL, KEYS_SECRET, RATE,
    ROLES_CLAIM, ROLES_PREFIX,
};

/// Callers whose rates are kept, and addresses from which nobody was known.
const MOST_CALLERS: usize = 10_000;

/// Who may ask, and where their keys are.
pub(crate) struct Checked {
    pub(crate) access: Access,
    pub(crate) keys: Option<Arc<dyn KeySource>>,
}

/// Who may ask.
pub(crate) fn access(settings: &Settings, secrets: &Secrets) -> Result<Checked, StartError> {
    match settings.text(ACCESS)?.as_str() {
        "open" => Ok(Checked { access: Access::Open, keys: None }),
        "checked" => checked(settings, secrets),
        other => {
            Err(StartError::Other(format!("{ACCESS} is `{other}`: it is `checked` or `open`")))
        }
    }
}

fn checked(settings: &Settings, secrets: &Secrets) -> Result<Checked, StartError> {
    let (tokens, keys) = match settings.text_if_set(ISSUER)? {
        Some(issuer) => {
            let (tokens, keys) = tokens(settings, secrets, &issuer)?;
            (Some(tokens), keys)
        }
        None => (None, None),
    };
    let api_keys = match &secrets.api_keys {
        Some(text) => ApiKeys::parse(text).map_err(|error| wrong(KEYS_SECRET, &error))?,
        None => ApiKeys::default(),
    };
    let verifier = Verifier::new(tokens, api_keys).map_err(|error| match &secrets.api_keys {
        Some(_) => wrong(KEYS_SECRET, &"its list has no key: add one"),
        None => wrong(ACCESS, &error),
    })?;
    Ok(Checked { access: Access::Checked(verifier), keys })
}

fn tokens(
    settings: &Settings,
    secrets: &Secrets,
    issuer: &str,
) -> Result<(TokenVerifier, Option<Arc<dyn KeySource>>), StartError> {
    let audiences = settings.text(AUDIENCE)?;
    let audiences = audiences.split(',').map(str::trim).filter(|audience| !audience.is_empty());
    let roles = RolesClaim::new(settings.text(ROLES_CLAIM)?, settings.text(ROLES_PREFIX)?);
    let rules =
        TokenRules::new(issuer, audiences, roles).map_err(|error| wrong(AUDIENCE, &error))?;
    if let Some(secret) = &secrets.hs256 {
        let verifier = TokenVerifier::with_secret(rules, secret.trim().as_bytes())
            .map_err(|error| wrong(HS256_SECRET, &error))?;
        return Ok((verifier, None));
    }
    let keys = match settings.text_if_set(JWKS_URL)? {
        Some(url) => HttpKeySource::at(&url).map_err(|error| wrong(JWKS_URL, &error))?,
        None => HttpKeySource::of_issuer(issuer).map_err(|error| {
            let remedy = format!("{error}; or name where its keys are in {JWKS_URL}");
            wrong(ISSUER, &remedy)
        })?,
    };
    Ok((TokenVerifier::with_key_set(rules, KeySet::default()), Some(Arc::new(keys))))
}

/// How often each caller may ask, and be refused.
pub(crate) fn limiter(settings: &Settings) -> Result<Option<Limiter>, StartError> {
    if settings.text_if_set(RATE)?.is_none() {
        return Ok(None);
    }
    let rate = Rate::new(settings.parsed(RATE)?, settings.parsed(BURST)?);
    let rate = rate.map_err(|error| wrong(RATE, &error))?;
    Ok(Some(Limiter::new(rate, MOST_CALLERS)))
}

/// Which web pages may ask.
pub(crate) fn origins(settings: &Settings) -> Result<Origins, StartError> {
    Origins::parse(&settings.text(CORS_ORIGINS)?).map_err(|error| wrong(CORS_ORIGINS, &error))
}

/// Errors of access hold nothing secret.
fn wrong(variable: &str, error: &dyn std::fmt::Display) -> StartError {
    StartError::Other(format!("{variable} cannot be used: {error}"))
}
