//! The public holidays of the United States.

use chrono::{Datelike, NaiveDate, Weekday};

/// Holidays that cities keep in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holiday {
    NewYear,
    IndependenceDay,
    Other,
}

pub(crate) fn holiday(date: NaiveDate) -> Option<Holiday> {
    let (month, day, weekday) = (date.month(), date.day(), date.weekday());
    // The n-th such weekday of a month lies in its n-th seven days.
    let week = (day - 1) / 7 + 1;
    let last_week = day + 7 > u32::from(date.num_days_in_month());
    match (month, day) {
        (1, 1) => return Some(Holiday::NewYear),
        (7, 4) => return Some(Holiday::IndependenceDay),
        (6, 19) | (11, 11) | (12, 25) => return Some(Holiday::Other),
        _ => {}
    }
    let moving = match (month, weekday) {
        // Martin Luther King Jr. Day and Presidents' Day.
        (1 | 2, Weekday::Mon) => week == 3,
        // Memorial Day.
        (5, Weekday::Mon) => last_week,
        // Labor Day.
        (9, Weekday::Mon) => week == 1,
        // Columbus Day.
        (10, Weekday::Mon) => week == 2,
        // Thanksgiving.
        (11, Weekday::Thu) => week == 4,
        _ => false,
    };
    moving.then_some(Holiday::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holidays_of_2024() {
        let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let found: Vec<String> = start
            .iter_days()
            .take(366)
            .filter(|date| holiday(*date).is_some())
            .map(|date| date.format("%m-%d").to_string())
            .collect();
        let expected = [
            "01-01", "01-15", "02-19", "05-27", "06-19", "07-04", "09-02", "10-14", "11-11",
            "11-28", "12-25",
        ];
        assert_eq!(found, expected);
    }
}
