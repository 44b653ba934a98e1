//! Which step of a mart's series is the newest that is over.

use std::collections::BTreeSet;

use smelt_domain::Every;

use super::calendar::{DAY, start_of_step, step_after};

/// The steps that a mart has something of.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) every: Every,
    /// Those with rows.
    pub(super) rows: BTreeSet<i64>,
    /// Those with values that nothing but what happened explains: a mart may fill up with zeros what has not
    /// come yet.
    pub(super) values: BTreeSet<i64>,
}

impl Steps {
    /// The newest step that is over, and whether there is nothing after it.
    ///
    /// It is over when there is a row of a later one; with a delay, when there is a value so many steps later. By
    /// the clock, when so many steps, and at least a day, have gone by since its end.
    pub(super) fn newest(&self, delay: u32, now: i64) -> Option<(i64, bool)> {
        let (every, steps) = (self.every, i64::from(delay));
        let last = self.last(&self.rows, now)?;
        let by_rows = if delay == 0 {
            step_after(every, last, -1)
        } else {
            self.last(&self.values, now).and_then(|last| step_after(every, last, -steps))
        };
        let before = |time: i64, steps: i64| step_after(every, start_of_step(every, time)?, -steps);
        let by_the_clock = last.min(before(now - DAY, 1)?).min(before(now, 1 + steps)?);
        let newest = by_rows.map_or(by_the_clock, |by_rows| by_rows.max(by_the_clock));
        Some((newest, newest == last))
    }

    /// The last of these steps. One that begins after now counts if the step before it is one of them, as the
    /// wall clock's zone is not known.
    fn last(&self, steps: &BTreeSet<i64>, now: i64) -> Option<i64> {
        let is_sound = |step: &&i64| {
            let before = step_after(self.every, **step, -1);
            **step <= now || before.is_some_and(|before| steps.contains(&before))
        };
        steps.iter().rev().find(is_sound).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> i64 {
        format!("{text}:00Z").parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp()
    }

    /// The newest step of some with rows, of which those up to a time have values.
    fn newest(
        every: Every,
        rows: [&str; 2],
        values_to: &str,
        delay: u32,
        now: &str,
    ) -> (String, bool) {
        let mut all = BTreeSet::from([time(rows[0])]);
        while let Some(next) = step_after(every, *all.last().unwrap(), 1)
            && next <= time(rows[1])
        {
            all.insert(next);
        }
        let values = all.iter().copied().filter(|step| *step <= time(values_to)).collect();
        let (newest, is_settled) =
            Steps { every, rows: all, values }.newest(delay, time(now)).unwrap();
        let newest = chrono::DateTime::from_timestamp(newest, 0).unwrap();
        (newest.format("%m-%dT%H:%M").to_string(), is_settled)
    }

    #[test]
    fn without_a_delay_rows_of_a_later_step_or_a_day_say_that_it_is_over() {
        let days = ["2026-01-01T00:00", "2026-01-10T00:00"];
        let days = |now| newest(Every::Day, days, days[1], 0, now);
        assert_eq!(days("2026-01-10T20:00"), ("01-09T00:00".to_owned(), false));
        assert_eq!(days("2026-01-11T23:59"), ("01-09T00:00".to_owned(), false));
        assert_eq!(days("2026-01-12T00:00"), ("01-10T00:00".to_owned(), true));
    }

    #[test]
    fn with_a_delay_zeros_that_fill_up_a_day_say_nothing() {
        let hours = ["2026-01-01T00:00", "2026-01-10T23:00"];
        let hours = |delay, now| newest(Every::Hour, hours, "2026-01-10T19:00", delay, now);
        assert_eq!(hours(0, "2026-01-10T19:30").0, "01-10T22:00");
        assert_eq!(hours(2, "2026-01-10T19:30"), ("01-10T17:00".to_owned(), false));
        // A day later by the clock, hour by hour, however short the delay.
        assert_eq!(hours(2, "2026-01-11T20:30").0, "01-10T19:00");
        assert_eq!(hours(2, "2026-01-12T00:00"), ("01-10T23:00".to_owned(), true));
        // A longer delay than a day.
        assert_eq!(hours(30, "2026-01-11T20:30").0, "01-10T13:00");
    }

    #[test]
    fn a_delay_of_months_is_one_of_months_by_the_clock() {
        let months = ["2025-01-01T00:00", "2026-06-01T00:00"];
        let months = |now| newest(Every::Month, months, months[1], 2, now);
        assert_eq!(months("2026-06-04T00:00"), ("04-01T00:00".to_owned(), false));
        assert_eq!(months("2026-08-31T00:00"), ("05-01T00:00".to_owned(), false));
        assert_eq!(months("2026-09-01T00:00"), ("06-01T00:00".to_owned(), true));
    }
}
