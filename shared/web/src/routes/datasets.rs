//! What there is, and where it stands.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use smelt_domain::{DatasetDescription, Layer, TableId};
use smelt_stages::{DatasetOverview, RuleQuality, dataset_overview, dataset_status};
use utoipa::ToSchema;

use crate::api::Api;
use crate::extract::{NoParameters, Parameters, Path};
use crate::problem::Problem;
use crate::schemas;

/// The datasets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Datasets {
    /// Each with its tables, marts and columns.
    #[schema(value_type = Vec<schemas::DatasetDescription>)]
    datasets: Vec<DatasetDescription>,
}

/// The datasets with their tables, marts and columns
#[utoipa::path(
    get,
    path = "/v1/datasets",
    tag = "datasets",
    responses((status = 200, body = Datasets)),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn datasets(
    State(api): State<Api>,
    _: Parameters<NoParameters>,
) -> Json<Datasets> {
    let datasets = api.datasets().iter().map(DatasetDescription::of);
    Json(Datasets { datasets: datasets.collect() })
}

/// A dataset: its definition, freshness, balance and quality
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}",
    tag = "datasets",
    params(("dataset" = String, Path)),
    responses(
        (status = 200, body = schemas::DatasetOverview),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn dataset(
    State(api): State<Api>,
    Path(name): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<DatasetOverview>, Problem> {
    Ok(Json(dataset_overview(&api.platform(), api.dataset(&name)?).await?))
}

/// How many rows broke each rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quality {
    /// The rules in the order of the definition.
    #[schema(value_type = Vec<schemas::RuleQuality>)]
    rules: Vec<RuleQuality>,
}

/// How many rows broke each rule of a dataset
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/quality",
    tag = "datasets",
    params(("dataset" = String, Path)),
    responses(
        (status = 200, body = Quality),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn quality(
    State(api): State<Api>,
    Path(name): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<Quality>, Problem> {
    let dataset = api.dataset(&name)?;
    Ok(Json(Quality { rules: smelt_stages::quality(&api.platform(), dataset).await? }))
}

/// Which table is made of which.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Lineage {
    /// The tables.
    tables: Vec<LineageTable>,
    /// What each is made of.
    edges: Vec<LineageEdge>,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineageTable {
    /// As in SQL, such as `silver.nyc311_requests`.
    table: String,
    /// Its layer.
    #[schema(value_type = String)]
    layer: Layer,
    /// Its version; null while it does not exist.
    version: Option<u64>,
}

/// A table is made of another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineageEdge {
    /// What it is made of.
    from: String,
    /// What is made.
    to: String,
    /// The version that it was made of; null where it is a lookup, or was not made yet.
    version: Option<u64>,
    /// How many versions have come since; null where it is not followed.
    lag: Option<u64>,
}

/// Which table is made of which, and up to which version
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/lineage",
    tag = "datasets",
    params(("dataset" = String, Path)),
    responses(
        (status = 200, body = Lineage),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn lineage(
    State(api): State<Api>,
    Path(name): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<Lineage>, Problem> {
    let dataset = api.dataset(&name)?;
    let status = dataset_status(&api.platform(), dataset).await?;
    let (mut tables, mut edges) = (Vec::new(), Vec::new());
    for table in status.tables {
        if let Some(follows) = &table.follows {
            edges.push(LineageEdge {
                from: follows.upstream.sql_name(),
                to: table.table.sql_name(),
                version: follows.version,
                lag: Some(follows.lag),
            });
        }
        tables.push(LineageTable {
            table: table.table.sql_name(),
            layer: table.table.layer,
            version: table.version,
        });
    }
    let looked_up = |from: TableId, to: &TableId| LineageEdge {
        from: from.sql_name(),
        to: to.sql_name(),
        version: None,
        lag: None,
    };
    for mart in &dataset.marts {
        let gold = dataset.gold_id(&mart.name);
        let lookups = mart.lookups.iter().map(|lookup| dataset.silver_id(lookup));
        edges.extend(lookups.map(|lookup| looked_up(lookup, &gold)));
    }
    Ok(Json(Lineage { tables, edges }))
}
