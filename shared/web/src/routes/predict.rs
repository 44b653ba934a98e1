//! What a model says of rows.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use smelt_domain::{Dataset, LearnedModel, shown};
use utoipa::ToSchema;

use crate::api::{Api, listed};
use crate::extract::{Body, NoParameters, Parameters, Path};
use crate::problem::Problem;
use crate::schemas;

/// Rows of one request.
const MOST_ROWS: usize = 1000;

/// Rows that a model is asked about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PredictRequest {
    /// Texts by column, such as `{"vendor": "Acme Inc.", "account": "Supplies"}`. Without any: what the model keeps of the rows
    /// that it learnt from.
    #[serde(default)]
    #[schema(max_items = 1000)]
    rows: Vec<BTreeMap<String, String>>,
}

/// What the model says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Predictions {
    /// The dataset that the model belongs to.
    dataset: String,
    /// The model.
    model: String,
    /// The version in production.
    version: u64,
    /// In the order of the rows: what was given, and what is said: `cluster`, or `probability` and `is_high`.
    #[schema(value_type = Vec<BTreeMap<String, schemas::Cell>>)]
    rows: Vec<Map<String, Value>>,
}

/// What the model in production says of rows
///
/// `{model}` is a name such as `high_payments`, or `spending.high_payments` where several datasets have one.
#[utoipa::path(
    post,
    path = "/v1/models/{model}/predict",
    tag = "models",
    params(("model" = String, Path)),
    request_body = PredictRequest,
    responses(
        (status = 200, body = Predictions),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn predict(
    State(api): State<Api>,
    Path(name): Path<String>,
    _: Parameters<NoParameters>,
    Body(request): Body<PredictRequest>,
) -> Result<Json<Predictions>, Problem> {
    if request.rows.len() > MOST_ROWS {
        let detail = format!("{} rows are more than {MOST_ROWS}: ask in parts", request.rows.len());
        return Err(Problem::too_large(detail));
    }
    let (dataset, model) = find(&api, &name)?;
    let said = smelt_stages::predict(&api.platform(), dataset, model, &request.rows).await?;
    let rows = said.rows.into_iter().enumerate().map(|(at, said)| {
        let given = request.rows.get(at).into_iter().flatten();
        let given = given.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        given.chain(said).collect()
    });
    Ok(Json(Predictions {
        dataset: dataset.name.to_string(),
        model: model.name.to_string(),
        version: said.version,
        rows: rows.collect(),
    }))
}

fn find<'a>(api: &'a Api, name: &str) -> Result<(&'a Dataset, &'a LearnedModel), Problem> {
    let all = || {
        let datasets = api.datasets().iter();
        datasets.flat_map(|dataset| dataset.models.iter().map(move |model| (dataset, model)))
    };
    let full_name =
        |dataset: &Dataset, model: &LearnedModel| format!("{}.{}", dataset.name, model.name);
    let found: Vec<_> = all()
        .filter(|(dataset, model)| model.name.as_str() == name || full_name(dataset, model) == name)
        .collect();
    let known: Vec<String> = all().map(|(dataset, model)| full_name(dataset, model)).collect();
    let known = listed(known.iter().map(String::as_str));
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Problem::not_found(format!(
            "there is no model `{}` to predict with; {known}",
            shown(name)
        ))),
        _ => Err(Problem::bad_request(format!("several datasets have a model `{name}`; {known}"))),
    }
}
