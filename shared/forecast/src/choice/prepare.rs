//! A series made ready for models, and sets of series that are alike.

use std::collections::BTreeMap;

use crate::metrics::mase_scale;
use crate::series::NonNegative;
use crate::{ForecastError, Frequency, Series, Settings, seasons};

/// The part of a series up to an origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) id: &'a str,
    pub(crate) start: Option<i64>,
    pub(crate) frequency: Frequency,
    pub(crate) values: &'a [f64],
}

impl<'a> Input<'a> {
    pub(crate) fn of(series: &'a Series, length: usize) -> Self {
        Self {
            id: &series.id,
            start: series.start,
            frequency: series.frequency,
            values: &series.values[..length.min(series.values.len())],
        }
    }
}

/// A series as models see it, but for its gaps: these are bridged from each origin anew, as what
/// comes after an origin must not show in them.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    /// From the first number on, divided by `unit`; gaps are NaN.
    pub(crate) values: Vec<f64>,
    /// How many values came before the first number.
    pub(crate) skipped: usize,
    pub(crate) frequency: Frequency,
    pub(crate) seasons: Vec<f64>,
    /// The season by which errors are scaled.
    pub(crate) scoring: usize,
    pub(crate) floor: bool,
    pub(crate) unit: f64,
}

/// Numbers beyond are brought near 1 before anything is squared.
const HUGE: f64 = 1e60;

impl Prepared {
    /// Seasons that are known already are not looked for.
    pub(crate) fn of(
        input: Input<'_>,
        settings: &Settings,
        seasons: Option<&[f64]>,
    ) -> Result<Self, ForecastError> {
        let empty = || ForecastError::Empty { id: input.id.to_owned(), rows: input.values.len() };
        let skipped = input.values.iter().position(|value| value.is_finite()).ok_or_else(empty)?;
        let mut values: Vec<f64> = input.values[skipped..].to_vec();
        let known = || values.iter().filter(|value| value.is_finite());
        let largest = known().fold(0.0, |most: f64, value| most.max(value.abs()));
        let floor = match settings.non_negative {
            NonNegative::Auto => known().all(|value| *value >= 0.0),
            NonNegative::Always => true,
            NonNegative::No => false,
        };
        let unit =
            if largest > HUGE || (largest > 0.0 && largest < 1.0 / HUGE) { largest } else { 1.0 };
        for value in &mut values {
            *value = if value.is_finite() { *value / unit } else { f64::NAN };
        }
        let seasons = match seasons {
            Some(known) => known.to_vec(),
            None => seasons_of(input.frequency, &values, settings),
        };
        let scoring = settings.scoring_season.unwrap_or(match input.frequency {
            // Without a clock the season that was told or found is all there is to scale by.
            Frequency::Unknown => seasons.first().map_or(1, |season| season.round() as usize),
            frequency => frequency.scoring_season(),
        });
        let frequency = input.frequency;
        Ok(Self { values, skipped, frequency, seasons, scoring, floor, unit })
    }

    /// What errors are expected to be like before any is seen: the scale of MASE, or, where values are
    /// too few for their season, what they differ by from one another.
    pub(crate) fn expected_error(&self) -> f64 {
        let scale = |lag| mase_scale(&self.values, lag).filter(|scale| scale.is_finite());
        scale(self.scoring).or_else(|| scale(1)).or_else(|| spread(&self.values)).unwrap_or(0.0)
    }

    /// The first season as a whole number, or 0.
    pub(crate) fn season(&self) -> usize {
        self.seasons.first().map_or(0, |season| season.round() as usize)
    }
}

/// Mean absolute difference of known values from their median.
fn spread(values: &[f64]) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    known.sort_by(f64::total_cmp);
    let median = *known.get(known.len() / 2)?;
    Some(known.iter().map(|value| (value - median).abs()).sum::<f64>() / known.len() as f64)
}

/// Those that are told, that the frequency suggests, or that are found.
fn seasons_of(frequency: Frequency, values: &[f64], settings: &Settings) -> Vec<f64> {
    if !settings.seasons.is_empty() {
        let mut seasons = settings.seasons.clone();
        seasons.sort_by(f64::total_cmp);
        seasons.dedup();
        return seasons;
    }
    let told = frequency.seasons();
    if told.is_empty() && frequency == Frequency::Unknown {
        seasons::find(values).into_iter().collect()
    } else {
        told
    }
}

/// Most series whose models are weighed together: bounds the memory that their trials take.
const TOGETHER: usize = 1_000;

/// Positions of series that have the same frequency and seasons, in order.
pub(crate) fn sets(prepared: &[Option<Prepared>], inputs: &[Input<'_>]) -> Vec<Vec<usize>> {
    let mut alike: BTreeMap<(String, Vec<u64>), Vec<usize>> = BTreeMap::new();
    for (position, (one, input)) in prepared.iter().zip(inputs).enumerate() {
        if let Some(one) = one {
            let seasons = one.seasons.iter().map(|season| season.to_bits()).collect();
            alike.entry((input.frequency.to_string(), seasons)).or_default().push(position);
        }
    }
    alike
        .into_values()
        .flat_map(|all| all.chunks(TOGETHER).map(<[usize]>::to_vec).collect::<Vec<_>>())
        .collect()
}
