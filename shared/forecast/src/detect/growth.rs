//! How errors grow with the level: not at all, as of counts with its root, or as of amounts with itself.

use serde::{Deserialize, Serialize};

/// Powers of the level that errors may grow with.
const POWERS: [f64; 3] = [0.0, 0.5, 1.0];
/// Levels below this share of the typical one count as that.
const LOWEST: f64 = 0.05;
/// How fast running means forget.
const FORGET: f64 = 0.002;
/// How much likelier a power has to be than that errors do not grow: a factor of 20, as its logarithm.
const LIKELIER: f64 = 3.0;

/// Running means of errors, by power.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Growth {
    typical: f64,
    /// Of absolute errors divided by the level's power.
    errors: [f64; POWERS.len()],
    /// Of the level's logarithm.
    logarithm: f64,
    seen: f64,
    /// Below zero there is no level to grow with.
    negative: bool,
}

impl Growth {
    /// There was a value below zero.
    pub(super) fn see_negative(&mut self) {
        self.negative = true;
    }

    /// The least that a value can be, as far as is known.
    pub(super) fn floor(&self) -> f64 {
        if self.negative { f64::NEG_INFINITY } else { 0.0 }
    }

    pub(super) fn see(&mut self, value: f64, expected: f64) {
        self.seen += 1.0;
        let rate = FORGET.max(1.0 / self.seen);
        self.typical += rate * (value.abs() - self.typical);
        let Some(level) = self.level(expected) else { return };
        let miss = (value - expected).abs();
        for (error, power) in self.errors.iter_mut().zip(POWERS) {
            *error += rate * (miss / level.powf(power) - *error);
        }
        self.logarithm += rate * (level.ln() - self.logarithm);
    }

    /// How large errors are at a level, of which the typical one has 1.
    pub(super) fn at(&self, expected: f64) -> f64 {
        self.level(expected).map_or(1.0, |level| level.powf(self.power()))
    }

    /// In units of the typical level.
    fn level(&self, expected: f64) -> Option<f64> {
        let is_known = !self.negative && self.typical > 0.0;
        is_known.then(|| (expected / self.typical).max(LOWEST))
    }

    /// The likeliest, where errors have the distribution of Laplace.
    fn power(&self) -> f64 {
        let unlikely = |(power, error): (f64, f64)| error.max(1e-12).ln() + power * self.logarithm;
        let [still, ..] = self.errors;
        let none = unlikely((0.0, still));
        let memory = self.seen.min(1.0 / FORGET);
        let mut best = (0.0, none - LIKELIER / memory.max(1.0));
        for (power, error) in POWERS.into_iter().zip(self.errors).skip(1) {
            if unlikely((power, error)) < best.1 {
                best = (power, unlikely((power, error)));
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(power: f64) -> f64 {
        let mut growth = Growth::default();
        for t in 0..600_usize {
            let level = 100.0 * (1 + t % 5) as f64;
            let chance = ((t * 7_919) % 101) as f64 / 50.0 - 1.0;
            growth.see(level + chance * level.powf(power), level);
        }
        growth.power()
    }

    #[test]
    fn the_power_is_found() {
        for power in POWERS {
            assert_eq!(grown(power), power);
        }
        assert_eq!(Growth::default().at(3.0), 1.0);
    }
}
