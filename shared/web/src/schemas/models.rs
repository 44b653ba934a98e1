//! What was learnt.

#![expect(dead_code, reason = "only described: see `smelt_domain::ModelCard`")]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use utoipa::ToSchema;

/// What is known of one version of a model.
#[derive(ToSchema)]
pub(crate) struct ModelCard {
    /// The dataset that it learnt from.
    dataset: String,
    /// What the model is called; one that forecasts is called as the mart of its series.
    model: String,
    /// `forecast`, `clusters` or `classifier`.
    kind: String,
    /// Which version; the first is 1.
    version: u64,
    /// When it was fitted.
    fitted_at: DateTime<Utc>,
    /// The run that fitted it.
    run_id: String,
    /// The version of the table or mart that it learnt from.
    data_version: u64,
    /// The newest step, day or value that it knows.
    newest: String,
    /// The hash of the definition of its series, or its own.
    definition_hash: String,
    /// Series, or rows, that it learnt from.
    learnt_from: u64,
    /// Those that could not be used, or were beyond the most that are looked at.
    left_out: u64,
    /// How good it is on what it did not know, by the name of the metric. What could not be computed is not
    /// there.
    metrics: BTreeMap<String, f64>,
    /// What it was fitted with, and what it is made of: whatever its kind needs.
    parameters: Value,
    /// How it did beside the model in production, where there was one.
    comparison: Option<Comparison>,
    /// Seconds that fitting and backtesting took.
    seconds: f64,
}

/// Two models by one measure, each on what it did not know.
#[derive(ToSchema)]
pub(crate) struct Comparison {
    /// The version in production.
    production_version: u64,
    /// The name of the measure.
    measure: String,
    /// What the one in production reached.
    production: f64,
    /// What the new one reached.
    candidate: f64,
}
