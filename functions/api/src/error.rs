//! Why `api` fails, and what it answers then.
//!
//! A request that cannot be answered gets an answer that says so (`application/problem+json`, RFC 9457).
//! The function itself fails only where an event is no request: `errorType` is then
//! `Permanent.NoRequest`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use smelt_runtime::FunctionError;
use smelt_stages::StageError;

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

/// An answer that says what is wrong.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(skip)]
    status: StatusCode,
    title: &'static str,
    detail: String,
}

impl Problem {
    /// There is no such thing.
    pub(crate) fn not_found(detail: String) -> Self {
        Self { status: StatusCode::NOT_FOUND, title: "not found", detail }
    }

    /// A value of the query is wrong.
    pub(crate) fn bad_request(detail: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: "bad request", detail }
    }
}

impl From<StageError> for Problem {
    fn from(error: StageError) -> Self {
        tracing::error!(%error, "a request could not be answered");
        // The lake's own words name objects of the store: they are for the log.
        let (status, title, detail) = if error.retryable() {
            let detail = "the lake did not answer; try again";
            (StatusCode::SERVICE_UNAVAILABLE, "not available", detail)
        } else {
            let detail = "the lake could not be read; the log of the function says why";
            (StatusCode::INTERNAL_SERVER_ERROR, "failed", detail)
        };
        Self { status, title, detail: detail.to_owned() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}
