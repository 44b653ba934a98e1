//! Forecasts of many series.

use serde::{Deserialize, Serialize};

use crate::choice::{Answer, finite};
use crate::fitted::fit;
use crate::{ForecastError, Series, Settings};

/// Between which values the actual one will be, in so many of a hundred cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// In per cent.
    pub level: f64,
    /// The lower bound at each step.
    pub lo: Vec<f64>,
    /// The upper bound at each step.
    pub hi: Vec<f64>,
}

/// A model's part in a forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The model's name.
    pub model: String,
    /// Its weight; weights of a forecast sum up to 1.
    pub weight: f64,
}

/// How a forecast's choice did from earlier origins, on values it did not know there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Trials {
    /// How many origins.
    pub count: usize,
    /// Symmetric mean absolute percentage error.
    pub smape: Option<f64>,
    /// Mean absolute scaled error.
    pub mase: Option<f64>,
    /// The same of the seasonal naive model.
    pub seasonal_naive_mase: Option<f64>,
}

/// What comes next in one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The series.
    pub id: String,
    /// When each step is, in seconds since 1970 on the wall clock (or the number of the value,
    /// in a series that only counts).
    pub times: Vec<i64>,
    /// The frequency of the steps.
    pub frequency: crate::Frequency,
    /// The forecast of each step: as likely too high as too low.
    pub mean: Vec<f64>,
    /// Intervals, narrow ones first.
    pub intervals: Vec<Interval>,
    /// One model's name, or `combination`.
    pub model: String,
    /// The models it is made of, the heaviest first.
    pub parts: Vec<Part>,
    /// Why these.
    pub reason: String,
    /// How that did before.
    pub trials: Trials,
}

/// Forecasts in the order of the series: [`fit`], and the model applied to what it was fitted on. A
/// series that cannot be forecast has an error of its own.
///
/// Series of one frequency are looked at together: what a model is worth in one says something about
/// the others.
///
/// # Errors
/// Settings that cannot be followed.
pub fn forecast(
    series: &[Series],
    settings: &Settings,
) -> Result<Vec<Result<Forecast, ForecastError>>, ForecastError> {
    Ok(fit(series, settings)?.forecast(series))
}

/// An answer with names and times.
pub(crate) fn told(series: &Series, answer: Answer, levels: &[f64]) -> Forecast {
    let parts = answer.weights.parts();
    let model = match parts.as_slice() {
        [one] => one.model.clone(),
        _ => "combination".to_owned(),
    };
    let first = series.values.len();
    let start = series.start.unwrap_or(0);
    let steps = first..first + answer.mean.len();
    Forecast {
        id: series.id.clone(),
        times: steps.map_while(|step| series.frequency.step(start, step as i64)).collect(),
        frequency: series.frequency,
        intervals: intervals(&answer, levels),
        mean: answer.mean,
        model,
        parts,
        reason: answer.reason,
        trials: answer.trials,
    }
}

/// Bounds around the mean; where nothing can be below zero, not below zero.
pub(crate) fn intervals(answer: &Answer, levels: &[f64]) -> Vec<Interval> {
    let floor = if answer.floor { 0.0 } else { f64::MIN };
    let mut widest = vec![0.0_f64; answer.mean.len()];
    levels
        .iter()
        .zip(&answer.widths)
        .map(|(level, widths)| {
            // A higher level is never narrower.
            for (widest, width) in widest.iter_mut().zip(widths) {
                *widest = widest.max(*width);
            }
            let both = || answer.mean.iter().zip(&widest);
            Interval {
                level: *level,
                lo: both()
                    .map(|(mean, width)| finite(mean - width).max(floor).min(*mean))
                    .collect(),
                hi: both().map(|(mean, width)| finite(mean + width)).collect(),
            }
        })
        .collect()
}
