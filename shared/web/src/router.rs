//! The routes, by the role that they need.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::middleware::{from_fn, from_fn_with_state};
use smelt_access::Role;
use smelt_domain::shown;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Api;
use crate::problem::Problem;
use crate::routes::{
    announcements, datasets, health, marts, models, predict, quarantine, records, refresh, runs,
    series, uploads,
};
use crate::{etag, guard, openapi, site, upload_target};

/// Bytes of a body that is JSON.
const MOST_BODY: usize = 1 << 20;

/// All routes over a lake.
pub fn router(api: Api) -> Router {
    let (routes, description) = described(&api).split_for_parts();
    let routes = match &api.settings().dashboard {
        Some(folder) => site::with_dashboard(routes, &api, folder),
        None => routes.fallback(no_route),
    };
    let worth_it = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/vnd.apache"))
        .and(NotForContentType::const_new("application/octet-stream"));
    routes
        .merge(openapi::pages(description))
        .method_not_allowed_fallback(wrong_method)
        .layer(CompressionLayer::new().compress_when(worth_it))
        .layer(from_fn(etag::by_encoding))
        .layer(from_fn_with_state(api.clone(), guard::frame))
        .with_state(api)
}

/// The routes with their description.
fn described(api: &Api) -> OpenApiRouter<Api> {
    let needs = |role: Role| from_fn_with_state((api.clone(), role), guard::require);
    let open = OpenApiRouter::with_openapi(openapi::start())
        .routes(routes!(health::health))
        .routes(routes!(health::ready));
    let readers = OpenApiRouter::new()
        .routes(routes!(datasets::datasets))
        .routes(routes!(datasets::dataset))
        .routes(routes!(datasets::quality))
        .routes(routes!(datasets::lineage))
        .routes(routes!(marts::mart))
        .routes(routes!(marts::view))
        .routes(routes!(series::forecast))
        .routes(routes!(series::forecast_accuracy))
        .routes(routes!(series::anomalies))
        .routes(routes!(series::outliers))
        .routes(routes!(runs::runs))
        .routes(routes!(runs::status))
        .routes(routes!(models::models))
        .routes(routes!(predict::predict))
        .route_layer(needs(Role::Reader));
    let uploaders = OpenApiRouter::new()
        .routes(routes!(announcements::announce))
        .routes(routes!(uploads::list))
        .routes(routes!(uploads::upload))
        .routes(routes!(uploads::events))
        .routes(routes!(quarantine::quarantine))
        .route_layer(needs(Role::Uploader));
    let operators = OpenApiRouter::new()
        .routes(routes!(records::put, records::delete))
        .routes(routes!(refresh::refresh))
        .route_layer(needs(Role::Operator));
    let all = open.merge(readers).merge(uploaders).merge(operators);
    let all = all.layer(DefaultBodyLimit::max(MOST_BODY));
    // Who has the address of an upload may send it: it is as good as a signature.
    all.merge(OpenApiRouter::new().routes(routes!(upload_target::receive)))
}

pub(crate) async fn no_route(uri: Uri) -> Problem {
    let path = shown(uri.path());
    Problem::not_found(format!("there is nothing at `{path}`; /docs says what there is"))
}

async fn wrong_method(uri: Uri) -> Problem {
    let path = shown(uri.path());
    Problem::wrong_method(format!("`{path}` takes other methods; /docs says which"))
}
