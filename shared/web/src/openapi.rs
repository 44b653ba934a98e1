//! The description of the API (OpenAPI 3.1) and the pages that show it.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa_swagger_ui::SwaggerUi;

use crate::api::Api;

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

/// `/openapi.json`, and `/docs` to read and try it.
pub(crate) fn pages(description: utoipa::openapi::OpenApi) -> Router<Api> {
    let pages = SwaggerUi::new("/docs").url(DESCRIPTION, description);
    Router::from(pages).layer(map_response(with_policy))
}

async fn with_policy(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
