//! Corrections of single rows. They go through bronze, as every row does.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use smelt_access::Caller;
use smelt_domain::{Dataset, Table as TableDefinition, shown};
use smelt_stages::{Correction, CorrectionError, correct_settled};
use utoipa::{IntoParams, ToSchema};

use crate::api::{Api, table};
use crate::extract::{Body, Parameters, Path};
use crate::origin::Origin;
use crate::ports::{Asked, RefreshMode};
use crate::problem::Problem;
use crate::run::Run;

/// Which table.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordParameters {
    /// The table; need not be named where there is only one.
    table: Option<String>,
}

/// Columns with their new values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordChange {
    /// Texts, numbers, truth values, or null, by column. Other columns keep their values.
    #[schema(value_type = Object)]
    values: BTreeMap<String, Box<RawValue>>,
}

/// A correction that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Corrected {
    /// The table.
    table: String,
    /// The version of bronze that has it. Silver and gold follow soon.
    bronze_version: Option<u64>,
}

/// Gives columns of a row new values
///
/// `{key}` holds the values of the key's columns, between commas where there are several (a comma within
/// a value is written `%252C`).
#[utoipa::path(
    put,
    path = "/v1/datasets/{dataset}/records/{key}",
    tag = "changes",
    params(("dataset" = String, Path), ("key" = String, Path), RecordParameters),
    request_body = RecordChange,
    responses(
        (status = 202, body = Corrected),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn put(
    State(api): State<Api>,
    Path((dataset, key)): Path<(String, String)>,
    Parameters(parameters): Parameters<RecordParameters>,
    Extension(caller): Extension<Caller>,
    Extension(origin): Extension<Origin>,
    Body(change): Body<RecordChange>,
) -> Result<(StatusCode, Json<Corrected>), Problem> {
    let dataset = api.dataset(&dataset)?;
    let table = table(dataset, parameters.table.as_deref())?;
    if change.values.is_empty() {
        let example = r#"{"values": {"amount": "12.50"}}"#;
        return Err(Problem::bad_request(format!("say what to put: {example}")));
    }
    let mut values = BTreeMap::new();
    for (name, value) in change.values {
        let column = name.parse().map_err(|error| Problem::bad_request(format!("{error}")))?;
        let text = match serde_json::from_str(value.get()) {
            Ok(Value::Null) => None,
            Ok(Value::String(text)) => Some(text),
            // As it was written: a number of many digits is no float.
            Ok(Value::Bool(_) | Value::Number(_)) => Some(value.get().to_owned()),
            Ok(Value::Array(_) | Value::Object(_)) | Err(_) => {
                let detail =
                    format!("`{}`: a value is a text, a number, true, false or null", shown(&name));
                return Err(Problem::bad_request(detail));
            }
        };
        values.insert(column, text);
    }
    let by = By { caller, origin };
    apply(&api, dataset, table, &key, &Correction::Put(values), by).await
}

/// Deletes a row
#[utoipa::path(
    delete,
    path = "/v1/datasets/{dataset}/records/{key}",
    tag = "changes",
    params(("dataset" = String, Path), ("key" = String, Path), RecordParameters),
    responses(
        (status = 202, body = Corrected),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Path((dataset, key)): Path<(String, String)>,
    Parameters(parameters): Parameters<RecordParameters>,
    Extension(caller): Extension<Caller>,
    Extension(origin): Extension<Origin>,
) -> Result<(StatusCode, Json<Corrected>), Problem> {
    let dataset = api.dataset(&dataset)?;
    let table = table(dataset, parameters.table.as_deref())?;
    let by = By { caller, origin };
    apply(&api, dataset, table, &key, &Correction::Delete, by).await
}

/// Who corrects, and from where.
struct By {
    caller: Caller,
    origin: Origin,
}

async fn apply(
    api: &Api,
    dataset: &Dataset,
    table: &TableDefinition,
    key: &str,
    correction: &Correction,
    by: By,
) -> Result<(StatusCode, Json<Corrected>), Problem> {
    let key = key_values(table, key);
    // Never the values: a report holds none.
    let verb = if *correction == Correction::Delete { "delete" } else { "put" };
    let caller = by.caller.name;
    let command = format!("record {verb} {} --table {} by {caller}", dataset.name, table.name);
    let run = Run::start(api, by.origin, command, &dataset.bronze_id(&table.name));
    let work = correct_settled(&run.platform, dataset, table, &key, correction);
    let taken = run.logged(work).await;
    let bronze_version = match taken {
        Ok(step) => {
            run.succeeded(&step).await;
            step.version
        }
        Err(CorrectionError::Stage(error)) => {
            run.failed(&error).await;
            return Err(error.into());
        }
        // What the caller asked for cannot be done: nothing ran, and the answer says why.
        Err(refused) => return Err(refused.into()),
    };
    let asked = Asked::of(dataset, RefreshMode::Incremental);
    // It is in bronze, and the next refresh carries it on whoever starts it.
    if let Err(error) = api.settings().refresher.refresh(asked).await {
        tracing::warn!(%error, "nobody was told of a correction");
    }
    Ok((StatusCode::ACCEPTED, Json(Corrected { table: table.name.to_string(), bronze_version })))
}

/// The values of the key's columns. A key of one column is taken as it is, commas and all.
fn key_values(table: &TableDefinition, key: &str) -> Vec<String> {
    if table.key.len() == 1 {
        return vec![key.to_owned()];
    }
    let unescaped = |part: &str| part.replace("%2C", ",").replace("%2c", ",").replace("%25", "%");
    key.split(',').map(unescaped).collect()
}
