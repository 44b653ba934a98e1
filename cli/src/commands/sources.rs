use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Result;
use serde_json::json;
use smelt_domain::{ColumnName, Dataset, DatasetName, SourceDefinition, SourceName};
use smelt_sources::Probe;
use smelt_stages::{Platform, pulled_columns, pulled_to, reconcile};

use super::ingest::only_table;
use super::pull::{chosen_sources, open};
use crate::arguments::{Global, ReportFormat};
use crate::data_size::{count_text, counted};
use crate::exit::{Ending, told};
use crate::output::{print, say};
use crate::progress::begin;
use crate::run::Run;
use crate::session::{self, open_if_there};

/// `smelt sources test`: whether each source answers, and with what.
pub(crate) async fn test(
    global: &Global,
    dataset: &DatasetName,
    source: Option<&SourceName>,
    format: ReportFormat,
) -> Result<Ending> {
    let platform = open_if_there(global)?;
    let dataset = platform.dataset(dataset)?;
    let mut ending = Ending::Fine;
    let mut found = Vec::new();
    for definition in chosen_sources(dataset, source)? {
        begin(global, &format!("asking {}.{}", dataset.name, definition.name));
        match probe(&platform, dataset, definition).await {
            Ok(look) => match format {
                ReportFormat::Table => print(&text(dataset, definition, &look))?,
                ReportFormat::Json => found.push(json!({
                    "source": definition.name,
                    "found": look.probe,
                    "last_pull_ended_at": look.place,
                })),
            },
            Err(error) => {
                say(&format!("error: {}", told(&error)));
                ending = Ending::Failed;
            }
        }
    }
    if format == ReportFormat::Json {
        print(&format!("{}\n", serde_json::to_string_pretty(&found)?))?;
    }
    Ok(ending)
}

/// `smelt sources reconcile`: deletes what the sources no longer have.
pub(crate) async fn run_reconcile(
    global: &Global,
    dataset: &DatasetName,
    source: Option<&SourceName>,
) -> Result<Ending> {
    let platform = session::open_existing(global)?;
    let dataset = platform.dataset(dataset)?;
    let run = Run::about(&platform, dataset, format!("sources reconcile {}", dataset.name));
    let ended = reconcile_all(global, &run.platform, dataset, source).await;
    run.end(ended).await
}

async fn reconcile_all(
    global: &Global,
    platform: &Platform,
    dataset: &Dataset,
    source: Option<&SourceName>,
) -> Result<Ending> {
    let mut failed = None;
    for definition in chosen_sources(dataset, source)? {
        match reconcile_one(platform, dataset, definition).await {
            Ok(outcome) if !global.quiet && !global.json => {
                say(&format!("{}.{}: {outcome}", dataset.name, definition.name));
            }
            Ok(_) => {}
            // The first is said at the end, and its kind is that of the run.
            Err(error) if failed.is_none() => failed = Some(error),
            Err(error) => platform.observer.failed(&told(&error)),
        }
    }
    failed.map_or(Ok(Ending::Fine), Err)
}

/// What came of a comparison, in words.
async fn reconcile_one(
    platform: &Platform,
    dataset: &Dataset,
    definition: &SourceDefinition,
) -> Result<String> {
    let source = open(platform, dataset, definition)?;
    let table = only_table(dataset, Some(&definition.table))?;
    let reconciled = reconcile(platform, dataset, table, definition, source.as_ref()).await?;
    Ok(match reconciled {
        None => "it cannot tell what was deleted".to_owned(),
        Some(found) if found.deleted == 0 => "nothing was deleted there".to_owned(),
        Some(found) => format!(
            "{} deleted, found in {}; `smelt refresh {}` carries it to silver and gold",
            counted(found.deleted, "row"),
            found.months.join(", "),
            dataset.name
        ),
    })
}

/// A look at a source.
struct Look {
    probe: Probe,
    /// Where the last pull ended, in words.
    place: Option<String>,
    /// Declared columns that pulls had; `None` before the first.
    pulled: Option<BTreeSet<ColumnName>>,
}

async fn probe(
    platform: &Platform,
    dataset: &Dataset,
    definition: &SourceDefinition,
) -> Result<Look> {
    let source = open(platform, dataset, definition)?;
    let probe = source.probe().await?;
    let cursor = pulled_to(platform, dataset, definition).await?;
    let place = cursor.and_then(|cursor| source.place(&cursor));
    Ok(Look { probe, place, pulled: pulled_columns(platform, dataset, definition).await? })
}

fn text(dataset: &Dataset, definition: &SourceDefinition, look: &Look) -> String {
    let Look { probe, place, pulled } = look;
    let mut text = format!("{}.{}: reachable\n", dataset.name, definition.name);
    let mut line = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name:<9}{value}");
    };
    if let Some(rows) = probe.rows {
        line("rows", &count_text(rows));
    }
    let ended = place.as_ref().map(|place| format!("the last pull ended at {place}"));
    let ended = ended.unwrap_or_else(|| "nothing was pulled yet".to_owned());
    line("cursor", &format!("{}; {ended}", probe.cursor));
    line("newest", probe.newest.as_deref().unwrap_or("not known"));
    line("columns", &probe.columns.join(", "));
    let missing: Vec<&ColumnName> = dataset
        .table(&definition.table)
        .into_iter()
        .flat_map(|table| &table.source_columns)
        .filter(|column| {
            let mut names = std::iter::once(&column.name).chain(&column.aliases);
            let is_here =
                names.any(|name| probe.columns.iter().any(|found| found == name.as_str()));
            let is_due = match &definition.columns {
                Some(columns) => columns.contains(&column.name),
                // What pulls never had is brought by uploads or other sources.
                None => pulled.as_ref().is_none_or(|pulled| pulled.contains(&column.name)),
            };
            is_due && !is_here
        })
        .map(|column| &column.name)
        .collect();
    if !missing.is_empty() {
        let was_there = pulled
            .as_ref()
            .is_some_and(|pulled| missing.iter().all(|column| pulled.contains(*column)));
        let unless = match &definition.columns {
            _ if was_there => ", and was there before",
            Some(_) => "",
            None => ", unless uploads or other sources bring it",
        };
        let missing: Vec<&str> = missing.iter().map(|column| column.as_str()).collect();
        line("missing", &format!("{} (read as null{unless})", missing.join(", ")));
    }
    for note in &probe.notes {
        line("note", note);
    }
    text
}
