//! Starts a refresh.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::extract::{Body, NoParameters, Parameters, Path};
use crate::ports::{Asked, RefreshMode};
use crate::problem::Problem;

/// How much.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    /// What is new, or everything anew.
    #[serde(default)]
    mode: RefreshMode,
}

/// A refresh that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefreshAccepted {
    /// The dataset.
    dataset: String,
    /// How much of it.
    mode: RefreshMode,
    /// Where to see what it does.
    #[schema(value_type = String)]
    watch: &'static str,
}

/// Brings a dataset up to date, or computes it anew; it is started, not waited for
#[utoipa::path(
    post,
    path = "/v1/datasets/{dataset}/refresh",
    tag = "changes",
    params(("dataset" = String, Path)),
    request_body = RefreshRequest,
    responses(
        (status = 202, body = RefreshAccepted),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn refresh(
    State(api): State<Api>,
    Path(dataset): Path<String>,
    _: Parameters<NoParameters>,
    Body(request): Body<RefreshRequest>,
) -> Result<(StatusCode, Json<RefreshAccepted>), Problem> {
    let dataset = api.dataset(&dataset)?;
    let mode = request.mode;
    api.settings().refresher.refresh(Asked::of(dataset, mode)).await?;
    let dataset = dataset.name.to_string();
    Ok((StatusCode::ACCEPTED, Json(RefreshAccepted { dataset, mode, watch: "/v1/runs" })))
}
