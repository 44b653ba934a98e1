use anyhow::Result;
use smelt_forecast::{DetectorSettings, detect, judgement_table};

use crate::arguments::{DetectArguments, DetectFormat};
use crate::exit::Ending;

use super::holidays::holidays;

pub(crate) fn run(arguments: &DetectArguments) -> Result<Ending> {
    let rows = super::input::observations(&arguments.input)?;
    let settings = DetectorSettings {
        at_least: arguments.k_of_n.k(),
        of: arguments.k_of_n.n(),
        ..DetectorSettings::default()
    };
    let times = rows.iter().map(|(time, _)| *time);
    let judged = detect(&rows, settings, holidays(&arguments.holidays, times));
    let output = arguments.output.as_deref();
    match arguments.format {
        DetectFormat::Csv => super::output::write(&judgement_table(&rows, &judged, false), output)?,
        DetectFormat::Json => {
            let table = judgement_table(&rows, &judged, true);
            let text = format!("{}\n", serde_json::to_string(&table)?);
            super::output::write_text(&text, output)?;
        }
    }
    Ok(Ending::Fine)
}
