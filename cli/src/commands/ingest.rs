use anyhow::{Result, bail};
use smelt_domain::{Dataset, Table, TableName};
use smelt_sources::find_files;
use smelt_stages::{FileOutcome, Ingested, Platform, Upload, ingest_files};

use super::pull;
use crate::arguments::{Global, IngestArguments};
use crate::data_size::{count_text, counted};
use crate::exit::Ending;
use crate::run::Run;
use crate::session::open;

pub(crate) async fn run(global: &Global, arguments: IngestArguments) -> Result<Ending> {
    let platform = open(global)?;
    let dataset = platform.dataset(&arguments.dataset)?;
    if arguments.files.is_empty() {
        let run = Run::about(&platform, dataset, format!("ingest {}", dataset.name));
        let ended = pull::run(global, &run.platform, dataset, &arguments).await;
        return run.end(ended).await;
    }
    let table = only_table(dataset, arguments.table.as_ref())?;
    let uploads: Vec<Upload> =
        find_files(&arguments.files)?.into_iter().map(Upload::local).collect();
    let command = format!("ingest {} ({})", dataset.name, counted(uploads.len() as u64, "file"));
    let run = Run::about(&platform, dataset, command);
    let ingested = ingest_files(&run.platform, dataset, table, uploads).await;
    let ended = ingested.map(|ingested| say(global, &run.platform, &ingested));
    run.end(ended.map_err(anyhow::Error::from)).await
}

/// The table named, or the only one there is.
pub(crate) fn only_table<'a>(dataset: &'a Dataset, name: Option<&TableName>) -> Result<&'a Table> {
    let known = || {
        let names: Vec<&str> = dataset.tables.iter().map(|table| table.name.as_str()).collect();
        names.join(", ")
    };
    match (name, dataset.tables.as_slice()) {
        (Some(name), _) => match dataset.table(name) {
            Some(table) => Ok(table),
            None => bail!("dataset {} has no table `{name}`; it has {}", dataset.name, known()),
        },
        (None, [table]) => Ok(table),
        (None, _) => bail!("say which table with --table: {} has {}", dataset.name, known()),
    }
}

/// Says what became of each file: what went wrong on standard error, always.
pub(crate) fn say(global: &Global, platform: &Platform, ingested: &Ingested) -> Ending {
    let mut ending = Ending::Fine;
    for (name, outcome) in &ingested.files {
        match outcome {
            FileOutcome::Unreadable(error) => {
                platform.observer.failed(&error.to_string());
                ending = Ending::Failed;
            }
            FileOutcome::Foreign { .. } => {
                let problem = outcome.problem().unwrap_or_default();
                platform.observer.failed(&format!("{name}: {problem}"));
                if ending == Ending::Fine {
                    ending = Ending::Refused;
                }
            }
            outcome if !global.quiet && !global.json => {
                crate::output::say(&format!("{name}: {}", short(outcome)))
            }
            _ => {}
        }
    }
    ending
}

fn short(outcome: &FileOutcome) -> String {
    match outcome {
        FileOutcome::Loaded { rows, malformed: 0 } => counted(*rows, "row"),
        FileOutcome::Loaded { rows, malformed } => {
            format!("{}, {} of them malformed", counted(*rows, "row"), count_text(*malformed))
        }
        FileOutcome::AlreadyLoaded => "this content is in bronze already; nothing to do".to_owned(),
        FileOutcome::NoRows => "a header but no rows; nothing to do".to_owned(),
        FileOutcome::Foreign { .. } => "refused".to_owned(),
        FileOutcome::Unreadable(error) => error.to_string(),
        FileOutcome::RefusedBefore { problem } => format!("refused before: {problem}"),
    }
}
