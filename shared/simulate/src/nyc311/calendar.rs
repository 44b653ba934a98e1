//! The days of a simulation, with everything that is asked of a day worked out once.

use chrono::{Datelike, Days, NaiveDate};

use crate::SimulateError;

/// Seconds since the calendar's first midnight. New York's wall clock, without summer time.
pub(super) type Moment = u32;

pub(super) const DAY: Moment = 86_400;
pub(super) const HOUR: Moment = 3_600;

/// Days kept before and after the simulated ones: corrections move dates by a month.
const MARGIN: u32 = 70;

#[derive(Debug)]
pub(super) struct Calendar {
    days: Vec<Day>,
    months: Vec<String>,
    /// The simulated days, as indices into `days`.
    pub(super) first: u32,
    pub(super) end: u32,
}

#[derive(Debug)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// `2024-01-31T`
    text: [u8; 11],
    /// Index into the calendar's months.
    pub(super) month: u16,
    /// Monday is 0.
    pub(super) weekday: u8,
}

impl Calendar {
    pub(super) fn new(first_day: NaiveDate, days: u32) -> Result<Self, SimulateError> {
        let out_of_range = || SimulateError::Settings("the days leave the calendar".to_owned());
        let start =
            first_day.checked_sub_days(Days::new(u64::from(MARGIN))).ok_or_else(out_of_range)?;
        let mut months: Vec<String> = Vec::new();
        let mut kept = Vec::new();
        for offset in 0..days + 2 * MARGIN {
            let date =
                start.checked_add_days(Days::new(u64::from(offset))).ok_or_else(out_of_range)?;
            let text = <[u8; 11]>::try_from(date.format("%Y-%m-%dT").to_string().as_bytes())
                .map_err(|_| out_of_range())?;
            let month = date.format("%Y-%m").to_string();
            if months.last() != Some(&month) {
                months.push(month);
            }
            kept.push(Day {
                date,
                text,
                month: (months.len() - 1) as u16,
                weekday: date.weekday().num_days_from_monday() as u8,
            });
        }
        Ok(Self { days: kept, months, first: MARGIN, end: MARGIN + days })
    }

    /// All days, the margins included.
    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    /// The months of all days, such as `2024-01`.
    pub(super) fn months(&self) -> &[String] {
        &self.months
    }

    pub(super) fn day(&self, index: u32) -> &Day {
        &self.days[index as usize]
    }

    pub(super) fn day_of(&self, moment: Moment) -> &Day {
        self.day(moment / DAY)
    }

    /// The same time of day, `days` into the month before or (`after`) the month after.
    pub(super) fn in_neighbouring_month(&self, moment: Moment, days: u32, after: bool) -> Moment {
        let day = self.day_of(moment);
        let since_month_start = (day.date.day() - 1) * DAY;
        let month_start = moment - since_month_start;
        if after {
            let length = u32::from(day.date.num_days_in_month()) * DAY;
            month_start + length + days * DAY
        } else {
            month_start - (days + 1) * DAY
        }
    }

    /// Writes `2024-01-31T12:34:56.000`, as the city's export does.
    #[inline]
    pub(super) fn write(&self, out: &mut Vec<u8>, moment: Moment) {
        let second = moment % DAY;
        let mut text = *b"2024-01-31T12:34:56.000";
        text[..11].copy_from_slice(&self.day_of(moment).text);
        for (start, value) in [(11, second / 3_600), (14, second / 60 % 60), (17, second % 60)] {
            text[start] = b'0' + (value / 10) as u8;
            text[start + 1] = b'0' + (value % 10) as u8;
        }
        out.extend_from_slice(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar::new(NaiveDate::from_ymd_opt(2024, 1, 31).unwrap(), 60).unwrap()
    }

    fn text(calendar: &Calendar, moment: Moment) -> String {
        let mut out = Vec::new();
        calendar.write(&mut out, moment);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn moments_are_written_as_the_city_does() {
        let calendar = calendar();
        let moment = calendar.first * DAY + 2 * HOUR + 56 * 60 + 23;
        assert_eq!(text(&calendar, moment), "2024-01-31T02:56:23.000");
        assert_eq!(text(&calendar, moment - 7 * HOUR), "2024-01-30T19:56:23.000");
    }

    #[test]
    fn neighbouring_months_are_found() {
        let calendar = calendar();
        let moment = calendar.first * DAY + 59;
        let before = calendar.in_neighbouring_month(moment, 1, false);
        let after = calendar.in_neighbouring_month(moment, 2, true);
        assert_eq!(text(&calendar, before), "2023-12-30T00:00:59.000");
        assert_eq!(text(&calendar, after), "2024-02-03T00:00:59.000");
    }
}
