//! The description of the API (OpenAPI 3.1) and the pages that show it.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa_swagger_ui::SwaggerUi;

use crate::api::Api;
use crate::router::no_route;
use crate::schemas::TableAnswer;

/// Where the description is.
const DESCRIPTION: &str = "/openapi.json";

/// The pages load their own scripts and styles, and only these.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      frame-ancestors 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "smelt",
        description = "Reads what a lake has published, with filters and groups; watches uploads, \
                       corrects records, starts refreshes. Errors are `application/problem+json` and \
                       say what to do. Answers about tables have an `ETag`: ask with `If-None-Match`."
    ),
    components(schemas(TableAnswer)),
    tags(
        (name = "tables", description = "What is published: marts, forecasts, anomalies"),
        (name = "datasets", description = "What there is and where it stands"),
        (name = "uploads", description = "Files on their way in"),
        (name = "changes", description = "What changes data"),
        (name = "models", description = "What was learnt"),
        (name = "health", description = "Whether it works")
    )
)]
struct Start;

/// What the description begins with.
pub(crate) fn start() -> utoipa::openapi::OpenApi {
    let mut start = Start::openapi();
    start.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = start.components.get_or_insert_default();
    components
        .add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme(
        "api_key",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Api-Key"))),
    );
    start
}

/// What any route may answer, whatever it is about.
const ANY_ROUTE: [(&str, &str); 2] = [
    ("400", "A part of the request cannot be read"),
    ("503", "The lake did not answer; try again"),
];
/// What a route may answer that needs a role.
const ANY_SECURED_ROUTE: [(&str, &str); 3] = [
    ("401", "Nobody is named, or nobody who is known"),
    ("403", "This needs another role"),
    ("429", "Too many requests; `Retry-After` says how long to wait"),
];

/// Adds to each route what its own description leaves out.
fn add_common_answers(description: &mut utoipa::openapi::OpenApi) {
    for item in description.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let secured = if operation.security.is_some() { &ANY_SECURED_ROUTE[..] } else { &[] };
            for (status, meaning) in ANY_ROUTE.iter().chain(secured) {
                let answer = ResponseBuilder::new()
                    .description(*meaning)
                    .content(
                        "application/problem+json",
                        Content::new(Some(Ref::from_schema_name("Problem"))),
                    )
                    .build();
                let answers = &mut operation.responses.responses;
                answers.entry((*status).to_owned()).or_insert(RefOr::T(answer));
            }
        }
    }
}

/// `/openapi.json`, and `/docs` to read and try it.
pub(crate) fn pages(mut description: utoipa::openapi::OpenApi) -> Router<Api> {
    add_common_answers(&mut description);
    let pages = SwaggerUi::new("/docs").url(DESCRIPTION, description);
    Router::from(pages).layer(from_fn(as_page))
}

async fn as_page(uri: Uri, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return no_route(uri).await.into_response();
    }
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
