//! Who refreshes: the functions behind their queues.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use serde_json::{Value, json};
use smelt_runtime::{Settings, StartError};
use smelt_web::{Asked, PortError, RefreshMode, Refresher};

use crate::variables::REFRESH_QUEUES;

/// The function that looks for files that landed and were missed.
const LANDING: &str = "ingest";
/// The function that begins: what it commits wakes the next one.
const FIRST: &str = "silver";
/// The function that is told as well: marts that were left behind are seen to.
const SECOND: &str = "gold";

/// The queues of functions.
#[derive(Debug)]
pub(crate) struct RefreshQueues {
    client: Client,
    urls: BTreeMap<String, String>,
}

impl RefreshQueues {
    /// The queues that the settings name; nothing is asked yet.
    pub(crate) fn read(settings: &Settings, config: &SdkConfig) -> Result<Self, StartError> {
        let urls = serde_json::from_str(&settings.text(REFRESH_QUEUES)?).map_err(|error| {
            StartError::Other(format!("{REFRESH_QUEUES} is no JSON object of URLs: {error}"))
        })?;
        Ok(Self { client: Client::new(config), urls })
    }

    async fn send(&self, function: &str, command: &Value) -> Result<(), PortError> {
        let Some(url) = self.urls.get(function) else {
            return Err(PortError::Refused(format!(
                "the queue of `{function}` is not known here: name it in {REFRESH_QUEUES}"
            )));
        };
        let sent = self.client.send_message().queue_url(url).message_body(command.to_string());
        sent.send().await.map(drop).map_err(|error| PortError::Failed {
            what: "waking a function",
            reason: DisplayErrorContext(&error).to_string(),
        })
    }
}

#[async_trait]
impl Refresher for RefreshQueues {
    async fn refresh(&self, asked: Asked) -> Result<(), PortError> {
        let dataset = asked.dataset.as_str();
        match asked.mode {
            RefreshMode::Incremental => {
                for table in &asked.tables {
                    let command = json!({ "dataset": dataset, "table": table });
                    self.send(LANDING, &command).await?;
                }
                let command = json!({ "dataset": dataset });
                self.send(FIRST, &command).await?;
                self.send(SECOND, &command).await
            }
            RefreshMode::Full => {
                self.send(FIRST, &json!({ "dataset": dataset, "anew": true })).await
            }
        }
    }
}
