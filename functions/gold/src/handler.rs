use serde_json::Value;
use smelt_domain::{Dataset, DatasetName, LakeKey, Layer, Mart, TableId, TableName};
use smelt_runtime::{Done, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{
    Failures, Platform, StageError, detect, follow_silver, publish, publish_overview,
    publish_series,
};

use crate::{GoldContext, GoldError};

const EXPECTED: &str = "commits of silver (silver/<dataset>/<table>/_delta_log/*.json)";

/// Brings the marts up to date that read the silver tables that commits are about, or that a command
/// names, publishes them, looks for anomalies in their series, and publishes where their datasets stand.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &GoldContext,
) -> Result<Value, GoldError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(context, &context.shared, invocation, inbox).await
}

/// What is brought up to date, in this order: what is published of a dataset comes after its marts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behind {
    /// A mart.
    Mart(DatasetName, TableName),
    /// What is published of a dataset as a whole.
    Dataset(DatasetName),
}

fn asked(wake_up: &WakeUp, context: &GoldContext) -> Result<Vec<Behind>, Refusal> {
    let shared = &context.shared;
    match wake_up {
        WakeUp::Created { bucket, key } => {
            let key = shared.address.relative(bucket, key)?;
            match LakeKey::parse(&key)? {
                LakeKey::Commit { table, .. } if table.layer == Layer::Silver => {
                    let dataset = shared.dataset(&table.dataset)?;
                    shared.table(dataset, &table.table)?;
                    Ok(marts(dataset, |mart| reads(mart, &table.table)))
                }
                LakeKey::Other => Ok(Vec::new()),
                _ => Err(shared.foreign(&key, EXPECTED)),
            }
        }
        WakeUp::Asked(command) => {
            let dataset = shared.commanded(command, &["table"])?;
            match &command.table {
                Some(name) if dataset.mart(name).is_none() => Err(Refusal::NotDefined {
                    what: format!("mart of {}", dataset.name),
                    name: name.to_string(),
                }),
                Some(name) => Ok(marts(dataset, |mart| mart.name == *name)),
                None => Ok(marts(dataset, |_| true)),
            }
        }
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

fn marts(dataset: &Dataset, chosen: impl Fn(&Mart) -> bool) -> Vec<Behind> {
    let marts = dataset.marts.iter().filter(|mart| chosen(mart));
    let marts = marts.map(|mart| Behind::Mart(dataset.name.clone(), mart.name.clone()));
    marts.chain([Behind::Dataset(dataset.name.clone())]).collect()
}

fn reads(mart: &Mart, table: &TableName) -> bool {
    mart.driver == *table || mart.lookups.contains(table)
}

impl Working for GoldContext {
    type Work = Behind;
    type Group = Behind;

    fn group(&self, work: &Behind) -> Behind {
        work.clone()
    }

    fn command(&self, behind: &Behind) -> (String, Option<DatasetName>) {
        match behind {
            Behind::Mart(dataset, mart) => {
                (format!("gold {dataset} {mart}"), Some(dataset.clone()))
            }
            Behind::Dataset(dataset) => (format!("publish {dataset}"), Some(dataset.clone())),
        }
    }

    fn table(&self, behind: &Behind) -> Option<TableId> {
        match behind {
            Behind::Mart(dataset, mart) => {
                Some(TableId::new(Layer::Gold, dataset.clone(), mart.clone()))
            }
            Behind::Dataset(_) => None,
        }
    }

    async fn run(
        &self,
        platform: &Platform,
        behind: &Behind,
        _works: &[Behind],
    ) -> Result<Done, StageError> {
        match behind {
            Behind::Mart(dataset, mart) => {
                let dataset = platform.dataset(dataset)?;
                let Some(mart) = dataset.mart(mart) else { return Ok(Done::default()) };
                follow_silver(platform, dataset, mart).await?;
                publish(platform, dataset, mart).await?;
                detect(platform, dataset, mart).await?;
            }
            Behind::Dataset(dataset) => {
                let dataset = platform.dataset(dataset)?;
                let mut failures = Failures::new(platform);
                failures.done_of(publish_series(platform, dataset).await);
                failures.unless(publish_overview(platform, dataset).await);
                failures.end(())?;
            }
        }
        Ok(Done::default())
    }
}
