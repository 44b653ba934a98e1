//! Steps of series on the wall clock, in seconds since 1970.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use smelt_domain::Every;
use smelt_forecast::Frequency;

pub(crate) const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
/// 1970 began on a Thursday.
const FIRST_MONDAY: i64 = 4 * DAY;

pub(super) fn frequency(every: Every) -> Frequency {
    match every {
        Every::Hour => Frequency::HOURLY,
        Every::Day => Frequency::Daily,
        Every::Week => Frequency::Weekly,
        Every::Month => Frequency::Monthly,
    }
}

/// When the step began that a time is in; `None` beyond the calendar.
pub(crate) fn start_of_step(every: Every, time: i64) -> Option<i64> {
    let floor = |length: i64, offset: i64| {
        let since = time.checked_sub(offset)?;
        since.checked_sub(since.rem_euclid(length))?.checked_add(offset)
    };
    match every {
        Every::Hour => floor(HOUR, 0),
        Every::Day => floor(DAY, 0),
        Every::Week => floor(7 * DAY, FIRST_MONDAY),
        Every::Month => {
            let day = DateTime::from_timestamp(time, 0)?.date_naive().with_day(1)?;
            Some(day.and_time(NaiveTime::MIN).and_utc().timestamp())
        }
    }
}

/// When the step so many steps later begins; earlier ones for a negative number.
pub(crate) fn step_after(every: Every, start: i64, steps: i64) -> Option<i64> {
    frequency(every).step(start, steps)
}

/// How many steps lie between two steps.
pub(super) fn steps_between(every: Every, from: i64, to: i64) -> Option<i64> {
    match every {
        Every::Hour => Some((to - from) / HOUR),
        Every::Day => Some((to - from) / DAY),
        Every::Week => Some((to - from) / (7 * DAY)),
        Every::Month => {
            let month = |time| {
                let day = day_of(time)?;
                Some(i64::from(day.year()) * 12 + i64::from(day.month0()))
            };
            Some(month(to)? - month(from)?)
        }
    }
}

/// The day of a time; `None` beyond the calendar.
pub(super) fn day_of(time: i64) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp(time, 0)?.date_naive())
}

/// A month as YYYY-MM.
pub(super) fn parse_month(text: &str) -> Option<i64> {
    let (year, month) = text.split_once('-')?;
    let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    Some(day.and_time(NaiveTime::MIN).and_utc().timestamp())
}

/// When the step begins that [`step_text`] wrote; `None` for any other text.
pub(super) fn parse_step(every: Every, text: &str) -> Option<i64> {
    let begins = match every {
        Every::Hour => NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok()?,
        Every::Day | Every::Week => text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN),
        Every::Month => return parse_month(text),
    };
    Some(begins.and_utc().timestamp())
}

/// A time as a step is written for people: `2026-11`, `2026-11-22`, `2026-11-22 18:00`.
pub fn step_text(every: Every, time: i64) -> String {
    let format = match every {
        Every::Hour => "%Y-%m-%d %H:%M",
        Every::Day | Every::Week => "%Y-%m-%d",
        Every::Month => "%Y-%m",
    };
    DateTime::from_timestamp(time, 0)
        .map_or_else(|| time.to_string(), |time| time.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> i64 {
        text.parse::<chrono::NaiveDateTime>().unwrap().and_utc().timestamp()
    }

    #[test]
    fn steps_begin() {
        let late = time("2026-11-26T18:25:43");
        let begins = |every| start_of_step(every, late).unwrap();
        assert_eq!(begins(Every::Hour), time("2026-11-26T18:00:00"));
        assert_eq!(begins(Every::Day), time("2026-11-26T00:00:00"));
        assert_eq!(begins(Every::Week), time("2026-11-23T00:00:00"));
        assert_eq!(begins(Every::Month), time("2026-11-01T00:00:00"));
        assert_eq!(parse_month("2026-11"), Some(time("2026-11-01T00:00:00")));
        assert_eq!(parse_month("2026"), None);
        assert_eq!(parse_step(Every::Hour, "2026-11-26"), None);
        assert_eq!(parse_step(Every::Month, "2026-11-26"), None);
        assert_eq!(parse_step(Every::Day, "soon"), None);
        assert_eq!(start_of_step(Every::Month, i64::MAX), None);
        assert_eq!(start_of_step(Every::Day, i64::MIN), None);
    }

    proptest! {
        #[test]
        fn steps_are_counted_as_they_are_taken(time in -4_000_000_000..8_000_000_000_i64, steps in -500..500_i64) {
            for every in Every::ALL {
                let start = start_of_step(every, time).unwrap();
                prop_assert!(start <= time && time < step_after(every, start, 1).unwrap());
                prop_assert_eq!(start_of_step(every, start), Some(start));
                prop_assert_eq!(parse_step(every, &step_text(every, start)), Some(start));
                let later = step_after(every, start, steps).unwrap();
                prop_assert_eq!(steps_between(every, start, later), Some(steps), "{}", every);
            }
        }
    }
}
