//! Errors of all models in all trials of one series.

use crate::models::{Candidates, Model};

/// One origin in the past: what came, and what every model would have said.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    pub(crate) actual: Vec<f64>,
    pub(crate) found: Candidates,
    /// What MASE divides by there.
    pub(crate) scale: f64,
}

/// What there is to know of one value that a trial forecast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) trial: usize,
    /// Steps ahead, from 1.
    pub(crate) step: usize,
    pub(crate) actual: f64,
    /// What an error of 1 weighs: half as MASE has it, half in proportion to the value.
    pub(crate) weight: f64,
}

const MODELS: usize = Model::ALL.len();

/// Errors, point by point and model by model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors {
    pub(crate) points: Vec<Point>,
    errors: Vec<f64>,
    pub(crate) trials: usize,
    /// Models that had nothing to say in some trial; their errors are those of the others.
    missing: Vec<bool>,
}

impl Errors {
    pub(crate) fn of(trials: &[Trial]) -> Self {
        let mut missing = vec![trials.is_empty(); MODELS];
        for trial in trials {
            for (missing, found) in missing.iter_mut().zip(&trial.found) {
                *missing |= found.is_none();
            }
        }
        let known =
            || trials.iter().flat_map(|trial| &trial.actual).filter(|value| value.is_finite());
        let count = known().count().max(1) as f64;
        let size = known().map(|value| value.abs()).sum::<f64>() / count;
        let size = if size > 0.0 { size } else { 1.0 };
        let (mut points, mut errors) = (Vec::new(), Vec::new());
        for (number, trial) in trials.iter().enumerate() {
            for (step, actual) in trial.actual.iter().copied().enumerate() {
                if !actual.is_finite() {
                    continue;
                }
                // A percentage error is that of the value, but of one near zero not without end.
                let weight = 0.5 / trial.scale + 5.0 / size.max(actual.abs() / 2.0);
                points.push(Point { trial: number, step: step + 1, actual, weight });
                let said = |found: &Option<Vec<f64>>| Some(found.as_ref()?.get(step)? - actual);
                let (mut sum, mut seen) = (0.0, 0_u32);
                for error in trial.found.iter().filter_map(said) {
                    sum += error;
                    seen += 1;
                }
                let mean = sum / f64::from(seen.max(1));
                errors.extend(trial.found.iter().map(|found| said(found).unwrap_or(mean)));
            }
        }
        Self { points, errors, trials: trials.len(), missing }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Whether a model took part in every trial.
    pub(crate) fn has(&self, model: usize) -> bool {
        !self.missing.get(model).copied().unwrap_or(true)
    }

    /// Each point's weight and its errors by model.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Point, &[f64])> {
        self.points.iter().zip(self.errors.chunks_exact(MODELS))
    }

    /// Without the trials that overlap with one: what weights may know that are tried on it.
    pub(crate) fn without(&self, trial: usize) -> Self {
        let mut rest = Self { trials: 0, missing: self.missing.clone(), ..Self::default() };
        for (point, errors) in self.rows() {
            if point.trial.abs_diff(trial) > 1 {
                rest.points.push(*point);
                rest.errors.extend_from_slice(errors);
            }
        }
        rest
    }

    /// The weighted mean absolute error of every model; infinite for those that are missing.
    pub(crate) fn losses(&self) -> Vec<f64> {
        let mut losses = vec![0.0; MODELS];
        for (point, errors) in self.rows() {
            for (loss, error) in losses.iter_mut().zip(errors) {
                *loss += point.weight * error.abs();
            }
        }
        let count = self.points.len().max(1) as f64;
        for (model, loss) in losses.iter_mut().enumerate() {
            *loss = if self.has(model) { *loss / count } else { f64::INFINITY };
        }
        losses
    }

    /// Errors of a weighted mean of models. The weights sum up to 1.
    pub(crate) fn combined(&self, weights: &[f64]) -> Vec<f64> {
        self.errors
            .chunks_exact(MODELS)
            .map(|errors| errors.iter().zip(weights).map(|(error, weight)| error * weight).sum())
            .collect()
    }

    /// Adds the gradient of the loss of a weighted mean, and returns the loss.
    pub(crate) fn gradient(&self, weights: &[f64], into: &mut [f64]) -> f64 {
        /// Errors below are as good as none, so that the gradient has no jump.
        const NEAR: f64 = 1e-3;
        let count = self.points.len().max(1) as f64;
        let mut loss = 0.0;
        for (point, row) in self.rows() {
            let error: f64 = row.iter().zip(weights).map(|(error, weight)| error * weight).sum();
            let weighted = error * point.weight;
            loss += weighted.abs();
            let slope = (weighted / NEAR).clamp(-1.0, 1.0) * point.weight / count;
            for (sum, error) in into.iter_mut().zip(row) {
                *sum += slope * error;
            }
        }
        loss / count
    }
}
