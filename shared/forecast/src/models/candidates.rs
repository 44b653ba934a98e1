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

const NAMES: [&str; 26] = [
    "naive", "seasonal_naive", "long_naive", "drift", "theta", "ets", "ar", "theta+season", "ets+season", "ar+season",
    "theta+seasons", "ets+seasons", "ar+seasons", "seasonal_ets", "seasonal_ets+long", "seasonal_ar", 
    "power_theta+season", "power_ets+season", "power_ar+season",
    "power_theta+seasons", "power_ets+seasons", "power_ar+seasons", "power_seasonal_ar", "global_ar", "local_ar", "intermittent",
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
    found.push(short.and_then(|season| repeat(values, season, horizon)));
    found.push(if whole.len() > 1 { whole.last().and_then(|season| repeat(values, *season, horizon)) } else { None });
    let drift = (n > 1).then(|| (values[n - 1] - values[0]) / (n - 1) as f64);
    found.push(drift.map(|drift| (1..=horizon).map(|step| values[n - 1] + drift * step as f64).collect()));
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
    let none = || [const { None }; 3];
    found.extend(if seasons.is_empty() { none() } else { triple(values, &seasons[..1]) });
    found.extend(if seasons.len() > 1 { triple(values, &seasons) } else { none() });
    let kinds: &[Season] = if view.proportional { &[Season::Additive, Season::Multiplicative] } else { &[Season::Additive] };
    let smoothable = short.filter(|s| *s <= 24);
    found.push(smoothable.and_then(|season| ets(newest(values, SMOOTHED), season, horizon, kinds)));
    found.push(smoothable.filter(|_| seasons.len() > 1).and_then(|season| {
        let parts = decompose_some(values, &seasons, 1, horizon);
        with(&parts, ets(newest(&parts.adjusted, SMOOTHED), season, horizon, &[Season::Additive]))
    }));
    found.push(if whole.is_empty() { None } else { regression(values, &whole, horizon) });
    let power = Power::of(values);
    let changed: Option<Vec<f64>> = power.map(|power| values.iter().map(|v| power.there(*v)).collect());
    let back = |ahead: Option<Vec<f64>>| {
        let power = power?;
        ahead.map(|a| a.iter().map(|v| power.back(*v)).collect::<Vec<f64>>())
    };
    match &changed {
        Some(changed) => {
            found.extend(if seasons.is_empty() { none() } else { triple(changed, &seasons[..1]).map(back) });
            found.extend(if seasons.len() > 1 { triple(changed, &seasons).map(back) } else { none() });
            found.push(back(regression(changed, &whole, horizon)));
        }
        None => found.extend([const { None }; 7]),
    }
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
    for ahead in &mut found {
        if ahead.as_ref().is_some_and(|ahead| !ahead.iter().all(|v| v.is_finite())) {
            *ahead = None;
        }
    }
    found
}
