//! Models that a dataset declares beside the forecasts of its series: rows that look alike, and whether
//! a row has a high value. They are in the same registry as the models of series, and fitted as these are.

mod classifier;
mod clusters;
mod predict;
mod rows;

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use smelt_domain::{
    Comparison, Dataset, LearnedModel, ModelCard, ModelChange, ModelHistory, ModelKind, ModelStage,
    SeriesTable, Task,
};
use smelt_learn::classify::Classifier;
use smelt_learn::cluster::Clusters;

pub use self::predict::{Predicted, predict};
use crate::series::{
    DUE, Experiment, ModelRegistry, Refit, Trained, append_clusters, append_experiment,
};
use crate::{Failures, Panic, Platform, StageError, boxed};

/// What a model of either kind learnt, as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Learned {
    /// Which rows look alike.
    Clusters(Clusters),
    /// Whether a row has a high value.
    Classifier(Classifier),
}

/// What a fit gave, with what its card says of it.
struct Fit {
    learned: Learned,
    /// The version of the table or mart that it learnt from.
    data_version: u64,
    /// The newest that it knows.
    newest: String,
    card: CardParts,
}

/// The parts of a card that differ by kind.
struct CardParts {
    rows: u64,
    left_out: u64,
    metrics: Vec<(&'static str, Option<f64>)>,
    parameters: serde_json::Value,
}

/// Fits the models of a dataset that are due; what a deadline leaves undone, the next run does. What is wrong
/// with one keeps no other from its turn.
pub(crate) async fn learn_all(
    platform: &Platform,
    dataset: &Dataset,
    refit: Refit,
    trained: &mut Trained,
    failures: &mut Failures<'_>,
) {
    for model in &dataset.models {
        if platform.is_past_deadline() {
            break;
        }
        let work = learn(platform, dataset, model, refit, trained);
        let ended = Panic::contain(&format!("{}/{}", dataset.name, model.name), work).await;
        failures.unless(ended);
    }
}

/// Fits a model if another one is due.
#[boxed]
async fn learn(
    platform: &Platform,
    dataset: &Dataset,
    model: &LearnedModel,
    refit: Refit,
    trained: &mut Trained,
) -> Result<(), StageError> {
    let registry = ModelRegistry::new(&platform.lake, &dataset.name, &model.name);
    let history = registry.history().await?;
    if refit == Refit::WhenDue && !is_due(platform, model, &registry, &history).await? {
        return Ok(());
    }
    let started = Instant::now();
    let fit = match &model.task {
        Task::Clusters(task) => clusters::fit(platform, dataset, model, task).await?,
        Task::Classifier(task) => classifier::fit(platform, dataset, model, task).await?,
    };
    match fit {
        Ok(fit) => {
            let learning = Learning { platform, dataset, model, registry: &registry };
            learning.register(&history, fit, started, trained).await
        }
        Err(why) => {
            trained.skipped.push((model.name.to_string(), why));
            Ok(())
        }
    }
}

async fn is_due(
    platform: &Platform,
    model: &LearnedModel,
    registry: &ModelRegistry,
    history: &ModelHistory,
) -> Result<bool, StageError> {
    let Some((newest, _)) = history.stages().last() else { return Ok(true) };
    let Some(card) = registry.card(newest).await? else { return Ok(true) };
    let age = platform.started_at - card.fitted_at;
    // A run that ended early may not have promoted what it fitted.
    let is_unfinished = history.stage(newest) < Some(verdict(&card).0);
    Ok(age >= DUE || is_unfinished || card.definition_hash != model.definition_hash.as_str())
}

/// How much smaller a measure may be than that of the model in production: what other data explain.
const TOLERANCE: f64 = 0.05;

struct Learning<'a> {
    platform: &'a Platform,
    dataset: &'a Dataset,
    model: &'a LearnedModel,
    registry: &'a ModelRegistry,
}

impl Learning<'_> {
    async fn register(
        &self,
        history: &ModelHistory,
        fit: Fit,
        started: Instant,
        trained: &mut Trained,
    ) -> Result<(), StageError> {
        let card = ModelCard {
            dataset: self.dataset.name.clone(),
            model: self.model.name.clone(),
            kind: match &self.model.task {
                Task::Clusters(_) => ModelKind::Clusters,
                Task::Classifier(_) => ModelKind::Classifier,
            },
            version: 0,
            fitted_at: self.platform.started_at,
            run_id: self.platform.run_id.clone(),
            data_version: fit.data_version,
            newest: fit.newest,
            definition_hash: self.model.definition_hash.as_str().to_owned(),
            learnt_from: fit.card.rows,
            left_out: fit.card.left_out,
            metrics: known(&fit.card.metrics),
            parameters: fit.card.parameters,
            comparison: None,
            seconds: started.elapsed().as_secs_f64(),
        };
        let card = ModelCard { comparison: self.comparison(history, &card).await?, ..card };
        let (stage, reason) = verdict(&card);
        let card = self.registry.register(self.platform, &fit.learned, card).await?;
        if stage >= ModelStage::Staging {
            let change = ModelChange::Stage;
            self.registry.change(self.platform, change, card.version, &reason).await?;
        }
        let table = self.dataset.series_id(SeriesTable::Experiments);
        let experiment = Experiment { card: &card, stage, reason: &reason };
        trained.steps.extend(append_experiment(self.platform, table, &experiment).await?);
        if let Learned::Clusters(clusters) = &fit.learned {
            let table = self.dataset.series_id(SeriesTable::Clusters);
            let made = append_clusters(self.platform, table, &experiment, clusters);
            trained.steps.extend(made.await?);
        }
        if stage == ModelStage::Production {
            let change = ModelChange::Promote;
            self.registry.change(self.platform, change, card.version, &reason).await?;
        }
        trained.fitted.push((card, stage, reason));
        Ok(())
    }

    /// With the model in production, each by what it reached on rows that it did not know.
    async fn comparison(
        &self,
        history: &ModelHistory,
        card: &ModelCard,
    ) -> Result<Option<Comparison>, StageError> {
        let Some(version) = history.production() else { return Ok(None) };
        let Measure { name, .. } = measure(card.kind);
        let production = self.registry.card(version).await?;
        let value = |card: &ModelCard| card.metrics.get(name).copied();
        let both = production.as_ref().and_then(value).zip(value(card));
        Ok(both.map(|(production, candidate)| Comparison {
            production_version: version,
            measure: name.to_owned(),
            production,
            candidate,
        }))
    }
}

/// What models of a kind are compared by: the greater, the better.
struct Measure {
    name: &'static str,
    /// What it has to be for a model to be of any use.
    least: f64,
    /// What to say of one that is not.
    useless: &'static str,
}

fn measure(kind: ModelKind) -> Measure {
    match kind {
        ModelKind::Clusters => Measure {
            name: "silhouette",
            // Without any groups it is 0.
            least: f64::MIN_POSITIVE,
            useless: "no groups: rows differ in degree only",
        },
        // Chance reaches 0.5.
        _ => Measure { name: "auc", least: 0.55, useless: "hardly better than chance" },
    }
}

/// Metrics that could be computed.
fn known(metrics: &[(&'static str, Option<f64>)]) -> BTreeMap<String, f64> {
    let known = metrics.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?)));
    known.filter(|(_, value)| value.is_finite()).collect()
}

/// The promotion rule: how far a model gets, and why.
fn verdict(card: &ModelCard) -> (ModelStage, String) {
    let Measure { name, least, useless } = measure(card.kind);
    let value = card.metrics.get(name).copied();
    let Some(value) = value.filter(|value| *value >= least) else {
        let why = match value {
            Some(value) => format!("{useless}: {name} {value:.3}"),
            None => format!("{name} could not be computed"),
        };
        return (ModelStage::Candidate, why);
    };
    let Some(both) = &card.comparison else {
        return (ModelStage::Production, "there is no other in production".to_owned());
    };
    let (production, version) = (both.production, both.production_version);
    let against = format!("{name} {value:.3} against {production:.3} of version {version}");
    if value >= production - TOLERANCE {
        (ModelStage::Production, against)
    } else {
        (ModelStage::Staging, format!("worse than the one in production: {against}"))
    }
}
