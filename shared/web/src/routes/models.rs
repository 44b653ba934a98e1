//! What was learnt.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use smelt_domain::{ModelCard, ModelStage};
use smelt_stages::model_versions;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::extract::{Parameters, limit};
use crate::problem::Problem;
use crate::schemas;

/// Versions of a model that are listed where nothing else is asked for, and at most.
const USUAL_VERSIONS: usize = 20;
const MOST_VERSIONS: usize = 1000;

/// Which models.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModelsParameters {
    /// Only those of this dataset.
    dataset: Option<String>,
    /// How many versions of each model: those in use, then the newest.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<usize>,
}

/// The models.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Models {
    /// The versions of each, the oldest first.
    models: Vec<ModelVersion>,
}

/// A version of a model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelVersion {
    /// `candidate`, `staging`, `production` or `archived`.
    #[schema(value_type = String)]
    stage: ModelStage,
    /// What is known of it.
    #[schema(value_type = schemas::ModelCard)]
    card: ModelCard,
}

/// The versions of every model: what it learnt from, how good it is, in which stage it is
#[utoipa::path(
    get,
    path = "/v1/models",
    tag = "models",
    params(ModelsParameters),
    responses(
        (status = 200, body = Models),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn models(
    State(api): State<Api>,
    Parameters(parameters): Parameters<ModelsParameters>,
) -> Result<Json<Models>, Problem> {
    let chosen = match &parameters.dataset {
        Some(name) => std::slice::from_ref(api.dataset(name)?),
        None => api.datasets(),
    };
    let most = limit(parameters.limit, USUAL_VERSIONS, MOST_VERSIONS)?;
    let platform = api.platform();
    let mut models = Vec::new();
    for dataset in chosen {
        let versions = model_versions(&platform, dataset, most).await?;
        models.extend(versions.into_iter().map(|(card, stage)| ModelVersion { stage, card }));
    }
    Ok(Json(Models { models }))
}
