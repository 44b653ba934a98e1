use serde_json::Value;
use smelt_domain::{DatasetName, LakeKey, Layer, RunId, RunReport, failure_path};
use smelt_runtime::{Done, Fact, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{Platform, StageError, alert};

use crate::{AlertContext, AlertError};

const EXPECTED: &str = "commits of gold (gold/<dataset>/<mart>/_delta_log/*.json) and failures (failures/<day>/*.json)";

/// Looks for what there is to tell about the datasets that commits, failures or a schedule are about,
/// and tells it.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &AlertContext,
) -> Result<Value, AlertError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(&Alerting(context), &context.shared, invocation, inbox).await
}

/// What a message is about: a dataset as it is, or a run that failed, for whatever dataset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Something changed, or it is time to look.
    Look(DatasetName),
    /// This run failed.
    Failed(RunId),
}

fn asked(wake_up: &WakeUp, context: &AlertContext) -> Result<Vec<Reason>, Refusal> {
    let shared = &context.shared;
    match wake_up {
        WakeUp::Created { bucket, key } => {
            let key = shared.address.relative(bucket, key)?;
            match LakeKey::parse(&key)? {
                LakeKey::Commit { table, .. } if table.layer == Layer::Gold => {
                    Ok(vec![Reason::Look(shared.dataset(&table.dataset)?.name.clone())])
                }
                LakeKey::Failure { run } => Ok(vec![Reason::Failed(run)]),
                LakeKey::Other => Ok(Vec::new()),
                _ => Err(shared.foreign(&key, EXPECTED)),
            }
        }
        WakeUp::Asked(command) => {
            Ok(vec![Reason::Look(shared.dataset(&command.dataset)?.name.clone())])
        }
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

/// How this function works.
struct Alerting<'a>(&'a AlertContext);

impl Working for Alerting<'_> {
    type Work = Reason;
    /// Failures of one invocation are looked at together, whatever their datasets.
    type Group = Option<DatasetName>;

    fn group(&self, work: &Reason) -> Option<DatasetName> {
        match work {
            Reason::Look(dataset) => Some(dataset.clone()),
            Reason::Failed(_) => None,
        }
    }

    fn command(&self, group: &Option<DatasetName>) -> (String, Option<DatasetName>) {
        match group {
            Some(dataset) => (format!("alert {dataset}"), Some(dataset.clone())),
            None => ("alert about failures".to_owned(), None),
        }
    }

    async fn run(
        &self,
        platform: &Platform,
        group: &Option<DatasetName>,
        works: &[Reason],
    ) -> Result<Done, StageError> {
        match group {
            Some(dataset) => self.tell(platform, dataset, &[]).await?,
            None => {
                let reports = reports(platform, works).await?;
                let mut datasets: Vec<&DatasetName> =
                    reports.iter().filter_map(|report| report.dataset.as_ref()).collect();
                datasets.sort();
                datasets.dedup();
                for dataset in datasets {
                    self.tell(platform, dataset, &reports).await?;
                }
            }
        }
        Ok(Done::default())
    }
}

impl Alerting<'_> {
    async fn tell(
        &self,
        platform: &Platform,
        dataset: &DatasetName,
        reports: &[RunReport],
    ) -> Result<(), StageError> {
        let dataset = platform.dataset(dataset)?;
        let alerted = alert(platform, dataset, reports, &self.0.topic).await?;
        for found in &alerted.freshness {
            let fact = Fact::Freshness { table: &found.table, seconds: found.seconds };
            self.0.shared.metrics.emit(&fact);
        }
        Ok(())
    }
}

/// The reports of runs that failed; one that is gone tells nothing.
async fn reports(platform: &Platform, works: &[Reason]) -> Result<Vec<RunReport>, StageError> {
    let mut reports = Vec::new();
    for work in works {
        let Reason::Failed(run) = work else { continue };
        let bytes = platform.lake.get_object(&failure_path(run)).await?;
        reports.extend(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()));
    }
    Ok(reports)
}
