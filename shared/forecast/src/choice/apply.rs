//! From what is stored of series to what is said about what comes next.

use std::collections::{HashMap, VecDeque};

use rayon::prelude::*;

use super::finite;
use super::member::Member;
use super::named::Weights;
use super::prepare::{Input, Prepared};
use super::stored::{Choice, FittedSeries, SetChoice};
use super::weights::blind;
use crate::forecast::Trials;
use crate::intervals::Spread;
use crate::models::{Candidates, Model, Wanted};
use crate::widths::OwnWidths;
use crate::{ForecastError, Frequency, Settings};

/// Whose forecasts an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Of the models that the mean is made of, which takes less time.
    Mean,
    /// Of every model.
    Everyone,
}

/// Everything about one series.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What each model that was asked says, in the order of [`Model::ALL`].
    pub(crate) found: Candidates,
    pub(crate) weights: Weights,
    pub(crate) mean: Vec<f64>,
    /// Half widths, level by level.
    pub(crate) widths: Vec<Vec<f64>>,
    pub(crate) floor: bool,
    pub(crate) scoring: usize,
    pub(crate) reason: String,
    pub(crate) trials: Trials,
}

/// Answers in the order of the inputs, by what was learnt and without trials.
pub(crate) fn apply(
    choice: &Choice,
    inputs: &[Input<'_>],
    asked: Asked,
) -> Vec<Result<Answer, ForecastError>> {
    let nothing = SetChoice::of_nothing(&choice.settings);
    let all: Vec<_> = inputs.iter().zip(known(choice, inputs)).collect();
    all.into_par_iter()
        .map(|(input, known)| {
            let seasons = known.map(|(_, set)| set.seasons.as_slice());
            let one = Prepared::of(*input, &choice.settings, seasons)?;
            // One value has no spread, and intervals around it would promise that nothing varies.
            if finite_values(input.values).nth(1).is_none() {
                return Err(ForecastError::Single { id: input.id.to_owned() });
            }
            let member = Member { one: &one, input: *input, settings: &choice.settings };
            Ok(match known {
                Some((own, set)) => answer(&member, Some(own), set, asked),
                None => {
                    let like = choice.set_like(input.frequency, &one.seasons);
                    answer(&member, None, like.unwrap_or(&nothing), asked)
                }
            })
        })
        .collect()
}

/// What was learnt of each input: of the one with the same name and frequency. If there are several,
/// the first is the first.
fn known<'a>(
    choice: &'a Choice,
    inputs: &[Input<'_>],
) -> Vec<Option<(&'a FittedSeries, &'a SetChoice)>> {
    let mut by_name: HashMap<(&str, Frequency), VecDeque<_>> = HashMap::new();
    for one in &choice.series {
        if let Some(set) = choice.sets.get(one.set) {
            by_name.entry((&one.id, set.frequency)).or_default().push_back((one, set));
        }
    }
    inputs
        .iter()
        .map(|input| {
            // One without a number was not learnt either.
            input.values.iter().find(|value| value.is_finite())?;
            by_name.get_mut(&(input.id, input.frequency))?.pop_front()
        })
        .collect()
}

impl Choice {
    /// The first set of series that are like one that is not known.
    fn set_like(&self, frequency: Frequency, seasons: &[f64]) -> Option<&SetChoice> {
        // Numbers that were stored may have lost their last digit.
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * b;
        self.sets.iter().find(|set| {
            set.frequency == frequency
                && set.seasons.len() == seasons.len()
                && set.seasons.iter().zip(seasons).all(near)
        })
    }
}

impl SetChoice {
    /// For series that are like none: what can be said before anything is tried.
    fn of_nothing(settings: &Settings) -> Self {
        Self {
            frequency: Frequency::Unknown,
            seasons: Vec::new(),
            weights: Weights::new(Vec::new()),
            widths: Spread::of(&[]).widths(&settings.sorted_levels()),
            pooled: None,
        }
    }
}

const NOT_KNOWN: &str = "not among the series that were tried: what all others say";

fn answer(
    member: &Member<'_>,
    own: Option<&FittedSeries>,
    set: &SetChoice,
    asked: Asked,
) -> Answer {
    let one = member.one;
    let horizon = member.settings.horizon;
    let mut found = if own.is_some_and(|own| own.hurried) {
        hurried_candidates(&member.whole().plain, one, horizon)
    } else {
        candidates(member, own, set, asked)
    };
    let weights = weights(&found, own.map(|own| &own.weights), &set.weights);
    let mut mean = mean(&found, &weights, horizon);
    let expected = one.expected_error();
    let own_widths = own.and_then(|own| in_unit(own, one.unit));
    let mut widths = set.widths.around(&mean, own_widths.as_ref(), expected);
    // Back into the series' own unit. Nothing is infinite.
    if one.unit != 1.0 {
        let grow = |value: &mut f64| *value = finite(*value * one.unit);
        found.iter_mut().flatten().flatten().for_each(grow);
        widths.iter_mut().flatten().for_each(grow);
        mean.iter_mut().for_each(grow);
    }
    // Weights sum up to 1 but for the last digit, which would put the value outside of its interval.
    if let Some(only) = only_value(member.input.values) {
        mean.fill(if one.floor { only.max(0.0) } else { only });
        widths.iter_mut().flatten().for_each(|width| *width = 0.0);
    }
    Answer {
        found,
        weights: Weights::new(weights),
        mean,
        widths,
        floor: one.floor,
        scoring: one.scoring,
        reason: own.map_or(NOT_KNOWN, |own| &own.reason).to_owned(),
        trials: own.map_or_else(Trials::default, |own| own.trials.clone()),
    }
}

fn finite_values(values: &[f64]) -> impl Iterator<Item = f64> {
    values.iter().copied().filter(|value| value.is_finite())
}

/// The value of a series that never had another.
fn only_value(values: &[f64]) -> Option<f64> {
    let mut known = finite_values(values);
    let first = known.next()?;
    known.all(|value| value == first).then_some(first)
}

/// What the models say that are asked. If none of those that have a weight says anything, all others
/// stand for them.
fn candidates(
    member: &Member<'_>,
    own: Option<&FittedSeries>,
    set: &SetChoice,
    asked: Asked,
) -> Candidates {
    let pooled = set.pooled.as_ref();
    if asked == Asked::Mean {
        let weights = own.map_or(&set.weights, |own| &own.weights);
        let found = member.ahead(pooled, &Wanted::weighted(weights.all()));
        if found.iter().any(Option::is_some) {
            return found;
        }
    }
    member.ahead(pooled, &Wanted::EVERY)
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

/// Of the models that say something: a series' own weights, or those of all.
fn weights(found: &Candidates, own: Option<&Weights>, all: &Weights) -> Vec<f64> {
    let says = |model: usize| found.get(model).is_some_and(Option::is_some);
    let own = own.map_or(&[][..], Weights::all).iter().enumerate();
    let mut weights: Vec<f64> =
        own.map(|(model, weight)| if says(model) { *weight } else { 0.0 }).collect();
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= sum);
        weights
    } else {
        blind(all.all(), says)
    }
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

/// Widths in multiples of a unit that newer values may have changed. `None` if nothing can be said
/// in it.
fn in_unit(own: &FittedSeries, unit: f64) -> Option<OwnWidths> {
    let widths = own.widths.as_ref()?;
    if own.unit == unit {
        return Some(widths.clone());
    }
    let scaled = widths.scaled(own.unit / unit);
    (scaled.size > 0.0 && scaled.size.is_finite()).then_some(scaled)
}
