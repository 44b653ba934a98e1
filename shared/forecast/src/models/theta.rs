//! The dynamic optimised Theta model (Fiorucci, Pellegrini, Louzada, Petropoulos, Koehler: Models for
//! optimising the theta method and their relationship to state space models, 2016), without a season.

use crate::simplex::minimise;

/// Level, running mean and slope of the line through all values so far.
#[derive(Clone, Copy)]
struct State {
    level: f64,
    mean: f64,
    slope: f64,
    count: f64,
    /// `(1 - alpha)^count`.
    power: f64,
}

impl State {
    fn new(alpha: f64) -> Self {
        Self { level: 0.0, mean: 0.0, slope: 0.0, count: 1.0, power: 1.0 - alpha }
    }

    /// The next value by the model.
    fn next(&self, alpha: f64, theta: f64) -> f64 {
        let intercept = self.mean - self.slope * (self.count + 1.0) / 2.0;
        let line = self.power * intercept + (1.0 - self.power * (1.0 - alpha)) / alpha * self.slope;
        self.level + (1.0 - 1.0 / theta) * line
    }

    fn see(&mut self, value: f64, alpha: f64) {
        let t = self.count + 1.0;
        self.slope = ((t - 2.0) * self.slope + 6.0 * (value - self.mean) / t) / (t + 1.0);
        self.mean += (value - self.mean) / t;
        self.level = alpha * value + (1.0 - alpha) * self.level;
        self.count = t;
        self.power *= 1.0 - alpha;
    }
}

/// The values ahead. `values` has no gap; `None` with fewer than 4 of them.
pub(super) fn theta(values: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if values.len() < 4 {
        return None;
    }
    // Seen from the first value: where zero is does not matter, as it must not to logarithms.
    let first = values[0];
    let run = |alpha: f64, theta: f64| {
        let mut state = State::new(alpha);
        let mut sum = 0.0;
        for (position, value) in values.iter().enumerate().skip(1) {
            let error = value - first - state.next(alpha, theta);
            if position >= 3 {
                sum += error * error;
            }
            state.see(value - first, alpha);
        }
        (sum, state)
    };
    let bounds = [(0.02, 0.99), (1.0, 6.0)];
    let ([alpha, by], _) = minimise([0.5, 2.0], bounds, 60, 1e-5, |p| run(p[0], p[1]).0);
    let mut state = run(alpha, by).1;
    let mut ahead = Vec::with_capacity(horizon);
    for _ in 0..horizon {
        let value = state.next(alpha, by);
        state.see(value, alpha);
        ahead.push(first + value);
    }
    Some(ahead)
}
