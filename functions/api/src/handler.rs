use axum::Router;
use lambda_http::lambda_runtime::Context as LambdaContext;
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Service;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, service_fn};
use serde_json::Value;

use crate::{ApiContext, ApiError};

/// Answers a request as API Gateway passes it on.
pub(crate) async fn handle(event: Value, context: &ApiContext) -> Result<Value, ApiError> {
    let request: LambdaRequest =
        serde_json::from_value(event).map_err(|error| ApiError::NoRequest(error.to_string()))?;
    let router = context.router.clone();
    let mut adapter = Adapter::from(service_fn(move |request| route(router.clone(), request)));
    let request = LambdaEvent::new(request, LambdaContext::default());
    let answer = adapter.call(request).await?;
    serde_json::to_value(answer).map_err(|error| ApiError::Answer(error.to_string()))
}

/// The router's answer, whole: Lambda takes it in one piece.
async fn route(mut router: Router, request: Request) -> Result<Response<Body>, ApiError> {
    let Ok(answer) = router.call(request).await;
    let (head, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ApiError::Answer(error.to_string()))?;
    let body = match String::from_utf8(bytes.to_vec()) {
        Ok(text) => Body::Text(text),
        Err(_) => Body::Binary(bytes.to_vec()),
    };
    Ok(Response::from_parts(head, body))
}
