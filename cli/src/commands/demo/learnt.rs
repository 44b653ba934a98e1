//! What was learnt from a dataset, and what in it was not as expected.

use std::collections::BTreeMap;

use anyhow::Result;
use smelt_domain::{AlertId, Dataset, ModelStage};
use smelt_stages::{
    Anomaly, Platform, Refit, StageError, anomalies, model_versions, step_text, train,
};

use crate::commands::models::how_good;

/// Incidents that are shown of each dataset.
const SHOWN: usize = 4;

/// Fits what is due, and says what is in production.
pub(crate) async fn models(platform: &Platform, dataset: &Dataset) -> Result<Vec<String>> {
    train(platform, dataset, Refit::WhenDue).await.map_err(StageError::from)?;
    let all = model_versions(platform, dataset, usize::MAX).await?;
    let in_production = all.iter().filter(|(_, stage)| *stage == ModelStage::Production);
    Ok(in_production.map(|(card, _)| format!("{}: {}", card.model, how_good(card))).collect())
}

/// The incidents that were least as expected.
pub(crate) async fn incidents(platform: &Platform, dataset: &Dataset) -> Result<Vec<String>> {
    let mut shown: Vec<(f64, String)> = Vec::new();
    for (mart, series) in dataset.marts_with_series() {
        let mut incidents: BTreeMap<AlertId, Vec<Anomaly>> = BTreeMap::new();
        for anomaly in anomalies(platform, dataset, mart).await? {
            incidents.entry(anomaly.alert_id.clone()).or_default().push(anomaly);
        }
        for incident in incidents.into_values() {
            let best =
                |one: &&Anomaly, other: &&Anomaly| one.found.score.total_cmp(&other.found.score);
            let Some(worst) = incident.iter().max_by(best) else { continue };
            let at_once = || incident.iter().filter(|one| one.time == worst.time);
            let ids: Vec<&str> = at_once().map(|one| one.series.as_str()).collect();
            let observed: f64 = at_once().map(|one| one.found.observed).sum();
            let expected: f64 = at_once().map(|one| one.found.expected).sum();
            let text = format!(
                "{}: {}, {observed:.0} instead of {expected:.0}",
                step_text(series.every, worst.time),
                series.label_of(mart.name.as_str(), &ids),
            );
            shown.push((worst.found.score, text));
        }
    }
    shown.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Ok(shown.into_iter().take(SHOWN).map(|(_, text)| text).collect())
}
