//! The time that a report is about.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// A year, quarter, month, week or day of the calendar, written `2026`, `2026-Q3`, `2026-10`,
/// `2026-W40` or `2026-10-05`. Weeks are those of ISO 8601, from Monday on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    length: Length,
    first: NaiveDate,
    end: NaiveDate,
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Length {
    /// A year, from January on.
    Year,
    /// Three months.
    Quarter,
    /// A month.
    Month,
    /// A week, from Monday on.
    Week,
    /// A day.
    Day,
}

/// A text that is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a period: write a year (2026), quarter (2026-Q3), month (2026-10), week \
     (2026-W40) or day (2026-10-05), from 1900 to 2999"
)]
pub struct PeriodError(String);

/// Years that a period may be in: all have four digits, and so have those around them.
const YEARS: Range<i32> = 1900..3000;

impl Period {
    /// Which kind of period it is.
    pub fn length(&self) -> Length {
        self.length
    }

    /// Its first day.
    pub fn first(&self) -> NaiveDate {
        self.first
    }

    /// The day after its last one.
    pub fn end(&self) -> NaiveDate {
        self.end
    }

    /// Its days.
    pub fn days(&self) -> Range<NaiveDate> {
        self.first..self.end
    }

    /// The period of the same length before it; `None` beyond the calendar.
    pub fn before(&self) -> Option<Self> {
        Self::around(self.length, self.first.pred_opt()?)
    }

    /// The same period a year before; `None` beyond the calendar. Of a week it is the one with the
    /// same number, or the last one of a year that has no such week; of 29 February the 28th.
    pub fn a_year_before(&self) -> Option<Self> {
        if self.length == Length::Week {
            let week = self.first.iso_week();
            let of = |number| NaiveDate::from_isoywd_opt(week.year() - 1, number, Weekday::Mon);
            return Self::around(Length::Week, of(week.week()).or_else(|| of(52))?);
        }
        Self::around(self.length, self.first.checked_sub_months(Months::new(12))?)
    }

    /// The days of another period up to where `until` is in this one: of the first five days of
    /// October the first five of September. All of it, if `until` is the end.
    pub fn same_part_of(&self, other: &Self, until: NaiveDate) -> Range<NaiveDate> {
        if until >= self.end {
            return other.days();
        }
        let months = (until.year() - self.first.year()) * 12 + until.month0() as i32
            - self.first.month0() as i32;
        let months = match self.length {
            Length::Year | Length::Quarter => u32::try_from(months).unwrap_or(0),
            Length::Month | Length::Week | Length::Day => 0,
        };
        let whole = self.first.checked_add_months(Months::new(months)).unwrap_or(self.first);
        let days = u64::try_from((until - whole).num_days()).unwrap_or(0);
        let end = other
            .first
            .checked_add_months(Months::new(months))
            .and_then(|day| day.checked_add_days(Days::new(days)))
            .unwrap_or(other.end);
        other.first..end.min(other.end)
    }

    /// The periods that this one stands beside: the one before, and the same one a year before, unless
    /// that is the one before.
    pub fn comparisons(&self) -> (Option<Self>, Option<Self>) {
        let before = self.before();
        (before, self.a_year_before().filter(|year_before| Some(*year_before) != before))
    }

    /// What people call it: `2026`, `Q3 2026`, `October 2026`, `week 40 of 2026`, `5 October 2026`.
    pub fn title(&self) -> String {
        match self.length {
            Length::Year => self.first.year().to_string(),
            Length::Quarter => format!("Q{} {}", quarter_of(self.first), self.first.year()),
            Length::Month => self.first.format("%B %Y").to_string(),
            Length::Week => {
                let week = self.first.iso_week();
                format!("week {} of {}", week.week(), week.year())
            }
            Length::Day => self.first.format("%-d %B %Y").to_string(),
        }
    }

    /// The period of this length that a day is in; `None` beyond the calendar.
    pub fn around(length: Length, day: NaiveDate) -> Option<Self> {
        let after = |first: NaiveDate, months| first.checked_add_months(Months::new(months));
        let (first, end) = match length {
            Length::Year => {
                let first = NaiveDate::from_ymd_opt(day.year(), 1, 1)?;
                (first, after(first, 12)?)
            }
            Length::Quarter => {
                let month = 3 * quarter_of(day) - 2;
                let first = NaiveDate::from_ymd_opt(day.year(), month, 1)?;
                (first, after(first, 3)?)
            }
            Length::Month => {
                let first = day.with_day(1)?;
                (first, after(first, 1)?)
            }
            Length::Week => {
                let since = day.weekday().num_days_from_monday();
                let first = day.checked_sub_days(Days::new(u64::from(since)))?;
                (first, first.checked_add_days(Days::new(7))?)
            }
            Length::Day => (day, day.succ_opt()?),
        };
        Some(Self { length, first, end })
    }
}

/// The quarter of a day's year, 1 to 4.
fn quarter_of(day: NaiveDate) -> u32 {
    day.month0() / 3 + 1
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first;
        formatter.pad(&match self.length {
            Length::Year => first.format("%Y").to_string(),
            Length::Quarter => format!("{}-Q{}", first.year(), quarter_of(first)),
            Length::Month => first.format("%Y-%m").to_string(),
            Length::Week => first.format("%G-W%V").to_string(),
            Length::Day => first.format("%Y-%m-%d").to_string(),
        })
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        parse(text).ok_or_else(|| PeriodError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Period> {
    let mut parts = text.split('-');
    let year: i32 = number(parts.next()?, 4)?.try_into().ok()?;
    if !YEARS.contains(&year) {
        return None;
    }
    let (second, third) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let (length, day) = match (second, third) {
        (None, None) => (Length::Year, NaiveDate::from_ymd_opt(year, 1, 1)?),
        (Some(second), None) => {
            if let Some(quarter) = second.strip_prefix('Q') {
                let quarter = number(quarter, 1)?.checked_sub(1)?;
                (Length::Quarter, NaiveDate::from_ymd_opt(year, 3 * quarter + 1, 1)?)
            } else if let Some(week) = second.strip_prefix('W') {
                let week = number(week, 2)?;
                (Length::Week, NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)?)
            } else {
                (Length::Month, NaiveDate::from_ymd_opt(year, number(second, 2)?, 1)?)
            }
        }
        (Some(month), Some(day)) => {
            (Length::Day, NaiveDate::from_ymd_opt(year, number(month, 2)?, number(day, 2)?)?)
        }
        (None, Some(_)) => return None,
    };
    Period::around(length, day)
}

/// A number of so many digits, and nothing else.
fn number(text: &str, digits: usize) -> Option<u32> {
    let is_plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(text: &str) -> Period {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_kind_has_its_days_and_its_neighbours() {
        let cases = [
            ("2026", "2026-01-01", "2027-01-01", "2025", "2025", "2026"),
            ("2026-Q1", "2026-01-01", "2026-04-01", "2025-Q4", "2025-Q1", "Q1 2026"),
            ("2026-Q4", "2026-10-01", "2027-01-01", "2026-Q3", "2025-Q4", "Q4 2026"),
            ("2026-01", "2026-01-01", "2026-02-01", "2025-12", "2025-01", "January 2026"),
            ("2024-02", "2024-02-01", "2024-03-01", "2024-01", "2023-02", "February 2024"),
            ("2026-W40", "2026-09-28", "2026-10-05", "2026-W39", "2025-W40", "week 40 of 2026"),
            ("2026-W01", "2025-12-29", "2026-01-05", "2025-W52", "2025-W01", "week 1 of 2026"),
            ("2020-W53", "2020-12-28", "2021-01-04", "2020-W52", "2019-W52", "week 53 of 2020"),
            (
                "2026-10-05",
                "2026-10-05",
                "2026-10-06",
                "2026-10-04",
                "2025-10-05",
                "5 October 2026",
            ),
            (
                "2024-02-29",
                "2024-02-29",
                "2024-03-01",
                "2024-02-28",
                "2023-02-28",
                "29 February 2024",
            ),
        ];
        for (text, first, end, before, year_before, title) in cases {
            let found = period(text);
            assert_eq!(found.days(), day(first)..day(end), "{text}");
            assert_eq!(found.before().unwrap(), period(before), "{text}");
            assert_eq!(found.a_year_before().unwrap(), period(year_before), "{text}");
            assert_eq!(found.title(), title);
            assert_eq!(found.to_string(), text);
        }
    }

    #[test]
    fn a_year_is_compared_once() {
        assert_eq!(period("2026").comparisons(), (Some(period("2025")), None));
        let (before, year_before) = (Some(period("2026-09")), Some(period("2025-10")));
        assert_eq!(period("2026-10").comparisons(), (before, year_before));
    }

    #[test]
    fn what_is_no_period_is_refused_with_what_would_be() {
        let wrong = [
            "",
            "26",
            "2026-",
            "2026-13",
            "2026-00",
            "2026-1",
            "2026-Q0",
            "2026-Q5",
            "2026-q1",
            "2026-W00",
            "2026-W54",
            "2025-W53",
            "2026-02-30",
            "2026-10-05-01",
            "1899",
            "3000",
            "+026",
            "-2026",
            "2026-10-5",
            "2026-١٠",
            "../2026",
            "2026-10 ",
        ];
        for text in wrong {
            let error = text.parse::<Period>().unwrap_err().to_string();
            assert!(error.contains("2026-Q3") && error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_part_is_compared_with_the_same_part() {
        let part = |of: &str, other: &str, until: &str| {
            let part = period(of).same_part_of(&period(other), day(until));
            format!("{} {}", part.start, part.end)
        };
        assert_eq!(part("2026-10", "2026-09", "2026-10-06"), "2026-09-01 2026-09-06");
        assert_eq!(part("2026-10", "2026-09", "2026-11-01"), "2026-09-01 2026-10-01");
        assert_eq!(part("2026-10", "2026-09", "2026-10-31"), "2026-09-01 2026-10-01");
        assert_eq!(part("2026-03", "2026-02", "2026-03-31"), "2026-02-01 2026-03-01", "its end");
        assert_eq!(part("2026", "2025", "2026-10-15"), "2025-01-01 2025-10-15");
        assert_eq!(part("2026-Q4", "2026-Q3", "2026-12-01"), "2026-07-01 2026-09-01");
        assert_eq!(part("2026-W40", "2026-W39", "2026-09-30"), "2026-09-21 2026-09-23");
    }

    proptest! {
        #[test]
        fn any_text_is_a_period_or_an_error(text in "\\PC{0,14}|[0-9]{4}-[QW0-9]{1,3}(-[0-9]{1,2})?") {
            if let Ok(period) = text.parse::<Period>() {
                prop_assert_eq!(period.to_string(), text);
                prop_assert!(period.first() < period.end());
                prop_assert_eq!(period.before().unwrap().end(), period.first());
                let year_before = period.a_year_before().unwrap();
                prop_assert_eq!(year_before.length(), period.length());
                prop_assert!(year_before.end() <= period.first());
                prop_assert_eq!(
                    period.same_part_of(&year_before, period.end()), year_before.days()
                );
            }
        }
    }
}
