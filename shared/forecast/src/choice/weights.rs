//! Weights of models by how they did in trials.
//!
//! Two ways are averaged. One weighs each model by how well it did alone. The other finds the
//! weighted mean that would have done best, by exponentiated gradients (Kivinen and Warmuth:
//! Exponentiated gradient versus gradient descent for linear predictors, 1997), first over all series
//! of a set, then for each series starting from there: the fewer trials a series has, the closer its
//! weights stay to those of all.

use super::errors::Errors;
use crate::models::Model;

/// The power of the loss by which weights fall.
const POWER: f64 = 2.0;
/// How much worse than the best a model may be.
const CUT: f64 = 1.5;
/// How much more than the seasonal naive model's a loss may be: what few trials cannot tell apart.
const MARGIN: f64 = 1.1;
/// As many points of a series' own losses weigh as much as the losses of all.
const SHRINK: f64 = 10.0;
/// Steps of the descent, the first of them, and how strongly weights are drawn back.
const ROUNDS: usize = 60;
const RATE: f64 = 1.0;
const PULL: f64 = 1.0;

/// What the trials of all series of a set say.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    /// Of each model, the mean of its loss relative to a good one of the series.
    losses: Vec<f64>,
    weights: Vec<f64>,
}

impl Panel {
    pub(crate) fn of(all: &[Errors]) -> Self {
        let losses = mean_losses(&all.iter().map(Errors::losses).collect::<Vec<_>>());
        let prior = inverse(&losses);
        let used: Vec<&Errors> = all.iter().filter(|errors| !errors.is_empty()).collect();
        let points: usize = used.iter().map(|errors| errors.points.len()).sum();
        let weights = if points == 0 { prior } else { descend(&used, &prior, points) };
        Self { losses, weights }
    }

    /// Weights for a series with such errors. A model that loses to the seasonal naive one
    /// by more than chance has none.
    /// Empty if no model took part in all trials.
    pub(crate) fn weigh(&self, errors: &Errors) -> Vec<f64> {
        let own = errors.losses();
        let points = errors.points.len() as f64;
        let ratios = own.iter().zip(&self.losses).map(|(own, all)| own / all);
        let base = ratios.filter(|ratio| ratio.is_finite()).fold(f64::INFINITY, f64::min);
        let limit = MARGIN * own[Model::SeasonalNaive as usize];
        let losses: Vec<f64> = own
            .iter()
            .zip(&self.losses)
            .map(|(own, all)| {
                let drawn = if base.is_finite() && all.is_finite() {
                    (points * own + SHRINK * base * all) / (points + SHRINK)
                } else {
                    *own
                };
                if *own <= limit { drawn } else { f64::INFINITY }
            })
            .collect();
        let mut weights = inverse(&losses);
        let mut start: Vec<f64> = self
            .weights
            .iter()
            .zip(&losses)
            .map(|(weight, loss)| if loss.is_finite() { *weight } else { 0.0 })
            .collect();
        if normalise(&mut start) {
            for (weight, found) in
                weights.iter_mut().zip(descend(&[errors], &start, errors.points.len()))
            {
                *weight += found;
            }
        }
        if normalise(&mut weights) { weights } else { Vec::new() }
    }

    /// The weights that did best over all series.
    pub(crate) fn weights(&self) -> &[f64] {
        &self.weights
    }
}

/// Weights for a series without trials from those of all series, among the models that have something
/// to say.
pub(crate) fn blind(all: &[f64], has: impl Fn(usize) -> bool) -> Vec<f64> {
    let mut weights: Vec<f64> = all
        .iter()
        .enumerate()
        .map(|(model, weight)| if has(model) { *weight } else { 0.0 })
        .collect();
    if normalise(&mut weights) {
        return weights;
    }
    // Without any trial: what is hardest to be wrong with.
    let safe = [Model::EtsSeason, Model::BentThetaSeason, Model::SeasonalNaive, Model::Naive];
    for model in safe.map(|model| model as usize) {
        weights[model] = if has(model) { 1.0 } else { 0.0 };
    }
    normalise(&mut weights);
    weights
}

fn normalise(weights: &mut [f64]) -> bool {
    let sum: f64 = weights.iter().sum();
    let usable = sum > 0.0 && sum.is_finite();
    if usable {
        for weight in weights {
            *weight /= sum;
        }
    }
    usable
}

/// Weights that fall with the loss.
fn inverse(losses: &[f64]) -> Vec<f64> {
    /// A loss of nothing would take all the weight.
    const LEAST: f64 = 1e-12;
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min).max(LEAST);
    let mut weights: Vec<f64> = losses
        .iter()
        .map(|loss| {
            let near = loss.is_finite() && *loss <= best * CUT;
            if near { (best / loss.max(LEAST)).powf(POWER) } else { 0.0 }
        })
        .collect();
    normalise(&mut weights);
    weights
}

/// Of each model, the mean of its loss relative to that of the series' best third. Models that less
/// than half of the series can use have none.
fn mean_losses(losses: &[Vec<f64>]) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_usize); Model::ALL.len()];
    let mut used = 0;
    for series in losses {
        let mut sorted: Vec<f64> = series.iter().copied().filter(|loss| loss.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let Some(unit) = sorted.get(sorted.len() / 3).filter(|unit| **unit > 0.0) else { continue };
        used += 1;
        for (sum, loss) in sums.iter_mut().zip(series) {
            if loss.is_finite() {
                *sum = (sum.0 + loss / unit, sum.1 + 1);
            }
        }
    }
    sums.iter()
        .map(|(sum, count)| if 2 * count > used { sum / *count as f64 } else { f64::INFINITY })
        .collect()
}

fn descend(all: &[&Errors], start: &[f64], points: usize) -> Vec<f64> {
    let pull = PULL / (points.max(1) as f64).sqrt();
    let mut weights = start.to_vec();
    let mut mean = vec![0.0; start.len()];
    let mut unit = 1.0;
    for round in 0..ROUNDS {
        let mut slopes = vec![0.0; start.len()];
        let mut loss = 0.0;
        for errors in all {
            loss += errors.gradient(&weights, &mut slopes);
        }
        if round == 0 {
            unit = loss.max(1e-12);
        }
        let rate = RATE / ((round + 1) as f64).sqrt();
        for ((weight, slope), start) in weights.iter_mut().zip(&slopes).zip(start) {
            if *start > 0.0 && *weight > 0.0 {
                let step = (-rate * slope / unit).clamp(-3.0, 3.0);
                // Drawn back to where it began.
                let back = pull * rate * (start.ln() - weight.ln());
                *weight = (weight.ln() + step + back).exp();
            }
        }
        if !normalise(&mut weights) {
            return start.to_vec();
        }
        // The second half of the way is averaged: its steps go around the best.
        if 2 * round >= ROUNDS {
            for (sum, weight) in mean.iter_mut().zip(&weights) {
                *sum += weight;
            }
        }
    }
    normalise(&mut mean);
    mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::errors::Trial;

    /// Two trials in which two models err by 1 in opposite directions, seasonal naive by 2, and all
    /// others by 5.
    fn errors() -> Errors {
        let trial = |sign: f64| Trial {
            actual: vec![10.0; 8],
            found: Model::ALL
                .iter()
                .map(|model| {
                    Some(match model {
                        Model::Theta => vec![10.0 + sign; 8],
                        Model::Ets => vec![10.0 - sign; 8],
                        Model::SeasonalNaive => vec![12.0; 8],
                        Model::Ar => return None,
                        _ => vec![15.0; 8],
                    })
                })
                .collect(),
            scale: 1.0,
        };
        Errors::of(&[trial(1.0), trial(-1.0)])
    }

    #[test]
    fn what_errs_in_opposite_directions_is_averaged() {
        let errors = errors();
        let weights = Panel::of(std::slice::from_ref(&errors)).weigh(&errors);
        let (a, b) = (weights[Model::Theta as usize], weights[Model::Ets as usize]);
        assert!((a - b).abs() < 1e-6 && a + b > 0.8, "{weights:?}");
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(weights[Model::Ar as usize], 0.0);
        assert_eq!(weights[Model::Naive as usize], 0.0);
    }

    #[test]
    fn without_trials() {
        let none = Errors::of(&[]);
        let panel = Panel::of(std::slice::from_ref(&none));
        assert!(panel.weigh(&none).is_empty());
        let weights = blind(panel.weights(), |model| model == Model::Naive as usize);
        assert_eq!(weights[Model::Naive as usize], 1.0);
        assert!(blind(panel.weights(), |_| false).iter().all(|weight| *weight == 0.0));
    }
}
