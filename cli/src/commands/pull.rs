//! Pulling the sources of a dataset.

use std::sync::Arc;

use anyhow::{Result, bail};
use smelt_domain::{Dataset, SourceDefinition, SourceName};
use smelt_sources::Source;
use smelt_stages::{Platform, PullEnding, PullFrom, Pulled, StageError, pull_source};

use super::ingest::only_table;
use crate::arguments::{Global, IngestArguments};
use crate::data_size::counted;
use crate::exit::{Ending, told};
use crate::output::say;

pub(crate) async fn run(
    global: &Global,
    platform: &Platform,
    dataset: &Dataset,
    arguments: &IngestArguments,
) -> Result<Ending> {
    if arguments.table.is_some() {
        only_table(dataset, arguments.table.as_ref())?;
    }
    let sources = chosen_sources(dataset, arguments.source.as_ref())?;
    let sources = sources.into_iter().filter(|source| match &arguments.table {
        Some(table) => source.table == *table,
        None => true,
    });
    let from = pull_from(arguments);
    let mut failed = None;
    for definition in sources {
        // A source that is down is no reason not to pull the others.
        match pull_one(platform, dataset, definition, &from).await {
            Ok(pulled) if !global.quiet && !global.json => {
                let source = format!("{}.{}", dataset.name, definition.name);
                say(&format!("{source}: {}", short(&pulled)));
                for drift in &pulled.drifts {
                    say(&format!("warning: {source}: {drift}"));
                }
                for note in &pulled.notes {
                    say(&format!("note: {source}: {note}"));
                }
            }
            Ok(_) => {}
            // The first is said at the end, and its kind is that of the run.
            Err(error) if failed.is_none() => failed = Some(error),
            Err(error) => platform.observer.failed(&told(&error)),
        }
    }
    failed.map_or(Ok(Ending::Fine), Err)
}

/// The source named, or all of them; a dataset without any takes files only.
pub(crate) fn chosen_sources<'a>(
    dataset: &'a Dataset,
    name: Option<&SourceName>,
) -> Result<Vec<&'a SourceDefinition>> {
    if dataset.sources.is_empty() {
        bail!(
            "{} has no source to pull: give files with --file, or put them into landing/{}/<table>/",
            dataset.name,
            dataset.name
        );
    }
    let Some(name) = name else { return Ok(dataset.sources.iter().collect()) };
    match dataset.source(name) {
        Some(source) => Ok(vec![source]),
        None => {
            let known: Vec<&str> = dataset.sources.iter().map(|s| s.name.as_str()).collect();
            bail!("{} has no source `{name}`; it has {}", dataset.name, known.join(", "))
        }
    }
}

fn pull_from(arguments: &IngestArguments) -> PullFrom {
    match (arguments.first_moment(), arguments.until) {
        _ if arguments.full => PullFrom::Beginning,
        (None, None) => PullFrom::Cursor,
        (since, until) => PullFrom::Window { since, until },
    }
}

async fn pull_one(
    platform: &Platform,
    dataset: &Dataset,
    definition: &SourceDefinition,
    from: &PullFrom,
) -> Result<Pulled> {
    let source = open(platform, dataset, definition)?;
    let table = only_table(dataset, Some(&definition.table))?;
    Ok(pull_source(platform, dataset, table, definition, source.as_ref(), from).await?)
}

/// Opens a source with what the environment says of it.
pub(crate) fn open(
    platform: &Platform,
    dataset: &Dataset,
    definition: &SourceDefinition,
) -> Result<Box<dyn Source>, StageError> {
    let observer = Arc::clone(&platform.observer);
    let settings = smelt_sources::SourceSettings {
        scratch: &std::env::temp_dir(),
        url: std::env::var(definition.url_variable(&dataset.name)).ok(),
        secret: &|name| std::env::var(name).ok().map(smelt_sources::Secret::new),
        on_retry: Some(Arc::new(move |what: &str| observer.waiting(what))),
    };
    Ok(smelt_sources::open_source(&dataset.name, definition, &settings)?)
}

fn short(pulled: &Pulled) -> String {
    let mut rows = match pulled.rows {
        0 => "nothing new".to_owned(),
        rows => counted(rows, "row"),
    };
    if !pulled.gone.is_empty() {
        rows += &format!("; gone there, and counted no more: {}", pulled.gone.join(", "));
    }
    match pulled.ending {
        PullEnding::Complete => rows,
        PullEnding::Deadline => format!("{rows}; there is more, the next pull goes on from here"),
        PullEnding::Overtaken => {
            format!("{rows}; another pull was faster, whatever it leaves comes with the next")
        }
    }
}
