//! (being built) every candidate on every window.
use rayon::prelude::*;
use super::weights::{inverse, mean_losses, Errors, Weighing, errors_of, panel_weights, own_weights, combine};
use crate::gaps::bridge;
use crate::models::{View, candidates, names, Pooled};
use crate::models::autoregression::{Lags, scale_of};
use crate::linear::Normal;
use crate::power::Power;
use crate::{Series, Settings};

pub(crate) struct Trial { pub(crate) actual: Vec<f64>, pub(crate) found: Vec<Option<Vec<f64>>>, pub(crate) scale: f64 }

fn pool(prepared: &[(Vec<f64>, Vec<f64>)], back: usize) -> Option<Pooled> {
    let mut lens: Vec<usize> = prepared.iter().map(|p| p.0.len().saturating_sub(back)).collect();
    lens.sort_unstable();
    let whole: Vec<usize> = prepared[0].1.iter().map(|s| s.round() as usize).collect();
    let lags = Lags::new(&whole, lens[lens.len() / 10] / 2)?;
    let systems: Vec<Normal> = prepared.par_iter().filter(|p| p.0.len().saturating_sub(back) > lags.reach() + 8).map(|p| {
        let v = &p.0[..p.0.len() - back];
        let v: Vec<f64> = match Power::of(v) { Some(w) => v.iter().map(|x| w.there(*x)).collect(), None => v.to_vec() };
        lags.sums(&v, scale_of(&v, 1), 2000) }).collect();
    let mut all = Normal::new(lags.size());
    for s in &systems { all.add_system(s, 1.0); }
    let c = lags.solve(&all, 1e-4, &vec![0.0; lags.size()])?;
    Some(Pooled { lags, coefficients: c })
}

fn env(name: &str, default: f64) -> f64 { std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default) }

pub fn experiment(series: &[Series], settings: &Settings, windows: usize) {
    use crate::metrics::{mae, mase_scale, naive2, smape};
    let h = settings.horizon;
    let mut labels: Vec<String> = names().iter().map(|s| s.to_string()).collect();
    for x in ["EQUAL", "MEDIAN", "PANEL", "OWN", "INV", "INVP", "MIX", "MIXP", "MIXMED", "HALF"] { labels.push(x.into()); }
    let mut sums = vec![[0.0f64; 5]; labels.len()];
    let began = std::time::Instant::now();
    for window in 0..windows {
        let cut = |s: &Series| s.values.len().saturating_sub((windows - window) * h);
        let seasons_of = |s: &Series| if settings.seasons.is_empty() { s.frequency.seasons() } else { settings.seasons.clone() };
        let prepared: Vec<(Vec<f64>, Vec<f64>)> = series.iter().map(|s| {
            let seasons = seasons_of(s);
            let season = seasons.first().map_or(0, |v| v.round() as usize);
            (bridge(&s.values[..cut(s)], season).0, seasons)
        }).collect();
        let many = series.len() >= 8;
        let origins = env("K", if many { 3.0 } else { 8.0 }) as usize;
        let stride = (h as f64 * env("STRIDE", 0.5)).ceil() as usize;
        let back_most = h + (origins - 1) * stride;
        let early = pool(&prepared, back_most);
        let last = pool(&prepared, 0);
        let trials: Vec<Vec<Trial>> = series.par_iter().map(|s| {
            let seasons = seasons_of(s);
            let season = seasons.first().map_or(0, |v| v.round() as usize);
            let c = cut(s);
            let m = settings.scoring_season.unwrap_or(s.frequency.scoring_season());
            (0..origins).filter_map(|k| {
                let end = c.checked_sub(h + k * stride)?;
                if end < 16.max(2 * season + 4) && k > 0 { return None; }
                let (values, _) = bridge(&s.values[..end], season);
                if values.len() < 8 { return None; }
                let found = candidates(View { values: &values, seasons: &seasons, horizon: h, pooled: early.as_ref(), proportional: values.iter().all(|v| *v > 0.0) });
                Some(Trial { actual: s.values[end..end + h].to_vec(), found, scale: mase_scale(&s.values[..end], m).unwrap_or(1.0) })
            }).collect()
        }).collect();
        let errors: Vec<Errors> = trials.iter().map(|t| errors_of(t, names().len())).collect();
        let weighing = Weighing { pull: env("PULL", 1.0), rounds: env("ROUNDS", 60.0) as usize, rate: env("RATE", 1.0) };
        let uniform = vec![1.0 / names().len() as f64; names().len()];
        let losses: Vec<Vec<f64>> = errors.iter().map(|e| e.losses()).collect();
        let overall = mean_losses(&losses);
        let prior = inverse(&overall, env("POW", 2.0), env("CUT", 1.5));
        let panel = panel_weights(&errors, &prior, &weighing);
        if window == 0 {
            let mut p: Vec<(f64, &str)> = panel.iter().copied().zip(names().iter().copied()).collect();
            p.sort_by(|a, b| b.0.total_cmp(&a.0));
            println!("panel {:?}", p.iter().take(9).map(|(w, n)| format!("{n} {w:.2}")).collect::<Vec<_>>());
        }
        let all: Vec<_> = prepared.par_iter().zip(&errors).map(|((values, seasons), errors)| {
            let mut found = candidates(View { values, seasons, horizon: h, pooled: last.as_ref(), proportional: values.iter().all(|v| *v > 0.0) });
            let own = own_weights(errors, &panel, &weighing);
            let l = errors.losses();
            let inv = inverse(&l, env("POW", 2.0), env("CUT", 1.5));
            // losses of the series drawn towards those of all
            let points = errors.points() as f64;
            let base = l.iter().zip(&overall).filter(|(a, b)| a.is_finite() && b.is_finite()).map(|(a, b)| a / b).fold(f64::INFINITY, f64::min);
            let k = env("SHRINK", 10.0);
            let shrunk: Vec<f64> = l.iter().zip(&overall).map(|(a, b)| if a.is_finite() { (points * a + k * base * b) / (points + k) } else { f64::INFINITY }).collect();
            let invp = inverse(&shrunk, env("POW", 2.0), env("CUT", 1.5));
            let mix: Vec<f64> = own.iter().zip(&inv).map(|(a, b)| a + b).collect();
            let mixp: Vec<f64> = own.iter().zip(&invp).map(|(a, b)| a + b).collect();
            let extra = [
                combine(&found, &uniform, false), combine(&found, &uniform, true), combine(&found, &panel, false), combine(&found, &own, false), combine(&found, &inv, false), combine(&found, &invp, false), combine(&found, &mix, false), combine(&found, &mixp, false), combine(&found, &mixp, true)];
            found.extend(extra);
            let (a, b) = (found[found.len() - 2].clone(), found[found.len() - 1].clone());
            found.push(a.zip(b).map(|(a, b)| a.iter().zip(&b).map(|(x, y)| (x + y) / 2.0).collect()));
            found
        }).collect();
        for (s, found) in series.iter().zip(&all) {
            let c = cut(s);
            let (history, actual) = (&s.values[..c], &s.values[c..c + h]);
            let m = settings.scoring_season.unwrap_or(s.frequency.scoring_season());
            let n2 = naive2(history, m, h);
            let Some(scale) = mase_scale(history, m) else { continue };
            let (Some(a), Some(b)) = (smape(actual, &n2), mae(actual, &n2)) else { continue };
            for (sum, f) in sums.iter_mut().zip(found) {
                if let Some(f) = f {
                    let (x, y) = (smape(actual, f).unwrap(), mae(actual, f).unwrap() / scale);
                    for (t, v) in sum.iter_mut().zip([x, y, a, b / scale, 1.0]) { *t += v; }
                }
            }
        }
    }
    let brief = std::env::var("BRIEF").is_ok();
    for (name, s) in labels.iter().zip(&sums) {
        if s[4] == 0.0 || (brief && name.to_uppercase() != *name) { continue; }
        println!("{name:20} n={:4} smape {:7.3} mase {:7.3} owa {:.3}", s[4], s[0] / s[4], s[1] / s[4], (s[0] / s[2] + s[1] / s[3]) / 2.0);
    }
    println!("{:?} per series-window", began.elapsed() / (windows * series.len()) as u32);
}
