use anyhow::{Error, Result};
use smelt_forecast::{Accuracy, Backtest, accuracy_table, backtest, series_accuracy_table};

use crate::arguments::{BacktestArguments, BacktestFormat, Global};
use crate::data_size::count_text;
use crate::exit::Ending;
use crate::output::{print, say};
use crate::progress::begin;
use crate::table_text::{Align, TextTable};

pub(crate) fn run(global: &Global, arguments: &BacktestArguments) -> Result<Ending> {
    let format = arguments.format_of_file().map_err(Error::msg)?;
    super::output::refuse_input(&arguments.series.input, arguments.output.as_deref())?;
    let (series, settings) = super::read(&arguments.series)?;
    begin(global, &format!("backtesting {} series", count_text(series.len() as u64)));
    let found = backtest(&series, &settings, arguments.windows)?;
    for (id, why) in &found.left_out {
        say(&format!("left out: {id}: {why}"));
    }
    match arguments.format {
        BacktestFormat::Table => print(&text(&found))?,
        BacktestFormat::Csv => print(&accuracy_table(&found).to_csv())?,
    }
    if let Some(path) = &arguments.output {
        super::output::write(&series_accuracy_table(&found), format, Some(path))?;
    }
    Ok(Ending::Fine)
}

fn text(found: &Backtest) -> String {
    let mut table = TextTable::new(&[
        ("MODEL", Align::Left),
        ("sMAPE", Align::Right),
        ("MASE", Align::Right),
        ("OWA", Align::Right),
        ("COVERAGE", Align::Left),
        ("WINDOWS", Align::Right),
    ]);
    for model in &found.models {
        table.row(row(model));
    }
    table.to_string()
}

fn row(accuracy: &Accuracy) -> Vec<String> {
    let covered = |(level, share): &(f64, f64)| format!("{level}: {:.1} %", share * 100.0);
    let coverage: Vec<String> = accuracy.coverage.iter().map(covered).collect();
    let number = |known: Option<f64>, decimals: usize| {
        known.map(|number| format!("{number:.decimals$}")).unwrap_or_default()
    };
    vec![
        accuracy.model.to_string(),
        number(accuracy.smape, 2),
        number(accuracy.mase, 3),
        number(accuracy.owa, 3),
        coverage.join(", "),
        accuracy.windows.to_string(),
    ]
}
