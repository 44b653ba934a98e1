//! How good forecasts would have been: everything from earlier origins, choice included.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::choice::{Answer, Asked, Clock, Input};
use crate::fitted::Fitted;
use crate::forecast::intervals;
use crate::metrics::{coverage, mae, mase_scale, msis, naive2, owa, smape};
use crate::models::Model;
use crate::{ForecastError, Series, Settings};

/// Most windows of a backtest.
pub const MAX_WINDOWS: usize = 1_000;

/// The name of the choice itself among models.
pub const CHOICE: &str = "smelt";

/// Averages over windows, or over windows and series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The model; [`CHOICE`] for what [`crate::forecast`] says.
    pub model: String,
    /// Symmetric mean absolute percentage error.
    pub smape: Option<f64>,
    /// Mean absolute scaled error.
    pub mase: Option<f64>,
    /// sMAPE and MASE against Naive2's on the same windows.
    pub owa: Option<f64>,
    /// Of the choice: the share of actual values within the interval of each level in per cent.
    pub coverage: Vec<(f64, f64)>,
    /// Of the choice: the mean scaled interval score of the highest level.
    pub msis: Option<f64>,
    /// Windows that could be scored, over all series.
    pub windows: usize,
}

/// Accuracy of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesAccuracy {
    /// The series.
    pub id: String,
    /// What the choice reached.
    pub accuracy: Accuracy,
    /// The seasonal naive model's MASE on the same windows.
    pub seasonal_naive_mase: Option<f64>,
}

/// What a backtest found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// The choice first, then the models, the best first.
    pub models: Vec<Accuracy>,
    /// Each series that had a window.
    pub series: Vec<SeriesAccuracy>,
    /// Series that had none, and why.
    pub left_out: Vec<(String, String)>,
}

/// Forecasts the last `windows` parts of `horizon` values of each series from what came before
/// each, and compares.
///
/// # Errors
/// Settings that cannot be followed, or not one series with enough values for one window.
pub fn backtest(
    series: &[Series],
    settings: &Settings,
    windows: usize,
) -> Result<Backtest, ForecastError> {
    settings.check()?;
    if windows == 0 || windows > MAX_WINDOWS {
        return Err(ForecastError::Setting(format!(
            "{windows} windows are not between 1 and {MAX_WINDOWS}"
        )));
    }
    let levels = settings.sorted_levels();
    let clock = Clock::start(settings.deadline);
    let mut tally = Tally { levels, by_model: BTreeMap::new(), by_series: BTreeMap::new() };
    for window in (0..windows).rev() {
        let back = (window + 1) * settings.horizon;
        let with: Vec<(usize, usize)> = series
            .iter()
            .enumerate()
            .filter_map(|(position, one)| Some((position, one.values.len().checked_sub(back)?)))
            .filter(|(position, end)| {
                series[*position].values[..*end].iter().any(|v| v.is_finite())
            })
            .collect();
        let inputs: Vec<Input<'_>> =
            with.iter().map(|(position, end)| Input::of(&series[*position], *end)).collect();
        let answers = Fitted::learn(&inputs, settings, clock).answers(&inputs, Asked::Everyone);
        let scored: Vec<Option<Scored>> = with
            .par_iter()
            .zip(answers)
            .map(|((position, end), answer)| {
                let values = &series[*position].values;
                let actual = &values[*end..*end + settings.horizon];
                Scored::of(&values[..*end], actual, &answer.ok()?, &tally.levels)
            })
            .collect();
        for ((position, _), scored) in with.iter().zip(scored) {
            if let Some(scored) = scored {
                tally.add(*position, &scored);
            }
        }
    }
    tally.told(series, settings, windows)
}

/// One window of one series.
struct Scored {
    /// sMAPE and MASE: the choice, every model, Naive2.
    choice: (f64, f64),
    models: Vec<Option<(f64, f64)>>,
    naive2: (f64, f64),
    coverage: Vec<f64>,
    msis: Option<f64>,
}

impl Scored {
    /// `None` where there is nothing to compare with, or nothing to scale by.
    fn of(history: &[f64], actual: &[f64], answer: &Answer, levels: &[f64]) -> Option<Self> {
        let scoring = answer.scoring;
        let scale = mase_scale(history, scoring)?;
        let both = |said: &[f64]| Some((smape(actual, said)?, mae(actual, said)? / scale));
        let bounds = intervals(answer, levels);
        Some(Self {
            choice: both(&answer.mean)?,
            models: answer.found.iter().map(|ahead| ahead.as_deref().and_then(both)).collect(),
            naive2: both(&naive2(history, scoring, actual.len()))?,
            coverage: bounds.iter().filter_map(|one| coverage(actual, &one.lo, &one.hi)).collect(),
            msis: bounds
                .last()
                .and_then(|one| msis(actual, &one.lo, &one.hi, one.level, history, scoring)),
        })
    }
}

#[derive(Debug, Default, Clone)]
struct Sum {
    smape: f64,
    mase: f64,
    naive2_smape: f64,
    naive2_mase: f64,
    coverage: Vec<f64>,
    msis: f64,
    windows: usize,
}

impl Sum {
    fn add(&mut self, own: (f64, f64), naive2: (f64, f64)) {
        self.smape += own.0;
        self.mase += own.1;
        self.naive2_smape += naive2.0;
        self.naive2_mase += naive2.1;
        self.windows += 1;
    }

    fn add_intervals(&mut self, scored: &Scored) {
        self.coverage.resize(scored.coverage.len(), 0.0);
        for (sum, share) in self.coverage.iter_mut().zip(&scored.coverage) {
            *sum += share;
        }
        self.msis += scored.msis.unwrap_or(0.0);
    }

    fn told(&self, model: &str, levels: &[f64]) -> Accuracy {
        let count = self.windows as f64;
        let (smape, mase) = (self.smape / count, self.mase / count);
        let relative = owa(smape, mase, self.naive2_smape / count, self.naive2_mase / count);
        let shares = self.coverage.iter().map(|sum| sum / count);
        Accuracy {
            model: model.to_owned(),
            smape: Some(smape),
            mase: Some(mase),
            owa: Some(relative).filter(|owa| owa.is_finite()),
            coverage: levels.iter().copied().zip(shares).collect(),
            msis: (!self.coverage.is_empty()).then_some(self.msis / count),
            windows: self.windows,
        }
    }
}

struct Tally {
    levels: Vec<f64>,
    /// By place: the choice, then the models, then Naive2.
    by_model: BTreeMap<usize, Sum>,
    /// The choice and the seasonal naive model.
    by_series: BTreeMap<usize, (Sum, Sum)>,
}

impl Tally {
    fn add(&mut self, position: usize, scored: &Scored) {
        let choice = self.by_model.entry(0).or_default();
        choice.add(scored.choice, scored.naive2);
        choice.add_intervals(scored);
        for (model, found) in scored.models.iter().enumerate() {
            if let Some(found) = found {
                self.by_model.entry(1 + model).or_default().add(*found, scored.naive2);
            }
        }
        let naive2 = self.by_model.entry(1 + Model::ALL.len()).or_default();
        naive2.add(scored.naive2, scored.naive2);
        let own = self.by_series.entry(position).or_default();
        own.0.add(scored.choice, scored.naive2);
        own.0.add_intervals(scored);
        if let Some(naive) = scored.models[Model::SeasonalNaive as usize] {
            own.1.add(naive, scored.naive2);
        }
    }

    fn told(
        self,
        series: &[Series],
        settings: &Settings,
        windows: usize,
    ) -> Result<Backtest, ForecastError> {
        let name = |place: &usize| match place.checked_sub(1) {
            None => CHOICE,
            Some(model) => Model::ALL.get(model).map_or("naive2", |model| model.name()),
        };
        let mut models: Vec<Accuracy> =
            self.by_model.iter().map(|(place, sum)| sum.told(name(place), &self.levels)).collect();
        let Some(rest) = models.get_mut(1..) else {
            let first = series.first();
            return Err(ForecastError::Short {
                id: first.map(|one| one.id.clone()).unwrap_or_default(),
                rows: first.map_or(0, |one| one.values.len()),
                windows,
                horizon: settings.horizon,
            });
        };
        let by = |one: &Accuracy| one.owa.unwrap_or(f64::INFINITY);
        rest.sort_by(|a, b| by(a).total_cmp(&by(b)));
        let told = |(position, (own, naive)): (&usize, &(Sum, Sum))| SeriesAccuracy {
            id: series[*position].id.clone(),
            accuracy: own.told(CHOICE, &self.levels),
            seasonal_naive_mase: (naive.windows > 0).then_some(naive.mase / naive.windows as f64),
        };
        let left_out = series.iter().enumerate().filter(|(at, _)| !self.by_series.contains_key(at));
        Ok(Backtest {
            models,
            series: self.by_series.iter().map(told).collect(),
            left_out: left_out
                .map(|(_, one)| (one.id.clone(), why_left_out(one, settings.horizon)))
                .collect(),
        })
    }
}

fn why_left_out(series: &Series, horizon: usize) -> String {
    let rows = series.values.len();
    if rows <= horizon {
        format!("{rows} rows are too few for a window of {horizon}")
    } else {
        "no window has values to compare with, or the values before never change".to_owned()
    }
}
