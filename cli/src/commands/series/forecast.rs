use anyhow::{Result, bail};
use smelt_forecast::{forecast, forecast_table};

use crate::arguments::ForecastArguments;
use crate::exit::Ending;
use crate::output::say;

pub(crate) fn run(arguments: &ForecastArguments) -> Result<Ending> {
    let (series, settings) = super::read(&arguments.series)?;
    let found = forecast(&series, &settings)?;
    let mut failed = 0;
    for error in found.iter().filter_map(|one| one.as_ref().err()) {
        say(&format!("left out: {error}"));
        failed += 1;
    }
    if failed == found.len() {
        bail!("none of the {failed} series can be forecast");
    }
    super::output::write(&forecast_table(found.iter().flatten()), arguments.output.as_deref())?;
    Ok(Ending::Fine)
}
