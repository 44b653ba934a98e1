//! What sources need and nobody may see: from one secret in Secrets Manager.

use std::collections::BTreeMap;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use smelt_sources::{Secret, SourceError};
use tokio::sync::OnceCell;

/// Where secrets come from.
#[derive(Debug)]
pub(crate) struct Secrets {
    arn: Option<String>,
    /// Made by the first source that is opened: landed files need no secret.
    client: OnceCell<Client>,
}

impl Secrets {
    /// The secret with this ARN; `None`: there is none.
    pub(crate) fn of(arn: Option<String>) -> Self {
        Self { arn, client: OnceCell::new() }
    }

    /// The secrets by their names, as they are now: they may have been rotated.
    pub(crate) async fn read(&self, source: &str) -> Result<BTreeMap<String, Secret>, SourceError> {
        let Some(arn) = &self.arn else { return Ok(BTreeMap::new()) };
        let client = self.client.get_or_init(client).await;
        let answer = match client.get_secret_value().secret_id(arn).send().await {
            Ok(answer) => answer,
            // It has no value yet: a source that needs one says which.
            Err(error) if is_without_value(&error) => return Ok(BTreeMap::new()),
            Err(error) => return Err(not_given(source, &error)),
        };
        // The text of the secret is in no error.
        let values: BTreeMap<String, String> =
            serde_json::from_str(answer.secret_string().unwrap_or_default()).map_err(|_| {
                SourceError::Definition {
                    source_label: source.to_owned(),
                    detail: "the secret of its credentials is not a JSON object of texts"
                        .to_owned(),
                    remedy: "write it as {\"NAME\": \"value\"}".to_owned(),
                }
            })?;
        Ok(values.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
    }
}

fn is_without_value(error: &SdkError<GetSecretValueError>) -> bool {
    let answer = error.as_service_error();
    answer.is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

fn not_given(source: &str, error: &SdkError<GetSecretValueError>) -> SourceError {
    let source_label = source.to_owned();
    let detail =
        format!("the secret of its credentials was not given: {}", DisplayErrorContext(error));
    let denied = ["AccessDeniedException", "DecryptionFailure"];
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    if code.is_some_and(|code| denied.contains(&code)) {
        let remedy = "let the function's role read the secret, and use its key".to_owned();
        return SourceError::Refused { source_label, detail, remedy };
    }
    SourceError::Unavailable { source_label, detail }
}

async fn client() -> Client {
    Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)
}
