//! Rows that were refused, and why.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use smelt_domain::{Table, shown};
use smelt_stages::{RefusedRow, known_rules, refused_rows};
use utoipa::{IntoParams, ToSchema};

use crate::api::{Api, listed, table};
use crate::extract::{Parameters, Path};
use crate::problem::Problem;

/// Rows where nothing else is asked for, and at most.
const USUAL_ROWS: usize = 50;
const MOST_ROWS: usize = 1000;

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuarantineParameters {
    /// The table; need not be named where there is only one.
    table: Option<String>,
    /// Only rows that this rule refused.
    rule: Option<String>,
    /// How many of the newest.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<usize>,
}

/// Refused rows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quarantine {
    /// The table.
    table: String,
    /// Its refused rows, the newest first.
    rows: Vec<Refused>,
}

/// A refused row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// The rule that refused it.
    rule: Option<String>,
    /// Why, in words.
    reason: Option<String>,
    /// The file or source that it came from.
    source: Option<String>,
    /// The line in it.
    line: Option<i64>,
    /// The row as it was received.
    raw: Option<String>,
    /// When it was refused.
    refused_at: Option<DateTime<Utc>>,
}

impl From<RefusedRow> for Refused {
    fn from(row: RefusedRow) -> Self {
        let RefusedRow { rule, reason, source, line, raw, refused_at } = row;
        Self { rule, reason, source, line, raw, refused_at }
    }
}

/// The newest rows that were refused, with the reason
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/quarantine",
    tag = "uploads",
    params(("dataset" = String, Path), QuarantineParameters),
    responses(
        (status = 200, body = Quarantine),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn quarantine(
    State(api): State<Api>,
    Path(dataset): Path<String>,
    Parameters(parameters): Parameters<QuarantineParameters>,
) -> Result<Json<Quarantine>, Problem> {
    let dataset = api.dataset(&dataset)?;
    let table = table(dataset, parameters.table.as_deref())?;
    let limit = parameters.limit.unwrap_or(USUAL_ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is a number from 1 to {MOST_ROWS}")));
    }
    let rule = parameters.rule.as_deref();
    let rows = refused_rows(&api.platform(), dataset, table, rule, limit).await?;
    // Rows may still name a rule that the definition no longer has.
    if let Some(rule) = rule.filter(|_| rows.is_empty()) {
        check_rule(table, rule)?;
    }
    let rows = rows.into_iter().map(Refused::from).collect();
    Ok(Json(Quarantine { table: table.name.to_string(), rows }))
}

/// Refuses a rule that the table does not have: no rows would say that all of them keep it.
fn check_rule(table: &Table, rule: &str) -> Result<(), Problem> {
    let known = known_rules(table);
    if known.contains(&rule) {
        return Ok(());
    }
    let (name, known) = (&table.name, listed(known.into_iter()));
    Err(Problem::bad_request(format!("{name} has no rule `{}`; {known}", shown(rule))))
}
