use serde_json::Value;
use smelt_domain::{Dataset, DatasetName, SourceName};
use smelt_runtime::{Done, Fact, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{
    Platform, StageError, Verdict, dataset_status, maintain, reconcile, too_many_refused,
};

use crate::{MaintainContext, MaintainError};

/// Does the upkeep of the datasets that a schedule, or a human, names, and reconciles sources.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &MaintainContext,
) -> Result<Value, MaintainError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(context, &context.shared, invocation, inbox).await
}

/// What is kept in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chore {
    /// The tables of a dataset.
    Tables(DatasetName),
    /// What a source has deleted.
    Deletes(DatasetName, SourceName),
}

fn asked(wake_up: &WakeUp, context: &MaintainContext) -> Result<Vec<Chore>, Refusal> {
    match wake_up {
        WakeUp::Created { key, .. } => Err(context.shared.foreign(key, "a schedule")),
        WakeUp::Asked(command) => {
            let dataset = context.shared.commanded(command, &["source"])?;
            let Some(source) = &command.source else {
                return Ok(vec![Chore::Tables(dataset.name.clone())]);
            };
            let known = dataset.source(source).ok_or_else(|| Refusal::NotDefined {
                what: format!("source of {}", dataset.name),
                name: source.to_string(),
            })?;
            Ok(vec![Chore::Deletes(dataset.name.clone(), known.name.clone())])
        }
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

impl Working for MaintainContext {
    type Work = Chore;
    type Group = Chore;

    fn group(&self, work: &Chore) -> Chore {
        work.clone()
    }

    fn command(&self, chore: &Chore) -> (String, Option<DatasetName>) {
        match chore {
            Chore::Tables(dataset) => (format!("maintain {dataset}"), Some(dataset.clone())),
            Chore::Deletes(dataset, source) => {
                (format!("sources reconcile {dataset} {source}"), Some(dataset.clone()))
            }
        }
    }

    async fn run(
        &self,
        platform: &Platform,
        chore: &Chore,
        _works: &[Chore],
    ) -> Result<Done, StageError> {
        match chore {
            Chore::Tables(dataset) => self.keep_tables(platform, platform.dataset(dataset)?).await,
            Chore::Deletes(dataset, source) => {
                self.find_deletes(platform, platform.dataset(dataset)?, source).await
            }
        }
    }
}

impl MaintainContext {
    async fn keep_tables(
        &self,
        platform: &Platform,
        dataset: &Dataset,
    ) -> Result<Done, StageError> {
        // A table that cannot be measured keeps none from being looked after.
        let unmeasured = self.measure_lags(platform, dataset).await.err();
        let maintained = maintain(platform, dataset, self.upkeep).await;
        let mut verdict = Verdict::of(maintained.swept);
        verdict.refused.extend(maintained.refused_too_many.iter().map(too_many_refused));
        let failed = maintained.failed.or(verdict.unread.map(StageError::from)).or(unmeasured);
        Ok(Done { refused: verdict.refused, failed })
    }

    async fn measure_lags(&self, platform: &Platform, dataset: &Dataset) -> Result<(), StageError> {
        for table in dataset_status(platform, dataset).await?.tables {
            if let Some(follows) = &table.follows {
                let lag = Fact::Lag { table: &table.table, versions: follows.lag };
                self.shared.metrics.emit(&lag);
            }
        }
        Ok(())
    }

    /// Deletes what a source no longer has; bronze's commit wakes the function silver.
    async fn find_deletes(
        &self,
        platform: &Platform,
        dataset: &Dataset,
        source: &SourceName,
    ) -> Result<Done, StageError> {
        let Some(definition) = dataset.source(source) else { return Ok(Done::default()) };
        let Some(table) = dataset.table(&definition.table) else { return Ok(Done::default()) };
        let scratch = self.shared.engine.scratch();
        let opened = self.sources.open_inventoried(dataset, definition, scratch).await?;
        let reconciled = match &opened {
            Some(opened) => {
                reconcile(platform, dataset, table, definition, opened.as_ref()).await?
            }
            None => None,
        };
        match reconciled {
            Some(found) => tracing::info!(deleted = found.deleted, "the source was reconciled"),
            None => tracing::warn!("the source cannot tell what was deleted"),
        }
        Ok(Done::default())
    }
}
