use std::path::Path;

use anyhow::{Result, bail};
use smelt_domain::DatasetName;
use smelt_simulate::events::Events;
use smelt_simulate::llm_usage::LlmUsage;
use smelt_simulate::nyc311::{Nyc311, Truth};
use smelt_simulate::restaurant::Restaurant;
use smelt_simulate::spending::Spending;
use smelt_simulate::{DatasetTruth, SimulateError};

use crate::arguments::{Global, SimulateArguments};
use crate::data_size::count_text;
use crate::exit::Ending;
use crate::output::print;
use crate::progress::simulating;

const DAYS_OF_A_YEAR: u32 = 365;

/// Writes the simulated uploads of a dataset, with the truth about them.
pub(crate) fn run(global: &Global, arguments: &SimulateArguments) -> Result<Ending> {
    let Some(out) = &arguments.out else {
        bail!("say where to write to with --out, or serve the sources with --serve");
    };
    if arguments.dataset.as_str() == "nyc311" {
        let truth = simulate(global, &nyc311(arguments), out)?;
        if !global.quiet {
            print(&format!("{truth}"))?;
        }
        return Ok(Ending::Fine);
    }
    let truth = write(global, arguments, out)?;
    if !global.quiet {
        print(&text(&truth))?;
    }
    Ok(Ending::Fine)
}

/// The settings that the arguments give; what they leave open is the simulator's own choice.
pub(crate) fn nyc311(arguments: &SimulateArguments) -> Nyc311 {
    let usual = Nyc311::default();
    Nyc311 {
        days: arguments.days.unwrap_or(usual.days),
        rows_per_day: arguments.rows_per_day.unwrap_or(usual.rows_per_day),
        seed: arguments.seed,
        files: arguments.files,
        ..usual
    }
}

pub(crate) fn spending(arguments: &SimulateArguments) -> Spending {
    let usual = Spending::default();
    Spending {
        fiscal_years: arguments
            .days
            .map_or(usual.fiscal_years, |days| days.div_ceil(DAYS_OF_A_YEAR)),
        rows_per_day: arguments.rows_per_day.unwrap_or(usual.rows_per_day),
        seed: arguments.seed,
        ..usual
    }
}

pub(crate) fn restaurant(arguments: &SimulateArguments) -> Restaurant {
    let usual = Restaurant::default();
    Restaurant {
        days: arguments.days.unwrap_or(usual.days),
        rows_per_day: arguments.rows_per_day.unwrap_or(usual.rows_per_day),
        seed: arguments.seed,
        ..usual
    }
}

fn write(global: &Global, arguments: &SimulateArguments, out: &Path) -> Result<DatasetTruth> {
    let (days, rows_per_day) = (arguments.days, arguments.rows_per_day);
    let bar = simulating(global, None);
    let progress = &mut |rows| bar.set_position(rows);
    let written: Result<DatasetTruth, SimulateError> = match arguments.dataset.as_str() {
        "spending" => spending(arguments).write(out, progress),
        "restaurant" => restaurant(arguments).write(out, progress),
        "llm_usage" => {
            let usual = LlmUsage::default();
            let days = days.unwrap_or(usual.days);
            let rows_per_day = rows_per_day.unwrap_or(usual.rows_per_day);
            LlmUsage { days, rows_per_day, seed: arguments.seed, ..usual }.write(out, progress)
        }
        "events" => {
            let usual = Events::default();
            let days = days.unwrap_or(usual.days);
            let rows_per_day = rows_per_day.unwrap_or(usual.rows_per_day);
            // The truth about marts holds all events in memory.
            let truth = u64::from(days) * u64::from(rows_per_day) <= 2_000_000;
            Events { days, rows_per_day, seed: arguments.seed, truth, ..usual }.write(out, progress)
        }
        _ => return Err(no_simulator(&arguments.dataset)),
    };
    bar.finish_and_clear();
    Ok(written?)
}

pub(crate) fn no_simulator(dataset: &DatasetName) -> anyhow::Error {
    anyhow::anyhow!(
        "there is no simulator for `{dataset}`; there are some for nyc311, spending, llm_usage, \
         restaurant and events"
    )
}

/// Writes simulated service requests below `out`, with a progress bar on a terminal.
pub(crate) fn simulate(global: &Global, settings: &Nyc311, out: &Path) -> Result<Truth> {
    let rows = u64::from(settings.days) * u64::from(settings.rows_per_day);
    let bar = simulating(global, Some(rows));
    let truth = settings.write(out, &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    Ok(truth)
}

fn text(truth: &DatasetTruth) -> String {
    let mut text = format!("{} to {}\n", truth.first_day, truth.last_day);
    let mut line = |name: &str, rows: u64| {
        text += &format!("{name:<40}{:>12}\n", count_text(rows));
    };
    for (table, rows) in &truth.rows_received {
        line(&format!("{table}: rows received"), *rows);
        line("  silver", truth.rows_silver.get(table).copied().unwrap_or_default());
        line("  superseded", truth.rows_superseded.get(table).copied().unwrap_or_default());
        for (rule, rows) in truth.rows_refused.get(table).into_iter().flatten() {
            line(&format!("  refused: {rule}"), *rows);
        }
    }
    for anomaly in &truth.anomalies {
        text += &format!("anomaly {anomaly}\n");
    }
    text
}
