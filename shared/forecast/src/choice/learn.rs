//! From series to what is stored of them: trials, and what they teach.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::errors::Errors;
use super::finite;
use super::member::Member;
use super::named::Weights;
use super::prepare::{Input, Prepared, sets};
use super::stored::{Choice, FittedSeries, SetChoice};
use super::trials::{Plan, pools, trials};
use super::tried::{HURRIED, Tried};
use super::weighed::Weighed;
use super::weights::Panel;
use crate::Settings;
use crate::intervals::{Misses, Spread};
use crate::widths::{OwnWidths, SetWidths};

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

/// Tries every model on every series that has a number.
pub(crate) fn learn(inputs: &[Input<'_>], settings: &Settings, clock: Clock) -> Choice {
    let prepared: Vec<Option<Prepared>> =
        inputs.par_iter().map(|input| Prepared::of(*input, settings, None).ok()).collect();
    let mut learnt: Vec<SetChoice> = Vec::new();
    let mut series: Vec<Option<FittedSeries>> = vec![None; inputs.len()];
    for positions in sets(&prepared, inputs) {
        let members: Vec<Member<'_>> = positions
            .iter()
            .filter_map(|position| {
                let one = prepared[*position].as_ref()?;
                Some(Member { one, input: inputs[*position], settings })
            })
            .collect();
        let Some((set, all)) = learn_set(&members, learnt.len(), settings, clock) else { continue };
        learnt.push(set);
        for (position, one) in positions.into_iter().zip(all) {
            series[position] = Some(one);
        }
    }
    Choice::new(settings, learnt, series.into_iter().flatten().collect())
}

/// What series that are alike teach. `number` is the set's. `None` if there are none.
fn learn_set(
    members: &[Member<'_>],
    number: usize,
    settings: &Settings,
    clock: Clock,
) -> Option<(SetChoice, Vec<FittedSeries>)> {
    let first = members.first()?;
    let plan = Plan::new(settings.horizon, members.len(), &first.one.seasons);
    let whole: Vec<Vec<f64>> = members.par_iter().map(|member| member.whole().drawn).collect();
    let ones: Vec<&Prepared> = members.iter().map(|member| member.one).collect();
    let (early, last) = if clock.is_over() { (None, None) } else { pools(&ones, &whole, plan) };

    // What is not tried for want of time has errors without points.
    let (errors, hurried): (Vec<Errors>, Vec<bool>) = members
        .par_iter()
        .map(|member| {
            if clock.is_over() {
                return (Errors::default(), true);
            }
            let effects = |end| member.effects(end);
            (Errors::of(&trials(member.one, plan, early.as_ref(), effects)), false)
        })
        .unzip();
    let panel = Panel::of(&errors);
    let weighed: Vec<Weighed> =
        errors.par_iter().map(|errors| Weighed::of(errors, &panel)).collect();
    let misses: Vec<Misses> = weighed
        .iter()
        .zip(&errors)
        .zip(&ones)
        .map(|((weighed, errors), one)| {
            Misses::new(weighed.misses(errors), one.expected_error(), one.floor)
        })
        .collect();
    let spread = Spread::of(&misses);
    let levels = settings.sorted_levels();

    let everything = members.par_iter().zip(errors).zip(weighed).zip(&misses).zip(hurried);
    let series = everything.map(|((((member, errors), weighed), misses), hurried)| {
        let tried = Tried::of(&weighed, &errors, member.one);
        let weights = Weights::new(weighed.weights);
        FittedSeries {
            id: member.input.id.to_owned(),
            set: number,
            widths: spread.own_widths(misses, &levels).map(finite_own),
            unit: member.one.unit,
            hurried,
            reason: if hurried { HURRIED.to_owned() } else { tried.reason(&weights) },
            weights,
            trials: tried.numbers(),
        }
    });
    let series = series.collect();
    let set = SetChoice {
        frequency: first.input.frequency,
        seasons: first.one.seasons.clone(),
        weights: Weights::new(panel.weights().to_vec()),
        widths: finite_set(spread.widths(&levels)),
        pooled: last,
    };
    Some((set, series))
}

fn finite_own(widths: OwnWidths) -> OwnWidths {
    let OwnWidths { size, halves } = widths;
    OwnWidths { size: storable(size), halves: halves.into_iter().map(storable).collect() }
}

fn finite_set(widths: SetWidths) -> SetWidths {
    let SetWidths { shape, usual, times } = widths;
    let times = times.into_iter().map(storable).collect();
    SetWidths { shape, usual: storable(usual), times }
}

/// JSON has finite numbers only.
fn storable(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { finite(value) }
}
