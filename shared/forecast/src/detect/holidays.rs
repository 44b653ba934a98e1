//! What values are on holidays, beside what is expected of such days otherwise: learnt from those that
//! have been.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Holiday;

const DAY: i64 = 86_400;
/// A greater factor is that of a day on which hardly anything was expected, and says nothing.
const MOST: f64 = 1e6;

/// Holidays with what is known of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Holidays {
    all: Vec<Holiday>,
    /// By the position of the holiday and the time of day.
    effects: BTreeMap<usize, BTreeMap<i64, Effect>>,
}

/// Which holiday a value is of, and at which time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    holiday: usize,
    time: i64,
}

/// Sums over the holidays that have been.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Effect {
    values: f64,
    /// What would have been expected, were it no holiday.
    expected: f64,
    count: f64,
    /// Whether something was below zero, where a factor says nothing.
    negative: bool,
}

impl Holidays {
    pub(super) fn new(all: Vec<Holiday>) -> Self {
        Self { all, effects: BTreeMap::new() }
    }

    /// `None` on any other day. Of several holidays on one day the first counts.
    pub(super) fn at(&self, time: i64) -> Option<Place> {
        let day = time.div_euclid(DAY);
        let holiday = self.all.iter().position(|one| one.days.contains(&day))?;
        Some(Place { holiday, time: time.rem_euclid(DAY) })
    }

    /// `None` if there has been no such day yet.
    pub(super) fn effect(&self, place: Place) -> Option<Effect> {
        self.effects.get(&place.holiday)?.get(&place.time).copied()
    }

    /// Learns from a value, for which so much would have been expected on any other day.
    pub(super) fn see(&mut self, place: Place, value: f64, expected: f64) {
        let effect = self.effects.entry(place.holiday).or_default().entry(place.time).or_default();
        effect.values += value;
        effect.expected += expected;
        effect.count += 1.0;
        effect.negative |= value < 0.0 || expected < 0.0;
    }
}

impl Effect {
    /// What is expected on the holiday instead of so much, and how many times as far off values may be:
    /// where more happens, more varies, and what few such days were like is not quite what they are like.
    pub(super) fn on(self, expected: f64) -> (f64, f64) {
        let count = self.count.max(1.0);
        let unsure = (1.0 + 1.0 / count).sqrt();
        let factor = self.values / self.expected;
        // Not a number where nothing was expected.
        if !self.negative && expected >= 0.0 && factor <= MOST {
            (factor * expected, unsure * factor.max(1.0))
        } else {
            (expected + (self.values - self.expected) / count, unsure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_or_a_difference_of_the_days_that_have_been() {
        let days = [10, 20].into_iter().collect();
        let mut holidays = Holidays::new(vec![Holiday { name: "feast".to_owned(), days }]);
        assert_eq!(holidays.at(11 * DAY), None);
        let place = holidays.at(10 * DAY + 3_600).unwrap();
        assert_eq!(holidays.effect(place), None);
        holidays.see(place, 50.0, 100.0);
        let later = holidays.at(20 * DAY + 3_600).unwrap();
        let effect = holidays.effect(later).unwrap();
        let unsure = |count: f64| (1.0 + 1.0 / count).sqrt();
        assert_eq!(effect.on(300.0), (150.0, unsure(1.0)));
        assert_eq!(effect.on(-300.0), (-350.0, unsure(1.0)));
        assert_eq!(holidays.effect(holidays.at(20 * DAY).unwrap()), None, "at another time of day");
        holidays.see(place, 550.0, 100.0);
        assert_eq!(holidays.effect(place).unwrap().on(10.0), (30.0, 3.0 * unsure(2.0)));
        holidays.see(place, -60.0, 100.0);
        assert_eq!(holidays.effect(place).unwrap().on(10.0), (90.0, unsure(3.0)));
    }
}
