use anyhow::{Error, Result};
use smelt_forecast::{Column, DetectorSettings, detect, judgement_table};

use crate::arguments::{DetectArguments, Global, SeriesFormat};
use crate::data_size::counted;
use crate::exit::Ending;
use crate::output::say;
use crate::progress::begin;

use super::holidays::holidays;
use super::input::{Counted, Observations, observations};
use super::order::oddities;

pub(crate) fn run(global: &Global, arguments: &DetectArguments) -> Result<Ending> {
    let format = arguments.format().map_err(Error::msg)?;
    super::output::refuse_input(&arguments.input, arguments.output.as_deref())?;
    let Observations { rows, counted: by, texts } = observations(&arguments.input)?;
    // Clocks that are put back repeat an hour: not refused, but told.
    for oddity in oddities(&rows, &texts) {
        say(&format!("warning: {}: {oddity}", arguments.input.display()));
    }
    begin(global, &format!("judging {}", counted(rows.len() as u64, "row")));
    let settings = DetectorSettings {
        at_least: arguments.k_of_n.k(),
        of: arguments.k_of_n.n(),
        ..DetectorSettings::default()
    };
    let times = rows.iter().map(|(time, _)| *time);
    let judged = detect(&rows, settings, holidays(&arguments.holidays, times));
    let table = judgement_table(&rows, &judged, format == SeriesFormat::Json);
    // Rows are joined by their times: texts are written as they were read, and columns of times and
    // numbers as such.
    let table = match (by, format) {
        (Counted::ByClock, SeriesFormat::Parquet) => table,
        (Counted::ByNumber, SeriesFormat::Parquet) => {
            let numbers = rows.iter().map(|(number, _)| *number).collect();
            table.with("timestamp", Column::Count(numbers))
        }
        _ => table.with("timestamp", Column::Text(texts)),
    };
    super::output::write(&table, format, arguments.output.as_deref())?;
    Ok(Ending::Fine)
}
