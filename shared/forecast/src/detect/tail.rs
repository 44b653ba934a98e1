//! How rare a number is among those before it, beyond the largest as well: ranks within, and a Pareto
//! tail beyond (Pickands: Statistical inference using extreme order statistics, 1975; Hill: A simple
//! general approach to inference about the tail of a distribution, 1975).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The numbers that are remembered.
const MEMORY: usize = 4_000;
/// The share of them that the tail is estimated from, and the fewest.
const TAIL_SHARE: f64 = 0.05;
const TAIL_LEAST: usize = 8;
/// Bounds of the tail's index: nothing is taken to be rarer than its fifth power says, nor to have no
/// mean.
const HEAVIEST: f64 = 1.0;
const LIGHTEST: f64 = 5.0;
/// The heaviest shape of excesses: a heavier one has no variance.
const HEAVIEST_EXCESS: f64 = 0.5;

/// The newest numbers, in the order they came and sorted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(from = "VecDeque<f64>", into = "VecDeque<f64>")]
pub(super) struct Tail {
    newest: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl From<VecDeque<f64>> for Tail {
    fn from(newest: VecDeque<f64>) -> Self {
        let mut tail = Self::default();
        newest.into_iter().for_each(|number| tail.see(number));
        tail
    }
}

impl From<Tail> for VecDeque<f64> {
    fn from(tail: Tail) -> Self {
        tail.newest
    }
}

impl Tail {
    pub(super) fn see(&mut self, number: f64) {
        if !number.is_finite() {
            return;
        }
        if self.newest.len() >= MEMORY
            && let Some(oldest) = self.newest.pop_front()
        {
            let at = self.sorted.partition_point(|one| one.total_cmp(&oldest).is_lt());
            if at < self.sorted.len() {
                self.sorted.remove(at);
            }
        }
        self.newest.push_back(number);
        let at = self.sorted.partition_point(|one| one.total_cmp(&number).is_lt());
        self.sorted.insert(at, number);
    }

    /// Whether there are numbers besides those that the tail is estimated from.
    pub(super) fn is_known(&self) -> bool {
        self.sorted.len() > TAIL_LEAST
    }

    /// The number below which a share of all lie.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        let place = (share * last as f64).clamp(0.0, last as f64);
        let (below, part) = (place.floor() as usize, place.fract());
        let above = (below + 1).min(last);
        Some(self.sorted[below] + part * (self.sorted[above] - self.sorted[below]))
    }

    /// The decimal logarithm of one in how many cases a number so far up (`sign` 1) or down (-1) has
    /// been seen, or would be. Distances from the middle below `floor` are not told apart.
    pub(super) fn surprise(&self, number: f64, sign: f64, floor: f64) -> f64 {
        let n = self.sorted.len();
        let Some(middle) = self.quantile(0.5) else { return 0.0 };
        let distance = sign * (number - middle);
        if distance <= floor || n < 2 {
            return 0.0;
        }
        // The number at a rank from that end.
        let ranked = |rank: usize| {
            let one = if sign > 0.0 { self.sorted[n - 1 - rank] } else { self.sorted[rank] };
            (sign * (one - middle)).max(floor)
        };
        let above = if sign > 0.0 {
            n - self.sorted.partition_point(|one| *one < number)
        } else {
            self.sorted.partition_point(|one| *one <= number)
        };
        let count = (n + 1) as f64;
        if above > 0 {
            return (count / (above + 1) as f64).log10();
        }
        let tail = ((TAIL_SHARE * n as f64) as usize).max(TAIL_LEAST).min(n - 1);
        let base = ranked(tail).ln();
        let spread: f64 = (0..tail).map(|rank| ranked(rank).ln() - base).sum();
        let index = (tail as f64 / spread.max(1e-9)).clamp(HEAVIEST, LIGHTEST);
        count.log10() + index * (distance / ranked(0)).log10()
    }
}

impl Tail {
    /// The same as [`Tail::surprise`], where what is rare is rarer: distances beyond the farthest
    /// twentieth have a generalised Pareto distribution, by its moments (Hosking and Wallis: Parameter
    /// and quantile estimation for the generalized Pareto distribution, 1987), of which the lightest is
    /// exponential. So many numbers in a row as are `together` tell as much as one.
    pub(super) fn excess(&self, number: f64, sign: f64, floor: f64, together: f64) -> f64 {
        let n = self.sorted.len();
        let Some(middle) = self.quantile(0.5) else { return 0.0 };
        let distance = sign * (number - middle);
        let tail = ((TAIL_SHARE * n as f64) as usize).max(TAIL_LEAST);
        if distance <= floor || n <= tail {
            return 0.0;
        }
        let ranked = |rank: usize| {
            let one = if sign > 0.0 { self.sorted[n - 1 - rank] } else { self.sorted[rank] };
            (sign * (one - middle)).max(floor)
        };
        let base = ranked(tail);
        if distance <= base {
            return self.surprise(number, sign, floor);
        }
        let excesses = || (0..tail).map(|rank| ranked(rank) - base);
        let mean = (excesses().sum::<f64>() / tail as f64).max(0.1 * floor).max(1e-300);
        let variance = excesses().map(|one| (one - mean).powi(2)).sum::<f64>() / tail as f64;
        // As many distances as these do not tell a tail that is lighter: what an exponential one is
        // expected to be by them.
        let lightest = (together / tail as f64).min(HEAVIEST_EXCESS);
        let heavy = 0.5 * (1.0 - mean * mean / variance.max(1e-300));
        let heavy = heavy.clamp(lightest, HEAVIEST_EXCESS);
        let scale = mean * (1.0 - heavy + lightest);
        let survives = (1.0 + heavy * (distance - base) / scale).log10() / heavy;
        ((n + 1) as f64 / (tail + 1) as f64).log10() + survives
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(count: usize) -> Tail {
        let mut tail = Tail::default();
        for number in 0..count {
            tail.see(((number * 7919) % 101) as f64 - 50.0);
        }
        tail
    }

    #[test]
    fn ranks_within_and_a_tail_beyond() {
        let tail = tail(505);
        assert!(tail.surprise(0.0, 1.0, 0.1).abs() < 1e-9);
        let highest = tail.surprise(50.0, 1.0, 0.1);
        let beyond = tail.surprise(100.0, 1.0, 0.1);
        let far = tail.surprise(400.0, 1.0, 0.1);
        assert!(highest < beyond && beyond < far, "{highest} {beyond} {far}");
        assert!(beyond > 3.5);
        assert_eq!(tail.surprise(400.0, -1.0, 0.1), 0.0);
        assert!((tail.surprise(-100.0, -1.0, 0.1) - beyond).abs() < 0.2);
        assert_eq!(Tail::default().surprise(1.0, 1.0, 0.0), 0.0);
    }

    #[test]
    fn excesses_are_rarer_the_farther_and_the_more_is_known() {
        let (few, many) = (tail(200), tail(2_000));
        let far = |tail: &Tail, number: f64| tail.excess(number, 1.0, 0.1, 1.0);
        assert!(far(&many, 55.0) < far(&many, 60.0) && far(&many, 60.0) < far(&many, 100.0));
        assert!(far(&few, 80.0) < far(&many, 80.0));
        assert!(many.excess(80.0, 1.0, 0.1, 10.0) < far(&many, 80.0));
        assert_eq!(far(&Tail::default(), 1.0), 0.0);
    }

    #[test]
    fn memory_is_bounded_and_kept() {
        let tail = tail(9_000);
        assert_eq!((tail.newest.len(), tail.sorted.len()), (MEMORY, MEMORY));
        let text = serde_json::to_string(&tail).unwrap();
        assert_eq!(serde_json::from_str::<Tail>(&text).unwrap(), tail);
    }
}
