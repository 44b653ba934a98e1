//! Weights of models, by how well their weighted mean would have done.
//!
//! The weighted mean of all models that minimises the scaled absolute error over all trials, found by
//! exponentiated gradients (Kivinen and Warmuth: Exponentiated gradient versus gradient descent for
//! linear predictors, 1997), first over all series, then for each series starting from there: the
//! fewer trials a series has, the closer its weights stay to those of all.

use super::trials::Trial;

pub(crate) struct Weighing {
    pub(crate) pull: f64,
    pub(crate) rounds: usize,
    pub(crate) rate: f64,
}

/// Scaled errors of all models in all trials of one series.
pub(crate) struct Errors {
    models: usize,
    /// Point by point, model by model.
    errors: Vec<f64>,
    pub(crate) missing: Vec<bool>,
}

impl Errors {
    pub(crate) fn points(&self) -> usize {
        self.errors.len() / self.models
    }

    pub(crate) fn losses(&self) -> Vec<f64> {
        let mut losses = vec![0.0; self.models];
        for row in self.errors.chunks_exact(self.models) {
            for (loss, error) in losses.iter_mut().zip(row) {
                *loss += error.abs();
            }
        }
        let points = self.points().max(1) as f64;
        for (loss, missing) in losses.iter_mut().zip(&self.missing) {
            *loss = if *missing { f64::INFINITY } else { *loss / points };
        }
        losses
    }
}

pub(crate) fn errors_of(trials: &[Trial], models: usize) -> Errors {
    let mut missing = vec![false; models];
    for trial in trials {
        for (missing, found) in missing.iter_mut().zip(&trial.found) {
            *missing |= found.is_none();
        }
    }
    if trials.is_empty() {
        missing = vec![true; models];
    }
    let mut errors = Vec::new();
    let mut size = 0.0;
    let mut count = 0.0;
    for trial in trials {
        for actual in trial.actual.iter().filter(|v| v.is_finite()) {
            size += actual.abs();
            count += 1.0;
        }
    }
    let size = if size > 0.0 { size / count } else { 1.0 };
    for trial in trials {
        for (step, actual) in trial.actual.iter().enumerate() {
            if !actual.is_finite() {
                continue;
            }
            // Half MASE, half a percentage error: what OWA weighs.
            let unit = 0.5 / trial.scale + 5.0 / size.max(1e-9 + actual.abs() * 0.5);
            let start = errors.len();
            let (mut sum, mut seen) = (0.0, 0);
            for found in &trial.found {
                let error = found.as_ref().map_or(f64::NAN, |ahead| ((ahead[step] - actual) * unit).clamp(-1e6, 1e6));
                if !error.is_nan() {
                    sum += error;
                    seen += 1;
                }
                errors.push(error);
            }
            let mean = sum / f64::from(seen.max(1));
            for error in &mut errors[start..] {
                if error.is_nan() {
                    *error = mean;
                }
            }
        }
    }
    Errors { models, errors, missing }
}

fn normalise(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        for weight in weights {
            *weight /= sum;
        }
    }
}

/// Adds the gradient of the mean absolute error of one series; returns that error.
fn gradient(errors: &Errors, weights: &[f64], smooth: f64, into: &mut [f64]) -> f64 {
    let points = errors.points().max(1) as f64;
    let mut loss = 0.0;
    for row in errors.errors.chunks_exact(errors.models) {
        let error: f64 = row.iter().zip(weights).map(|(e, w)| e * w).sum();
        loss += error.abs();
        let slope = (error / smooth).clamp(-1.0, 1.0) / points;
        for (sum, e) in into.iter_mut().zip(row) {
            *sum += slope * e;
        }
    }
    loss / points
}

fn descend(all: &[&Errors], start: &[f64], pull: f64, weighing: &Weighing) -> Vec<f64> {
    let mut weights = start.to_vec();
    let mut mean = vec![0.0; start.len()];
    let mut first_loss = 0.0;
    for round in 0..weighing.rounds {
        let mut slopes = vec![0.0; start.len()];
        let mut loss = 0.0;
        for errors in all {
            loss += gradient(errors, &weights, 1e-3, &mut slopes);
        }
        if round == 0 {
            first_loss = loss.max(1e-12);
        }
        let rate = weighing.rate / ((round + 1) as f64).sqrt();
        let step: Vec<f64> = slopes.iter().map(|s| (-rate * s / first_loss).clamp(-3.0, 3.0)).collect();
        for ((weight, step), start) in weights.iter_mut().zip(&step).zip(start) {
            if *start > 0.0 && *weight > 0.0 {
                // The pull back is towards where it began.
                let logarithm = weight.ln() + step + pull * rate * (start.ln() - weight.ln());
                *weight = logarithm.exp();
            }
        }
        normalise(&mut weights);
        if round * 2 >= weighing.rounds {
            for (sum, weight) in mean.iter_mut().zip(&weights) {
                *sum += weight;
            }
        }
    }
    normalise(&mut mean);
    mean
}

pub(crate) fn panel_weights(all: &[Errors], prior: &[f64], weighing: &Weighing) -> Vec<f64> {
    let used: Vec<&Errors> = all.iter().filter(|e| e.points() > 0).collect();
    if used.is_empty() {
        return prior.to_vec();
    }
    let pull = weighing.pull / (used.iter().map(|e| e.points() as f64).sum::<f64>()).sqrt();
    descend(&used, prior, pull, weighing)
}

pub(crate) fn own_weights(errors: &Errors, panel: &[f64], weighing: &Weighing) -> Vec<f64> {
    if errors.points() == 0 {
        return panel.to_vec();
    }
    let mut start: Vec<f64> = panel.to_vec();
    for (weight, missing) in start.iter_mut().zip(&errors.missing) {
        if *missing {
            *weight = 0.0;
        }
    }
    if start.iter().sum::<f64>() <= 0.0 {
        return panel.to_vec();
    }
    normalise(&mut start);
    let pull = weighing.pull / (errors.points() as f64).sqrt();
    descend(&[errors], &start, pull, weighing)
}

/// The weighted mean, or median, of what the models say.
pub(crate) fn combine(found: &[Option<Vec<f64>>], weights: &[f64], median: bool) -> Option<Vec<f64>> {
    let used: Vec<(&Vec<f64>, f64)> = found.iter().zip(weights).filter(|(_, w)| **w > 0.0).filter_map(|(f, w)| Some((f.as_ref()?, *w))).collect();
    let total: f64 = used.iter().map(|(_, w)| w).sum();
    let horizon = used.first()?.0.len();
    Some((0..horizon).map(|step| {
        if median {
            let mut at: Vec<(f64, f64)> = used.iter().map(|(f, w)| (f[step], *w)).collect();
            at.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut sum = 0.0;
            for (value, weight) in &at { sum += weight; if sum >= total / 2.0 { return *value; } }
            at[at.len() - 1].0
        } else {
            used.iter().map(|(f, w)| f[step] * w).sum::<f64>() / total
        }
    }).collect())
}

/// Weights that fall with a power of the loss; none for what is worse than `cut` times the best.
pub(crate) fn inverse(losses: &[f64], power: f64, cut: f64) -> Vec<f64> {
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let mut weights: Vec<f64> = losses.iter().map(|l| if *l <= best * cut && l.is_finite() { (best.max(1e-12) / l.max(1e-12)).powf(power) } else { 0.0 }).collect();
    normalise(&mut weights);
    weights
}

/// Of each model, the mean of its loss relative to the series' best third or so.
pub(crate) fn mean_losses(losses: &[Vec<f64>]) -> Vec<f64> {
    let models = losses.first().map_or(0, Vec::len);
    (0..models).map(|model| {
        let (mut sum, mut count) = (0.0, 0.0);
        for series in losses {
            let mut sorted: Vec<f64> = series.iter().copied().filter(|l| l.is_finite()).collect();
            sorted.sort_by(f64::total_cmp);
            let Some(unit) = sorted.get(sorted.len() / 3) else { continue };
            if series[model].is_finite() && *unit > 0.0 {
                sum += series[model] / unit;
                count += 1.0;
            }
        }
        if count > 0.5 * losses.len() as f64 { sum / count } else { f64::INFINITY }
    }).collect()
}
