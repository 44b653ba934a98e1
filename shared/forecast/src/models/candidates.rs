//! Every way to forecast one series from one origin that the choice is made among.

use crate::decompose::{Parts, decompose, decompose_some};
use crate::linear::Normal;
use crate::power::Power;
use crate::models::autoregression::{Lags, scale_of};
use crate::models::ets::{Season, ets};
use crate::models::intermittent::intermittent;
use crate::models::theta::theta;

/// What is known at an origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// Values without gaps.
    pub(crate) values: &'a [f64],
    /// Seasons in values, ascending; those longer than half of the values are not used.
    pub(crate) seasons: &'a [f64],
    pub(crate) horizon: usize,
    /// Coefficients from all series of the set.
    pub(crate) pooled: Option<&'a Pooled>,
    /// Whether all values are positive and swing in proportion to their level.
    pub(crate) proportional: bool,
}

/// A global autoregression.
#[derive(Debug, Clone)]
pub(crate) struct Pooled {
    pub(crate) lags: Lags,
    pub(crate) coefficients: Vec<f64>,
}

/// The newest values that smoothing models are fitted on; older ones hardly change them.
const SMOOTHED: usize = 800;
/// The newest values that an autoregression is fitted on.
const REGRESSED: usize = 3_000;

const NAMES: [&str; 25] = [
    "naive", "seasonal_naive", "long_naive", "theta", "ets", "ar",
    "theta+season", "ets+season", "ar+season", "theta+seasons", "ets+seasons", "ar+seasons",
    "power_theta+season", "power_ets+season", "power_ar+season",
    "power_theta+seasons", "power_ets+seasons", "power_ar+seasons",
    "seasonal_ets", "seasonal_ets+long", "seasonal_ar", "power_seasonal_ar", "global_ar", "local_ar", "intermittent",
];

pub(crate) fn names() -> &'static [&'static str] {
    &NAMES
}

fn newest(values: &[f64], most: usize) -> &[f64] {
    &values[values.len().saturating_sub(most)..]
}

fn regression(values: &[f64], seasons: &[usize], horizon: usize) -> Option<Vec<f64>> {
    let lags = Lags::new(seasons, values.len() / 2)?;
    if values.len() < lags.reach() + 8 {
        return None;
    }
    let scale = scale_of(values, seasons.first().copied().unwrap_or(1));
    let system: Normal = lags.sums(values, scale, REGRESSED);
    let towards = vec![0.0; lags.size()];
    let coefficients = lags.solve(&system, 0.02, &towards)?;
    Some(lags.ahead(values, &coefficients, scale, horizon))
}

fn with(parts: &Parts, ahead: Option<Vec<f64>>) -> Option<Vec<f64>> {
    Some(ahead?.iter().zip(&parts.ahead).map(|(level, season)| level + season).collect())
}

fn smoothed(values: &[f64], horizon: usize) -> Option<Vec<f64>> {
    ets(newest(values, SMOOTHED), 1, horizon, &[Season::None])
}

fn repeat(values: &[f64], period: usize, horizon: usize) -> Option<Vec<f64>> {
    let last = values.get(values.len().checked_sub(period)?..)?;
    Some((0..horizon).map(|step| last[step % period]).collect())
}

/// The values ahead of each candidate, in the order of [`names`].
pub(crate) fn candidates(view: View<'_>) -> Vec<Option<Vec<f64>>> {
    let View { values, horizon, .. } = view;
    let n = values.len();
    let seasons: Vec<f64> = view.seasons.iter().copied().filter(|s| s * if *s > 100.0 { 1.6 } else { 2.0 } <= n as f64).collect();
    let whole: Vec<usize> = seasons.iter().map(|s| s.round() as usize).collect();
    let short = whole.first().copied();
    let mut found: Vec<Option<Vec<f64>>> = Vec::with_capacity(NAMES.len());
    found.push(repeat(values, 1, horizon));
    found.push(repeat(values, short.unwrap_or(1), horizon));
    found.push(repeat(values, whole.last().copied().unwrap_or(1), horizon));
    found.push(theta(newest(values, SMOOTHED), horizon));
    found.push(smoothed(values, horizon));
    found.push(regression(values, &[], horizon));
    let triple = |values: &[f64], seasons: &[f64]| {
        let parts = decompose(values, seasons, horizon);
        [
            with(&parts, theta(newest(&parts.adjusted, SMOOTHED), horizon)),
            with(&parts, smoothed(&parts.adjusted, horizon)),
            with(&parts, regression(&parts.adjusted, &whole[..1.min(whole.len())], horizon)),
        ]
    };
    let both = |values: &[f64]| {
        let first = triple(values, &seasons[..seasons.len().min(1)]);
        let all = if seasons.len() > 1 { triple(values, &seasons) } else { first.clone() };
        first.into_iter().chain(all)
    };
    found.extend(both(values));
    let power = Power::of(values);
    let changed: Option<Vec<f64>> = power.map(|power| values.iter().map(|v| power.there(*v)).collect());
    let back = |ahead: Option<Vec<f64>>| {
        let power = power?;
        ahead.map(|a| a.iter().map(|v| power.back(*v)).collect::<Vec<f64>>())
    };
    match &changed {
        Some(changed) => found.extend(both(changed).map(back)),
        None => found.extend_from_within(found.len() - 6..),
    }
    let kinds: &[Season] = if view.proportional { &[Season::Additive, Season::Multiplicative] } else { &[Season::Additive] };
    let smoothable = short.filter(|s| *s <= 24);
    let seasonal_ets = smoothable.and_then(|season| ets(newest(values, SMOOTHED), season, horizon, kinds));
    let long = smoothable.filter(|_| seasons.len() > 1).and_then(|season| {
        let parts = decompose_some(values, &seasons, 1, horizon);
        with(&parts, ets(newest(&parts.adjusted, SMOOTHED), season, horizon, &[Season::Additive]))
    });
    let long = long.or_else(|| seasonal_ets.clone());
    found.push(seasonal_ets);
    found.push(long);
    let seasonal_ar = regression(values, &whole, horizon);
    let power_seasonal_ar = match &changed {
        Some(changed) => back(regression(changed, &whole, horizon)),
        None => seasonal_ar.clone(),
    };
    found.push(seasonal_ar);
    found.push(power_seasonal_ar);
    let shared = view.pooled.filter(|pooled| n >= pooled.lags.reach() + 8).map(|pooled| {
        let base = changed.as_deref().unwrap_or(values);
        let scale = scale_of(base, 1);
        let global = pooled.lags.ahead(base, &pooled.coefficients, scale, horizon);
        let system = pooled.lags.sums(base, scale, REGRESSED);
        let own = pooled.lags.solve(&system, 0.2, &pooled.coefficients);
        let own = own.map(|own| pooled.lags.ahead(base, &own, scale, horizon));
        let back = |a: Vec<f64>| if changed.is_some() { back(Some(a)) } else { Some(a) };
        (back(global), own.and_then(back))
    });
    let (global, own) = shared.unwrap_or((None, None));
    found.push(global);
    found.push(own);
    found.push(intermittent(values, horizon));
    let zeros = always_zero(values, short.unwrap_or(1));
    let negative = values.iter().any(|v| *v < 0.0);
    for ahead in found.iter_mut().flatten() {
        for (step, value) in ahead.iter_mut().enumerate() {
            if !negative {
                *value = value.max(0.0);
            }
            if zeros.get(step % zeros.len().max(1)).is_some_and(|zero| *zero) {
                *value = 0.0;
            }
        }
    }
    for ahead in &mut found {
        if ahead.as_ref().is_some_and(|ahead| !ahead.iter().all(|v| v.is_finite())) {
            *ahead = None;
        }
    }
    found
}

/// Places in the season ahead at which the last eight values were all zero: closed on Sundays, no sun
/// at night.
fn always_zero(values: &[f64], period: usize) -> Vec<bool> {
    const TIMES: usize = 8;
    let n = values.len();
    if period < 2 || n < TIMES * period {
        return Vec::new();
    }
    (0..period).map(|place| (1..=TIMES).all(|back| values[n + place - back * period] == 0.0)).collect()
}
