//! How a weighted mean did in the trials of one series, in numbers and words.

use super::errors::Errors;
use super::prepare::Prepared;
use super::weighed::Weighed;
use super::{finite, named::Weights};
use crate::forecast::Trials;
use crate::metrics::{mase_scale, smape};

pub(super) struct Tried {
    trials: usize,
    /// Actual values and forecasts, the newest trial first.
    actual: Vec<f64>,
    said: Vec<f64>,
    /// Mean absolute errors of the forecast and of the seasonal naive model.
    error: f64,
    naive_error: f64,
    /// What MASE divides by.
    scale: Option<f64>,
    lost: bool,
}

impl Tried {
    /// In the series' own unit.
    pub(super) fn of(weighed: &Weighed, errors: &Errors, one: &Prepared) -> Self {
        let own = |value: f64| finite(value * one.unit);
        let mean = |errors: &[f64]| {
            errors.iter().map(|error| error.abs()).sum::<f64>() / errors.len().max(1) as f64
        };
        let points = errors.points.iter().zip(&weighed.errors);
        let (actual, said) =
            points.map(|(point, error)| (own(point.actual), own(point.actual + error))).unzip();
        Self {
            trials: if weighed.errors.is_empty() { 0 } else { errors.trials },
            actual,
            said,
            error: own(mean(&weighed.errors)),
            naive_error: own(mean(&weighed.naive)),
            scale: mase_scale(&one.values, one.scoring).map(own),
            lost: weighed.lost,
        }
    }

    /// Numbers of it; none is infinite.
    pub(super) fn numbers(&self) -> Trials {
        let scale = self.scale.filter(|_| self.trials > 0);
        let scaled = |error: f64| scale.map(|scale| error / scale).filter(|one| one.is_finite());
        Trials {
            count: self.trials,
            smape: smape(&self.actual, &self.said).filter(|smape| smape.is_finite()),
            mase: scaled(self.error),
            seasonal_naive_mase: scaled(self.naive_error),
        }
    }

    /// Why the models have these weights.
    pub(super) fn reason(&self, weights: &Weights) -> String {
        let origins = match self.trials {
            0 => return "too few values for trials".to_owned(),
            1 => "1 earlier origin".to_owned(),
            many => format!("{many} earlier origins"),
        };
        if self.lost {
            return format!("nothing did better than the last season from {origins}");
        }
        let parts = weights.parts();
        let best = parts.first().map_or("", |part| part.model.as_str());
        let models = parts.len();
        let share = if self.naive_error > 0.0 {
            let percent = 100.0 * self.error / self.naive_error;
            format!("{percent:.0} % of the seasonal naive model's error")
        } else {
            "no error".to_owned()
        };
        format!("{models} models, {best} before all, had {share} from {origins}")
    }
}

/// Of a series that no trial was begun on.
pub(super) const HURRIED: &str = "no time was left for trials: the last season goes on";
