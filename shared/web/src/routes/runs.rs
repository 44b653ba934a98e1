//! What ran, and where everything stands.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use smelt_domain::RunReport;
use smelt_stages::{dataset_status, last_reports};
use utoipa::IntoParams;

use crate::api::Api;
use crate::extract::{NoParameters, Parameters, limit};
use crate::problem::Problem;
use crate::schemas;
use crate::server_paths::without_server_paths;

/// Runs that are listed where nothing else is asked for, and at most.
const USUAL_RUNS: usize = 20;
const MOST_RUNS: usize = 200;

/// How many runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsParameters {
    /// How many of the newest.
    #[param(minimum = 1, maximum = 200, default = 20)]
    limit: Option<usize>,
}

/// The newest runs: what each did to which table
#[utoipa::path(
    get,
    path = "/v1/runs",
    tag = "datasets",
    params(RunsParameters),
    responses(
        (status = 200, body = Vec<schemas::RunReport>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn runs(
    State(api): State<Api>,
    Parameters(parameters): Parameters<RunsParameters>,
) -> Result<Json<Vec<RunReport>>, Problem> {
    let limit = limit(parameters.limit, USUAL_RUNS, MOST_RUNS)?;
    let mut reports = last_reports(api.lake(), limit).await?;
    let shown = |text: &str| without_server_paths(text, api.lake().folder());
    for report in &mut reports {
        report.command = shown(&report.command);
        report.error = report.error.as_deref().map(shown);
    }
    Ok(Json(reports))
}

/// Where the tables of all datasets stand
#[utoipa::path(
    get,
    path = "/v1/status",
    tag = "datasets",
    responses((status = 200, body = schemas::Status)),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn status(
    State(api): State<Api>,
    _: Parameters<NoParameters>,
) -> Result<Json<Value>, Problem> {
    let platform = api.platform();
    let mut all = Map::new();
    for dataset in api.datasets() {
        let status = dataset_status(&platform, dataset).await?;
        all.insert(dataset.name.to_string(), json!(status));
    }
    Ok(Json(Value::Object(all)))
}
