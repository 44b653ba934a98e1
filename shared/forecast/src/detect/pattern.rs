//! How new a sequence of values is: the distance to the sequence most like it in the past (Burnaev and
//! Ishimtsev: Conformalized density- and distance-based anomaly detection in time-series data, 2016,
//! with one neighbour and without a model of the distances).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The past that is compared with.
const PAST: usize = 1_500;
/// Differences beyond so many times the usual range count as that.
const MOST: f64 = 2.0;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Past {
    values: VecDeque<f64>,
}

impl Past {
    pub(super) fn see(&mut self, value: f64) {
        if self.values.len() == PAST {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// The mean difference between the last `length` values and the nearest sequence before them, as
    /// a share of `range`. `None` with too little of a past.
    pub(super) fn newness(&mut self, length: usize, range: f64) -> Option<f64> {
        /// Sequences that have to be there to compare with.
        const FEWEST: usize = 20;
        let values: &[f64] = self.values.make_contiguous();
        let rest = values.len().checked_sub(length)?;
        // One that overlaps with the last is like it in any case.
        let ends = rest.checked_sub(length).filter(|ends| *ends >= 2 * length + FEWEST)?;
        let newest = &values[rest..];
        let clip = MOST * range;
        let mut nearest = f64::INFINITY;
        for start in 0..ends {
            let mut sum = 0.0;
            for (old, new) in values[start..start + length].iter().zip(newest) {
                sum += (old - new).abs().min(clip);
                if sum >= nearest {
                    break;
                }
            }
            nearest = nearest.min(sum);
        }
        Some(nearest / range / length as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_not_new() {
        let mut past = Past::default();
        assert_eq!(past.newness(4, 1.0), None);
        for t in 0..2_000 {
            past.see(f64::from(t % 10));
        }
        assert_eq!(past.values.len(), PAST);
        assert_eq!(past.newness(4, 10.0), Some(0.0));
        past.see(40.0);
        // The nearest ends with a 9: 31 away, which counts as 20.
        assert_eq!(past.newness(4, 10.0), Some(20.0 / 10.0 / 4.0));
    }
}
