use serde_json::Value;
use smelt_domain::DatasetName;
use smelt_runtime::{Done, Fact, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{Platform, StageError, Verdict, dataset_status, maintain, too_many_refused};

use crate::{MaintainContext, MaintainError};

/// Does the upkeep of the datasets that a schedule, or a human, names.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &MaintainContext,
) -> Result<Value, MaintainError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(context, &context.shared, invocation, inbox).await
}

fn asked(wake_up: &WakeUp, context: &MaintainContext) -> Result<Vec<DatasetName>, Refusal> {
    match wake_up {
        WakeUp::Created { key, .. } => Err(context.shared.foreign(key, "a schedule")),
        WakeUp::Asked(command) => Ok(vec![context.shared.commanded(command, &[])?.name.clone()]),
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

impl Working for MaintainContext {
    type Work = DatasetName;
    type Group = DatasetName;

    fn group(&self, work: &DatasetName) -> DatasetName {
        work.clone()
    }

    fn command(&self, dataset: &DatasetName) -> (String, Option<DatasetName>) {
        (format!("maintain {dataset}"), Some(dataset.clone()))
    }

    async fn run(
        &self,
        platform: &Platform,
        dataset: &DatasetName,
        _works: &[DatasetName],
    ) -> Result<Done, StageError> {
        let dataset = platform.dataset(dataset)?;
        let before = dataset_status(platform, dataset).await?;
        for table in &before.tables {
            if let Some(follows) = &table.follows {
                let lag = Fact::Lag { table: &table.table, versions: follows.lag };
                self.shared.metrics.emit(&lag);
            }
        }
        let maintained = maintain(platform, dataset, self.upkeep).await?;
        let mut verdict = Verdict::of(maintained.swept);
        verdict.refused.extend(maintained.refused_too_many.iter().map(too_many_refused));
        let failed = maintained.failed.or(verdict.unread.map(StageError::from));
        Ok(Done { refused: verdict.refused, failed })
    }
}
