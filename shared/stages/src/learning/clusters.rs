//! Rows of a mart that look alike.

use std::collections::HashSet;

use serde_json::json;
use smelt_domain::{ClusterTask, ColumnName, Dataset, LearnedModel, StageName};
use smelt_learn::LearnError;
use smelt_learn::cluster::{ClusterSettings, Clusters, Features, cluster};

use super::rows::{Wanted, read};
use super::{CardParts, Fit, Learned};
use crate::observer::Unit;
use crate::series::in_background;
use crate::{Platform, StageError};

/// Between the values that name a row.
const SEPARATOR: &str = " / ";

/// `Err` says why there is nothing to fit yet.
pub(super) async fn fit(
    platform: &Platform,
    dataset: &Dataset,
    model: &LearnedModel,
    task: &ClusterTask,
) -> Result<Result<Fit, String>, StageError> {
    let mart = platform.lake.table(dataset.gold_id(&task.mart))?;
    let Some(snapshot) = mart.snapshot().await? else {
        return Ok(Err(format!("{} has no rows yet", task.mart)));
    };
    let features: Vec<ColumnName> = task.features.iter().map(|(name, _)| name.clone()).collect();
    let texts: Vec<ColumnName> = task.names.iter().chain(&task.newest).cloned().collect();
    let wanted = Wanted { texts: &texts, numbers: &features, time: None };
    let mut rows: Vec<(String, String, Vec<f64>)> = Vec::new();
    read(&mart, &snapshot, wanted, |columns| {
        for row in 0..columns.rows() {
            let names: Vec<&str> = (0..task.names.len()).map(|at| columns.text(at, row)).collect();
            let newest = columns.text(task.names.len(), row).to_owned();
            let values = task.features.iter().enumerate();
            let values = values.map(|(at, (_, scale))| scale.of(columns.number(at, row))).collect();
            rows.push((newest, names.join(SEPARATOR), values));
        }
    })
    .await?;
    let newest = rows.iter().map(|(newest, ..)| order_of(newest)).max().unwrap_or_default();
    rows.retain(|(value, ..)| order_of(value) == newest);
    let mut seen = HashSet::new();
    rows.retain(|(_, name, _)| seen.insert(name.clone()));
    let count = rows.len();
    let ticket =
        platform.observer.start(StageName::Train, mart.id(), Unit::Rows, u64::try_from(count).ok());
    let features = Features {
        names: features.iter().map(ToString::to_string).collect(),
        rows: rows.into_iter().map(|(_, name, values)| (name, values)).collect(),
    };
    let settings = ClusterSettings::default();
    let found = in_background(move || cluster(&features, &settings)).await?;
    ticket.advance(count as u64);
    match found {
        Ok(clusters) => Ok(Ok(fitted(clusters, snapshot.version(), newest.1, task))),
        Err(error @ LearnError::TooFewRows { .. }) => Ok(Err(error.to_string())),
        Err(error) => Err(StageError::Model {
            problem: format!("{}/{}: {error}", dataset.name, model.name),
            remedy: "look at its features in dataset.yaml".to_owned(),
        }),
    }
}

/// Numbers by their value, anything else by its letters: `9` comes before `10`.
fn order_of(text: &str) -> (i64, String) {
    (text.parse().unwrap_or(i64::MIN), text.to_owned())
}

fn fitted(clusters: Clusters, data_version: u64, newest: String, task: &ClusterTask) -> Fit {
    let silhouette = clusters.silhouettes.get(&clusters.k).copied().unwrap_or(0.0);
    let groups: Vec<_> = clusters
        .clusters
        .iter()
        .map(|one| {
            let centroid: serde_json::Map<String, serde_json::Value> = clusters
                .features
                .iter()
                .zip(&one.centroid)
                .map(|(feature, value)| (feature.name.clone(), json!(value)))
                .collect();
            json!({"size": one.size, "centroid": centroid})
        })
        .collect();
    let card = CardParts {
        rows: clusters.rows.len() as u64,
        left_out: clusters.left_out.len() as u64,
        metrics: vec![("clusters", Some(clusters.k as f64)), ("silhouette", Some(silhouette))],
        parameters: json!({
            "names": task.names,
            "features": task.features,
            "dropped": clusters.dropped,
            "silhouettes": clusters.silhouettes,
            "groups": groups,
        }),
    };
    Fit { learned: Learned::Clusters(clusters), data_version, newest, card }
}
