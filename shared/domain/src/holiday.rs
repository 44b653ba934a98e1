//! Days on which numbers are others than on days like them.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::Serialize;

/// Days of one name, which are taken to have one effect: past ones to learn from, future ones to expect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holiday {
    /// The name.
    pub name: String,
    /// The days.
    pub days: Vec<HolidayDay>,
}

/// A day, or the same day of each year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HolidayDay {
    /// This one, written `2026-11-26`.
    Once(NaiveDate),
    /// That of each year, written `12-25`.
    EveryYear {
        /// 1 to 12.
        month: u32,
        /// 1 to 31; the 29 of February is there in leap years only.
        day: u32,
    },
}

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day")]
pub struct HolidayDayError(String);

/// A year that has every day.
const LEAP_YEAR: i32 = 2024;
/// The name of days that have none.
const UNNAMED: &str = "holidays";

impl FromStr for HolidayDay {
    type Err = HolidayDayError;

    fn from_str(text: &str) -> Result<Self, HolidayDayError> {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let of_year = || {
            let (month, of_month) = text.split_once('-')?;
            let (month, of_month) = (month.parse().ok()?, of_month.parse().ok()?);
            NaiveDate::from_ymd_opt(LEAP_YEAR, month, of_month)?;
            Some(Self::EveryYear { month, day: of_month })
        };
        day(text).map(Self::Once).or_else(of_year).ok_or_else(|| HolidayDayError(text.to_owned()))
    }
}

impl fmt::Display for HolidayDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once(day) => formatter.pad(&day.to_string()),
            Self::EveryYear { month, day } => formatter.pad(&format!("{month:02}-{day:02}")),
        }
    }
}

impl Serialize for HolidayDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Written `12-25,2026-11-26`, or with a name `christmas=12-25`.
impl FromStr for Holiday {
    type Err = HolidayDayError;

    fn from_str(text: &str) -> Result<Self, HolidayDayError> {
        let (name, days) = text.split_once('=').unwrap_or((UNNAMED, text));
        let days: Result<Vec<HolidayDay>, _> =
            days.split(',').map(|day| day.trim().parse()).collect();
        Ok(Self { name: name.trim().to_owned(), days: days? })
    }
}

impl Holiday {
    /// Days without a name: all of them have one effect.
    pub fn unnamed(days: Vec<HolidayDay>) -> Self {
        Self { name: UNNAMED.to_owned(), days }
    }

    /// The days in these years, as whole days since 1970.
    pub fn days_in(&self, years: RangeInclusive<i32>) -> BTreeSet<i64> {
        let all = self.days.iter().flat_map(|day| -> Vec<NaiveDate> {
            match *day {
                HolidayDay::Once(day) => vec![day],
                HolidayDay::EveryYear { month, day } => years
                    .clone()
                    .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
                    .collect(),
            }
        });
        all.map(|day| i64::from(day.to_epoch_days())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written() {
        let holiday: Holiday = "new year=01-01, 2026-11-26".parse().unwrap();
        assert_eq!(holiday.name, "new year");
        let written: Vec<String> = holiday.days.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["01-01", "2026-11-26"]);
        assert_eq!("12-25".parse::<Holiday>().unwrap().name, "holidays");
        for wrong in ["", "christmas", "02-30", "13-01", "2026-02-29", "12-25,", "x=12-25,soon"] {
            assert!(wrong.parse::<Holiday>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_of_each_year() {
        let days = |text: &str, years| -> Vec<i64> {
            text.parse::<Holiday>().unwrap().days_in(years).into_iter().collect()
        };
        assert_eq!(days("01-01", 1970..=1972), [0, 365, 730]);
        assert_eq!(days("02-29", 2023..=2025).len(), 1);
        assert_eq!(
            days("1970-01-02,1970-01-02", 1980..=1981),
            [1],
            "each once, whatever the years"
        );
    }
}
