//! Intervals by conformal prediction (Vovk, Gammerman, Shafer: Algorithmic learning in a random
//! world, 2005): as wide as the errors of trials say, made comparable between steps, levels and
//! series, and each trial's in units of the other trials' errors, so that what few trials cannot
//! know of their own spread is in them.

use serde::{Deserialize, Serialize};

use crate::widths::{OwnWidths, SetWidths};

/// One value that a trial missed by `error`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Miss {
    pub(crate) trial: usize,
    /// Steps ahead, from 1.
    pub(crate) step: usize,
    pub(crate) forecast: f64,
    pub(crate) error: f64,
}

/// How errors grow: with the steps ahead, and with what is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) growth: f64,
    pub(crate) proportion: f64,
}

const GROWTHS: [f64; 6] = [0.0, 0.1, 0.2, 0.35, 0.5, 0.7];
const PROPORTIONS: [f64; 3] = [0.0, 0.5, 1.0];

impl Shape {
    /// How large errors are, for one of 1 at the first step where `size` is forecast.
    pub(crate) fn at(self, step: usize, forecast: f64, size: f64) -> f64 {
        let steps = (step as f64).powf(self.growth);
        if self.proportion == 0.0 {
            return steps;
        }
        // A forecast near zero is no promise to be exact.
        let relative = (forecast.abs() / size).clamp(0.1, 10.0);
        steps * relative.powf(self.proportion)
    }
}

/// Errors of one series, and what they are compared with.
#[derive(Debug, Clone)]
pub(crate) struct Misses {
    pub(crate) all: Vec<Miss>,
    /// Whether nothing below zero can happen.
    floor: bool,
    /// Mean size of what is forecast.
    size: f64,
    /// What errors are expected to be like before any is seen: the scale of MASE.
    expected: f64,
}

impl Misses {
    pub(crate) fn new(all: Vec<Miss>, expected: f64, floor: bool) -> Self {
        let size =
            all.iter().map(|miss| miss.forecast.abs()).sum::<f64>() / all.len().max(1) as f64;
        Self {
            all,
            floor,
            size: if size > 0.0 && size.is_finite() { size } else { 1.0 },
            expected: if expected > 0.0 && expected.is_finite() { expected } else { 0.0 },
        }
    }

    /// How many trials there were.
    fn trials(&self) -> usize {
        let mut trials: Vec<usize> = self.all.iter().map(|miss| miss.trial).collect();
        trials.dedup();
        trials.len()
    }

    /// Errors in units of the shape.
    fn shaped(&self, shape: Shape) -> Vec<(usize, f64)> {
        let scaled = |miss: &Miss| miss.error / shape.at(miss.step, miss.forecast, self.size);
        self.all.iter().map(|miss| (miss.trial, scaled(miss))).collect()
    }

    /// Whether there are errors to speak of. Those of a series that is forecast exactly have no shape.
    fn are_some(&self) -> bool {
        mean_absolute(self.all.iter().map(|miss| miss.error)) > 1e-9 * self.size
    }

    /// How badly a shape fits: the negative logarithm of Laplace's likelihood, per error.
    fn misfit(&self, shape: Shape) -> f64 {
        let count = self.all.len() as f64;
        let logarithms: f64 =
            self.all.iter().map(|miss| shape.at(miss.step, miss.forecast, self.size).ln()).sum();
        let mean = mean_absolute(self.shaped(shape).into_iter().map(|(_, error)| error));
        logarithms / count + mean.ln()
    }
}

/// What all series of a set say about errors.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    shape: Shape,
    /// Errors are so many times what was expected before any was seen, in the middle.
    usual: f64,
    /// Absolute errors in units of those of the same series' other trials, in order.
    pool: Vec<f64>,
    /// Trials of all series.
    trials: f64,
}

/// Trials that what is usual for the set counts as.
const PRIOR_TRIALS: f64 = 1.0;
/// Errors of a set that are kept.
const MOST: usize = 20_000;
/// Own errors weigh as much as those of the set with so many trials.
const OWN: f64 = 10.0;
/// Errors of the set weigh as much as what Laplace's distribution says of them with so many trials.
const KNOWN: f64 = 2.0;

impl Spread {
    pub(crate) fn of(all: &[Misses]) -> Self {
        let some: Vec<&Misses> = all.iter().filter(|one| one.are_some()).collect();
        // Around zero, more that is forecast is no reason for larger errors.
        let proportions = if some.iter().all(|one| one.floor) { &PROPORTIONS[..] } else { &[0.0] };
        // Before any error is seen: the square root of the steps, as of a random walk.
        let mut best = (f64::INFINITY, Shape { growth: 0.5, proportion: 0.0 });
        for growth in GROWTHS {
            for &proportion in proportions {
                let shape = Shape { growth, proportion };
                // Without a reason errors are no larger where more is forecast.
                let misfit = some.iter().map(|one| one.misfit(shape)).sum::<f64>()
                    / some.len().max(1) as f64
                    + 0.02 * proportion;
                if !some.is_empty() && misfit < best.0 {
                    best = (misfit, shape);
                }
            }
        }
        let shape = best.1;
        let mut ratios: Vec<f64> = some
            .iter()
            .filter(|one| one.expected > 0.0)
            .map(|one| mean_absolute(one.shaped(shape).into_iter().map(|(_, e)| e)) / one.expected)
            .filter(|ratio| *ratio > 0.0)
            .collect();
        // Before any series is seen, errors are what was expected: one more that says so.
        ratios.push(1.0);
        ratios.sort_by(f64::total_cmp);
        let usual = middle(&ratios);
        let trials = some.iter().map(|one| one.trials()).sum::<usize>() as f64;
        let mut spread = Self { shape, usual, pool: Vec::new(), trials };
        let every = some.iter().map(|one| one.all.len()).sum::<usize>().div_ceil(MOST).max(1);
        let relative = some.iter().flat_map(|one| spread.relative(one));
        let mut pool: Vec<f64> = relative.step_by(every).collect();
        pool.sort_by(f64::total_cmp);
        spread.pool = pool;
        spread
    }

    /// What errors of a series are like, knowing those of some trials, and drawn towards what is
    /// usual for the set.
    fn unit(&self, misses: &Misses, shaped: &[(usize, f64)], without: Option<usize>) -> f64 {
        let known = || shaped.iter().filter(|(trial, _)| Some(*trial) != without);
        let mut trials: Vec<usize> = known().map(|(trial, _)| *trial).collect();
        trials.dedup();
        let prior = self.usual * misses.expected;
        let (trials, drawn) = (trials.len() as f64, if prior > 0.0 { PRIOR_TRIALS } else { 0.0 });
        if trials + drawn == 0.0 {
            return 0.0;
        }
        let own = mean_absolute(known().map(|(_, error)| *error));
        (trials * own + drawn * prior) / (trials + drawn)
    }

    fn relative(&self, misses: &Misses) -> Vec<f64> {
        let shaped = misses.shaped(self.shape);
        let count = shaped.iter().map(|(trial, _)| trial + 1).max().unwrap_or(0);
        let units: Vec<f64> =
            (0..count).map(|trial| self.unit(misses, &shaped, Some(trial))).collect();
        shaped
            .iter()
            .map(|(trial, error)| error.abs() / units[*trial])
            .filter(|ratio| ratio.is_finite())
            .collect()
    }

    /// How much wider intervals are because a single trial tells nothing of how trials differ. Several
    /// do, as each is measured by the others.
    fn caution(&self) -> f64 {
        (1.0 + self.trials.max(1.0).powi(-2)).sqrt()
    }

    /// What is kept for all series of the set, those that nothing was tried on among them.
    pub(crate) fn widths(&self, levels: &[f64]) -> SetWidths {
        let known = self.trials / (self.trials + KNOWN);
        let times = |level: &f64| {
            let supposed = laplace(level / 100.0);
            match quantile(&self.pool, level / 100.0) {
                Some(seen) => known * seen + (1.0 - known) * supposed,
                None => supposed,
            }
        };
        let times = |level: &f64| self.caution() * times(level);
        SetWidths {
            shape: self.shape,
            usual: self.usual,
            times: levels.iter().map(times).collect(),
        }
    }

    /// What is kept of one series. `None` if nothing was tried on it.
    pub(crate) fn own_widths(&self, misses: &Misses, levels: &[f64]) -> Option<OwnWidths> {
        if misses.all.is_empty() {
            return None;
        }
        let shaped = misses.shaped(self.shape);
        let unit = self.unit(misses, &shaped, None);
        let mut own = self.relative(misses);
        own.sort_by(f64::total_cmp);
        let trials = misses.trials() as f64;
        let share = trials / (trials + OWN);
        let all = self.widths(levels).times;
        let half = |(level, all): (&f64, f64)| {
            let times = match quantile(&own, level / 100.0) {
                Some(own) => share * self.caution() * own + (1.0 - share) * all,
                None => all,
            };
            unit * times
        };
        let halves = levels.iter().zip(all).map(half).collect();
        Some(OwnWidths { size: misses.size, halves })
    }
}

pub(crate) fn mean_absolute(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value.abs();
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

/// The value in the middle of sorted ones, of two the mean.
fn middle(sorted: &[f64]) -> f64 {
    let count = sorted.len();
    let at = |place: usize| sorted.get(place).copied().unwrap_or(1.0);
    (at(count / 2) + at(count.saturating_sub(1) / 2)) / 2.0
}

/// What a share of absolute errors does not exceed where they are Laplace's, in units of their mean.
fn laplace(share: f64) -> f64 {
    -(1.0 - share).ln()
}

/// The value that a share of sorted ones does not exceed, of one more than there are: the next one
/// may be larger than all, as much as Laplace's distribution has it.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * (sorted.len() + 1) as f64 - 1.0;
    if place > last as f64 {
        let seen = sorted.len() as f64 / (sorted.len() + 1) as f64;
        let mean = mean_absolute(sorted.iter().copied());
        return Some(sorted[last] + mean * (laplace(share) - laplace(seen)));
    }
    let below = (place.floor().max(0.0) as usize).min(last);
    let above = (below + 1).min(last);
    let part = (place - below as f64).clamp(0.0, 1.0);
    Some(sorted[below] + part * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(spread: &Spread, one: &Misses, ahead: &[f64], levels: &[f64]) -> Vec<Vec<f64>> {
        let own = spread.own_widths(one, levels);
        spread.widths(levels).around(ahead, own.as_ref(), one.expected)
    }

    fn misses(trials: usize, error: impl Fn(usize, usize) -> f64) -> Misses {
        let all = (0..trials)
            .flat_map(|trial| (1..=10).map(move |step| (trial, step)))
            .map(|(trial, step)| Miss { trial, step, forecast: 50.0, error: error(trial, step) })
            .collect();
        Misses::new(all, 2.0, true)
    }

    #[test]
    fn as_wide_as_errors_were() {
        let one = misses(12, |trial, step| ((trial * 31 + step * 17) % 21) as f64 - 10.0);
        let spread = Spread::of(std::slice::from_ref(&one));
        let widths = around(&spread, &one, &[50.0; 3], &[80.0, 95.0]);
        assert!((7.0..=9.5).contains(&widths[0][0]), "{widths:?}");
        assert!((9.0..=12.0).contains(&widths[1][0]), "{widths:?}");
    }

    #[test]
    fn errors_grow_with_the_steps() {
        let sign = |trial: usize| if trial.is_multiple_of(2) { 1.0 } else { -1.0 };
        let one = misses(8, |trial, step| sign(trial) * (step as f64).sqrt());
        let widths = around(&Spread::of(std::slice::from_ref(&one)), &one, &[50.0; 9], &[95.0]);
        assert!((widths[0][8] / widths[0][0] - 3.0).abs() < 0.2, "{widths:?}");
    }

    #[test]
    fn no_trial_at_all() {
        let none = Misses::new(Vec::new(), 4.0, true);
        let widths = around(&Spread::of(std::slice::from_ref(&none)), &none, &[5.0; 2], &[95.0]);
        assert!(widths[0][0] > 4.0 && widths[0][1] > widths[0][0]);
        let nothing = Misses::new(Vec::new(), 0.0, true);
        assert_eq!(around(&Spread::of(&[]), &nothing, &[5.0], &[95.0]), [[0.0]]);
    }

    #[test]
    fn quantiles() {
        let sorted: Vec<f64> = (1..=19).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.95), Some(19.0));
        assert_eq!(quantile(&sorted, 0.5), Some(10.0));
        assert_eq!(quantile(&[], 0.5), None);
        // Beyond what was seen, as errors of Laplace's would go on.
        let beyond = quantile(&sorted, 0.99).unwrap_or_default();
        assert!((beyond - (19.0 + 10.0 * 5.0_f64.ln())).abs() < 1e-9, "{beyond}");
    }
}
