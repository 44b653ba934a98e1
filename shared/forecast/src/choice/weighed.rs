//! Weights of one series, and how such weights did in trials that they knew nothing of.

use super::errors::Errors;
use super::weights::{Panel, blind};
use crate::intervals::Miss;
use crate::models::Model;

pub(super) struct Weighed {
    /// By model; empty if nothing could be tried.
    pub(super) weights: Vec<f64>,
    /// Of the weighted mean, point by point; empty like the weights.
    pub(super) errors: Vec<f64>,
    /// Of the seasonal naive model.
    pub(super) naive: Vec<f64>,
    /// Whether the seasonal naive model did better and stands for the mean.
    pub(super) lost: bool,
}

impl Weighed {
    pub(super) fn of(errors: &Errors, panel: &Panel) -> Self {
        let weights = panel.weigh(errors);
        if weights.is_empty() {
            return Self { weights, errors: Vec::new(), naive: Vec::new(), lost: false };
        }
        let mut out = vec![0.0; errors.points.len()];
        for trial in 0..errors.trials {
            let rest = errors.without(trial);
            let blind = if rest.is_empty() {
                blind(panel.weights(), |model| errors.has(model))
            } else {
                panel.weigh(&rest)
            };
            let all = errors.combined(if blind.is_empty() { &weights } else { &blind });
            for ((out, error), point) in out.iter_mut().zip(all).zip(&errors.points) {
                if point.trial == trial {
                    *out = error;
                }
            }
        }
        let mut only = vec![0.0; weights.len()];
        only[Model::SeasonalNaive as usize] = 1.0;
        let naive = errors.combined(&only);
        if errors.has(Model::SeasonalNaive as usize) && clearly_loses(errors, &out, &naive) {
            return Self { weights: only, errors: naive.clone(), naive, lost: true };
        }
        Self { weights, errors: out, naive, lost: false }
    }

    pub(super) fn misses(&self, errors: &Errors) -> Vec<Miss> {
        errors
            .points
            .iter()
            .zip(&self.errors)
            .map(|(point, error)| Miss {
                trial: point.trial,
                step: point.step,
                forecast: point.actual + error,
                error: *error,
            })
            .collect()
    }
}

/// Whether the mean did worse than the seasonal naive model by more than two standard errors over
/// trials. Each model that did clearly worse is left out before; their mean is judged on trials that
/// its weights do not know, too few of which say nothing.
fn clearly_loses(errors: &Errors, own: &[f64], naive: &[f64]) -> bool {
    const ENOUGH: usize = 5;
    let mut by_trial = vec![(0.0, 0.0); errors.trials];
    for ((point, own), naive) in errors.points.iter().zip(own).zip(naive) {
        let (sum, count) = &mut by_trial[point.trial];
        *sum += point.weight * (own.abs() - naive.abs());
        *count += 1.0;
    }
    let worse: Vec<f64> =
        by_trial.iter().filter(|(_, count)| *count > 0.0).map(|(sum, count)| sum / count).collect();
    if worse.len() < ENOUGH {
        return false;
    }
    let count = worse.len() as f64;
    let mean = worse.iter().sum::<f64>() / count;
    let variance = worse.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean > 2.0 * (variance / count).sqrt()
}
