//! The keys that an issuer of tokens publishes.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Client;
use smelt_access::KeySet;
use url::Url;

use crate::ports::{KeySource, PortError};

/// How long the issuer may take: a caller waits for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of a set of keys.
const MOST_BYTES: usize = 256 * 1024;

/// A JSON web key set at an address (JWKS, RFC 7517).
#[derive(Debug)]
pub struct HttpKeySource {
    client: Client,
    url: String,
}

/// Why keys can never be fetched: every token would be refused as if its caller were to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySourceError {
    /// It is no address.
    #[error(
        "`{0}` is no address that keys can be fetched from: name one that starts with https:// (or http://)"
    )]
    NoAddress(String),
    /// Nothing could be fetched from anywhere.
    #[error("keys of tokens cannot be fetched: {0}; check the certificates of this machine")]
    NoClient(String),
}

impl HttpKeySource {
    /// The keys at this address; nothing is asked yet.
    pub fn at(url: &str) -> Result<Self, KeySourceError> {
        let is_on_the_web =
            Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_on_the_web {
            return Err(KeySourceError::NoAddress(url.to_owned()));
        }
        let client = Client::builder().timeout(PATIENCE).build();
        let client = client.map_err(|error| KeySourceError::NoClient(error.to_string()))?;
        Ok(Self { client, url: url.to_owned() })
    }

    /// The keys where an issuer publishes them if nothing else is said:
    /// `https://issuer.example.com/.well-known/jwks.json`.
    pub fn of_issuer(issuer: &str) -> Result<Self, KeySourceError> {
        Self::at(&format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/')))
    }
}

#[async_trait]
impl KeySource for HttpKeySource {
    async fn keys(&self) -> Result<KeySet, PortError> {
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

fn failed(reason: String) -> PortError {
    PortError::Failed { what: "fetching the issuer's keys", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_that_is_no_address_publishes_no_keys() {
        for issuer in ["https://issuer.example.com/", "http://127.0.0.1:8000", "HTTPS://a.b/pool"] {
            assert!(HttpKeySource::of_issuer(issuer).is_ok(), "{issuer}");
        }
        for issuer in ["x", "", "issuer.example.com", "localhost:8000", "file:///etc"] {
            let refused = HttpKeySource::of_issuer(issuer).err();
            assert!(matches!(refused, Some(KeySourceError::NoAddress(_))), "{issuer}: {refused:?}");
        }
    }
}
