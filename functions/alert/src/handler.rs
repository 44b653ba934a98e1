use std::collections::BTreeMap;

use serde_json::Value;
use smelt_domain::{DatasetName, LakeKey, Layer, RunId, RunReport};
use smelt_runtime::{Done, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{Causes, Platform, RecentFailures, StageError, failure_reports};

use crate::{AlertContext, AlertError, watch};

const EXPECTED: &str = "commits of gold (gold/<dataset>/<mart>/_delta_log/*.json) and failures (failures/<day>/*.json)";

/// The runs that failed, by id.
type Reports = BTreeMap<RunId, RunReport>;

/// Looks for what there is to tell about the datasets that commits, failures or a schedule are about,
/// and tells it.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &AlertContext,
) -> Result<Value, AlertError> {
    // Only its report says which dataset a failure is about, so these are read before anything else.
    let failed = Inbox::read(event, |wake_up| {
        Ok(failed_run(&object(wake_up, context)?).into_iter().collect())
    });
    let reports = failure_reports(&context.shared.lake, failed.works()).await?;
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context, &reports));
    let reports = reports.into_values().collect();
    let alerting = Alerting { context, reports, recent: RecentFailures::default() };
    work_off(&alerting, &context.shared, invocation, inbox).await
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Something of this dataset changed, or it is time to look.
    Look(DatasetName),
    /// A run of this dataset failed.
    Failed(DatasetName, RunId),
}

/// The object that a message is about, if it is about one.
fn object(wake_up: &WakeUp, context: &AlertContext) -> Result<Option<LakeKey>, Refusal> {
    let shared = &context.shared;
    let WakeUp::Created { bucket, key } = wake_up else { return Ok(None) };
    let key = shared.address.relative(bucket, key)?;
    match LakeKey::parse(&key)? {
        LakeKey::Commit { table, .. } if table.layer != Layer::Gold => {
            Err(shared.foreign(&key, EXPECTED))
        }
        LakeKey::Landed { .. } => Err(shared.foreign(&key, EXPECTED)),
        object => Ok(Some(object)),
    }
}

fn failed_run(object: &Option<LakeKey>) -> Option<RunId> {
    match object {
        Some(LakeKey::Failure { run }) => Some(run.clone()),
        _ => None,
    }
}

fn asked(
    wake_up: &WakeUp,
    context: &AlertContext,
    reports: &Reports,
) -> Result<Vec<Reason>, Refusal> {
    let known = |name| context.shared.dataset(name).map(|dataset| dataset.name.clone());
    let object = object(wake_up, context)?;
    if let Some(run) = failed_run(&object) {
        // A report that is gone tells nothing, nor does one about no dataset.
        let dataset = reports.get(&run).and_then(|report| report.dataset.as_ref());
        let dataset = dataset.map(known).transpose()?;
        return Ok(dataset.map(|name| Reason::Failed(name, run)).into_iter().collect());
    }
    match (wake_up, object) {
        (_, Some(LakeKey::Commit { table, .. })) => Ok(vec![Reason::Look(known(&table.dataset)?)]),
        (WakeUp::Asked(command), _) => {
            Ok(vec![Reason::Look(context.shared.commanded(command, &[])?.name.clone())])
        }
        _ => Ok(Vec::new()),
    }
}

/// How this function works.
struct Alerting<'a> {
    context: &'a AlertContext,
    /// The reports that woke it, of whatever datasets.
    reports: Vec<RunReport>,
    recent: RecentFailures,
}

impl Working for Alerting<'_> {
    type Work = Reason;
    type Group = DatasetName;

    fn group(&self, work: &Reason) -> DatasetName {
        match work {
            Reason::Look(dataset) | Reason::Failed(dataset, _) => dataset.clone(),
        }
    }

    fn command(&self, dataset: &DatasetName) -> (String, Option<DatasetName>) {
        (format!("alert {dataset}"), Some(dataset.clone()))
    }

    async fn run(
        &self,
        platform: &Platform,
        dataset: &DatasetName,
        works: &[Reason],
    ) -> Result<Done, StageError> {
        let dataset = platform.dataset(dataset)?;
        // Whoever was woken by a failure knows of it. Where very much fails, looking for more each
        // time would take longer than telling.
        let looks = works.iter().any(|work| matches!(work, Reason::Look(_)));
        let causes =
            Causes { reports: &self.reports, recent: looks.then_some(&self.recent), ages: &[] };
        let context = self.context;
        watch(platform, dataset, causes, &context.shared.metrics, &context.topic).await?;
        Ok(Done::default())
    }
}
