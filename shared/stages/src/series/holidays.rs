//! The holidays of a series, as models and the detector take them.

use chrono::Datelike;
use smelt_domain::MartSeries;
use smelt_forecast::Holiday;

use super::calendar::{day_of, step_after};

/// Years after the newest step: as far as forecasts reach, and as a model may be in production.
const AHEAD: i32 = 10;

/// From as far back as the series is looked at.
pub(super) fn holidays(series: &MartSeries, newest: i64) -> Vec<Holiday> {
    let first = step_after(series.every, newest, -i64::from(series.history));
    let Some((first, newest)) = first.and_then(day_of).zip(day_of(newest)) else {
        return Vec::new();
    };
    let years = first.year()..=newest.year() + AHEAD;
    let known = |one: &smelt_domain::Holiday| Holiday {
        name: one.name.clone(),
        days: one.days_in(years.clone()),
    };
    series.holidays.iter().map(known).collect()
}
