//! The keys that an issuer of tokens publishes.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Client;
use smelt_access::KeySet;
use smelt_web::{KeySource, PortError};

/// How long the issuer may take: a caller waits for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of a set of keys.
const MOST_BYTES: usize = 256 * 1024;

/// Where the keys are.
#[derive(Debug)]
pub(crate) struct PublishedKeys {
    client: Client,
    url: String,
}

impl PublishedKeys {
    /// The keys at this address; nothing is asked yet.
    pub(crate) fn at(url: &str) -> Result<Self, reqwest::Error> {
        let client = Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { client, url: url.to_owned() })
    }
}

#[async_trait]
impl KeySource for PublishedKeys {
    async fn keys(&self) -> Result<KeySet, PortError> {
        let failed =
            |reason: String| PortError::Failed { what: "fetching the issuer's keys", reason };
        let answer = self.client.get(&self.url).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let mut answer = answer.map_err(|error| failed(error.to_string()))?;
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(error.to_string()))? {
            text.extend_from_slice(&chunk);
            if text.len() > MOST_BYTES {
                return Err(failed(format!("they have more than {MOST_BYTES} bytes")));
            }
        }
        KeySet::parse(&String::from_utf8_lossy(&text)).map_err(|error| failed(error.to_string()))
    }
}
