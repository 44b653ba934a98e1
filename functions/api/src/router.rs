//! The routes.

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use smelt_domain::{Dataset, RunReport};
use smelt_runtime::FunctionContext;
use smelt_stages::{DatasetStatus, Platform, Silent, dataset_status, last_reports};

use crate::error::Problem;

/// Runs that are listed where nothing else is asked for, and at most.
const USUAL_RUNS: usize = 20;
const MOST_RUNS: usize = 200;

/// What every answer is sent with: none is to be shown within another page, or guessed at.
const SECURITY_HEADERS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
];

type Answer<T> = Result<Json<T>, Problem>;

pub(crate) fn router(context: FunctionContext) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/health/ready", get(ready))
        .route("/v1/datasets", get(datasets))
        .route("/v1/datasets/{dataset}", get(dataset))
        .route("/v1/status", get(status))
        .route("/v1/runs", get(runs))
        .fallback(no_route)
        .layer(from_fn(answer_preflight))
        .layer(map_response(with_security_headers))
        .with_state(context)
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// Whether the lake can be read: it is asked for a key that need not exist, below a prefix that the
/// function may read.
async fn ready(State(context): State<FunctionContext>) -> Answer<Value> {
    context
        .lake
        .object("runs/ready")
        .await
        .map_err(|error| Problem::from(smelt_stages::StageError::from(error)))?;
    Ok(Json(json!({ "status": "ready" })))
}

async fn datasets(State(context): State<FunctionContext>) -> Json<Value> {
    let datasets: Vec<Value> = context.datasets.iter().map(about).collect();
    Json(json!({ "datasets": datasets }))
}

async fn dataset(
    State(context): State<FunctionContext>,
    Path(name): Path<String>,
) -> Answer<Value> {
    let Some(dataset) = context.datasets.iter().find(|dataset| dataset.name.as_str() == name)
    else {
        let known: Vec<&str> = context.datasets.iter().map(|it| it.name.as_str()).collect();
        let known = known.join(", ");
        return Err(Problem::not_found(format!("there is no dataset `{name}`; there are {known}")));
    };
    let mut answer = about(dataset);
    answer["status"] = json!(status_of(&context, dataset).await?);
    Ok(Json(answer))
}

async fn status(State(context): State<FunctionContext>) -> Answer<Value> {
    let mut all = serde_json::Map::new();
    for dataset in context.datasets.iter() {
        all.insert(dataset.name.to_string(), json!(status_of(&context, dataset).await?));
    }
    Ok(Json(Value::Object(all)))
}

#[derive(Debug, Deserialize)]
struct RunsQuery {
    limit: Option<String>,
}

async fn runs(
    State(context): State<FunctionContext>,
    Query(query): Query<RunsQuery>,
) -> Answer<Vec<RunReport>> {
    let limit = match query.limit.as_deref().map(str::parse) {
        None => USUAL_RUNS,
        Some(Ok(limit)) if (1..=MOST_RUNS).contains(&limit) => limit,
        Some(_) => {
            return Err(Problem::bad_request(format!("`limit` is a number from 1 to {MOST_RUNS}")));
        }
    };
    Ok(Json(last_reports(&context.lake, limit).await?))
}

/// A browser asks before it calls; which origins may call is the gateway's matter, which adds its headers.
async fn answer_preflight(request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    next.run(request).await
}

async fn no_route() -> Problem {
    let known =
        "/health, /health/ready, /v1/datasets, /v1/datasets/{dataset}, /v1/status, /v1/runs";
    Problem::not_found(format!("there is nothing at this path; there is {known}"))
}

fn about(dataset: &Dataset) -> Value {
    let tables = dataset
        .tables
        .iter()
        .map(|table| json!({ "name": table.name, "description": table.description }));
    let marts = dataset.marts.iter().map(|mart| {
        let columns = mart.columns.iter().map(|column| {
            json!({
                "name": column.name,
                "type": column.column_type,
                "description": column.description,
            })
        });
        json!({
            "name": mart.name,
            "description": mart.description,
            "key": mart.key,
            "columns": columns.collect::<Vec<_>>(),
        })
    });
    json!({
        "name": dataset.name,
        "description": dataset.description,
        "tables": tables.collect::<Vec<_>>(),
        "marts": marts.collect::<Vec<_>>(),
    })
}

async fn status_of(context: &FunctionContext, dataset: &Dataset) -> Result<DatasetStatus, Problem> {
    let platform = Platform::new(
        context.lake.clone(),
        context.engine.clone(),
        Vec::new(),
        std::sync::Arc::new(Silent),
    );
    Ok(dataset_status(&platform, dataset).await?)
}

async fn with_security_headers(mut response: Response) -> Response {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
