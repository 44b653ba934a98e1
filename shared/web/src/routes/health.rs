//! Whether it works.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::problem::Problem;

/// How it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `ready` where the lake was asked.
    #[schema(value_type = String)]
    status: &'static str,
    /// The version of smelt.
    #[schema(value_type = String)]
    version: &'static str,
}

impl Health {
    fn of(status: &'static str) -> Json<Self> {
        Json(Self { status, version: env!("CARGO_PKG_VERSION") })
    }
}

/// Whether it answers
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Json<Health> {
    Health::of("ok")
}

/// Whether it can read the lake
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    responses((status = 200, body = Health), (status = 503, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn ready(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    // A key that need not be there, below a prefix that may be read.
    api.lake().object("runs/ready").await?;
    Ok(Health::of("ready"))
}
