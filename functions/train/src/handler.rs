use serde_json::Value;
use smelt_domain::DatasetName;
use smelt_runtime::{Done, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{Platform, Refit, StageError, train};

use crate::{TrainContext, TrainError};

/// Fits the models that are due of the datasets that a schedule, or a human, names, and forecasts with
/// those in production.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &TrainContext,
) -> Result<Value, TrainError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(context, &context.shared, invocation, inbox).await
}

fn asked(wake_up: &WakeUp, context: &TrainContext) -> Result<Vec<DatasetName>, Refusal> {
    match wake_up {
        WakeUp::Created { key, .. } => Err(context.shared.foreign(key, "a schedule")),
        WakeUp::Asked(command) => Ok(vec![context.shared.commanded(command, &[])?.name.clone()]),
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

impl Working for TrainContext {
    type Work = DatasetName;
    type Group = DatasetName;

    fn group(&self, work: &DatasetName) -> DatasetName {
        work.clone()
    }

    fn command(&self, dataset: &DatasetName) -> (String, Option<DatasetName>) {
        (format!("train {dataset}"), Some(dataset.clone()))
    }

    async fn run(
        &self,
        platform: &Platform,
        dataset: &DatasetName,
        _works: &[DatasetName],
    ) -> Result<Done, StageError> {
        let trained = train(platform, platform.dataset(dataset)?, Refit::WhenDue).await?;
        for (mart, why) in &trained.skipped {
            tracing::info!(%dataset, mart, why, "nothing to forecast");
        }
        for (card, stage, why) in &trained.fitted {
            let (model, version) = (&card.model, card.version);
            tracing::info!(%dataset, %model, version, %stage, why, "fitted");
        }
        Ok(Done::default())
    }
}
