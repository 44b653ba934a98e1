//! How new a sequence of values is: the distance to the sequence most like it in the past (Burnaev and
//! Ishimtsev: Conformalized density- and distance-based anomaly detection in time-series data, 2016,
//! with one neighbour and without a model of the distances).

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// The past that is compared with.
const PAST: usize = 1_500;
/// Differences beyond so many times the usual range count as that.
const MOST: f64 = 2.0;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Past {
    values: VecDeque<f64>,
    /// By length of a sequence: where the one most like it began. Where that goes on is a good place to
    /// look first, as most others are then left after a few values.
    nearest: BTreeMap<usize, usize>,
}

impl Past {
    pub(super) fn see(&mut self, value: f64) {
        if self.values.len() == PAST {
            self.values.pop_front();
            self.nearest.values_mut().for_each(|begin| *begin = begin.saturating_sub(1));
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
        let first =
            self.nearest.get(&length).map_or(0, |begin| begin.saturating_add(1)).min(ends - 1);
        let mut nearest = (f64::INFINITY, first);
        let all = (0..ends).step_by(LANES);
        for start in std::iter::once(first.min(ends.saturating_sub(LANES))).chain(all) {
            // The last ones go back to where there are enough.
            let start = start.min(ends.saturating_sub(LANES));
            let Some(sums) = distances(&values[start..], newest, clip, nearest.0) else { continue };
            for (lane, sum) in sums.into_iter().enumerate() {
                if sum < nearest.0 {
                    nearest = (sum, start + lane);
                }
            }
        }
        let (nearest, place) = nearest;
        self.nearest.insert(length, place);
        Some(nearest / range / length as f64)
    }
}

/// Sequences that are compared at once, and values after which they are looked at: if none can be the
/// nearest any more, the rest is left out.
const LANES: usize = 8;
const LOOK: usize = 6;

/// How far the sequences that begin at the first `LANES` of `old` are from the newest one. `None` if
/// all are `enough` or farther.
fn distances(old: &[f64], newest: &[f64], clip: f64, enough: f64) -> Option<[f64; LANES]> {
    let mut sums = [0.0; LANES];
    for (place, new) in newest.iter().enumerate() {
        let old = old.get(place..place + LANES)?;
        for (sum, old) in sums.iter_mut().zip(old) {
            let distance = (old - new).abs();
            *sum += if distance < clip { distance } else { clip };
        }
        if place % LOOK == LOOK - 1 && sums.iter().all(|sum| *sum >= enough) {
            return None;
        }
    }
    Some(sums)
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

    #[test]
    fn the_nearest_of_all_is_found() {
        let mut past = Past::default();
        for t in 0..1_700_usize {
            past.see(((t * t * 7_919) % 101) as f64 / 7.0);
            let all: Vec<f64> = past.values.iter().copied().collect();
            for length in [6, 24] {
                let found = past.newness(length, 3.0);
                let Some(found) = found.filter(|_| t % 97 == 0) else { continue };
                let (old, newest) = all.split_at(all.len() - length);
                let ends = old.len() - length;
                let sum = |start: usize| -> f64 {
                    let pairs = old[start..].iter().zip(newest);
                    pairs.map(|(old, new)| (old - new).abs().min(6.0)).sum()
                };
                let nearest = (0..ends).map(sum).fold(f64::INFINITY, f64::min);
                assert!((found - nearest / 3.0 / length as f64).abs() < 1e-12);
            }
        }
    }
}
