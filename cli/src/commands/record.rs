use std::collections::BTreeMap;

use anyhow::{Result, bail};
use smelt_domain::{ColumnName, Table};
use smelt_stages::{Correction, correct};

use super::ingest::only_table;
use crate::arguments::{Global, RecordArguments, RecordCommand};
use crate::exit::Ending;
use crate::output::say;
use crate::run::Run;
use crate::session::open_existing;

pub(crate) async fn run(global: &Global, command: &RecordCommand) -> Result<Ending> {
    let platform = open_existing(global)?;
    let (RecordCommand::Put { row } | RecordCommand::Delete { row }) = command;
    let dataset = platform.dataset(&row.dataset)?;
    let table = only_table(dataset, row.table.as_ref())?;
    let (key, correction) = match command {
        RecordCommand::Put { .. } => {
            let (key, values) = assignments(table, row)?;
            (key, Correction::Put(values))
        }
        RecordCommand::Delete { .. } => (row.values.clone(), Correction::Delete),
    };
    // Never the values: a run report holds none.
    let name = if correction == Correction::Delete { "delete" } else { "put" };
    let name = format!("record {name} {} --table {}", dataset.name, table.name);
    // Whoever corrects a row hears at once that it cannot be.
    let run = Run::unwatched(&platform, name);
    let ended = correct(&run.platform, dataset, table, &key, &correction).await;
    let ending = run.end(ended.map(|_| Ending::Fine).map_err(anyhow::Error::from)).await?;
    if !global.quiet && !global.json {
        say(&format!("noted; `smelt refresh {}` carries it to silver and gold", dataset.name));
    }
    Ok(ending)
}

/// Columns with their new values; null where there is none.
type Assignments = BTreeMap<ColumnName, Option<String>>;

/// As many values as the key has columns, then `column=value`.
fn assignments(table: &Table, row: &RecordArguments) -> Result<(Vec<String>, Assignments)> {
    let of_key = table.key.len().min(row.values.len());
    let (key, rest) = row.values.split_at(of_key);
    let mut values = BTreeMap::new();
    for assignment in rest {
        let Some((column, value)) = assignment.split_once('=') else {
            bail!("`{assignment}` sets nothing: write column=value, such as amount=12.50");
        };
        let value = Some(value.to_owned()).filter(|value| !value.is_empty());
        let column: ColumnName = column.parse()?;
        if values.contains_key(&column) {
            bail!("`{column}` is set twice: give it one value");
        }
        values.insert(column, value);
    }
    if values.is_empty() {
        bail!("say what to put: column=value, such as amount=12.50");
    }
    Ok((key.to_vec(), values))
}
