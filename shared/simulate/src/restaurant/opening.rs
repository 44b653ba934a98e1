//! When the restaurant is open, how busy it is, and the days that were unlike the others.

use chrono::{Datelike, NaiveDate, Weekday};

use super::Restaurant;
use crate::random::Random;

/// Half hours in which orders are taken, as minutes since midnight, with their weights: a lunch
/// and a dinner.
const HALF_HOURS: [(u32, u32); 16] = [
    (690, 5),
    (720, 13),
    (750, 16),
    (780, 12),
    (810, 7),
    (840, 3),
    (1_020, 3),
    (1_050, 7),
    (1_080, 12),
    (1_110, 18),
    (1_140, 23),
    (1_170, 24),
    (1_200, 19),
    (1_230, 12),
    (1_260, 7),
    (1_290, 3),
];

/// Guests become more by this share in a year.
const GROWTH_PER_YEAR: f64 = 0.15;

const RANDOM_STREAM: u64 = 1;

/// Whether there are any orders on this day.
pub(super) fn is_open(date: NaiveDate) -> bool {
    let holiday = matches!((date.month(), date.day()), (12, 24 | 25) | (1, 1));
    date.weekday() != Weekday::Mon && !holiday
}

/// The second of the day at which an order is taken.
pub(super) fn second_of_day(random: &mut Random) -> u32 {
    random.pick(&HALF_HOURS.map(|(minute, weight)| (minute * 60, weight))) + random.below(1_800)
}

/// How busy each day is.
#[derive(Debug)]
pub(super) struct Season {
    first_day: NaiveDate,
    slump: u32,
    spike: u32,
}

/// The days of the slump; the spike is one day.
const SLUMP_DAYS: u32 = 4;

impl Season {
    /// Chooses the days that are unlike the others: a slump that lasts, and later a spike, so that
    /// both have a past to compare with.
    pub(super) fn plan(settings: &Restaurant) -> Self {
        let mut random = Random::new(settings.seed, RANDOM_STREAM);
        let days = settings.days;
        let open_from =
            |from: u32| (from..days).find(|day| is_open(settings.day(*day))).unwrap_or(from);
        let slump = open_from(days * 2 / 5 + random.below((days / 6).max(1)));
        let spike = open_from(days * 7 / 10 + random.below((days / 7).max(1)));
        Self { first_day: settings.first_day, slump, spike }
    }

    /// How many times the average number of orders a day brings; 0 on a day of rest.
    pub(super) fn factor(&self, date: NaiveDate) -> f64 {
        if !is_open(date) {
            return 0.0;
        }
        let day = self.day(date);
        let weekday = match date.weekday() {
            Weekday::Mon => 0.0,
            Weekday::Tue => 0.85,
            Weekday::Wed => 0.9,
            Weekday::Thu => 1.0,
            Weekday::Fri => 1.45,
            Weekday::Sat => 1.6,
            Weekday::Sun => 1.2,
        };
        let valentine = if (date.month(), date.day()) == (2, 14) { 1.6 } else { 1.0 };
        let growth = 1.0 + GROWTH_PER_YEAR * f64::from(day) / 365.0;
        weekday * valentine * growth * self.anomaly_factor(day)
    }

    fn anomaly_factor(&self, day: u32) -> f64 {
        if (self.slump..self.slump + SLUMP_DAYS).contains(&day) {
            0.25
        } else if day == self.spike {
            2.5
        } else {
            1.0
        }
    }

    fn day(&self, date: NaiveDate) -> u32 {
        (date - self.first_day).num_days().max(0) as u32
    }

    /// The planted anomalies, a sentence each.
    pub(super) fn anomalies(&self, settings: &Restaurant) -> Vec<String> {
        let (first, last) = (settings.day(self.slump), settings.day(self.slump + SLUMP_DAYS - 1));
        vec![
            format!("{first} to {last}: roadworks at the door, orders x0.25"),
            format!("{}: street festival, orders x2.5", settings.day(self.spike)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_have_a_day_of_rest_and_a_busy_end() {
        let settings = Restaurant::default();
        let season = Season::plan(&settings);
        let monday = NaiveDate::from_ymd_opt(2024, 3, 4).unwrap();
        let factor = |days| season.factor(monday + chrono::Days::new(days));
        assert_eq!(factor(0), 0.0);
        assert!(factor(5) > 1.5 * factor(1));
    }

    #[test]
    fn the_slump_comes_before_the_spike_and_both_within_the_days() {
        for seed in 0..40 {
            for days in [28, 60, 365] {
                let settings = Restaurant { seed, days, ..Restaurant::default() };
                let season = Season::plan(&settings);
                assert!(season.slump < season.spike && season.spike < days);
                let ordinary = season.factor(settings.day(season.spike % 7));
                assert!(season.factor(settings.day(season.spike)) > 2.0 * ordinary);
            }
        }
    }

    #[test]
    fn orders_come_at_lunch_and_at_dinner() {
        let mut random = Random::new(1, 99);
        let hours: Vec<u32> = (0..10_000).map(|_| second_of_day(&mut random) / 3_600).collect();
        let at = |hour| hours.iter().filter(|found| **found == hour).count();
        assert!(at(12) > 1_000 && at(19) > 2_000);
        assert_eq!(at(10) + at(15) + at(16) + at(22), 0);
    }
}
