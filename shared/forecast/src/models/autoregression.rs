//! Linear autoregression with seasonal lags on values relative to their recent mean: the level may
//! wander, the dynamics stay. Estimated by ridge regression; coefficients of one series are drawn
//! towards those of all series of a set (a global model: Montero-Manso and Hyndman: Principles and
//! algorithms for forecasting groups of time series, 2021).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::linear::Normal;
use crate::power::Power;

/// The newest values that coefficients are fitted on.
const FITTED: usize = 3_000;
/// The newest values of each series that coefficients of all are fitted on.
const POOLED: usize = 2_000;
/// Ridge penalties as a share of the mean diagonal: of one series alone, of all series, of one drawn
/// towards all.
const ALONE: f64 = 0.02;
const TOGETHER: f64 = 1e-4;
const DRAWN: f64 = 0.2;
/// Values that there have to be beyond the longest lag.
const BEYOND: usize = 8;

/// Which lags, and over how many values the mean is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Lags {
    lags: Vec<usize>,
    window: usize,
}

impl Lags {
    /// For seasons (rounded, ascending) and the shortest history they are used on.
    fn new(seasons: &[usize], length: usize) -> Option<Self> {
        let seasons: Vec<usize> =
            seasons.iter().copied().filter(|s| *s >= 2 && 2 * s + 8 <= length).collect();
        let near = match seasons.first() {
            Some(season) => (season + 1).min(10),
            None => 6,
        };
        let near = near.min(length / 8);
        if near == 0 {
            return None;
        }
        let mut lags: Vec<usize> = (1..=near).collect();
        for season in &seasons {
            for lag in [season - 1, *season, season + 1] {
                lags.push(lag);
            }
            for times in 2..=4 {
                if (times + 1) * season + 8 <= length {
                    lags.push(times * season);
                }
            }
        }
        lags.sort_unstable();
        lags.dedup();
        lags.retain(|lag| *lag > 0);
        let window = seasons.first().copied().unwrap_or(near).max(4);
        Some(Self { lags, window })
    }

    fn reach(&self) -> usize {
        self.lags.last().copied().unwrap_or(1).max(self.window)
    }

    fn size(&self) -> usize {
        self.lags.len() + 1
    }

    fn features(&self, values: &[f64], mean: f64, scale: f64, into: &mut Vec<f64>) {
        let n = values.len();
        into.clear();
        into.extend(self.lags.iter().map(|lag| (values[n - lag] - mean) / scale));
        into.push(1.0);
    }

    fn mean(&self, values: &[f64]) -> f64 {
        values[values.len() - self.window..].iter().sum::<f64>() / self.window as f64
    }

    /// The sums over all values that have all lags, or the newest `most` of them, in units of `scale`.
    fn sums(&self, values: &[f64], scale: f64, most: usize) -> Normal {
        let mut system = Normal::new(self.size());
        let mut features = Vec::with_capacity(self.size());
        let from = self.reach().max(values.len().saturating_sub(most));
        for t in from..values.len() {
            let before = &values[..t];
            let mean = self.mean(before);
            self.features(before, mean, scale, &mut features);
            let target = (values[t] - mean) / scale;
            // One wild value does not decide.
            let weight = 1.0 / (1.0 + (target.abs() / 6.0).powi(2));
            system.add(&features, target, weight);
        }
        system
    }

    /// The values ahead by the coefficients, one step after the other.
    fn ahead(&self, values: &[f64], coefficients: &[f64], scale: f64, horizon: usize) -> Vec<f64> {
        let mut path = values[values.len().saturating_sub(self.reach() + 1)..].to_vec();
        let known = path.len();
        let mut features = Vec::with_capacity(self.size());
        for _ in 0..horizon {
            let mean = self.mean(&path);
            self.features(&path, mean, scale, &mut features);
            let next: f64 = features.iter().zip(coefficients).map(|(f, c)| f * c).sum();
            path.push(mean + next * scale);
        }
        path.split_off(known)
    }

    /// Ridge with the penalty as a share of the mean diagonal.
    fn solve(&self, system: &Normal, penalty: f64, towards: &[f64]) -> Option<Vec<f64>> {
        let lags = self.lags.len();
        let mean = (0..lags).map(|row| system.diagonal(row)).sum::<f64>() / lags as f64;
        let mut penalties = vec![penalty * mean.max(1e-9); lags];
        penalties.push(penalty * system.diagonal(lags).max(1e-9));
        system.solve(&penalties, towards)
    }
}

/// A model of the series alone.
pub(super) fn alone(values: &[f64], seasons: &[usize], horizon: usize) -> Option<Vec<f64>> {
    let lags = Lags::new(seasons, values.len() / 2)?;
    if values.len() < lags.reach() + BEYOND {
        return None;
    }
    let scale = scale_of(values, seasons.first().copied().unwrap_or(1));
    let system = lags.sums(values, scale, FITTED);
    let coefficients = lags.solve(&system, ALONE, &vec![0.0; lags.size()])?;
    Some(lags.ahead(values, &coefficients, scale, horizon))
}

/// Coefficients from all series of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pooled {
    lags: Lags,
    coefficients: Vec<f64>,
}

impl Pooled {
    /// From series without gaps, on their logarithms or roots where they allow them.
    pub(crate) fn fit(all: &[&[f64]], seasons: &[f64]) -> Option<Self> {
        let mut lengths: Vec<usize> = all.iter().map(|values| values.len()).collect();
        lengths.sort_unstable();
        let whole: Vec<usize> = seasons.iter().map(|season| season.round() as usize).collect();
        // Nine in ten series have all the lags.
        let lags = Lags::new(&whole, lengths.get(lengths.len() / 10)? / 2)?;
        let systems: Vec<Normal> = all
            .par_iter()
            .filter(|values| values.len() >= lags.reach() + BEYOND)
            .map(|values| match Power::of(values) {
                Some(power) => {
                    let bent: Vec<f64> = values.iter().map(|value| power.there(*value)).collect();
                    lags.sums(&bent, scale_of(&bent, 1), POOLED)
                }
                None => lags.sums(values, scale_of(values, 1), POOLED),
            })
            .collect();
        let mut sum = Normal::new(lags.size());
        // One after the other: the order of additions does not depend on threads.
        for system in &systems {
            sum.add_system(system, 1.0);
        }
        let coefficients = lags.solve(&sum, TOGETHER, &vec![0.0; lags.size()])?;
        Some(Self { lags, coefficients })
    }

    /// Whether what was read from elsewhere can be used: lags in order, none further than any series
    /// is long, and a coefficient for each of them and for the constant.
    pub(crate) fn is_sound(&self) -> bool {
        /// More lags than seasons suggest, and further ones.
        const MOST: usize = 1_000;
        const FAR: usize = 1_000_000_000;
        let Lags { lags, window } = &self.lags;
        let near = |lag: &usize| (1..=FAR).contains(lag);
        lags.len() <= MOST
            && lags.is_sorted_by(|a, b| a < b)
            && lags.iter().chain([window]).all(near)
            && self.coefficients.len() == self.lags.size()
    }

    /// By the coefficients of all, and by own ones drawn towards them.
    pub(super) fn ahead(
        &self,
        values: &[f64],
        horizon: usize,
    ) -> (Option<Vec<f64>>, Option<Vec<f64>>) {
        if values.len() < self.lags.reach() + BEYOND {
            return (None, None);
        }
        let scale = scale_of(values, 1);
        let all = self.lags.ahead(values, &self.coefficients, scale, horizon);
        let system = self.lags.sums(values, scale, FITTED);
        let own = self.lags.solve(&system, DRAWN, &self.coefficients);
        (Some(all), own.map(|own| self.lags.ahead(values, &own, scale, horizon)))
    }
}

/// The unit in which values of a series are comparable with others': the mean absolute difference
/// between values one window apart.
fn scale_of(values: &[f64], lag: usize) -> f64 {
    let lag = lag.min(values.len().saturating_sub(1)).max(1);
    let sum: f64 = values.iter().zip(values.iter().skip(lag)).map(|(a, b)| (b - a).abs()).sum();
    let mean = sum / values.len().saturating_sub(lag).max(1) as f64;
    if mean > 0.0 && mean.is_finite() { mean } else { 1.0 }
}
