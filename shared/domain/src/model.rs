//! Models in the registry: what each is, and how far it has come.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{DatasetName, ModelKind, RunId, TableName};

/// What is known of one version of a model; written once, with the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// The dataset that it learnt from.
    pub dataset: DatasetName,
    /// What the model is called; one that forecasts is called as the mart of its series.
    pub model: TableName,
    /// What kind of model it is.
    pub kind: ModelKind,
    /// Which version; the first is 1.
    pub version: u64,
    /// When it was fitted.
    pub fitted_at: DateTime<Utc>,
    /// The run that fitted it.
    pub run_id: RunId,
    /// The version of the table or mart that it learnt from.
    pub data_version: u64,
    /// The newest step, day or value that it knows.
    pub newest: String,
    /// The hash of the definition of its series, or its own.
    pub definition_hash: String,
    /// Series, or rows, that it learnt from.
    pub learnt_from: u64,
    /// Those that could not be used, or were beyond the most that are looked at.
    pub left_out: u64,
    /// How good it is on what it did not know, by the name of the metric. What could not be computed
    /// is not there.
    pub metrics: BTreeMap<String, f64>,
    /// What it was fitted with, and what it is made of.
    pub parameters: serde_json::Value,
    /// How it did beside the model in production, where there was one and enough that neither knew.
    pub comparison: Option<Comparison>,
    /// Seconds that fitting and backtesting took.
    pub seconds: f64,
}

/// Two models by one measure, each on what it did not know: models of series on the same steps, which
/// came after the fit of the one in production, and which the candidate of the comparison is fitted
/// without; others each on rows of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version in production.
    pub production_version: u64,
    /// The name of the measure.
    pub measure: String,
    /// What the one in production reached.
    pub production: f64,
    /// What the new one reached.
    pub candidate: f64,
}

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelStage {
    /// It was fitted.
    Candidate,
    /// It is no worse than the seasonal naive model, so it may be promoted.
    Staging,
    /// Forecasts are made with it.
    Production,
    /// Another one took its place.
    Archived,
}

impl fmt::Display for ModelStage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Candidate => "candidate",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Archived => "archived",
        })
    }
}

/// What happened to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelChange {
    /// It was registered, as a candidate.
    Register,
    /// It may be promoted.
    Stage,
    /// It is in production from now on.
    Promote,
    /// It is not in production any more; the one before is again.
    RollBack,
}

/// A change of the registry; changes of a model are numbered from 1 on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelEvent {
    /// What happened.
    pub change: ModelChange,
    /// To which version.
    pub version: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// In which run.
    pub run_id: RunId,
    /// Why.
    pub reason: String,
}

/// How far every version of a model has come, by the changes so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelHistory {
    events: Vec<ModelEvent>,
    stages: BTreeMap<u64, ModelStage>,
    /// Versions that were in production, the present one last.
    productions: Vec<u64>,
}

impl ModelHistory {
    /// What these changes, in their order, led to.
    pub fn of(events: impl IntoIterator<Item = ModelEvent>) -> Self {
        let mut history = Self::default();
        for event in events {
            history.add(event);
        }
        history
    }

    fn add(&mut self, event: ModelEvent) {
        let version = event.version;
        match event.change {
            ModelChange::Register => {
                self.stages.entry(version).or_insert(ModelStage::Candidate);
            }
            ModelChange::Stage => {
                if self.stages.get(&version) == Some(&ModelStage::Candidate) {
                    self.stages.insert(version, ModelStage::Staging);
                }
            }
            ModelChange::Promote => {
                if let Some(before) = self.production() {
                    self.stages.insert(before, ModelStage::Archived);
                }
                // Once more in production, its former time does not count any more.
                self.productions.retain(|former| *former != version);
                self.productions.push(version);
                self.stages.insert(version, ModelStage::Production);
            }
            ModelChange::RollBack => {
                // Two who roll the same version back mean one step.
                if self.production() == Some(version) {
                    self.productions.pop();
                    self.stages.insert(version, ModelStage::Archived);
                    if let Some(before) = self.production() {
                        self.stages.insert(before, ModelStage::Production);
                    }
                }
            }
        }
        self.events.push(event);
    }

    /// The version in production.
    pub fn production(&self) -> Option<u64> {
        self.productions.last().copied()
    }

    /// The version that would be in production after rolling back.
    pub fn before_production(&self) -> Option<u64> {
        self.productions.len().checked_sub(2).and_then(|at| self.productions.get(at)).copied()
    }

    /// How far a version has come; `None` if nothing is known of it.
    pub fn stage(&self, version: u64) -> Option<ModelStage> {
        self.stages.get(&version).copied()
    }

    /// All versions with their stages, the oldest first.
    pub fn stages(&self) -> impl Iterator<Item = (u64, ModelStage)> {
        self.stages.iter().map(|(version, stage)| (*version, *stage))
    }

    /// All changes, the oldest first.
    pub fn events(&self) -> &[ModelEvent] {
        &self.events
    }
}

/// Where a model's versions and changes are: `models/nyc311/daily_requests`.
pub fn model_prefix(dataset: &DatasetName, model: &TableName) -> String {
    format!("models/{dataset}/{model}")
}

/// What one version of a model is: `models/nyc311/daily_requests/3/model.json`.
pub fn model_path(dataset: &DatasetName, model: &TableName, version: u64) -> String {
    format!("{}/{version}/model.json", model_prefix(dataset, model))
}

/// What is known of it: `models/nyc311/daily_requests/3/card.json`.
pub fn model_card_path(dataset: &DatasetName, model: &TableName, version: u64) -> String {
    format!("{}/{version}/card.json", model_prefix(dataset, model))
}

/// Where the changes of a model are: `models/nyc311/daily_requests/changes`.
pub fn model_changes_prefix(dataset: &DatasetName, model: &TableName) -> String {
    format!("{}/changes", model_prefix(dataset, model))
}

/// One change: `models/nyc311/daily_requests/changes/00000007.json`.
pub fn model_change_path(dataset: &DatasetName, model: &TableName, number: u64) -> String {
    format!("{}/{number:08}.json", model_changes_prefix(dataset, model))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(change: ModelChange, version: u64) -> ModelEvent {
        ModelEvent {
            change,
            version,
            at: DateTime::from_timestamp(1_764_000_000, 0).unwrap(),
            run_id: "20261122T174903Z-3f9a2c".parse().unwrap(),
            reason: String::new(),
        }
    }

    fn history(changes: &[(ModelChange, u64)]) -> ModelHistory {
        ModelHistory::of(changes.iter().map(|(change, version)| event(*change, *version)))
    }

    #[test]
    fn from_candidate_to_production_and_back() {
        use ModelChange::{Promote, Register, RollBack, Stage};
        let mut changes = vec![(Register, 1), (Stage, 1), (Promote, 1), (Register, 2)];
        assert_eq!(history(&changes).stage(2), Some(ModelStage::Candidate));
        changes.extend([(Stage, 2), (Promote, 2)]);
        let both = history(&changes);
        assert_eq!((both.production(), both.before_production()), (Some(2), Some(1)));
        assert_eq!(both.stage(1), Some(ModelStage::Archived));
        // Twice, by two who saw the same.
        changes.extend([(RollBack, 2), (RollBack, 2)]);
        let back = history(&changes);
        assert_eq!((back.production(), back.before_production()), (Some(1), None));
        assert_eq!(back.stage(2), Some(ModelStage::Archived));
        changes.push((RollBack, 1));
        assert_eq!(history(&changes).production(), None);
        changes.push((Promote, 2));
        assert_eq!(history(&changes).production(), Some(2));
    }

    #[test]
    fn keys() {
        let (dataset, model) = ("nyc311".parse().unwrap(), "daily_requests".parse().unwrap());
        assert_eq!(model_path(&dataset, &model, 3), "models/nyc311/daily_requests/3/model.json");
        assert_eq!(
            model_card_path(&dataset, &model, 3),
            "models/nyc311/daily_requests/3/card.json"
        );
        assert_eq!(
            model_change_path(&dataset, &model, 7),
            "models/nyc311/daily_requests/changes/00000007.json"
        );
    }

    proptest! {
        #[test]
        fn one_version_at_most_is_in_production(
            changes in prop::collection::vec((0..4_u8, 1..5_u64), 0..40),
        ) {
            let change = |number| match number {
                0 => ModelChange::Register,
                1 => ModelChange::Stage,
                2 => ModelChange::Promote,
                _ => ModelChange::RollBack,
            };
            let changes: Vec<_> =
                changes.into_iter().map(|(number, version)| (change(number), version)).collect();
            let history = history(&changes);
            let in_production: Vec<u64> = history
                .stages()
                .filter(|(_, stage)| *stage == ModelStage::Production)
                .map(|(version, _)| version)
                .collect();
            prop_assert_eq!(in_production, history.production().into_iter().collect::<Vec<_>>());
        }
    }
}
