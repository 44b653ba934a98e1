//! Models to be stored: what trials taught, applied later to newer values.

use serde::{Deserialize, Serialize};

use crate::choice::{Answer, Asked, Choice, Clock, FittedSeries, Input, apply, learn};
use crate::forecast::told;
use crate::metrics::{mae, mase_scale};
use crate::{Forecast, ForecastError, Series, Settings};

/// What trials taught about series: a model, to be stored and applied to newer values.
///
/// Written as JSON it has models by their names, and no number that JSON does not know. Reading fails
/// where something cannot be followed: a model that this version does not have, numbers that are no
/// weights, another format. Numbers that a reader of JSON does not read to the last digit change
/// forecasts in their last digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Choice")]
pub struct Fitted(Choice);

impl TryFrom<Choice> for Fitted {
    type Error = ForecastError;

    fn try_from(choice: Choice) -> Result<Self, ForecastError> {
        choice.check()?;
        Ok(Self(choice))
    }
}

/// Tries models on the series, from earlier origins. Series of one frequency are looked at together.
/// Those without one usable number teach nothing and are left out.
///
/// # Errors
/// Settings that cannot be followed.
pub fn fit(series: &[Series], settings: &Settings) -> Result<Fitted, ForecastError> {
    settings.check()?;
    let inputs: Vec<Input<'_>> = series.iter().map(|one| Input::of(one, usize::MAX)).collect();
    Ok(Fitted::learn(&inputs, settings, Clock::start(settings.deadline)))
}

impl Fitted {
    /// What comes after the series, in their order, without new trials. A series that cannot be
    /// forecast, as one of a single value, has an error of its own.
    ///
    /// A series is known by its name and frequency; of several with the same ones, the first is the
    /// first. One that is not known gets the weights and the spread of all that are like it. A series
    /// keeps the seasons that were found when it was fitted.
    pub fn forecast(&self, series: &[Series]) -> Vec<Result<Forecast, ForecastError>> {
        let inputs: Vec<Input<'_>> = series.iter().map(|one| Input::of(one, usize::MAX)).collect();
        let levels = self.settings().sorted_levels();
        let all = series.iter().zip(self.answers(&inputs, Asked::Mean));
        all.map(|(one, answer)| Ok(told(one, answer?, &levels))).collect()
    }

    /// What the series were fitted with; without the deadline, which was that of the trials.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Each series that is known, in the order they were fitted in.
    pub fn series(&self) -> impl ExactSizeIterator<Item = &FittedSeries> {
        self.0.series.iter()
    }

    pub(crate) fn learn(inputs: &[Input<'_>], settings: &Settings, clock: Clock) -> Self {
        Self(learn(inputs, settings, clock))
    }

    pub(crate) fn answers(
        &self,
        inputs: &[Input<'_>],
        asked: Asked,
    ) -> Vec<Result<Answer, ForecastError>> {
        apply(&self.0, inputs, asked)
    }
}

/// How the model would have forecast the last `steps` values of each series, at most a horizon, from
/// those before: the mean absolute scaled error, in the order of the series. `None` where nothing can
/// be compared: too few values, gaps only, or values before that never change.
///
/// A model that was fitted on these values knows something of them: its weights and widths come from
/// trials that ended in them. Two models are compared fairly on steps that neither was fitted on: those
/// that came after the fit of the older one, with the newer one fitted on [`Series::prefix`]es.
pub fn holdout(fitted: &Fitted, series: &[Series], steps: usize) -> Vec<Option<f64>> {
    let steps = steps.min(fitted.settings().horizon);
    // A series that is shorter has nothing before, which is answered by an error.
    let origin = |one: &Series| one.values.len().saturating_sub(steps);
    let inputs: Vec<Input<'_>> = series.iter().map(|one| Input::of(one, origin(one))).collect();
    let score = |(one, answer): (&Series, Result<Answer, ForecastError>)| {
        let answer = answer.ok()?;
        let (before, actual) = one.values.split_at_checked(origin(one))?;
        let scale = mase_scale(before, answer.scoring)?;
        Some(mae(actual, &answer.mean)? / scale).filter(|mase| mase.is_finite())
    };
    series.iter().zip(fitted.answers(&inputs, Asked::Mean)).map(score).collect()
}
