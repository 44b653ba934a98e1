use serde_json::Value;
use smelt_domain::{DatasetName, LakeKey, Layer, TableId, TableName};
use smelt_runtime::{Done, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{Platform, StageError, follow_bronze, recompute_table, too_many_refused};

use crate::{SilverContext, SilverError};

const EXPECTED: &str = "commits of bronze (bronze/<dataset>/<table>/_delta_log/*.json)";

/// Brings the silver tables up to date that commits of bronze, or a command, are about.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &SilverContext,
) -> Result<Value, SilverError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(context, &context.shared, invocation, inbox).await
}

/// A silver table.
type Table = (DatasetName, TableName);

/// What is to be done with a silver table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// It takes in what is new in bronze.
    News(Table),
    /// It is computed anew from all of bronze.
    Anew(Table),
}

fn asked(wake_up: &WakeUp, context: &SilverContext) -> Result<Vec<Wanted>, Refusal> {
    let shared = &context.shared;
    match wake_up {
        WakeUp::Created { bucket, key } => {
            let key = shared.address.relative(bucket, key)?;
            match LakeKey::parse(&key)? {
                LakeKey::Commit { table, .. } if table.layer == Layer::Bronze => {
                    let dataset = shared.dataset(&table.dataset)?;
                    shared.table(dataset, &table.table)?;
                    Ok(vec![Wanted::News((table.dataset, table.table))])
                }
                LakeKey::Other => Ok(Vec::new()),
                _ => Err(shared.foreign(&key, EXPECTED)),
            }
        }
        WakeUp::Asked(command) => {
            let dataset = shared.commanded(command, &["table", "anew"])?;
            let tables = match &command.table {
                Some(name) => vec![shared.table(dataset, name)?],
                None => dataset.tables.iter().collect(),
            };
            let wanted = if command.anew { Wanted::Anew } else { Wanted::News };
            let tables = tables.into_iter().map(|it| (dataset.name.clone(), it.name.clone()));
            Ok(tables.map(wanted).collect())
        }
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

impl Working for SilverContext {
    type Work = Wanted;
    type Group = Table;

    fn group(&self, work: &Wanted) -> Table {
        let (Wanted::News(table) | Wanted::Anew(table)) = work;
        table.clone()
    }

    fn command(&self, (dataset, table): &Table) -> (String, Option<DatasetName>) {
        (format!("silver {dataset} {table}"), Some(dataset.clone()))
    }

    fn table(&self, (dataset, table): &Table) -> Option<TableId> {
        Some(TableId::new(Layer::Silver, dataset.clone(), table.clone()))
    }

    async fn run(
        &self,
        platform: &Platform,
        (dataset, table): &Table,
        works: &[Wanted],
    ) -> Result<Done, StageError> {
        let dataset = platform.dataset(dataset)?;
        let Some(table) = dataset.table(table) else { return Ok(Done::default()) };
        let is_anew = works.iter().any(|work| matches!(work, Wanted::Anew(_)));
        let followed = if is_anew {
            recompute_table(platform, dataset, table).await?
        } else {
            follow_bronze(platform, dataset, table).await?
        };
        let refused = followed.refused_too_many;
        let refused = refused.then(|| too_many_refused(&dataset.silver_id(&table.name)));
        Ok(Done { refused: refused.into_iter().collect(), failed: None })
    }
}
