//! Exponential smoothing with additive errors (Hyndman, Koehler, Ord, Snyder: Forecasting with
//! Exponential Smoothing, 2008): no or damped trend; no, additive or multiplicative season.
//! The compact set that forecasts well is compared by AICc.

use crate::simplex::minimise;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trend {
    None,
    Damped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Season {
    None,
    Additive,
    Multiplicative,
}

/// Smoothing of level, trend (as a share of the level's) and season; damping.
type Parameters = [f64; 4];

struct Start {
    level: f64,
    trend: f64,
    season: Vec<f64>,
}

/// Level and trend of a line through the first values, season as their distance or ratio from it.
fn start(values: &[f64], period: usize, trend: Trend, season: Season) -> Start {
    let n = values.len();
    let period = if season == Season::None { 1 } else { period };
    let head = (2 * period).clamp(10, 60.max(2 * period)).min(n);
    // The mean of whole seasons is free of the season.
    let head = if period > 1 { head / period * period } else { head };
    let mean = values[..head].iter().sum::<f64>() / head as f64;
    let middle = (head as f64 - 1.0) / 2.0;
    let slope = if period > 1 && head >= 2 * period {
        let (first, last) = (&values[..period], &values[head - period..head]);
        (last.iter().sum::<f64>() - first.iter().sum::<f64>())
            / (period as f64 * (head - period) as f64)
    } else {
        let spread: f64 = (0..head).map(|t| (t as f64 - middle).powi(2)).sum();
        let together: f64 =
            values[..head].iter().enumerate().map(|(t, v)| (t as f64 - middle) * (v - mean)).sum();
        if spread > 0.0 { together / spread } else { 0.0 }
    };
    let slope = if trend == Trend::None { 0.0 } else { slope };
    let line = |t: usize| mean + slope * (t as f64 - middle);
    let mut phases = vec![0.0; period];
    if season != Season::None {
        let cycles = (n / period).clamp(1, 4);
        for (t, value) in values[..cycles * period].iter().enumerate() {
            // Beyond the head the level may have gone anywhere: compare with each cycle's own mean.
            let cycle = t / period;
            let own = &values[cycle * period..(cycle + 1) * period];
            let own_mean = own.iter().sum::<f64>() / period as f64
                + slope * ((t % period) as f64 - (period as f64 - 1.0) / 2.0);
            phases[t % period] += match season {
                Season::Additive => value - own_mean,
                _ => value / own_mean,
            } / cycles as f64;
        }
    }
    Start {
        level: if period > 1 || trend != Trend::None { line(0) - slope } else { mean },
        trend: slope,
        season: phases,
    }
}

struct End {
    squares: f64,
    level: f64,
    trend: f64,
    season: Vec<f64>,
}

fn run(
    values: &[f64],
    p: &Parameters,
    trend: Trend,
    season: Season,
    start: &Start,
    phases: &mut Vec<f64>,
) -> End {
    let [alpha, share, gamma, damping] = *p;
    let beta = if trend == Trend::None { 0.0 } else { alpha * share };
    let phi = match trend {
        Trend::None => 0.0,
        Trend::Damped => damping,
    };
    let (mut level, mut slope, mut squares) = (start.level, start.trend, 0.0);
    phases.clear();
    phases.extend_from_slice(&start.season);
    match season {
        Season::None => {
            for value in values {
                let before = level + phi * slope;
                let error = value - before;
                squares += error * error;
                level = before + alpha * error;
                slope = phi * slope + beta * error;
            }
        }
        Season::Additive => {
            let (mut phase, period) = (0, phases.len());
            let gamma = gamma * (1.0 - alpha);
            for value in values {
                let before = level + phi * slope;
                let error = value - before - phases[phase];
                squares += error * error;
                level = before + alpha * error;
                slope = phi * slope + beta * error;
                phases[phase] += gamma * error;
                phase = if phase + 1 == period { 0 } else { phase + 1 };
            }
        }
        Season::Multiplicative => {
            let (mut phase, period) = (0, phases.len());
            let gamma = gamma * (1.0 - alpha);
            for value in values {
                let before = level + phi * slope;
                let factor = phases[phase];
                let error = value - before * factor;
                squares += error * error;
                let scaled = if factor.abs() > 1e-9 { error / factor } else { 0.0 };
                level = before + alpha * scaled;
                slope = phi * slope + beta * scaled;
                if before.abs() > 1e-9 {
                    phases[phase] += gamma * error / before;
                }
                phase = if phase + 1 == period { 0 } else { phase + 1 };
            }
        }
    }
    End { squares, level, trend: slope, season: Vec::new() }
}

/// One smoothing model, fitted: its AICc and its values ahead.
pub(super) fn fit(
    values: &[f64],
    period: usize,
    trend: Trend,
    season: Season,
    horizon: usize,
) -> Option<(f64, Vec<f64>)> {
    let n = values.len();
    let period = if season == Season::None { 1 } else { period };
    if n < 5 || (season != Season::None && n < 2 * period) {
        return None;
    }
    let begin = start(values, period, trend, season);
    if season == Season::Multiplicative
        && begin.season.iter().any(|factor| *factor <= 0.0 || factor.is_nan())
    {
        return None;
    }
    let mut phases = Vec::with_capacity(period);
    let full = |alpha: f64, share: f64, gamma: f64, damping: f64| [alpha, share, gamma, damping];
    let (a, b, g, d) = ((0.001, 0.999), (0.0, 0.6), (0.0, 0.7), (0.8, 0.985));
    let mut cost = |p: &Parameters| run(values, p, trend, season, &begin, &mut phases).squares;
    let seasonal = season != Season::None;
    let best = match (trend, seasonal) {
        (Trend::None, false) => {
            let at = |p: &[f64; 1]| full(p[0], 0.0, 0.0, 1.0);
            at(&minimise([0.4], [a], 24, 1e-5, |p| cost(&at(p))).0)
        }
        (Trend::None, true) => {
            let at = |p: &[f64; 2]| full(p[0], 0.0, p[1], 1.0);
            at(&minimise([0.2, 0.1], [a, g], 50, 1e-5, |p| cost(&at(p))).0)
        }
        (Trend::Damped, false) => {
            let at = |p: &[f64; 3]| full(p[0], p[1], 0.0, p[2]);
            at(&minimise([0.4, 0.05, 0.93], [a, b, d], 80, 1e-5, |p| cost(&at(p))).0)
        }
        (Trend::Damped, true) => {
            let at = |p: &[f64; 4]| full(p[0], p[1], p[2], p[3]);
            at(&minimise([0.2, 0.02, 0.1, 0.93], [a, b, g, d], 110, 1e-5, |p| cost(&at(p))).0)
        }
    };
    let mut end = run(values, &best, trend, season, &begin, &mut phases);
    end.season = phases;
    let count = n as f64;
    let free =
        2.0 + match trend {
            Trend::None => 0.0,
            Trend::Damped => 3.0,
        } + if seasonal { period as f64 } else { 0.0 };
    let correction = if count > free + 2.0 {
        2.0 * free * (free + 1.0) / (count - free - 1.0)
    } else {
        f64::INFINITY
    };
    let aicc = count * (end.squares / count).max(1e-300).ln() + 2.0 * free + correction;
    let phi = match trend {
        Trend::None => 0.0,
        Trend::Damped => best[3],
    };
    let (mut gained, mut power) = (0.0, 1.0);
    let ahead = (0..horizon)
        .map(|step| {
            power *= phi;
            gained += power * end.trend;
            let phase = end.season.get((n + step) % period).copied();
            match season {
                Season::None => end.level + gained,
                Season::Additive => end.level + gained + phase.unwrap_or(0.0),
                Season::Multiplicative => (end.level + gained) * phase.unwrap_or(1.0),
            }
        })
        .collect();
    Some((aicc, ahead))
}

/// The best by AICc of a few models.
pub(super) fn ets(
    values: &[f64],
    period: usize,
    horizon: usize,
    seasons: &[Season],
) -> Option<Vec<f64>> {
    let mut best: Option<(f64, Vec<f64>)> = None;
    for season in seasons {
        for trend in [Trend::None, Trend::Damped] {
            if let Some(found) = fit(values, period, trend, *season, horizon)
                && best.as_ref().is_none_or(|best| found.0 < best.0)
            {
                best = Some(found);
            }
        }
    }
    best.map(|(_, ahead)| ahead)
}
