//! Days of the week on which there is nothing, as of a shop that is closed on Mondays.

use serde::{Deserialize, Serialize};

use super::calendar::weekday;

/// What the days of the week say about each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Closed {
    days: [Day; 7],
}

/// Values of one day of the week since it was other than zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
struct Day {
    zeros: u32,
    /// Values of all other days meanwhile, and how many of them were zero.
    others: u32,
    other_zeros: u32,
}

/// How likely so many zeros in a row may be by chance, if the day is as the others are.
const CHANCE: f64 = 2e-4;

impl Closed {
    /// Whether zero is what is to be on this day, so that it says nothing about the others.
    pub(super) fn is_on(&self, time: i64) -> bool {
        self.days.get(weekday(time)).is_some_and(|day| day.is_closed())
    }

    /// Whether a zero on this day may turn out to be such: other days have been zero no more often than
    /// one in a week.
    pub(super) fn may_be_on(&self, time: i64) -> bool {
        self.days.get(weekday(time)).is_some_and(|day| 6 * day.other_zeros <= day.others)
    }

    /// Learns from a value of a series by the day.
    pub(super) fn see(&mut self, time: i64, value: f64) {
        let today = weekday(time);
        for (number, day) in self.days.iter_mut().enumerate() {
            if number != today {
                day.others = day.others.saturating_add(1);
                day.other_zeros = day.other_zeros.saturating_add(u32::from(value == 0.0));
            } else if value == 0.0 {
                day.zeros = day.zeros.saturating_add(1);
            } else {
                *day = Day::default();
            }
        }
    }
}

impl Day {
    fn is_closed(self) -> bool {
        // The rule of succession: what never was zero may be so the next time.
        let share = f64::from(self.other_zeros + 1) / f64::from(self.others + 2);
        share.powf(f64::from(self.zeros)) < CHANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn closed_after(days: i64, value: impl Fn(i64) -> f64) -> Vec<i64> {
        let mut closed = Closed::default();
        for day in 0..days {
            closed.see(day * DAY, value(day));
        }
        (days..days + 7).filter(|day| closed.is_on(day * DAY)).map(|day| day % 7).collect()
    }

    #[test]
    fn a_day_of_rest_is_known_after_three_weeks_and_two_after_eight() {
        let rest = |day: i64| if day % 7 == 4 { 0.0 } else { 30.0 };
        assert_eq!(closed_after(18, rest), [] as [i64; 0]);
        assert_eq!(closed_after(19, rest), [4]);
        let weekend = |day: i64| if day % 7 >= 5 { 0.0 } else { 30.0 };
        assert_eq!(closed_after(56, weekend), [5, 6]);
    }

    #[test]
    fn it_ends_on_the_first_day_that_is_other() {
        let rest = |day: i64| if day % 7 == 4 && day < 60 { 0.0 } else { 30.0 };
        assert_eq!(closed_after(60, rest), [4]);
        assert_eq!(closed_after(61, rest), [] as [i64; 0]);
    }

    #[test]
    fn few_things_a_day_are_no_day_of_rest() {
        let few = |day: i64| ((day * 7_919 % 11) / 8) as f64;
        for days in 20..300 {
            assert_eq!(closed_after(days, few), [] as [i64; 0], "{days}");
        }
    }
}
