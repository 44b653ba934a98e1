//! What sources need and nobody may see: from one secret in Secrets Manager.

use std::collections::BTreeMap;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use smelt_sources::{Secret, SourceError};
use tokio::sync::OnceCell;

/// Where secrets come from.
#[derive(Debug)]
pub(crate) struct Secrets {
    arn: Option<String>,
    /// Made by the first pull: landed files need no secret.
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
        let answer = client.get_secret_value().secret_id(arn).send().await.map_err(|error| {
            SourceError::Unavailable {
                source_label: source.to_owned(),
                detail: format!(
                    "the secret of its credentials was not given: {}",
                    DisplayErrorContext(&error)
                ),
            }
        })?;
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

async fn client() -> Client {
    Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)
}
