//! What goes in: series and settings.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::frequency::format_time;
use crate::{ForecastError, Frequency};

/// Numbers in an order, at equal distances. A gap is NaN; infinite numbers count as gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Series {
    /// Its name in answers and errors.
    pub id: String,
    /// When the first value is, in seconds since 1970 on the wall clock.
    pub start: Option<i64>,
    /// The distance between values.
    pub frequency: Frequency,
    /// The values.
    pub values: Vec<f64>,
}

impl Series {
    /// A series without a clock.
    pub fn new(id: impl Into<String>, values: Vec<f64>) -> Self {
        Self { id: id.into(), start: None, frequency: Frequency::Unknown, values }
    }

    /// The same with a clock.
    pub fn starting(mut self, start: i64, frequency: Frequency) -> Self {
        (self.start, self.frequency) = (Some(start), frequency);
        self
    }

    /// When value number `position` is.
    pub fn time(&self, position: usize) -> Option<i64> {
        self.frequency.step(self.start?, i64::try_from(position).ok()?)
    }

    /// The series without the values from `length` on.
    pub fn prefix(&self, length: usize) -> Self {
        Self {
            id: self.id.clone(),
            start: self.start,
            frequency: self.frequency,
            values: self.values[..length.min(self.values.len())].to_vec(),
        }
    }
}

/// A day, or days, on which the numbers are others: past ones to learn from, future ones to expect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Its name: days of one name are taken to have one effect.
    pub name: String,
    /// Its days: whole days since 1970.
    pub days: BTreeSet<i64>,
}

/// Whether forecasts may be below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum NonNegative {
    /// Not below zero where the series never was.
    #[default]
    Auto,
    /// Never below zero.
    Always,
    /// Below zero if so be it.
    No,
}

/// What is wanted. [`Settings::new`] has a horizon and defaults for everything else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How many values ahead.
    pub horizon: usize,
    /// Interval levels in per cent, for example 80 and 95.
    pub levels: Vec<f64>,
    /// Seasons in values; empty means those that the frequency suggests, or that are found.
    pub seasons: Vec<f64>,
    /// Whether forecasts may be below zero.
    pub non_negative: NonNegative,
    /// Days that are known to be other.
    pub holidays: Vec<Holiday>,
    /// The season by which MASE and Naive2 are scaled; without it that of the frequency.
    pub scoring_season: Option<usize>,
    /// The time for everything. What is not begun when four fifths of it are over is forecast by
    /// the cheapest sound model, and says so.
    pub deadline: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            horizon: 1,
            levels: vec![80.0, 95.0],
            seasons: Vec::new(),
            non_negative: NonNegative::Auto,
            holidays: Vec::new(),
            scoring_season: None,
            deadline: None,
        }
    }
}

impl Settings {
    /// Most values ahead that can be asked for.
    pub const MAX_HORIZON: usize = 10_000;

    /// The longest season, in values: a year has 31 million seconds.
    pub const MAX_SEASON: usize = 100_000_000;

    /// Everything by default, and so many values ahead.
    pub fn new(horizon: usize) -> Self {
        Self { horizon, ..Self::default() }
    }

    pub(crate) fn check(&self) -> Result<(), ForecastError> {
        let wrong = |text: String| Err(ForecastError::Setting(text));
        if self.horizon == 0 || self.horizon > Self::MAX_HORIZON {
            return wrong(format!(
                "horizon {} is not between 1 and {}",
                self.horizon,
                Self::MAX_HORIZON
            ));
        }
        if let Some(level) = self.levels.iter().find(|level| !(**level > 0.0 && **level < 100.0)) {
            return wrong(format!("level {level} is not between 0 and 100"));
        }
        if let Some(season) =
            self.seasons.iter().find(|season| !(2.0..=Self::MAX_SEASON as f64).contains(*season))
        {
            return wrong(format!(
                "season {season} is not a number of 2 to {} values",
                Self::MAX_SEASON
            ));
        }
        if let Some(season) =
            self.scoring_season.filter(|season| !(1..=Self::MAX_SEASON).contains(season))
        {
            return wrong(format!(
                "a scoring season has 1 to {} values, not {season}",
                Self::MAX_SEASON
            ));
        }
        Ok(())
    }

    /// The levels in ascending order, each once.
    pub(crate) fn sorted_levels(&self) -> Vec<f64> {
        let mut levels = self.levels.clone();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        levels
    }
}

/// Series from rows `(id, time, value)` in any order, each on its own regular grid; times without a
/// row become gaps. Series come in the order in which their ids first appear. Without a frequency
/// each series has the most frequent distance between its times; with [`Frequency::Unknown`] times
/// are the numbers of the values.
///
/// # Errors
/// Rows off the grid, two rows for one time, or a grid with far more steps than rows.
pub fn collect_series(
    rows: impl IntoIterator<Item = (String, i64, Option<f64>)>,
    frequency: Option<Frequency>,
) -> Result<Vec<Series>, ForecastError> {
    let mut order: Vec<String> = Vec::new();
    let mut by_id: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
    for (id, time, value) in rows {
        let value = value.unwrap_or(f64::NAN);
        match by_id.get_mut(&id) {
            Some(points) => points.push((time, value)),
            None => {
                order.push(id.clone());
                by_id.insert(id, vec![(time, value)]);
            }
        }
    }
    order
        .into_iter()
        .map(|id| {
            let points = by_id.remove(&id).unwrap_or_default();
            one_series(id, points, frequency)
        })
        .collect()
}

fn one_series(
    id: String,
    mut points: Vec<(i64, f64)>,
    frequency: Option<Frequency>,
) -> Result<Series, ForecastError> {
    points.sort_by_key(|(time, _)| *time);
    if let Some(pair) = points.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(ForecastError::Twice { id, time: format_time(pair[0].0) });
    }
    let times: Vec<i64> = points.iter().map(|(time, _)| *time).collect();
    let frequency = frequency.unwrap_or_else(|| Frequency::of_times(&times));
    let Some(&start) = times.first() else { return Ok(Series::new(id, Vec::new())) };
    if points.len() == 1 {
        let values = points.into_iter().map(|(_, value)| value).collect();
        return Ok(Series { id, start: Some(start), frequency, values });
    }
    let mut values = Vec::with_capacity(points.len());
    let rows = points.len();
    for (time, value) in points {
        let Some(step) = frequency.steps_between(start, time) else {
            return Err(ForecastError::OffGrid { id, time: format_time(time), frequency });
        };
        let position = usize::try_from(step).unwrap_or(0);
        // A grid as sparse as this is a mistake; filling it could take all memory.
        if position > 1_000 + 200 * rows {
            return Err(ForecastError::Sparse { id, steps: step, rows, frequency });
        }
        values.resize(position, f64::NAN);
        values.push(value);
    }
    Ok(Series { id, start: Some(start), frequency, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, day: i64, value: f64) -> (String, i64, Option<f64>) {
        (id.to_owned(), day * 86_400, Some(value))
    }

    #[test]
    fn rows_become_series_with_gaps() {
        let rows = [row("b", 3, 4.0), row("b", 0, 1.0), row("a", 9, 7.0), row("b", 1, 2.0)];
        let series = collect_series(rows, None).unwrap();
        assert_eq!(series.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(series[0].frequency, Frequency::Daily);
        assert_eq!(series[0].values[..2], [1.0, 2.0]);
        assert!(series[0].values[2].is_nan());
        assert_eq!(series[0].time(3), Some(3 * 86_400));
    }

    #[test]
    fn wrong_rows_are_named() {
        let twice = collect_series([row("a", 1, 1.0), row("a", 1, 2.0)], None).unwrap_err();
        assert_eq!(twice.to_string(), "series a: two rows for 1970-01-02");
        let off = [row("a", 0, 1.0), row("a", 1, 2.0), ("a".to_owned(), 86_401, None)];
        let error = collect_series(off, Some(Frequency::Daily)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "series a: 1970-01-02 00:00:01 is not on the daily grid of this series"
        );
        let sparse =
            collect_series([row("a", 0, 1.0), row("a", 99_999, 2.0)], Some(Frequency::HOURLY));
        assert!(matches!(sparse, Err(ForecastError::Sparse { .. })));
    }

    #[test]
    fn settings_that_cannot_be() {
        Settings::new(1).check().unwrap();
        Settings::new(0).check().unwrap_err();
        Settings { levels: vec![100.0], ..Settings::new(3) }.check().unwrap_err();
        Settings { seasons: vec![f64::NAN], ..Settings::new(3) }.check().unwrap_err();
    }
}
