use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::lambda_runtime::Context as LambdaContext;
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Service;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, service_fn};
use serde_json::{Value, json};
use smelt_web::Origin;

use crate::{ApiError, gateway};

/// Answers a request as API Gateway passes it on. `origin` says whose invocation it is.
pub(crate) async fn handle(
    mut event: Value,
    origin: Origin,
    router: Router,
) -> Result<Value, ApiError> {
    gateway::encode(&mut event);
    let request: LambdaRequest =
        serde_json::from_value(event).map_err(|error| ApiError::NoRequest(error.to_string()))?;
    let answered = move |mut request: Request| {
        request.extensions_mut().insert(origin.clone());
        route(router.clone(), request)
    };
    let mut adapter = Adapter::from(service_fn(answered));
    let request = LambdaEvent::new(request, LambdaContext::default());
    let answer = adapter.call(request).await?;
    serde_json::to_value(answer).map_err(|error| ApiError::Answer(error.to_string()))
}

/// The header by which an answer names its request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of the largest answer: Lambda passes on 6 MB, its frame included.
const MOST_BYTES: usize = 5_500_000;

/// In place of an answer that Lambda would not pass on. It is found in the log by the same id.
fn too_large(id: Option<&HeaderValue>) -> Response<Body> {
    let mut problem = json!({
        "status": 413,
        "title": "too large",
        "detail": "the answer is larger than can be sent: ask for fewer rows (limit) or columns (select), \
                   or read the file below published/",
    });
    if let Some(id) = id.and_then(|id| id.to_str().ok()) {
        problem["request_id"] = json!(id);
    }
    let mut response = Response::new(Body::Text(problem.to_string()));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().extend(id.map(|id| (REQUEST_ID, id.clone())));
    response
}

/// The router's answer, whole: Lambda takes it in one piece.
async fn route(mut router: Router, request: Request) -> Result<Response<Body>, ApiError> {
    let Ok(answer) = router.call(request).await;
    let (head, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ApiError::Answer(error.to_string()))?;
    let body = match String::from_utf8(bytes.into()) {
        Ok(text) => Body::Text(text),
        Err(error) => Body::Binary(error.into_bytes()),
    };
    // Bytes that are no text become a third larger on their way.
    let sent = match &body {
        Body::Binary(bytes) => bytes.len().div_ceil(3) * 4,
        Body::Text(text) => text.len(),
        _ => 0,
    };
    if sent > MOST_BYTES {
        return Ok(too_large(head.headers.get(REQUEST_ID)));
    }
    Ok(Response::from_parts(head, body))
}
