//! Days of the week on which there is nothing, as of a shop that is closed on Mondays.

use serde::{Deserialize, Serialize};

use super::calendar::weekday;

const DAYS: usize = 7;
/// How likely so many zeros in a row may be by chance, if the day is as the others are; at each look.
const CHANCE: f64 = 3e-4;

/// What the days of the week say about each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Closed {
    days: [Day; DAYS],
}

/// What has been since a day of the week was other than zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
struct Day {
    zeros: u32,
    /// Whether it was open the last time, though it is closed: once may be chance, twice is not.
    was_open: bool,
    others: [Other; DAYS],
}

/// Values of another day of the week meanwhile, and how many of them were zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
struct Other {
    values: u32,
    zeros: u32,
}

impl Closed {
    /// Whether zero is what is to be on this day, so that it says nothing about the others.
    pub(super) fn is_on(&self, time: i64) -> bool {
        self.days[weekday(time)].is_closed()
    }

    /// Whether a zero on this day may turn out to be such, for all that is known of the other days.
    pub(super) fn may_be_on(&self, time: i64) -> bool {
        let open = self.days[weekday(time)].open();
        open.values > 0 && open.zeros == 0
    }

    /// Learns from a value of a series by the day.
    pub(super) fn see(&mut self, time: i64, value: f64) {
        let today = weekday(time);
        for (number, day) in self.days.iter_mut().enumerate() {
            if number != today {
                let other = &mut day.others[today];
                other.values = other.values.saturating_add(1);
                other.zeros = other.zeros.saturating_add(u32::from(value == 0.0));
            } else if value == 0.0 {
                day.zeros = day.zeros.saturating_add(1);
                day.was_open = false;
            } else if day.is_closed() && !day.was_open {
                day.was_open = true;
            } else {
                *day = Day::default();
            }
        }
    }
}

impl Day {
    fn is_closed(&self) -> bool {
        // Most values are of no such day, and all of series in shorter steps: nothing is to be counted.
        if self.zeros == 0 {
            return false;
        }
        let open = self.open();
        // The rule of succession: what never was zero may be so the next time.
        let share = f64::from(open.zeros + 1) / f64::from(open.values + 2);
        open.values > 0 && share.powf(f64::from(self.zeros)) < CHANCE
    }

    /// The days that were not zero throughout: those may be closed as well.
    fn open(&self) -> Other {
        let open = self.others.iter().filter(|other| other.zeros < other.values);
        open.fold(Other::default(), |sum, other| Other {
            values: sum.values.saturating_add(other.values),
            zeros: sum.zeros.saturating_add(other.zeros),
        })
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
    fn days_of_rest_are_known_after_three_or_four_weeks() {
        let rest =
            |days: &'static [i64]| move |day| if days.contains(&(day % 7)) { 0.0 } else { 9.0 };
        assert_eq!(closed_after(14, rest(&[4])), [] as [i64; 0]);
        assert_eq!(closed_after(21, rest(&[4])), [4]);
        assert_eq!(closed_after(21, rest(&[5, 6])), [5, 6]);
        assert_eq!(closed_after(28, rest(&[0, 1, 2])), [0, 1, 2]);
        assert_eq!(closed_after(70, rest(&[0, 1, 2, 3, 4, 5, 6])), [] as [i64; 0]);
    }

    #[test]
    fn it_ends_when_the_day_was_other_twice_in_a_row() {
        let rest = |open: &'static [i64]| {
            move |day| if day % 7 == 4 && !open.contains(&day) { 0.0 } else { 30.0 }
        };
        assert_eq!(closed_after(61, rest(&[60])), [4]);
        assert_eq!(closed_after(75, rest(&[60, 74])), [4]);
        assert_eq!(closed_after(68, rest(&[60, 67])), [] as [i64; 0]);
    }

    #[test]
    fn few_things_a_day_are_hardly_ever_a_day_of_rest() {
        let zero = |series: u64, day: i64| {
            let mixed = (series * 4_001 + day as u64 + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB);
            if (mixed >> 33).is_multiple_of(3) { 0.0 } else { 1.0 }
        };
        let closed: usize =
            (0..50).map(|series| closed_after(200, |day| zero(series, day)).len()).sum();
        assert!(closed <= 3, "{closed} of 350 days");
    }
}
