use serde_json::Value;
use smelt_domain::DatasetName;
use smelt_runtime::{Done, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{
    LAST_MONTH, Partly, Platform, Refit, StageError, parse_period, publish_report, train,
};

use crate::{TrainContext, TrainError};

/// Fits the models that are due of the datasets that a schedule, or a human, names, and forecasts with
/// those in production; or publishes a report, where a period is named.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &TrainContext,
) -> Result<Value, TrainError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(context, &context.shared, invocation, inbox).await
}

/// What is to be done with a dataset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Models, and forecasts by them.
    Models(DatasetName),
    /// The report on a period: `2026-10`, or `last_month`.
    Report(DatasetName, String),
}

fn asked(wake_up: &WakeUp, context: &TrainContext) -> Result<Vec<Wanted>, Refusal> {
    match wake_up {
        WakeUp::Created { key, .. } => Err(context.shared.foreign(key, "a schedule")),
        WakeUp::Asked(command) => {
            let name = context.shared.commanded(command, &["report"])?.name.clone();
            Ok(vec![match &command.report {
                Some(period) => Wanted::Report(name, period.clone()),
                None => Wanted::Models(name),
            }])
        }
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

impl Working for TrainContext {
    type Work = Wanted;
    type Group = Wanted;

    fn group(&self, work: &Wanted) -> Wanted {
        work.clone()
    }

    fn command(&self, wanted: &Wanted) -> (String, Option<DatasetName>) {
        match wanted {
            Wanted::Models(dataset) => (format!("train {dataset}"), Some(dataset.clone())),
            Wanted::Report(dataset, period) => {
                (format!("report {dataset} --period {period}"), Some(dataset.clone()))
            }
        }
    }

    async fn run(
        &self,
        platform: &Platform,
        wanted: &Wanted,
        _works: &[Wanted],
    ) -> Result<Done, StageError> {
        match wanted {
            Wanted::Models(dataset) => fit(platform, dataset).await?,
            Wanted::Report(dataset, period) => publish(platform, dataset, period).await?,
        }
        Ok(Done::default())
    }
}

async fn fit(platform: &Platform, dataset: &DatasetName) -> Result<(), StageError> {
    let ended = train(platform, platform.dataset(dataset)?, Refit::WhenDue).await;
    let (trained, failed) = Partly::split(ended);
    for (mart, why) in &trained.skipped {
        tracing::info!(%dataset, mart, why, "nothing to forecast");
    }
    for (card, stage, why) in &trained.fitted {
        let (model, version) = (&card.model, card.version);
        tracing::info!(%dataset, %model, version, %stage, why, "fitted");
    }
    failed.map_or(Ok(()), Err)
}

async fn publish(
    platform: &Platform,
    dataset: &DatasetName,
    asked: &str,
) -> Result<(), StageError> {
    let period = parse_period(asked, platform.started_at.date_naive())?;
    match publish_report(platform, platform.dataset(dataset)?, period).await {
        Ok(report) => tracing::info!(%dataset, %period, path = report.path, "reported"),
        // A schedule asks this of every dataset, also of those that nobody uses; who names a month wants it.
        Err(nothing @ StageError::NothingToReport { .. }) if asked == LAST_MONTH => {
            tracing::info!(%dataset, %period, why = %nothing, "nothing to report");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
