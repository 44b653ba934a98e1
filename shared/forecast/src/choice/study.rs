//! From series to what is said about what comes next.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::errors::Errors;
use super::prepare::{Input, Prepared, sets};
use super::trials::{Plan, at_origin, pools, trials};
use super::weights::Panel;
use crate::holidays::Effects;
use crate::intervals::{Miss, Misses, Spread};
use crate::metrics::mase_scale;
use crate::models::{Candidates, Model, Pooled, View, candidates};
use crate::{ForecastError, Settings};

/// Time that is left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Option<Instant>);

impl Clock {
    /// Four fifths of the time from now on.
    pub(crate) fn start(deadline: Option<Duration>) -> Self {
        Self(deadline.and_then(|time| Instant::now().checked_add(time.mul_f64(0.8))))
    }

    fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }
}

/// How the weighted mean did in the trials of one series.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tried {
    pub(crate) trials: usize,
    /// Actual value and forecast, the newest trial first.
    pub(crate) pairs: Vec<(f64, f64)>,
    /// Mean absolute errors of the forecast and of the seasonal naive model.
    pub(crate) error: f64,
    pub(crate) naive_error: f64,
    /// Whether the seasonal naive model did better and stands for the mean.
    pub(crate) lost: bool,
}

/// Everything about one series.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What each model says, in the order of [`Model::ALL`].
    pub(crate) found: Candidates,
    pub(crate) weights: Vec<f64>,
    pub(crate) mean: Vec<f64>,
    /// Half widths, level by level.
    pub(crate) widths: Vec<Vec<f64>>,
    pub(crate) floor: bool,
    pub(crate) tried: Tried,
    /// What MASE divides by.
    pub(crate) scale: Option<f64>,
    pub(crate) scoring: usize,
    /// Whether there was no time for trials.
    pub(crate) hurried: bool,
}

/// Answers in the order of the inputs.
pub(crate) fn study(
    inputs: &[Input<'_>],
    settings: &Settings,
    levels: &[f64],
    clock: Clock,
) -> Vec<Result<Answer, ForecastError>> {
    let mut answers: Vec<Result<Answer, ForecastError>> = Vec::with_capacity(inputs.len());
    let mut prepared: Vec<Option<Prepared>> = Vec::with_capacity(inputs.len());
    let unanswered = |input: &Input<'_>| ForecastError::Empty {
        id: input.id.to_owned(),
        rows: input.values.len(),
    };
    for (input, one) in inputs
        .iter()
        .zip(inputs.par_iter().map(|input| Prepared::of(*input, settings)).collect::<Vec<_>>())
    {
        prepared.push(one.as_ref().ok().cloned());
        answers.push(Err(one.err().unwrap_or_else(|| unanswered(input))));
    }
    for set in sets(&prepared, inputs) {
        let members: Vec<(&Prepared, Input<'_>)> = set
            .iter()
            .filter_map(|position| Some((prepared[*position].as_ref()?, inputs[*position])))
            .collect();
        for (position, answer) in set.iter().zip(study_set(&members, settings, levels, clock)) {
            answers[*position] = Ok(answer);
        }
    }
    answers
}

struct Member<'a> {
    one: &'a Prepared,
    input: Input<'a>,
    settings: &'a Settings,
}

impl Member<'_> {
    fn effects(&self, end: usize, horizon: usize) -> Option<Effects> {
        let known = self.one.skipped + end;
        let (input, holidays) = (self.input, &self.settings.holidays);
        Effects::of(input, known, horizon, holidays, self.one.season(), self.one.unit)
    }

    fn ahead(&self, values: &[f64], pooled: Option<&Pooled>) -> Candidates {
        let (one, horizon) = (self.one, self.settings.horizon);
        let mut found =
            candidates(View { values, seasons: &one.seasons, horizon, pooled, floor: one.floor });
        if let Some(effects) = self.effects(one.values.len(), horizon) {
            effects.add(&mut found, one.skipped + one.values.len(), one.floor);
        }
        found
    }
}

fn study_set(
    set: &[(&Prepared, Input<'_>)],
    settings: &Settings,
    levels: &[f64],
    clock: Clock,
) -> Vec<Answer> {
    let plan = Plan::new(settings.horizon, set.len());
    let members: Vec<Member<'_>> =
        set.iter().map(|(one, input)| Member { one, input: *input, settings }).collect();
    let whole: Vec<Vec<f64>> = members
        .par_iter()
        .map(|member| {
            let end = member.one.values.len();
            at_origin(member.one, end, member.effects(end, settings.horizon).as_ref())
        })
        .collect();
    let ones: Vec<&Prepared> = set.iter().map(|(one, _)| *one).collect();
    let (early, last) = if clock.is_over() { (None, None) } else { pools(&ones, &whole, plan) };

    // What is not tried for want of time has errors without points.
    let tried: Vec<(Errors, bool)> = members
        .par_iter()
        .map(|member| {
            if clock.is_over() {
                return (Errors::default(), true);
            }
            let effects = |end| member.effects(end, settings.horizon);
            (Errors::of(&trials(member.one, plan, early.as_ref(), effects)), false)
        })
        .collect();
    let errors: Vec<Errors> = tried.iter().map(|(errors, _)| errors.clone()).collect();
    let panel = Panel::of(&errors);
    let weighed: Vec<Weighed> =
        errors.par_iter().map(|errors| Weighed::of(errors, &panel)).collect();
    let misses: Vec<Misses> = weighed
        .iter()
        .zip(&errors)
        .zip(&ones)
        .map(|((weighed, errors), one)| {
            let scale = mase_scale(&one.values, one.scoring).unwrap_or(0.0);
            Misses::new(weighed.misses(errors), scale)
        })
        .collect();
    let spread = Spread::of(&misses);

    let everything =
        members.par_iter().zip(&whole).zip(tried.par_iter()).zip(&weighed).zip(&misses);
    everything
        .map(|((((member, values), (errors, hurried)), weighed), misses)| {
            let one = member.one;
            let found = if *hurried {
                hurried_candidates(values, one, settings.horizon)
            } else {
                member.ahead(values, last.as_ref())
            };
            let says = |model: usize| found.get(model).is_some_and(Option::is_some);
            let mut weights: Vec<f64> = weighed
                .weights
                .iter()
                .enumerate()
                .map(|(model, weight)| if says(model) { *weight } else { 0.0 })
                .collect();
            let sum: f64 = weights.iter().sum();
            if sum > 0.0 {
                weights.iter_mut().for_each(|weight| *weight /= sum);
            } else {
                weights = panel.blind(says);
            }
            let mean = mean(&found, &weights, settings.horizon);
            let widths = spread.widths(misses, &mean, levels);
            finish(one, found, weights, mean, widths, weighed.tried(errors), *hurried)
        })
        .collect()
}

/// Weights of one series, and how such weights did in trials that they knew nothing of.
struct Weighed {
    weights: Vec<f64>,
    errors: Vec<f64>,
    naive: Vec<f64>,
    lost: bool,
}

impl Weighed {
    fn of(errors: &Errors, panel: &Panel) -> Self {
        let weights = panel.weigh(errors);
        if weights.is_empty() {
            return Self { weights, errors: Vec::new(), naive: Vec::new(), lost: false };
        }
        let mut out = vec![0.0; errors.points.len()];
        for trial in 0..errors.trials {
            let rest = errors.without(trial);
            let blind = if rest.is_empty() {
                panel.blind(|model| errors.has(model))
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

    fn misses(&self, errors: &Errors) -> Vec<Miss> {
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

    fn tried(&self, errors: &Errors) -> Tried {
        let mean = |errors: &[f64]| {
            errors.iter().map(|error| error.abs()).sum::<f64>() / errors.len().max(1) as f64
        };
        let pairs = errors.points.iter().zip(&self.errors);
        Tried {
            trials: if self.errors.is_empty() { 0 } else { errors.trials },
            pairs: pairs.map(|(point, error)| (point.actual, point.actual + error)).collect(),
            error: mean(&self.errors),
            naive_error: mean(&self.naive),
            lost: self.lost,
        }
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

/// What takes next to no time: the last season, or the last value.
fn hurried_candidates(values: &[f64], one: &Prepared, horizon: usize) -> Candidates {
    let mut found: Candidates = vec![None; Model::ALL.len()];
    let period = one.season().max(1);
    for (model, period) in [(Model::SeasonalNaive, period), (Model::Naive, 1)] {
        let last = values.len().checked_sub(period).map(|from| &values[from..]);
        let Some(last) = last.filter(|last| !last.is_empty()) else { continue };
        found[model as usize] = Some((0..horizon).map(|step| last[step % period]).collect());
        // The first that has something to say is enough.
        break;
    }
    found
}

fn mean(found: &Candidates, weights: &[f64], horizon: usize) -> Vec<f64> {
    let mut mean = vec![0.0; horizon];
    for (ahead, weight) in found.iter().zip(weights) {
        if let (Some(ahead), true) = (ahead, *weight > 0.0) {
            for (sum, value) in mean.iter_mut().zip(ahead) {
                *sum += weight * value;
            }
        }
    }
    mean
}

/// Back into the series' own unit. Nothing is infinite.
fn finish(
    one: &Prepared,
    mut found: Candidates,
    weights: Vec<f64>,
    mut mean: Vec<f64>,
    mut widths: Vec<Vec<f64>>,
    mut tried: Tried,
    hurried: bool,
) -> Answer {
    let grow = |value: &mut f64| *value = finite(*value * one.unit);
    let scale = mase_scale(&one.values, one.scoring).map(|scale| finite(scale * one.unit));
    if one.unit != 1.0 {
        found.iter_mut().flatten().flatten().for_each(grow);
        widths.iter_mut().flatten().for_each(grow);
        mean.iter_mut().for_each(grow);
        for (actual, forecast) in &mut tried.pairs {
            grow(actual);
            grow(forecast);
        }
        grow(&mut tried.error);
        grow(&mut tried.naive_error);
    }
    let scoring = one.scoring;
    Answer { found, weights, mean, widths, floor: one.floor, tried, scale, scoring, hurried }
}

pub(crate) fn finite(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}
