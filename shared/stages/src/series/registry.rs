//! The registry of a model: its versions, each written once, and a log of what became of them.
//!
//! ```text
//! models/<dataset>/<model>/3/model.json       what was learnt
//!                          3/card.json        what is known of it
//!                          changes/00000007.json   register, stage, promote, roll back
//! ```
//!
//! Nothing is ever replaced: who creates the next number has made the next change, as in the log of a
//! table. What stage a version is in follows from all changes.

use chrono::Utc;
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use smelt_domain::{
    Dataset, DatasetName, ModelCard, ModelChange, ModelEvent, ModelHistory, ModelStage, TableName,
    model_card_path, model_change_path, model_changes_prefix, model_path, model_prefix,
};
use smelt_lake::{Lake, LakeError};

use crate::{Platform, StageError, boxed};

/// Objects that are read at the same time.
const READS_AT_ONCE: usize = 16;
/// Others who may be quicker before somebody gives up.
const MOST_RIVALS: u32 = 32;

/// What is known of every model of a dataset, and in which stage it is: of each the versions in use, and of
/// the others the newest, so many in all.
#[boxed]
pub async fn model_versions(
    platform: &Platform,
    dataset: &Dataset,
    most: usize,
) -> Result<Vec<(ModelCard, ModelStage)>, StageError> {
    let mut found = Vec::new();
    for name in dataset.model_names() {
        let registry = ModelRegistry::new(&platform.lake, &dataset.name, name);
        let versions = most_wanted(registry.history().await?.stages().collect(), most);
        let reads: Vec<_> = versions.iter().map(|(version, _)| registry.card(*version)).collect();
        let cards: Vec<Option<ModelCard>> =
            futures::stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        let known = cards.into_iter().zip(versions);
        found.extend(known.filter_map(|(card, (_, stage))| Some((card?, stage))));
    }
    Ok(found)
}

/// Of all versions of a model so many: those that anybody uses, then the newest. They stay in their order.
fn most_wanted(mut versions: Vec<(u64, ModelStage)>, most: usize) -> Vec<(u64, ModelStage)> {
    versions.sort_by_key(|(version, stage)| {
        (matches!(stage, ModelStage::Archived), std::cmp::Reverse(*version))
    });
    versions.truncate(most);
    versions.sort_by_key(|(version, _)| *version);
    versions
}

/// One model with all its versions.
#[derive(Debug, Clone)]
pub struct ModelRegistry {
    lake: Lake,
    dataset: DatasetName,
    model: TableName,
}

impl ModelRegistry {
    /// The registry of a model; nothing is read yet.
    pub fn new(lake: &Lake, dataset: &DatasetName, model: &TableName) -> Self {
        Self { lake: lake.clone(), dataset: dataset.clone(), model: model.clone() }
    }

    /// What became of every version.
    #[boxed]
    pub async fn history(&self) -> Result<ModelHistory, StageError> {
        let prefix = model_changes_prefix(&self.dataset, &self.model);
        let listed = self.lake.list_objects(&prefix).await?;
        let reads = listed.into_iter().map(|object| {
            let path = object.location.to_string();
            async move { self.read_json::<ModelEvent>(&path).await }
        });
        let reads: Vec<_> = reads.collect();
        let events: Vec<Option<ModelEvent>> =
            futures::stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        Ok(ModelHistory::of(events.into_iter().flatten()))
    }

    /// What is known of a version.
    #[boxed]
    pub async fn card(&self, version: u64) -> Result<Option<ModelCard>, StageError> {
        self.read_json(&model_card_path(&self.dataset, &self.model, version)).await
    }

    /// What a version learnt.
    pub(crate) async fn model<T: DeserializeOwned>(
        &self,
        version: u64,
    ) -> Result<Option<T>, StageError> {
        self.read_json(&model_path(&self.dataset, &self.model, version)).await
    }

    /// Makes a version production, by hand. It has to be registered.
    #[boxed]
    pub async fn promote(
        &self,
        platform: &Platform,
        version: u64,
        reason: &str,
    ) -> Result<(), StageError> {
        let history = self.history().await?;
        if history.stage(version).is_none() {
            return Err(self.no_version(version, &history));
        }
        self.change(platform, ModelChange::Promote, version, reason).await
    }

    /// Takes the version in production out of it; the one before is in production again.
    #[boxed]
    pub async fn roll_back(&self, platform: &Platform, reason: &str) -> Result<u64, StageError> {
        let history = self.history().await?;
        let Some((now, before)) = history.production().zip(history.before_production()) else {
            return Err(StageError::Model {
                problem: format!(
                    "{}/{} has no former version in production to go back to",
                    self.dataset, self.model
                ),
                remedy: format!(
                    "promote another one: smelt models list {}; smelt models promote {} {} VERSION",
                    self.dataset, self.dataset, self.model
                ),
            });
        };
        self.change(platform, ModelChange::RollBack, now, reason).await?;
        Ok(before)
    }

    /// Writes a model as the next version, with its card, and registers it.
    pub(crate) async fn register(
        &self,
        platform: &Platform,
        model: &impl serde::Serialize,
        card: ModelCard,
    ) -> Result<ModelCard, StageError> {
        let bytes = self.as_json(model)?;
        let version = self.write_next(&bytes).await?;
        let card = ModelCard { version, ..card };
        let path = model_card_path(&self.dataset, &self.model, version);
        self.lake.put_object(&path, self.as_json(&card)?).await?;
        self.change(platform, ModelChange::Register, version, "fitted").await?;
        Ok(card)
    }

    /// Notes what happened to a version.
    pub(crate) async fn change(
        &self,
        platform: &Platform,
        change: ModelChange,
        version: u64,
        reason: &str,
    ) -> Result<(), StageError> {
        let event = ModelEvent {
            change,
            version,
            at: Utc::now(),
            run_id: platform.run_id.clone(),
            reason: reason.to_owned(),
        };
        let bytes = self.as_json(&event)?;
        for _ in 0..MOST_RIVALS {
            let prefix = model_changes_prefix(&self.dataset, &self.model);
            let listed = self.lake.list_objects(&prefix).await?;
            let number = |name: &str| name.strip_suffix(".json")?.parse::<u64>().ok();
            let names = listed.iter().filter_map(|object| object.location.filename());
            let next = names.filter_map(number).max().unwrap_or(0) + 1;
            let path = model_change_path(&self.dataset, &self.model, next);
            if self.lake.create_object(&path, bytes.clone()).await? {
                return Ok(());
            }
        }
        Err(self.contended())
    }

    async fn write_next(&self, bytes: &[u8]) -> Result<u64, StageError> {
        for _ in 0..MOST_RIVALS {
            let folders = self.lake.list_folders(&model_prefix(&self.dataset, &self.model)).await?;
            let number = |path: &String| path.rsplit('/').next()?.parse::<u64>().ok();
            let next = folders.iter().filter_map(number).max().unwrap_or(0) + 1;
            let path = model_path(&self.dataset, &self.model, next);
            if self.lake.create_object(&path, bytes.to_vec()).await? {
                return Ok(next);
            }
        }
        Err(self.contended())
    }

    async fn read_json<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, StageError> {
        let Some(bytes) = self.lake.get_object(path).await? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes);
        let read = read.map_err(|error| LakeError::Corrupt {
            table: path.to_owned(),
            detail: format!("not what a registry holds: {error}"),
        })?;
        Ok(Some(read))
    }

    fn as_json(&self, value: &impl serde::Serialize) -> Result<Vec<u8>, StageError> {
        serde_json::to_vec(value).map_err(|error| StageError::Model {
            problem: format!("{}/{} cannot be written: {error}", self.dataset, self.model),
            remedy: "this is a defect of smelt, please report it".to_owned(),
        })
    }

    fn no_version(&self, version: u64, history: &ModelHistory) -> StageError {
        let known: Vec<String> = history.stages().map(|(version, _)| version.to_string()).collect();
        let remedy = if known.is_empty() {
            format!("fit one: smelt train {}", self.dataset)
        } else {
            format!("known versions: {}", known.join(", "))
        };
        StageError::Model {
            problem: format!("{}/{} has no version {version}", self.dataset, self.model),
            remedy,
        }
    }

    fn contended(&self) -> StageError {
        LakeError::Contended {
            table: model_prefix(&self.dataset, &self.model),
            attempts: MOST_RIVALS,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use ModelStage::{Archived, Candidate, Production};

    use super::*;

    #[test]
    fn what_is_in_use_is_wanted_before_what_is_new() {
        let all =
            vec![(1, Archived), (2, Production), (3, Archived), (4, Archived), (5, Candidate)];
        let wanted = |most| most_wanted(all.clone(), most);
        assert_eq!(wanted(2), [(2, Production), (5, Candidate)]);
        assert_eq!(wanted(3), [(2, Production), (4, Archived), (5, Candidate)]);
        assert_eq!(wanted(9), all);
        assert!(wanted(0).is_empty());
    }
}
