//! What a month on AWS costs: measured effort times volumes times prices.

mod bill;
mod measured;
mod prices;
mod volumes;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use smelt_domain::DatasetName;

use self::bill::{Bill, bill};
use self::measured::Measured;
use self::prices::Prices;
use self::volumes::Volumes;
use crate::arguments::{CostArguments, ReportFormat};
use crate::exit::Ending;
use crate::output::print;
use crate::table_text::{Align, TextTable};

const MEASURED: &str = include_str!("../../../../infrastructure/cost/measured.json");
const VOLUMES: &str = include_str!("../../../../infrastructure/cost/volumes.yaml");
const PRICES: &str = include_str!("../../../../infrastructure/cost/prices.yaml");

pub(crate) fn run(arguments: &CostArguments) -> Result<Ending> {
    let measured: Measured = read("what was measured", arguments.measured.as_ref(), MEASURED)?;
    let volumes: Volumes = read("the volumes", arguments.volumes.as_ref(), VOLUMES)?;
    let prices: Prices = read("the prices", arguments.prices.as_ref(), PRICES)?;
    let bill = bill(&measured, &volumes, &prices)?;
    match arguments.format {
        ReportFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&bill)?))?,
        ReportFormat::Table => print(&text(&bill, &measured, &prices))?,
    }
    Ok(Ending::Fine)
}

/// A file's content, or what is built in. JSON is YAML.
fn read<T: DeserializeOwned>(what: &str, file: Option<&PathBuf>, built_in: &str) -> Result<T> {
    let Some(file) = file else {
        return serde_saphyr::from_str(built_in).with_context(|| format!("built in: {what}"));
    };
    let shown = Path::display(file);
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{what} could not be read from {shown}"))?;
    serde_saphyr::from_str(&text).with_context(|| format!("{shown} does not hold {what}"))
}

fn text(bill: &Bill, measured: &Measured, prices: &Prices) -> String {
    format!(
        "A month in US dollars. Prices of {}, {}; measured {}.\n\n{}\n{}\n{}\n",
        prices.region,
        prices.as_of,
        measured.measured_at,
        by_payer(bill),
        by_item(bill),
        FORMULA
    )
}

fn by_payer(bill: &Bill) -> TextTable {
    let mut table = TextTable::new(&[
        ("DATASET", Align::Left),
        ("COMPUTE", Align::Right),
        ("REQUESTS", Align::Right),
        ("STORAGE", Align::Right),
        ("MONITORING", Align::Right),
        ("OTHER", Align::Right),
        ("TOTAL", Align::Right),
    ]);
    for share in &bill.payers {
        let parts = [share.compute, share.requests, share.storage, share.monitoring, share.other];
        let name = share.dataset.as_ref().map_or("(standing)", DatasetName::as_str).to_owned();
        let numbers = parts.iter().chain([&share.total]).map(|cost| dollars(*cost));
        table.row(std::iter::once(name).chain(numbers).collect());
    }
    table
}

fn by_item(bill: &Bill) -> TextTable {
    let mut table = TextTable::new(&[
        ("ITEM", Align::Left),
        ("UNITS", Align::Right),
        ("UNIT", Align::Left),
        ("PRICE", Align::Right),
        ("COST", Align::Right),
        ("FREE UNITS", Align::Right),
        ("LEFT TO PAY", Align::Right),
    ]);
    for line in &bill.lines {
        table.row(vec![
            line.label.clone(),
            units(line.units),
            line.unit.clone(),
            significant(line.price),
            dollars(line.cost),
            units(line.free),
            dollars(line.cost_after_free),
        ]);
    }
    let nothing = || String::new();
    table.row(vec![
        "Total".to_owned(),
        nothing(),
        nothing(),
        nothing(),
        dollars(bill.total),
        nothing(),
        dollars(bill.total_after_free),
    ]);
    table
}

const FORMULA: &str = "\
cost         = units x price; left to pay = max(0, units - free units) x price
units        = deliveries x effort of a delivery + wake-ups by schedule x effort of a wake-up + what stands there
GB-s         = seconds x memory / 1024; seconds = waiting + computing / (memory / 1769), at least what it took
GB-months    = stored bytes / rows, measured, x rows held
metric-months= metrics x hours in which they have a value / 730
polls        = queues x pollers x 730 x 3600 / seconds of a poll";

fn dollars(amount: f64) -> String {
    format!("{amount:.2}")
}

fn units(amount: f64) -> String {
    if amount >= 100.0 { format!("{amount:.0}") } else { format!("{amount:.2}") }
}

/// A price in full, however small.
fn significant(price: f64) -> String {
    let text = format!("{price:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
