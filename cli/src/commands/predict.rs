//! `smelt predict`: what a model in production says of rows.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use smelt_domain::LearnedModel;
use smelt_stages::{Predicted, predict};

use super::series::read_texts;
use crate::arguments::{Global, PredictArguments, PredictFormat};
use crate::exit::Ending;
use crate::output::print;
use crate::session::open_existing;
use crate::table_text::{Align, TextTable};

/// A row by columns.
type Row = BTreeMap<String, String>;

pub(crate) async fn run(global: &Global, arguments: PredictArguments) -> Result<Ending> {
    let platform = open_existing(global)?;
    let dataset = platform.dataset(&arguments.dataset)?;
    let known = |model: &&LearnedModel| model.name == arguments.model;
    let Some(model) = dataset.models.iter().find(known) else {
        let names: Vec<&str> = dataset.models.iter().map(|model| model.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        bail!(
            "{} has no model `{}` to predict with; its models: {names} (forecasts of series lie in \
             gold.{}_forecast)",
            dataset.name,
            arguments.model,
            dataset.name
        );
    };
    let rows = match &arguments.input {
        Some(path) => read_texts(path)?,
        None => row_of(&arguments.row)?.into_iter().collect(),
    };
    let predicted = predict(&platform, dataset, model, &rows).await?;
    print(&match arguments.format {
        PredictFormat::Table => table(&rows, &predicted),
        PredictFormat::Csv => csv(&rows, &predicted),
        PredictFormat::Json => json(&rows, &predicted)?,
    })?;
    Ok(Ending::Fine)
}

/// `None` without any value.
fn row_of(values: &[String]) -> Result<Option<Row>> {
    let mut row = Row::new();
    for value in values {
        let (name, value) = value.split_once('=').with_context(|| {
            format!("{value:?} is not COLUMN=VALUE, such as vendor='Acme Inc.'")
        })?;
        row.insert(name.to_owned(), value.to_owned());
    }
    Ok((!row.is_empty()).then_some(row))
}

/// Given columns, then those that the model says.
fn columns(rows: &[Row], predicted: &Predicted) -> Vec<String> {
    let given = rows.first().map(|row| row.keys().cloned().collect::<Vec<_>>());
    let said = predicted.rows.first().into_iter().flatten().map(|(name, _)| name.clone());
    given.unwrap_or_default().into_iter().chain(said).collect()
}

fn cells(rows: &[Row], predicted: &Predicted) -> impl Iterator<Item = Vec<String>> {
    predicted.rows.iter().enumerate().map(move |(at, said)| {
        let given = rows.get(at).map(|row| row.values().cloned().collect::<Vec<_>>());
        let said = said.iter().map(|(_, value)| match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_f64() => {
                format!("{:.3}", number.as_f64().unwrap_or_default())
            }
            Value::Null => String::new(),
            other => other.to_string(),
        });
        given.unwrap_or_default().into_iter().chain(said).collect()
    })
}

fn table(rows: &[Row], predicted: &Predicted) -> String {
    let columns = columns(rows, predicted);
    let heads: Vec<(&str, Align)> =
        columns.iter().map(|column| (column.as_str(), Align::Left)).collect();
    let mut table = TextTable::new(&heads);
    for cells in cells(rows, predicted) {
        table.row(cells);
    }
    table.to_string()
}

fn csv(rows: &[Row], predicted: &Predicted) -> String {
    let line = |cells: Vec<String>| {
        let quoted = cells.iter().map(|cell| {
            let plain = !cell.contains(['"', ',', '\n', '\r']);
            if plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
        });
        format!("{}\n", quoted.collect::<Vec<_>>().join(","))
    };
    std::iter::once(columns(rows, predicted)).chain(cells(rows, predicted)).map(line).collect()
}

fn json(rows: &[Row], predicted: &Predicted) -> Result<String> {
    let objects: Vec<Map<String, Value>> = predicted
        .rows
        .iter()
        .enumerate()
        .map(|(at, said)| {
            let given = rows.get(at).into_iter().flatten();
            let given = given.map(|(name, value)| (name.clone(), Value::from(value.clone())));
            given.chain(said.iter().cloned()).collect()
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&objects)?))
}
