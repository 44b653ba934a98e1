//! Secrets of Secrets Manager, read once when the function starts.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use smelt_runtime::StartError;

/// The text of the secret that a variable names.
pub(crate) async fn secret_text(
    config: &SdkConfig,
    variable: &str,
    arn: &str,
) -> Result<String, StartError> {
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
