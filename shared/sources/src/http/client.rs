//! The client: one question, asked until it is answered, refused for good, or out of time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, redirect};
use url::Url;

use super::answer::{is_passing, lasting_error};
use super::backoff::{Backoff, retry_after};
use super::body::{AnswerBody, JsonBody};
use super::token::Token;
use crate::SourceError;

/// Who is asking.
const USER_AGENT: &str = concat!("smelt/", env!("CARGO_PKG_VERSION"));
/// Enough for a portal that moves a path; more is a loop.
const MOST_REDIRECTS: usize = 5;
/// How much of an answer that is an error is read, in bytes.
const MESSAGE_BYTES: usize = 16 * 1024;

/// Hears, in words, of each attempt that failed and is made again. No word of it is a secret.
pub type RetryListener = Arc<dyn Fn(&str) + Send + Sync>;

/// How long a client waits, how often it tries and how much it takes.
#[derive(Clone)]
pub struct HttpSettings {
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait for the next bytes of an answer.
    pub read_timeout: Duration,
    /// The longest answer that is taken into memory, in bytes.
    pub max_body_bytes: usize,
    /// The waits between attempts.
    pub backoff: Backoff,
    /// Who hears of them, beside the log.
    pub on_retry: Option<RetryListener>,
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpSettings")
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(20),
            read_timeout: Duration::from_secs(120),
            max_body_bytes: 256 * 1024 * 1024,
            backoff: Backoff::default(),
            on_retry: None,
        }
    }
}

/// A question.
#[derive(Debug, Clone)]
pub(crate) enum HttpRequest {
    Get(Url),
    Post(Url, serde_json::Value),
}

/// Asks on behalf of one source.
pub(crate) struct HttpClient {
    client: reqwest::Client,
    settings: HttpSettings,
    label: String,
    token: Option<(HeaderName, HeaderValue)>,
    /// What helps when access is refused.
    access_remedy: String,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpClient")
            .field("label", &self.label)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why an attempt brought no answer.
enum Failure {
    /// Asking again cannot help.
    Lasting(SourceError),
    /// Asking again may help, possibly only after a wait that the server asks for.
    Passing { detail: String, wait: Option<Duration> },
}

impl HttpClient {
    /// A client for the source `label` that sends the token, if there is one.
    pub(crate) fn new(
        label: String,
        settings: HttpSettings,
        token: Token<'_>,
    ) -> Result<Self, SourceError> {
        let access_remedy = token.remedy();
        let token = token.to_header(&label)?;
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            // A proxy would be found in the environment, which only the program reads.
            .no_proxy()
            .redirect(redirect::Policy::custom(stay_with_the_portal))
            .build()
            .map_err(|error| SourceError::Definition {
                source_label: label.clone(),
                detail: format!("no HTTPS client can be made ({error})"),
                remedy: "check the root certificates of this machine".to_owned(),
            })?;
        Ok(Self { client, settings, label, token, access_remedy })
    }

    /// What the source is called in errors.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The answer, which is whole and valid JSON.
    pub(crate) async fn ask(
        &self,
        request: &HttpRequest,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, SourceError> {
        let mut body = JsonBody::new(&self.label, self.settings.max_body_bytes);
        self.fetch(request, &mut body, deadline).await?;
        Ok(body.bytes)
    }

    /// Brings the whole answer into `body`.
    pub(crate) async fn fetch(
        &self,
        request: &HttpRequest,
        body: &mut dyn AnswerBody,
        deadline: Option<Instant>,
    ) -> Result<(), SourceError> {
        let backoff = self.settings.backoff;
        let mut attempt = 1;
        loop {
            let (detail, asked_wait) = match self.attempt(request, body, deadline).await {
                Ok(()) => return Ok(()),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing { detail, wait }) => (detail, wait),
            };
            let wait = asked_wait.unwrap_or_else(|| backoff.wait_after(attempt));
            let end = if attempt >= backoff.attempts {
                Some(format!("tried {attempt} times"))
            } else if asked_wait.is_some_and(|wait| wait > backoff.patience) {
                Some(format!("it asks to come again in {} s", wait.as_secs()))
            } else if deadline.is_some_and(|deadline| Instant::now() + wait >= deadline) {
                Some(format!("tried {attempt} times, and no time is left for another"))
            } else {
                None
            };
            if let Some(end) = end {
                return Err(SourceError::Unavailable {
                    source_label: self.label.clone(),
                    detail: format!("{detail} ({end})"),
                });
            }
            attempt += 1;
            self.tell_of_retry(&detail, wait, attempt);
            tokio::time::sleep(wait).await;
        }
    }

    /// Says that `attempt` is made after a wait: nobody should wonder what takes so long.
    fn tell_of_retry(&self, detail: &str, wait: Duration, attempt: u32) {
        let attempts = self.settings.backoff.attempts;
        let seconds = wait.as_secs_f64();
        let what = format!("{detail}; trying again in {seconds:.1} s ({attempt} of {attempts})");
        tracing::info!(source = %self.label, attempt, wait_ms = wait.as_millis() as u64, "{what}");
        if let Some(listener) = &self.settings.on_retry {
            listener(&format!("{}: {what}", self.label));
        }
    }

    async fn attempt(
        &self,
        request: &HttpRequest,
        body: &mut dyn AnswerBody,
        deadline: Option<Instant>,
    ) -> Result<(), Failure> {
        let answer = self.answer(request, body);
        match deadline {
            None => answer.await,
            Some(deadline) => match tokio::time::timeout_at(deadline.into(), answer).await {
                Ok(result) => result,
                Err(_) => Err(passing("no answer came before the deadline")),
            },
        }
    }

    async fn answer(
        &self,
        request: &HttpRequest,
        body: &mut dyn AnswerBody,
    ) -> Result<(), Failure> {
        body.restart().map_err(Failure::Lasting)?;
        let mut builder = match request {
            HttpRequest::Get(url) => self.client.get(url.clone()),
            HttpRequest::Post(url, body) => self
                .client
                .post(url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string()),
        };
        builder = builder.header(ACCEPT, body.media_type());
        if let Some((name, value)) = &self.token {
            builder = builder.header(name, value);
        }
        let response = builder.send().await.map_err(|error| passing(describe(&error)))?;
        let status = response.status();
        if status.is_success() {
            return take(response, body).await;
        }
        let wait = wait_asked_for(&response);
        let message = first_bytes(response).await;
        let token = self.token.as_ref().and_then(|(_, value)| value.to_str().ok());
        let error = lasting_error(&self.label, status, &message, token, &self.access_remedy);
        if is_passing(status) {
            return Err(Failure::Passing { detail: format!("it answers {status}"), wait });
        }
        Err(Failure::Lasting(error))
    }
}

/// Takes the whole answer.
async fn take(response: Response, body: &mut dyn AnswerBody) -> Result<(), Failure> {
    let mut bytes = 0;
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            passing(format!("its answer broke off after {bytes} bytes: {}", describe(&error)))
        })?;
        bytes += chunk.len();
        body.add(&chunk).map_err(Failure::Lasting)?;
    }
    body.defect().map_or(Ok(()), |defect| Err(passing(defect)))
}

/// The root of a portal, without anything that a path cannot be added to.
pub(crate) fn root_url(label: &str, text: &str) -> Result<Url, SourceError> {
    let wrong = |why: &str| SourceError::Definition {
        source_label: label.to_owned(),
        detail: format!("its url {why}"),
        remedy: "write it as `https://host`".to_owned(),
    };
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| wrong("cannot be read"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("names no web server"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user or a password, which would be seen"));
    }
    Ok(url)
}

/// The token goes to the portal it is meant for, to no other host and never unencrypted.
fn stay_with_the_portal(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let same = attempt.previous().last().is_some_and(|from| {
        let (from_port, to_port) =
            (from.port_or_known_default(), attempt.url().port_or_known_default());
        let same_service = from.scheme() == attempt.url().scheme() && from_port == to_port;
        let now_encrypted = from.scheme() == "http" && attempt.url().scheme() == "https";
        from.host() == attempt.url().host() && (same_service || now_encrypted)
    });
    if same && attempt.previous().len() <= MOST_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

fn wait_asked_for(response: &Response) -> Option<Duration> {
    let header = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(header, Utc::now())
}

async fn first_bytes(response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        body.extend_from_slice(&chunk);
        if body.len() >= MESSAGE_BYTES {
            body.truncate(MESSAGE_BYTES);
            break;
        }
    }
    body
}

fn passing(detail: impl Into<String>) -> Failure {
    Failure::Passing { detail: detail.into(), wait: None }
}

/// What went wrong, with the innermost cause; of the URL, which may hold more, only the server.
fn describe(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "it does not answer in time".to_owned()
    } else if error.is_connect() {
        let server = error.url().and_then(server_of).map(|server| format!(" to {server}"));
        format!("no connection{}", server.unwrap_or_default())
    } else {
        "the connection broke".to_owned()
    };
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() || std::ptr::addr_eq(cause, error) {
        what
    } else {
        format!("{what}: {cause}")
    }
}

fn server_of(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    #[test]
    fn a_root_is_a_web_server_without_credentials() {
        assert_eq!(root_url("x", "https://a.b/").unwrap().as_str(), "https://a.b/");
        for text in ["a.b", "ftp://a.b", "https://me:hidden@a.b", ""] {
            let error = root_url("x", text).unwrap_err().to_string();
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn a_token_is_not_seen() {
        let secret = Secret::new("hidden");
        let token = Token {
            header: "x-app-token",
            setting: "app_token",
            variable: Some("APP_TOKEN"),
            value: Some(&secret),
        };
        let client = HttpClient::new("x".to_owned(), HttpSettings::default(), token).unwrap();
        assert!(!format!("{client:?}").contains("hidden"));
    }
}
