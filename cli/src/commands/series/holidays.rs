use chrono::{DateTime, Datelike};
use smelt_forecast::Holiday;

/// Years after the last value that forecasts may reach.
const AHEAD: i32 = 50;

/// Holidays in the years of these times, and in those to come.
pub(super) fn holidays(
    wanted: &[smelt_domain::Holiday],
    times: impl Iterator<Item = i64>,
) -> Vec<Holiday> {
    let years = times.filter_map(|time| Some(DateTime::from_timestamp(time, 0)?.year()));
    let (first, last) =
        years.fold((i32::MAX, i32::MIN), |(first, last), year| (first.min(year), last.max(year)));
    let days = |one: &smelt_domain::Holiday| one.days_in(first..=last.saturating_add(AHEAD));
    wanted.iter().map(|one| Holiday { name: one.name.clone(), days: days(one) }).collect()
}
