//! Why `api` fails, and what it answers then.
//!
//! A request that cannot be answered gets an answer that says so (`application/problem+json`, RFC 9457).
//! The function itself fails only where an event is no request: `errorType` is then
//! `Permanent.NoRequest`.

use smelt_runtime::FunctionError;

/// Why the function fails.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The event is no request of an HTTP API.
    #[error("the event is no request of an HTTP API (payload version 2.0): {0}")]
    NoRequest(String),
    /// The answer could not be put into the form that Lambda wants.
    #[error("the answer could not be written: {0}")]
    Answer(String),
}

impl FunctionError for ApiError {
    fn retryable(&self) -> bool {
        false
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::NoRequest(_) => "NoRequest",
            Self::Answer(_) => "Answer",
        }
    }
}
