//! Answers that say what is wrong and what to do (`application/problem+json`, RFC 9457).

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use smelt_access::{Refused, TooMany};
use smelt_query::{AnswerError, FormatError, QueryError};
use smelt_stages::{CorrectionError, StageError};
use utoipa::ToSchema;

use crate::ports::PortError;

/// What is wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The status of the answer.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What kind of problem it is.
    #[schema(value_type = String)]
    title: &'static str,
    /// What is wrong with this request, and what to do.
    detail: String,
    /// The request, for whoever looks for it in a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into(), request_id: None, headers: Vec::new() }
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", detail)
    }

    /// Something of the request is wrong.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad request", detail)
    }

    /// What is asked for cannot be done as things are.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// It was there once.
    pub(crate) fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "gone", detail)
    }

    /// It is larger than allowed.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too large", detail)
    }

    /// Its address is longer than can be read.
    pub(crate) fn address_too_long(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::URI_TOO_LONG, "too long", detail)
    }

    /// Its address and headers are larger than can be read.
    pub(crate) fn head_too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too large", detail)
    }

    /// It was sent to the wrong place.
    pub(crate) fn misdirected(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", detail)
    }

    /// The body is of another type.
    pub(crate) fn wrong_type(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong type", detail)
    }

    /// The path knows other methods.
    pub(crate) fn wrong_method(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong method", detail)
    }

    /// The part of a file that was asked for is not there.
    pub(crate) fn no_range(bytes: u64) -> Self {
        let detail = format!("the file has {bytes} bytes");
        let problem = Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "no such range", detail);
        let range = HeaderValue::try_from(format!("bytes */{bytes}"));
        problem.with(header::CONTENT_RANGE, range.ok())
    }

    fn with(mut self, name: HeaderName, value: Option<HeaderValue>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// The body of the answer.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The same, of this request.
    pub(crate) fn of_request(mut self, id: &str) -> Self {
        self.request_id = Some(id.to_owned());
        self
    }

    /// What only the log is to know.
    fn hidden(error: &dyn std::error::Error, retryable: bool) -> Self {
        tracing::error!(%error, retryable, "a request could not be answered");
        // The lake's own words name objects of the store.
        if retryable {
            let detail = "the lake did not answer; try again";
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "not available", detail)
                .with(header::RETRY_AFTER, Some(HeaderValue::from_static("1")))
        } else {
            let detail = "the lake could not be read; the log of the server says why";
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail)
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.to_json()).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().extend(self.headers.iter().cloned());
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StageError> for Problem {
    fn from(error: StageError) -> Self {
        match &error {
            StageError::UnknownDataset { .. } => Self::not_found(error.to_string()),
            StageError::Model { .. } => Self::bad_request(error.to_string()),
            _ => Self::hidden(&error, error.retryable()),
        }
    }
}

impl From<smelt_lake::LakeError> for Problem {
    fn from(error: smelt_lake::LakeError) -> Self {
        StageError::from(error).into()
    }
}

impl From<CorrectionError> for Problem {
    fn from(error: CorrectionError) -> Self {
        match error {
            CorrectionError::Stage(error) => error.into(),
            CorrectionError::NoSuchRow { .. } => Self::not_found(error.to_string()),
            CorrectionError::Append { .. } => Self::conflict(error.to_string()),
            CorrectionError::Waiting { .. } => Self::conflict(error.to_string())
                .with(header::RETRY_AFTER, Some(HeaderValue::from_static("5"))),
            _ => Self::bad_request(error.to_string()),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<FormatError> for Problem {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::NotAcceptable => {
                Self::new(StatusCode::NOT_ACCEPTABLE, "not acceptable", error.to_string())
            }
            FormatError::Unknown(_) => Self::bad_request(error.to_string()),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Query(error) => error.into(),
            _ => Self::hidden(&error, error.retryable()),
        }
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Refused(detail) => Self::conflict(detail),
            PortError::Failed { .. } => Self::hidden(&error, true),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let title =
            if refused.status() == StatusCode::FORBIDDEN { "forbidden" } else { "unauthorized" };
        Self::new(refused.status(), title, refused.to_string())
            .with(header::WWW_AUTHENTICATE, refused.challenge())
    }
}

impl From<TooMany> for Problem {
    fn from(too_many: TooMany) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests", too_many.to_string())
            .with(header::RETRY_AFTER, Some(too_many.retry_after()))
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        let wrong = match rejection {
            PathRejection::FailedToDeserializePathParams(error) => Some(error.into_kind()),
            _ => None,
        };
        let detail = match wrong {
            Some(ErrorKind::InvalidUtf8InPathParam { key }) => {
                format!("`{key}` in the path is no UTF-8: encode it as UTF-8, then by percents")
            }
            _ => "the path cannot be read; /docs says what there is".to_owned(),
        };
        Self::bad_request(detail)
    }
}
