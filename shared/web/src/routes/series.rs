//! What is expected, and what was not: tables about the series of a dataset.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use smelt_domain::SeriesTable;

use super::marts::{TableParameters, answer};
use super::table_answers::TableAnswers;
use crate::api::Api;
use crate::extract::Path;
use crate::problem::Problem;

/// Mart that holds single rows which stand out, where a dataset has one.
const OUTLIERS: &str = "outliers";

/// Forecasts with their intervals: of each time the one that was made last before it
///
/// Columns: `mart`, `series`, `made_at`, `target_time`, `horizon`, `mean`, `lo_80`, `hi_80`, `lo_95`,
/// `hi_95`, `model`; conditions as with marts, such as `mart=daily_requests&target_time.gte=2026-11-01`.
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/forecast",
    tag = "tables",
    params(("dataset" = String, Path), TableParameters),
    responses(TableAnswers),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn forecast(
    State(api): State<Api>,
    Path(dataset): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    of_series(&api, &dataset, SeriesTable::Forecast, query.as_deref(), &headers).await
}

/// How good the models in use would have been, series by series
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/forecast-accuracy",
    tag = "tables",
    params(("dataset" = String, Path), TableParameters),
    responses(TableAnswers),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn forecast_accuracy(
    State(api): State<Api>,
    Path(dataset): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    of_series(&api, &dataset, SeriesTable::ForecastAccuracy, query.as_deref(), &headers).await
}

/// What was not as expected: where, since when, how much, how sure, and whether it is over
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/anomalies",
    tag = "tables",
    params(("dataset" = String, Path), TableParameters),
    responses(TableAnswers),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn anomalies(
    State(api): State<Api>,
    Path(dataset): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    of_series(&api, &dataset, SeriesTable::Anomalies, query.as_deref(), &headers).await
}

/// Single rows that stand out among their like: the mart `outliers`, where a dataset has it
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/outliers",
    tag = "tables",
    params(("dataset" = String, Path), TableParameters),
    responses(TableAnswers),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn outliers(
    State(api): State<Api>,
    Path(dataset): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let dataset = api.dataset(&dataset)?;
    let Some(mart) = dataset.marts.iter().find(|mart| mart.name.as_str() == OUTLIERS) else {
        return Err(Problem::not_found(format!(
            "{} has no mart `{OUTLIERS}`; what was unusual in its series is at …/anomalies",
            dataset.name
        )));
    };
    answer(&api, dataset, &dataset.gold_id(&mart.name), "", query.as_deref(), &headers).await
}

async fn of_series(
    api: &Api,
    dataset: &str,
    table: SeriesTable,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let dataset = api.dataset(dataset)?;
    if dataset.marts_with_series().next().is_none() {
        let detail = format!("{} has no series: no mart of it declares `series`", dataset.name);
        return Err(Problem::not_found(detail));
    }
    answer(api, dataset, &dataset.series_id(table), "", query, headers).await
}
