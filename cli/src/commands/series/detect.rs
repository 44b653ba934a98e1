use anyhow::Result;
use smelt_forecast::{Column, DetectorSettings, detect, judgement_table};

use crate::arguments::{DetectArguments, DetectFormat};
use crate::exit::Ending;

use super::holidays::holidays;
use super::input::{Counted, Observations, observations};

pub(crate) fn run(arguments: &DetectArguments) -> Result<Ending> {
    let Observations { rows, counted, texts } = observations(&arguments.input)?;
    let settings = DetectorSettings {
        at_least: arguments.k_of_n.k(),
        of: arguments.k_of_n.n(),
        ..DetectorSettings::default()
    };
    let times = rows.iter().map(|(time, _)| *time);
    let judged = detect(&rows, settings, holidays(&arguments.holidays, times));
    let output = arguments.output.as_deref();
    let is_json = matches!(arguments.format, DetectFormat::Json);
    let table = judgement_table(&rows, &judged, is_json);
    // Rows are joined by their times: texts are written as they were read, and columns of times and
    // numbers as such.
    let table = match (counted, super::output::is_typed(output)) {
        (Counted::ByClock, true) if !is_json => table,
        (Counted::ByNumber, true) if !is_json => {
            let numbers = rows.iter().map(|(number, _)| *number).collect();
            table.with("timestamp", Column::Count(numbers))
        }
        _ => table.with("timestamp", Column::Text(texts)),
    };
    match arguments.format {
        DetectFormat::Csv => super::output::write(&table, output)?,
        DetectFormat::Json => {
            let text = format!("{}\n", serde_json::to_string(&table)?);
            super::output::write_text(&text, output)?;
        }
    }
    Ok(Ending::Fine)
}
