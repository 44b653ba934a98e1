//! How far apart the values of a series are, and which seasons that suggests.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::ForecastError;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The distance between two values of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[non_exhaustive]
pub enum Frequency {
    /// Any whole number of seconds that is no other frequency.
    Seconds(u32),
    /// One value a day.
    Daily,
    /// One value a week.
    Weekly,
    /// One value a month; the day of the month stays (a 31st becomes the month's last day).
    Monthly,
    /// One value every three months.
    Quarterly,
    /// One value a year.
    Yearly,
    /// Numbers that are counted, without a clock.
    #[default]
    Unknown,
}

impl Frequency {
    /// One value an hour.
    pub const HOURLY: Self = Self::Seconds(3_600);

    /// Seasons that this frequency suggests, in values, the shortest first: the day and the week of
    /// an hourly series, the week and the year of a daily one. The year has 365.25 days.
    pub fn seasons(self) -> Vec<f64> {
        match self {
            Self::Seconds(step) => {
                let step = f64::from(step.max(1));
                // The hour is a season of what is measured every few seconds.
                let hour = (step < 60.0).then_some(3_600.0);
                hour.into_iter()
                    .chain([86_400.0, 604_800.0])
                    .map(|season| season / step)
                    .filter(|season| *season >= 2.0 && season.fract() == 0.0)
                    .collect()
            }
            Self::Daily => vec![7.0, 365.25],
            Self::Weekly => vec![365.25 / 7.0],
            Self::Monthly => vec![12.0],
            Self::Quarterly => vec![4.0],
            Self::Yearly | Self::Unknown => Vec::new(),
        }
    }

    /// Whether values are a day apart, or less.
    pub(crate) fn is_within_a_day(self) -> bool {
        match self {
            Self::Seconds(step) => i64::from(step) < DAY,
            Self::Daily => true,
            _ => false,
        }
    }

    /// The season by which accuracy is scaled, as the M4 competition has it: 24 for hourly series,
    /// 12 for monthly, 4 for quarterly, 1 for weekly and yearly ones. M4 took 1 for daily series as
    /// well, most of which were prices; here it is the week.
    pub fn scoring_season(self) -> usize {
        match self {
            Self::Seconds(step) => {
                let values = DAY / i64::from(step.max(1));
                usize::try_from(values).unwrap_or(1).max(1)
            }
            Self::Daily => 7,
            Self::Monthly => 12,
            Self::Quarterly => 4,
            Self::Weekly | Self::Yearly | Self::Unknown => 1,
        }
    }

    /// The time `steps` after `start`, in seconds since 1970 on the wall clock. `None` where the
    /// calendar ends. In a series that only counts it is the number of the value.
    pub fn step(self, start: i64, steps: i64) -> Option<i64> {
        match self {
            Self::Seconds(step) => start.checked_add(i64::from(step).checked_mul(steps)?),
            Self::Daily => start.checked_add(DAY.checked_mul(steps)?),
            Self::Weekly => start.checked_add((7 * DAY).checked_mul(steps)?),
            Self::Monthly => add_months(start, steps),
            Self::Quarterly => add_months(start, steps.checked_mul(3)?),
            Self::Yearly => add_months(start, steps.checked_mul(12)?),
            Self::Unknown => start.checked_add(steps),
        }
    }

    /// How many steps lie between two times; `None` if that is no whole number.
    pub(crate) fn steps_between(self, start: i64, end: i64) -> Option<i64> {
        let every = |seconds: i64| {
            let distance = end.checked_sub(start)?;
            (distance % seconds == 0).then_some(distance / seconds)
        };
        let every_months = |months: i64| {
            let (from, to) = (to_date_time(start)?, to_date_time(end)?);
            let distance = i64::from(to.year() - from.year()) * 12 + i64::from(to.month())
                - i64::from(from.month());
            (distance % months == 0 && add_months(start, distance) == Some(end))
                .then_some(distance / months)
        };
        match self {
            Self::Seconds(step) => every(i64::from(step.max(1))),
            Self::Daily => every(DAY),
            Self::Weekly => every(7 * DAY),
            Self::Monthly => every_months(1),
            Self::Quarterly => every_months(3),
            Self::Yearly => every_months(12),
            Self::Unknown => every(1),
        }
    }

    /// The frequency of sorted, distinct times: the most frequent distance between neighbours.
    pub(crate) fn of_times(times: &[i64]) -> Self {
        let mut distances: Vec<i64> =
            times.windows(2).filter_map(|pair| pair[1].checked_sub(pair[0])).collect();
        distances.sort_unstable();
        let mut best = (0_usize, 0_i64);
        for run in distances.chunk_by(|a, b| a == b) {
            if run.len() > best.0 {
                best = (run.len(), run[0]);
            }
        }
        // Months differ in length, so their most frequent distance is only a hint.
        match best.1 {
            0 => Self::Unknown,
            DAY => Self::Daily,
            distance if distance == 7 * DAY => Self::Weekly,
            distance if (28 * DAY..=31 * DAY).contains(&distance) => Self::Monthly,
            distance if (89 * DAY..=92 * DAY).contains(&distance) => Self::Quarterly,
            distance if (365 * DAY..=366 * DAY).contains(&distance) => Self::Yearly,
            distance => u32::try_from(distance).map_or(Self::Unknown, Self::Seconds),
        }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(3_600) => f.write_str("hourly"),
            Self::Seconds(step) if step % 60 == 0 => write!(f, "{}-minute", step / 60),
            Self::Seconds(step) => write!(f, "{step}-second"),
            Self::Daily => f.write_str("daily"),
            Self::Weekly => f.write_str("weekly"),
            Self::Monthly => f.write_str("monthly"),
            Self::Quarterly => f.write_str("quarterly"),
            Self::Yearly => f.write_str("yearly"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl FromStr for Frequency {
    type Err = ForecastError;

    /// `h`, `D`, `W`, `M`, `Q`, `Y`, or a number of seconds or minutes: `900s`, `15min`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || {
            ForecastError::Setting(format!(
                "unknown frequency {text:?}; expected h, D, W, M, Q, Y, or like 15min or 10s"
            ))
        };
        let seconds = |number: &str, each: u32| {
            let number: u32 = number.parse().map_err(|_| unknown())?;
            number
                .checked_mul(each)
                .filter(|step| (1..DAY).contains(&i64::from(*step)))
                .map(Self::Seconds)
                .ok_or_else(unknown)
        };
        match text {
            "h" | "H" => Ok(Self::HOURLY),
            "D" | "d" => Ok(Self::Daily),
            "W" | "w" => Ok(Self::Weekly),
            "M" | "MS" | "ME" => Ok(Self::Monthly),
            "Q" | "QS" | "QE" => Ok(Self::Quarterly),
            "Y" | "A" | "YS" | "YE" => Ok(Self::Yearly),
            _ => match (text.strip_suffix("min"), text.strip_suffix('s')) {
                (Some(number), _) => seconds(number, 60),
                (None, Some(number)) => seconds(number, 1),
                (None, None) => Err(unknown()),
            },
        }
    }
}

/// Seconds since 1970 of a wall clock, from `2024-01-31`, `2024-01-31 18:00[:00[.5]]` or with a `T`. A time
/// with an offset (`Z`, `+02:00`) becomes that of a clock that shows UTC.
///
/// # Errors
/// [`ForecastError::Time`] if it is neither.
pub fn parse_time(text: &str) -> Result<i64, ForecastError> {
    let text = text.trim();
    let wrong = || ForecastError::Time(text.to_owned());
    let plain = text.strip_suffix('Z').unwrap_or(text);
    for format in
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
    {
        if let Ok(time) = NaiveDateTime::parse_from_str(plain, format) {
            return Ok(time.and_utc().timestamp());
        }
        if let Ok(time) = DateTime::parse_from_str(text, &format!("{format}%#z")) {
            return Ok(time.timestamp());
        }
    }
    let date = chrono::NaiveDate::parse_from_str(plain, "%Y-%m-%d").map_err(|_| wrong())?;
    Ok(date.and_hms_opt(0, 0, 0).ok_or_else(wrong)?.and_utc().timestamp())
}

/// The time as text: a date at midnight, else date and time of day.
pub fn format_time(seconds: i64) -> String {
    match to_date_time(seconds) {
        Some(time) if is_midnight(seconds) => time.format("%Y-%m-%d").to_string(),
        Some(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        None => seconds.to_string(),
    }
}

pub(crate) fn is_midnight(seconds: i64) -> bool {
    seconds.rem_euclid(DAY) == 0
}

fn to_date_time(seconds: i64) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp(seconds, 0)?.naive_utc())
}

/// Months on a clock; the last day of a month counts as its last day wherever it goes.
fn add_months(start: i64, months: i64) -> Option<i64> {
    let from = to_date_time(start)?;
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let moved =
        if months >= 0 { from.checked_add_months(count)? } else { from.checked_sub_months(count)? };
    let is_last_of_month = from.checked_add_days(Days::new(1))?.day() == 1;
    let to = if is_last_of_month {
        let first = moved.with_day(1)?;
        first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))?
    } else {
        moved
    };
    Some(to.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        parse_time(text).unwrap()
    }

    #[test]
    fn seasons_of_frequencies() {
        assert_eq!(Frequency::HOURLY.seasons(), [24.0, 168.0]);
        assert_eq!(Frequency::Seconds(300).seasons(), [288.0, 2016.0]);
        assert_eq!(Frequency::Daily.seasons(), [7.0, 365.25]);
        assert!(Frequency::Unknown.seasons().is_empty());
    }

    #[test]
    fn months_keep_their_last_day() {
        let start = at("2024-01-31");
        let text = |steps| format_time(Frequency::Monthly.step(start, steps).unwrap());
        assert_eq!(text(1), "2024-02-29");
        assert_eq!(text(2), "2024-03-31");
        assert_eq!(text(-2), "2023-11-30");
        assert_eq!(Frequency::Monthly.steps_between(start, at("2024-02-29")), Some(1));
        assert_eq!(Frequency::Monthly.steps_between(start, at("2024-02-28")), None);
        assert_eq!(Frequency::Quarterly.steps_between(at("2024-01-01"), at("2025-01-01")), Some(4));
    }

    #[test]
    fn times_with_an_offset_are_told_in_utc() {
        let noon = at("2026-01-01 12:00:00");
        for text in [
            "2026-01-01T12:00:00Z",
            "2026-01-01 12:00:00+00:00",
            "2026-01-01T14:00:00+02:00",
            "2026-01-01 14:00:00.25+02:00",
            "2026-01-01 07:30-0430",
            "2026-01-01 14:00:00+02",
        ] {
            assert_eq!(parse_time(text), Ok(noon), "{text}");
        }
        assert_eq!(at("2026-01-01T00:30:00+02:00"), at("2025-12-31 22:30"));
        for text in ["2026-01-01+02:00", "2026-01-01 12:00:00+", "2026-01-01 12:00:00+02:00 CET"] {
            parse_time(text).unwrap_err();
        }
    }

    #[test]
    fn frequencies_are_found_and_read() {
        let months: Vec<i64> =
            (0..6).map(|step| Frequency::Monthly.step(at("2024-01-01"), step).unwrap()).collect();
        assert_eq!(Frequency::of_times(&months), Frequency::Monthly);
        assert_eq!(Frequency::of_times(&[0, 300, 900, 1200]), Frequency::Seconds(300));
        assert_eq!(Frequency::of_times(&[5]), Frequency::Unknown);
        assert_eq!("15min".parse(), Ok(Frequency::Seconds(900)));
        assert_eq!("h".parse(), Ok(Frequency::HOURLY));
        "1e9min".parse::<Frequency>().unwrap_err();
        parse_time("yesterday").unwrap_err();
        assert_eq!(format_time(at("2024-03-01T07:30:00.000")), "2024-03-01 07:30:00");
    }
}
