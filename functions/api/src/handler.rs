use axum::Router;
use axum::extract::ConnectInfo;
use lambda_http::lambda_runtime::Context as LambdaContext;
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Service;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, service_fn};
use serde_json::Value;
use smelt_web::{Origin, bytes_in_json, too_large_to_send};

use crate::{ApiError, gateway};

/// Answers a request as API Gateway passes it on. `origin` says whose invocation it is.
pub(crate) async fn handle(
    mut event: Value,
    origin: Origin,
    router: Router,
) -> Result<Value, ApiError> {
    gateway::encode(&mut event);
    let peer = gateway::peer(&event);
    let request: LambdaRequest =
        serde_json::from_value(event).map_err(|error| ApiError::NoRequest(error.to_string()))?;
    let answered = move |mut request: Request| {
        request.extensions_mut().insert(origin.clone());
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        route(router.clone(), request)
    };
    let mut adapter = Adapter::from(service_fn(answered));
    let request = LambdaEvent::new(request, LambdaContext::default());
    let answer = adapter.call(request).await?;
    serde_json::to_value(answer).map_err(|error| ApiError::Answer(error.to_string()))
}

/// Bytes of the largest answer: Lambda passes on 6 MB, its frame included.
const MOST_BYTES: usize = 5_500_000;

/// The router's answer, or what is sent in its place where Lambda would not pass it on.
async fn route(mut router: Router, request: Request) -> Result<Response<Body>, ApiError> {
    let Ok(answer) = router.call(request).await;
    let answer = whole(answer).await?;
    if bytes_sent(answer.body()) <= MOST_BYTES {
        return Ok(answer);
    }
    let (unsent, _) = answer.into_parts();
    whole(too_large_to_send(&unsent)).await
}

/// An answer in one piece, as Lambda takes it.
async fn whole(answer: axum::response::Response) -> Result<Response<Body>, ApiError> {
    let (head, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ApiError::Answer(error.to_string()))?;
    let body = match String::from_utf8(bytes.into()) {
        Ok(text) => Body::Text(text),
        Err(error) => Body::Binary(error.into_bytes()),
    };
    Ok(Response::from_parts(head, body))
}

/// Bytes of a body on its way, in Lambda's answer: a text is escaped there, other bytes are in base64.
fn bytes_sent(body: &Body) -> usize {
    match body {
        Body::Binary(bytes) => bytes.len().div_ceil(3) * 4,
        Body::Text(text) => bytes_in_json(text),
        _ => 0,
    }
}
