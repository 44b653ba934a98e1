//! What is usual at a time of the day, or of the week, and what models without a season expect.

use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400;

/// A running mean for each place in a cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Profile {
    /// The cycle in seconds.
    cycle: i64,
    /// Mean and how many values are in it, by place; the mean of none is 0.
    places: Vec<(f64, f64)>,
}

/// Values that a mean reaches back over.
const REACH: f64 = 4.0;
/// The smallest place in a cycle.
const PLACE: i64 = 900;

impl Profile {
    pub(super) fn day() -> Self {
        Self::of(DAY, PLACE)
    }

    pub(super) fn week() -> Self {
        Self::of(7 * DAY, 3_600)
    }

    fn of(cycle: i64, place: i64) -> Self {
        Self { cycle, places: vec![(0.0, 0.0); (cycle / place) as usize] }
    }

    fn place(&self, time: i64) -> usize {
        let within = time.rem_euclid(self.cycle);
        ((within as f64 / self.cycle as f64 * self.places.len() as f64) as usize)
            .min(self.places.len().saturating_sub(1))
    }

    pub(super) fn at(&self, time: i64) -> Option<f64> {
        let (mean, count) = *self.places.get(self.place(time))?;
        (count > 0.0).then_some(mean)
    }

    /// Values of one place on the same day count as one.
    pub(super) fn see(&mut self, time: i64, value: f64, step: f64) {
        let width = self.cycle as f64 / self.places.len() as f64;
        let part = (step / width).clamp(0.05, 1.0);
        let place = self.place(time);
        if let Some((mean, count)) = self.places.get_mut(place) {
            *count = (*count + part).min(REACH);
            *mean += part / count.max(part) * (value - *mean);
        }
    }
}
