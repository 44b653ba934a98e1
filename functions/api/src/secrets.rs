//! Secrets of Secrets Manager that callers are checked by.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use smelt_runtime::{Settings, StartError};

use crate::variables::{ACCESS, HS256_SECRET, ISSUER, KEYS_SECRET};

/// The texts of the secrets that the settings name.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Secrets {
    /// The list of API keys.
    pub(crate) api_keys: Option<String>,
    /// What tokens are signed with.
    pub(crate) hs256: Option<String>,
}

impl Secrets {
    /// As they are now.
    pub(crate) async fn read(settings: &Settings, config: &SdkConfig) -> Result<Self, StartError> {
        let is_open = settings.text(ACCESS)? == "open";
        let has_tokens = settings.text_if_set(ISSUER)?.is_some();
        Ok(Self {
            api_keys: named(settings, config, KEYS_SECRET, !is_open).await?,
            hs256: named(settings, config, HS256_SECRET, !is_open && has_tokens).await?,
        })
    }
}

/// The text of the secret that a variable names, if it names one and somebody needs it.
async fn named(
    settings: &Settings,
    config: &SdkConfig,
    variable: &'static str,
    is_needed: bool,
) -> Result<Option<String>, StartError> {
    match settings.text_if_set(variable)? {
        Some(arn) if is_needed => secret_text(config, variable, &arn).await.map(Some),
        _ => Ok(None),
    }
}

async fn secret_text(config: &SdkConfig, variable: &str, arn: &str) -> Result<String, StartError> {
    let client = Client::new(config);
    let answer = client.get_secret_value().secret_id(arn).send().await.map_err(|error| {
        StartError::Other(format!(
            "the secret of {variable} was not given: {}; write it, and let the function's role read it",
            DisplayErrorContext(&error)
        ))
    })?;
    let text = answer.secret_string().unwrap_or_default();
    if text.is_empty() {
        return Err(StartError::Other(format!("the secret of {variable} has no text; write it")));
    }
    Ok(text.to_owned())
}
