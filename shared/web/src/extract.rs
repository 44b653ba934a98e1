//! Parts of a request, with problems where they are wrong.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use smelt_domain::shown;
use url::form_urlencoded;

use crate::misread;
use crate::problem::Problem;

/// The parameters of the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(crate) struct Path<T>(pub T);

/// The parameters behind the question mark.
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = decoded(parts.uri.query().unwrap_or_default())?;
        let pairs = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(pairs)
            .map(Self)
            .map_err(|error| Problem::bad_request(misread::parameters(&error)))
    }
}

/// The parameters of a URL. What is no UTF-8 would become other characters in them, and then find nothing.
pub(crate) fn decoded(query: &str) -> Result<form_urlencoded::Parse<'_>, Problem> {
    const REMEDY: &str = "encode it as UTF-8, then by percents";
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Ok(name) = percent_decode_str(name).decode_utf8() else {
            let detail = format!("the name of a parameter is no UTF-8: {REMEDY}");
            return Err(Problem::bad_request(detail));
        };
        if percent_decode_str(value).decode_utf8().is_err() {
            let detail = format!("`{}` in the parameters is no UTF-8: {REMEDY}", shown(&name));
            return Err(Problem::bad_request(detail));
        }
    }
    Ok(form_urlencoded::parse(query.as_bytes()))
}

/// Of a route that takes no parameters: one that is not read would be taken for a condition that was kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

/// The body: a JSON object.
#[derive(Debug)]
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "send the body as JSON, with `Content-Type: application/json`";
            return Err(Problem::wrong_type(detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(not_whole)?;
        // serde would take the fields of an object from a list as well, by their places.
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => return Err(Problem::bad_request("the body is empty: send a JSON object")),
            Some(b'[') => {
                return Err(Problem::bad_request("the body: expected an object, got a list"));
            }
            Some(_) => {}
        }
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let body = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| Problem::bad_request(misread::body(&error)))?;
        reader
            .end()
            .map_err(|error| Problem::bad_request(misread::syntax(error.line(), error.column())))?;
        Ok(Self(body))
    }
}

/// `application/json`, or a type that is JSON underneath.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

/// A body of which not everything came, or was read.
fn not_whole(rejection: BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = "the body has more bytes than are read (1 MiB): send less at once";
            Problem::too_large(detail)
        }
        _ => Problem::bad_request("the body broke off; send it again"),
    }
}

/// How many rows of a list are asked for.
pub(crate) fn limit(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(usual);
    if (1..=most).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::bad_request(format!("`limit` is a number from 1 to {most}")))
    }
}
