//! Trials: every model from origins in the past.

use rayon::prelude::*;

use super::errors::Trial;
use super::prepare::Prepared;
use crate::gaps::bridge;
use crate::holidays::Effects;
use crate::metrics::mase_scale;
use crate::models::{Pooled, View, Wanted, candidates};
use crate::outliers::drawn_in;

/// Series of a set from which on their models are weighed together, so that each needs fewer trials.
const MANY: usize = 8;
const FEW_TRIALS: usize = 3;
const TRIALS: usize = 8;
/// Errors of one series that its intervals want at least: a short horizon needs more trials for them.
const ERRORS: usize = 40;
/// Fewest values before an origin.
const LEAST: usize = 8;

/// The origins of trials, and how far each looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) horizon: usize,
    /// How far trials are apart, and how far at least, where a history is too short for that.
    stride: usize,
    least_stride: usize,
    trials: usize,
}

impl Plan {
    pub(crate) fn new(horizon: usize, series: usize, seasons: &[f64]) -> Self {
        let least = if series >= MANY { FEW_TRIALS } else { TRIALS };
        let trials = least.max(ERRORS.div_ceil(horizon.max(1)));
        let least_stride = horizon.div_ceil(2);
        let stride = least_stride.max(apart(seasons, trials, horizon));
        Self { horizon, stride, least_stride, trials }
    }

    /// Steps of the trials of a series: all that are asked for if a third of its values are as many.
    fn steps(&self, length: usize) -> usize {
        self.horizon.min(length / 3).max(1)
    }

    /// Ends of what is known in each trial, the newest first.
    fn ends(&self, length: usize, season: usize) -> Vec<usize> {
        let steps = self.steps(length);
        let by = |stride: usize| -> Vec<usize> {
            let stride = stride.min(steps);
            (0..self.trials)
                .filter_map(|number| Some((number, length.checked_sub(steps + number * stride)?)))
                .filter(|(number, end)| {
                    // The first trial is better than none, the others want two seasons.
                    *end >= if *number == 0 { LEAST } else { (2 * season + 4).max(2 * LEAST) }
                })
                .map(|(_, end)| end)
                .collect()
        };
        let apart = by(self.stride);
        if apart.len() == self.trials {
            return apart;
        }
        let near = by(self.least_stride);
        if apart.len() < near.len() { near } else { apart }
    }

    /// How many values of each series no trial knows.
    fn unknown(&self) -> usize {
        self.horizon + (self.trials - 1) * self.stride
    }
}

/// How far apart so many trials should be to see the whole of the longest season, of hours every day of the
/// week, as far as they look that far: whole first seasons, but no further than a horizon, so that nothing
/// in between is left out. 0 where there is but one season, and for horizons below half of the
/// first one, of which the hours before say more than other days.
fn apart(seasons: &[f64], trials: usize, horizon: usize) -> usize {
    // A year is no whole number of days, and too long.
    let mut whole = seasons.iter().filter(|season| season.fract() == 0.0);
    let Some((first, longest)) = whole.next().zip(whole.next_back()) else { return 0 };
    let (first, longest) = (*first as usize, *longest as usize);
    if 2 * horizon < first {
        return 0;
    }
    longest.div_ceil(trials).next_multiple_of(first).min(horizon)
}

/// What is known at an origin: values without gaps and without what holidays do to them.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// As they were.
    pub(crate) plain: Vec<f64>,
    /// With outliers drawn in, where these can be told.
    pub(crate) drawn: Vec<f64>,
}

pub(crate) fn at_origin(one: &Prepared, end: usize, effects: Option<&Effects>) -> Known {
    let mut known = one.values[..end].to_vec();
    if let Some(effects) = effects {
        effects.remove(&mut known, one.skipped);
    }
    let plain = bridge(&known, one.season()).0;
    let drawn = if one.frequency.is_within_a_day() {
        drawn_in(&plain, &one.seasons)
    } else {
        plain.clone()
    };
    Known { plain, drawn }
}

/// Coefficients of all series: from what all trials know, and from everything.
pub(crate) fn pools(
    set: &[&Prepared],
    whole: &[Vec<f64>],
    plan: Plan,
) -> (Option<Pooled>, Option<Pooled>) {
    let seasons = set.first().map_or(&[] as &[f64], |one| &one.seasons);
    let early: Vec<&[f64]> =
        whole.iter().map(|values| &values[..values.len().saturating_sub(plan.unknown())]).collect();
    let all: Vec<&[f64]> = whole.iter().map(Vec::as_slice).collect();
    (Pooled::fit(&early, seasons), Pooled::fit(&all, seasons))
}

/// All trials of one series, the newest first.
pub(crate) fn trials(
    one: &Prepared,
    plan: Plan,
    pooled: Option<&Pooled>,
    effects: impl Fn(usize) -> Option<Effects> + Sync,
) -> Vec<Trial> {
    let length = one.values.len();
    let steps = plan.steps(length);
    plan.ends(length, one.season())
        .into_par_iter()
        .map(|end| {
            let effects = effects(end);
            let known = at_origin(one, end, effects.as_ref());
            let mut found = candidates(View {
                values: &known.drawn,
                plain: &known.plain,
                seasons: &one.seasons,
                horizon: steps,
                pooled,
                floor: one.floor,
                wanted: &Wanted::EVERY,
            });
            if let Some(effects) = &effects {
                effects.add(&mut found, one.skipped + end, one.floor);
            }
            Trial {
                actual: one.values[end..end + steps].to_vec(),
                found,
                scale: mase_scale(&one.values[..end], one.scoring).unwrap_or(1.0),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let plan = Plan::new(14, 1, &[7.0, 365.25]);
        assert_eq!(plan.ends(200, 7), [186, 179, 172, 165, 158, 151, 144, 137]);
        assert_eq!(Plan::new(14, 20, &[7.0]).ends(200, 7).len(), 3);
        // A third of 30 values is as far as it can be looked.
        assert_eq!(plan.ends(30, 7), [20]);
        assert_eq!(plan.ends(9, 7), [] as [usize; 0]);
        assert_eq!(plan.ends(0, 7), [] as [usize; 0]);
        // Hours of every day of the week.
        let hours = &[24.0, 168.0];
        assert_eq!(Plan::new(24, 1, hours).ends(400, 24), [376, 352, 328, 304, 280, 256, 232, 208]);
        assert_eq!(Plan::new(48, 20, hours).ends(400, 24), [352, 304, 256]);
        assert_eq!(Plan::new(12, 1, hours).ends(400, 24)[..3], [388, 376, 364]);
        assert_eq!(Plan::new(6, 1, hours).ends(400, 24)[..3], [394, 391, 388]);
        assert_eq!(
            Plan::new(24, 1, hours).ends(96, 24),
            [72, 60],
            "what is there for one far apart"
        );
        // Two steps ahead say less than fourteen.
        assert_eq!(Plan::new(2, 1, &[7.0]).ends(200, 7).len(), 20);
        assert_eq!(Plan::new(1, 20, &[7.0]).ends(200, 7).len(), 40);
    }
}
