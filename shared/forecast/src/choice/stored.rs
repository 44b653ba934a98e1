//! What trials taught, as it is stored.

use serde::{Deserialize, Serialize};

use super::named::Weights;
use crate::forecast::{Part, Trials};
use crate::models::Pooled;
use crate::widths::{OwnWidths, SetWidths};
use crate::{ForecastError, Frequency, Settings};

/// Everything that forecasts without trials need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    format: u32,
    /// Those of the trials, but for the deadline.
    pub(crate) settings: Settings,
    pub(super) sets: Vec<SetChoice>,
    /// In the order they were given in; those without a number are left out.
    pub(crate) series: Vec<FittedSeries>,
}

/// What all series of one frequency and the same seasons taught.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SetChoice {
    pub(super) frequency: Frequency,
    pub(super) seasons: Vec<f64>,
    /// Those of a series without trials.
    pub(super) weights: Weights,
    pub(super) widths: SetWidths,
    /// Coefficients of all series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pooled: Option<Pooled>,
}

/// What trials taught about one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedSeries {
    pub(super) id: String,
    /// The position of its set.
    pub(super) set: usize,
    pub(super) weights: Weights,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) widths: Option<OwnWidths>,
    /// What the widths are multiples of: 1, but for numbers that are too large to be squared.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) unit: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) hurried: bool,
    pub(super) reason: String,
    pub(super) trials: Trials,
}

fn one() -> f64 {
    1.0
}

fn is_one(unit: &f64) -> bool {
    *unit == 1.0
}

impl FittedSeries {
    /// The series.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The models of its weighted mean, the heaviest first. Empty if nothing could be tried on it:
    /// then it gets what all series say.
    pub fn parts(&self) -> Vec<Part> {
        self.weights.parts()
    }

    /// Whether no trial was begun on it before the deadline, so that its last season goes on.
    pub fn is_hurried(&self) -> bool {
        self.hurried
    }

    /// Why these.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// How they did from earlier origins.
    pub fn trials(&self) -> &Trials {
        &self.trials
    }
}

impl Choice {
    /// Of what is stored; another number means that it is to be read in another way.
    const FORMAT: u32 = 1;

    pub(super) fn new(
        settings: &Settings,
        sets: Vec<SetChoice>,
        series: Vec<FittedSeries>,
    ) -> Self {
        let settings = Settings { deadline: None, ..settings.clone() };
        Self { format: Self::FORMAT, settings, sets, series }
    }

    /// Whether what was read can be followed: nothing that it says may stop a forecast half-way.
    pub(crate) fn check(&self) -> Result<(), ForecastError> {
        let wrong = |text: String| Err(ForecastError::Model(text));
        if self.format != Self::FORMAT {
            return wrong(format!("format {} is not {}", self.format, Self::FORMAT));
        }
        self.settings.check()?;
        let levels = self.settings.sorted_levels().len();
        for set in &self.sets {
            Settings { seasons: set.seasons.clone(), ..Settings::new(1) }.check()?;
            if !set.widths.is_sound(levels) {
                return wrong(format!("a set's widths are none of {levels} levels"));
            }
            if !set.pooled.as_ref().is_none_or(Pooled::is_sound) {
                return wrong("lags and coefficients do not fit each other".to_owned());
            }
        }
        for one in &self.series {
            let id = &one.id;
            if one.set >= self.sets.len() {
                return wrong(format!("series {id} is of set {}, which is not there", one.set));
            }
            if !one.widths.as_ref().is_none_or(|widths| widths.is_sound(levels)) {
                return wrong(format!("series {id}: its widths are none of {levels} levels"));
            }
            if !(one.unit > 0.0 && one.unit.is_finite()) {
                return wrong(format!("series {id}: {} is no unit", one.unit));
            }
        }
        Ok(())
    }
}
