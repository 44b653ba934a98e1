use serde_json::Value;
use smelt_domain::{Dataset, DatasetName, LakeKey, Layer, Mart, TableName};
use smelt_runtime::{Done, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{Platform, StageError, detect, follow_silver, publish};

use crate::{GoldContext, GoldError};

const EXPECTED: &str = "commits of silver (silver/<dataset>/<table>/_delta_log/*.json)";

/// Brings the marts up to date that read the silver tables that commits are about, or that a command
/// names, publishes them, and looks for anomalies in their series.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &GoldContext,
) -> Result<Value, GoldError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(context, &context.shared, invocation, inbox).await
}

/// A mart.
type MartOf = (DatasetName, TableName);

fn asked(wake_up: &WakeUp, context: &GoldContext) -> Result<Vec<MartOf>, Refusal> {
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
            let dataset = shared.dataset(&command.dataset)?;
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

fn marts(dataset: &Dataset, chosen: impl Fn(&Mart) -> bool) -> Vec<MartOf> {
    let marts = dataset.marts.iter().filter(|mart| chosen(mart));
    marts.map(|mart| (dataset.name.clone(), mart.name.clone())).collect()
}

fn reads(mart: &Mart, table: &TableName) -> bool {
    mart.driver == *table || mart.lookups.contains(table)
}

impl Working for GoldContext {
    type Work = MartOf;
    type Group = MartOf;

    fn group(&self, work: &MartOf) -> MartOf {
        work.clone()
    }

    fn command(&self, (dataset, mart): &MartOf) -> (String, Option<DatasetName>) {
        (format!("gold {dataset} {mart}"), Some(dataset.clone()))
    }

    async fn run(
        &self,
        platform: &Platform,
        (dataset, mart): &MartOf,
        _works: &[MartOf],
    ) -> Result<Done, StageError> {
        let dataset = platform.dataset(dataset)?;
        let Some(mart) = dataset.mart(mart) else { return Ok(Done::default()) };
        follow_silver(platform, dataset, mart).await?;
        publish(platform, dataset, mart).await?;
        detect(platform, dataset, mart).await?;
        Ok(Done::default())
    }
}
