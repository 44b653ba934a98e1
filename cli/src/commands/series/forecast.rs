use anyhow::{Error, Result, bail};
use smelt_forecast::{forecast, forecast_table};

use crate::arguments::{ForecastArguments, Global};
use crate::data_size::count_text;
use crate::exit::Ending;
use crate::output::say;
use crate::progress::begin;

pub(crate) fn run(global: &Global, arguments: &ForecastArguments) -> Result<Ending> {
    let format = arguments.format().map_err(Error::msg)?;
    super::output::refuse_input(&arguments.series.input, arguments.output.as_deref())?;
    let (series, settings) = super::read(&arguments.series)?;
    begin(global, &format!("forecasting {} series", count_text(series.len() as u64)));
    let found = forecast(&series, &settings)?;
    let mut failed = 0;
    for error in found.iter().filter_map(|one| one.as_ref().err()) {
        say(&format!("left out: {error}"));
        failed += 1;
    }
    if failed == found.len() {
        bail!("none of the {failed} series can be forecast");
    }
    let table = forecast_table(found.iter().flatten());
    super::output::write(&table, format, arguments.output.as_deref())?;
    Ok(Ending::Fine)
}
