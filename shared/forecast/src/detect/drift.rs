//! Changes that last and are small at each step: distances from what is usual, summed up beyond half a
//! standard deviation (Page: Continuous inspection schemes, 1954).

use serde::{Deserialize, Serialize};

/// What a distance has to be larger than to count, in standard deviations: half of the smallest lasting
/// change that matters.
const SLACK: f64 = 0.5;
/// One value counts for no more than so many standard deviations: a sum is about several.
const MOST: f64 = 3.0;
/// No sum is larger.
const LARGEST: f64 = 25.0;
/// How fast the running size of distances forgets; and how large a standard deviation is, of a normal
/// distribution with a mean absolute deviation of 1.
const FORGET: f64 = 0.005;
const DEVIATION: f64 = 1.253;

/// The two sums.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Drift {
    above: f64,
    below: f64,
    /// The mean absolute distance.
    size: f64,
    seen: f64,
}

impl Drift {
    /// The sums with one more distance from what is usual.
    pub(super) fn with(&self, distance: f64) -> Self {
        let size = DEVIATION * self.size;
        let standard = if size > 0.0 { (distance / size).clamp(-MOST, MOST) } else { 0.0 };
        let seen = self.seen + 1.0;
        let rate = FORGET.max(1.0 / seen);
        let counted =
            if self.seen >= 20.0 { distance.abs().min(MOST * size) } else { distance.abs() };
        Self {
            above: (self.above + standard - SLACK).clamp(0.0, LARGEST),
            below: (self.below - standard - SLACK).clamp(0.0, LARGEST),
            size: self.size + rate * (counted - self.size),
            seen,
        }
    }

    /// What lasted is usual now.
    pub(super) fn settle(&mut self) {
        (self.above, self.below) = (0.0, 0.0);
    }

    /// The larger sum, negative if it is that of distances below.
    pub(super) fn sum(&self) -> f64 {
        if self.above >= self.below { self.above } else { -self.below }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_changes_add_up_and_noise_does_not() {
        let mut drift = Drift::default();
        for t in 0..200 {
            drift = drift.with(if t % 2 == 0 { 1.0 } else { -1.0 });
        }
        assert!(drift.sum().abs() < 1.0);
        for t in 0..20 {
            drift = drift.with(if t % 2 == 0 { 2.5 } else { 0.5 });
        }
        assert!(drift.sum() > 8.0, "{}", drift.sum());
        drift.settle();
        assert_eq!(drift.sum(), 0.0);
    }
}
