use serde_json::Value;
use smelt_domain::{DatasetName, LakeKey, Layer, SourceName, TableId, TableName};
use smelt_runtime::{Done, Inbox, Invocation, Refusal, WakeUp, Working, work_off};
use smelt_stages::{
    FileOutcome, Platform, PullEnding, PullFrom, StageError, Verdict, ingest_landed, pull_source,
    sweep_landing,
};

use crate::{IngestContext, IngestError};

const EXPECTED: &str = "files that land (landing/<dataset>/<table>/…)";

/// Takes in the files that landed, and pulls the sources that a schedule, or a human, names.
pub(crate) async fn handle(
    event: &Value,
    invocation: &Invocation,
    context: &IngestContext,
) -> Result<Value, IngestError> {
    let inbox = Inbox::read(event, |wake_up| asked(wake_up, context));
    work_off(&Ingesting(context), &context.shared, invocation, inbox).await
}

/// What there is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Arrival {
    /// A file that landed.
    File { dataset: DatasetName, table: TableName, key: String },
    /// Whatever landed for a table.
    Landing { dataset: DatasetName, table: TableName },
    /// What is new at a source.
    Source { dataset: DatasetName, source: SourceName },
}

/// What is taken in at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Load {
    /// Files of a table, in one commit.
    Table(DatasetName, TableName),
    /// A source.
    Source(DatasetName, SourceName),
}

fn asked(wake_up: &WakeUp, context: &IngestContext) -> Result<Vec<Arrival>, Refusal> {
    let shared = &context.shared;
    match wake_up {
        WakeUp::Created { bucket, key } => {
            let key = shared.address.relative(bucket, key)?;
            match LakeKey::parse(&key)? {
                LakeKey::Landed { dataset, table, key } => {
                    shared.table(shared.dataset(&dataset)?, &table)?;
                    Ok(vec![Arrival::File { dataset, table, key }])
                }
                LakeKey::Other if key.starts_with("landing/") => Ok(Vec::new()),
                _ => Err(shared.foreign(&key, EXPECTED)),
            }
        }
        WakeUp::Asked(command) => {
            let dataset = shared.commanded(command, &["source", "table"])?;
            let name = || dataset.name.clone();
            if let Some(source) = &command.source {
                let known = dataset.source(source).ok_or_else(|| Refusal::NotDefined {
                    what: format!("source of {}", dataset.name),
                    name: source.to_string(),
                })?;
                return Ok(vec![Arrival::Source { dataset: name(), source: known.name.clone() }]);
            }
            if let Some(table) = &command.table {
                let table = shared.table(dataset, table)?.name.clone();
                return Ok(vec![Arrival::Landing { dataset: name(), table }]);
            }
            let landing = dataset.tables.iter().map(|table| table.name.clone());
            let landing = landing.map(|table| Arrival::Landing { dataset: name(), table });
            let sources = dataset.sources.iter().map(|source| source.name.clone());
            let sources = sources.map(|source| Arrival::Source { dataset: name(), source });
            Ok(landing.chain(sources).collect())
        }
        WakeUp::Test | WakeUp::Ignored { .. } => Ok(Vec::new()),
    }
}

/// How this function works.
struct Ingesting<'a>(&'a IngestContext);

impl Working for Ingesting<'_> {
    type Work = Arrival;
    type Group = Load;

    fn group(&self, work: &Arrival) -> Load {
        match work.clone() {
            Arrival::File { dataset, table, .. } | Arrival::Landing { dataset, table } => {
                Load::Table(dataset, table)
            }
            Arrival::Source { dataset, source } => Load::Source(dataset, source),
        }
    }

    fn command(&self, load: &Load) -> (String, Option<DatasetName>) {
        match load {
            Load::Table(dataset, table) => {
                (format!("ingest {dataset} {table}"), Some(dataset.clone()))
            }
            Load::Source(dataset, source) => {
                (format!("ingest {dataset} from {source}"), Some(dataset.clone()))
            }
        }
    }

    fn table(&self, load: &Load) -> Option<TableId> {
        let (dataset, table) = match load {
            Load::Table(dataset, table) => (dataset, table),
            Load::Source(dataset, source) => {
                (dataset, &self.0.shared.dataset(dataset).ok()?.source(source)?.table)
            }
        };
        Some(TableId::new(Layer::Bronze, dataset.clone(), table.clone()))
    }

    async fn run(
        &self,
        platform: &Platform,
        load: &Load,
        arrivals: &[Arrival],
    ) -> Result<Done, StageError> {
        match load {
            Load::Table(dataset, table) => take_in(platform, dataset, table, arrivals).await,
            Load::Source(dataset, source) => self.pull(platform, dataset, source).await,
        }
    }
}

async fn take_in(
    platform: &Platform,
    dataset: &DatasetName,
    table: &TableName,
    arrivals: &[Arrival],
) -> Result<Done, StageError> {
    let dataset = platform.dataset(dataset)?;
    let Some(table) = dataset.table(table) else { return Ok(Done::default()) };
    let keys: Option<Vec<String>> = arrivals
        .iter()
        .map(|arrival| match arrival {
            Arrival::File { key, .. } => Some(key.clone()),
            _ => None,
        })
        .collect();
    let is_asked_for = keys.is_some();
    let ingested = match keys {
        Some(keys) => ingest_landed(platform, dataset, table, &keys).await?,
        None => sweep_landing(platform, dataset, table).await?,
    };
    // Somebody may have been refused without hearing of it, and asks again; a look finds old refusals
    // every time.
    let is_news = |(_, outcome): &(String, FileOutcome)| {
        is_asked_for || !matches!(outcome, FileOutcome::RefusedBefore { .. })
    };
    let verdict = Verdict::of(ingested.files.into_iter().filter(is_news).collect());
    let failed = ingested.failed.or(verdict.unread.map(StageError::from));
    Ok(Done { refused: verdict.refused, failed })
}

impl Ingesting<'_> {
    async fn pull(
        &self,
        platform: &Platform,
        dataset: &DatasetName,
        source: &SourceName,
    ) -> Result<Done, StageError> {
        let dataset = platform.dataset(dataset)?;
        let Some(definition) = dataset.source(source) else { return Ok(Done::default()) };
        let Some(table) = dataset.table(&definition.table) else { return Ok(Done::default()) };
        let scratch = self.0.shared.engine.scratch();
        let opened = self.0.sources.open(dataset, definition, scratch).await?;
        let (source, from) = (opened.as_ref(), PullFrom::Cursor);
        let pulled = pull_source(platform, dataset, table, definition, source, &from).await?;
        match pulled.ending {
            PullEnding::Complete => {}
            PullEnding::Deadline => tracing::warn!(
                rows = pulled.rows,
                "the source has more; the next schedule goes on from here"
            ),
            PullEnding::Overtaken => tracing::info!("another pull of this source was faster"),
        }
        Ok(Done::default())
    }
}
