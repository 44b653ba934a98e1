//! Forecasts, their accuracy, and anomalies of series in a file, without a lake.

mod backtest;
mod detect;
mod forecast;
mod holidays;
mod input;
mod output;

use anyhow::{Result, bail};

use self::input::{Counted, Long};
use crate::arguments::SeriesArguments;
use smelt_forecast::{Series, Settings, collect_series};

pub(crate) use self::backtest::run as backtest;
pub(crate) use self::detect::run as detect;
pub(crate) use self::forecast::run as forecast;
pub(crate) use self::input::texts as read_texts;

/// The series of a file in long format, and how they are to be forecast.
fn read(arguments: &SeriesArguments) -> Result<(Vec<Series>, Settings)> {
    let Long { rows, counted } = input::long(&arguments.input)?;
    let mut settings = Settings::new(arguments.horizon);
    settings.levels.clone_from(&arguments.level);
    settings.seasons.clone_from(&arguments.season);
    if counted == Counted::ByClock {
        let times = rows.iter().map(|(_, time, _)| *time);
        settings.holidays = holidays::holidays(&arguments.holidays, times);
    } else if !arguments.holidays.is_empty() {
        bail!("--holidays needs days, but ds counts steps: give ds as times, or leave it out");
    }
    let mut frequency = arguments.freq;
    if counted == Counted::ByNumber {
        // Steps without a clock: what the frequency says is only how long seasons are.
        if let Some(frequency) = frequency.take() {
            if settings.seasons.is_empty() {
                settings.seasons = frequency.seasons();
            }
            settings.scoring_season = Some(frequency.scoring_season());
        }
        frequency = Some(smelt_forecast::Frequency::Unknown);
    }
    Ok((collect_series(rows, frequency)?, settings))
}
