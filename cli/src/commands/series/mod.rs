//! Forecasts, their accuracy, and anomalies of series in a file, without a lake.

mod backtest;
mod detect;
mod forecast;
mod holidays;
mod input;
mod order;
mod output;

use anyhow::{Result, anyhow, bail};

use self::input::{Counted, Long};
use crate::arguments::SeriesArguments;
use smelt_forecast::{ForecastError, Frequency, Series, Settings, collect_series};

pub(crate) use self::backtest::run as backtest;
pub(crate) use self::detect::run as detect;
pub(crate) use self::forecast::run as forecast;
pub(crate) use self::input::texts as read_texts;

/// The series of a file in long format, and how they are to be forecast.
fn read(arguments: &SeriesArguments) -> Result<(Vec<Series>, Settings)> {
    let Long { rows, mut counted } = input::long(&arguments.input)?;
    if let (Counted::ByNumber, Some(frequency)) = (counted, arguments.freq)
        && are_seconds(&rows, frequency)?
    {
        counted = Counted::ByClock;
    }
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
        frequency = Some(Frequency::Unknown);
    }
    Ok((collect_series(rows, frequency).map_err(|error| with_remedy(error, counted))?, settings))
}

/// Whether numbers are seconds since 1970, and not those of steps: all are on the grid of the frequency
/// that was told, which numbers that follow each other are not. A second is no evidence, and numbers
/// go on in the same way.
fn are_seconds(rows: &[(String, i64, Option<f64>)], frequency: Frequency) -> Result<bool> {
    if frequency == Frequency::Seconds(1) {
        return Ok(false);
    }
    match collect_series(rows.iter().cloned(), Some(frequency)) {
        Ok(series) => Ok(series.iter().any(|one| one.values.len() > 1)),
        Err(ForecastError::OffGrid { .. }) => Ok(false),
        Err(error) => Err(with_remedy(error, Counted::ByClock)),
    }
}

/// An error with what to do about it on the command line.
fn with_remedy(error: ForecastError, counted: Counted) -> anyhow::Error {
    let remedy = match (&error, counted) {
        // Only where no series has a second row, and then a frequency would not help.
        (ForecastError::NoFrequency { .. }, _) => "a forecast needs a series of two rows at least",
        (ForecastError::TooFine { .. }, _) => "give that as --freq, or leave --freq out",
        (ForecastError::Sparse { .. }, Counted::ByNumber) => {
            "if ds are seconds since 1970, say how far apart they are with --freq, such as --freq h"
        }
        (ForecastError::Sparse { .. } | ForecastError::OffGrid { .. }, Counted::ByClock) => {
            "say how far apart values are with --freq, such as --freq D"
        }
        _ => return error.into(),
    };
    anyhow!("{error} ({remedy})")
}
