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
/// each series has the most frequent distance between its times, and one of a single row that of most
/// other series; with [`Frequency::Unknown`] times are the numbers of the values.
///
/// # Errors
/// Rows off the grid, two rows for one time, a grid with far more steps than rows, a frequency that is
/// told and much finer than that of the rows, or none that is told or found.
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
    let all = order.into_iter().map(|id| {
        let points = by_id.remove(&id).unwrap_or_default();
        Points::of(id, points)
    });
    let all: Vec<Points> = all.collect::<Result<_, _>>()?;
    let most = match frequency {
        Some(_) => None,
        None => most_frequent(all.iter().map(|points| points.found)),
    };
    all.into_iter().map(|points| points.series(frequency, most)).collect()
}

/// The frequency that most series have; of several the one that comes first.
fn most_frequent(found: impl Iterator<Item = Frequency>) -> Option<Frequency> {
    let mut counts: Vec<(Frequency, usize)> = Vec::new();
    for frequency in found.filter(|frequency| *frequency != Frequency::Unknown) {
        match counts.iter_mut().find(|(known, _)| *known == frequency) {
            Some((_, count)) => *count += 1,
            None => counts.push((frequency, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(frequency, _)| frequency)
}

/// The rows of one series, by time, each at a time of its own.
struct Points {
    id: String,
    points: Vec<(i64, f64)>,
    /// The frequency that their times have; unknown of fewer than two.
    found: Frequency,
}

impl Points {
    fn of(id: String, mut points: Vec<(i64, f64)>) -> Result<Self, ForecastError> {
        points.sort_by_key(|(time, _)| *time);
        if let Some(pair) = points.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(ForecastError::Twice { id, time: format_time(pair[0].0) });
        }
        let times: Vec<i64> = points.iter().map(|(time, _)| *time).collect();
        Ok(Self { id, points, found: Frequency::of_times(&times) })
    }

    /// `told` says how far apart values are; else their times do, or else `most` of all series.
    fn series(
        self,
        told: Option<Frequency>,
        most: Option<Frequency>,
    ) -> Result<Series, ForecastError> {
        let found = Some(self.found).filter(|found| *found != Frequency::Unknown);
        let Some(frequency) = told.or(found).or(most) else {
            return Err(ForecastError::NoFrequency { id: self.id });
        };
        if told.is_some_and(|told| told != Frequency::Unknown) {
            self.check_grid(frequency)?;
        }
        on_grid(self.id, self.points, frequency)
    }

    /// Whether a frequency that was told is far too fine: nearly all that is on its grid would be made up.
    ///
    /// Rows may be few, as of what is sold now and then: only where they lie on a coarser grid, and fill
    /// it, is that the one that was meant.
    fn check_grid(&self, told: Frequency) -> Result<(), ForecastError> {
        let rows = self.points.len();
        let ends = self.points.first().zip(self.points.last());
        let steps = ends.and_then(|((start, _), (end, _))| told.steps_between(*start, *end));
        let Some(steps) = steps.and_then(|steps| steps.checked_add(1)) else { return Ok(()) };
        let is_sparse =
            usize::try_from(steps).is_ok_and(|steps| steps > rows.saturating_mul(SPARSE));
        if rows < FEW || !is_sparse || self.found == told || !self.fills(self.found) {
            return Ok(());
        }
        let (id, found) = (self.id.clone(), self.found);
        Err(ForecastError::TooFine { id, steps, rows, frequency: told, found })
    }

    /// Whether at least four in five times are whole steps of this frequency after the one before, and
    /// at least half of its steps have a row.
    fn fills(&self, frequency: Frequency) -> bool {
        let pairs = self.points.windows(2);
        let whole: Vec<i64> =
            pairs.filter_map(|pair| frequency.steps_between(pair[0].0, pair[1].0)).collect();
        let distances = self.points.len().saturating_sub(1);
        let steps = whole.iter().fold(0_i64, |sum, steps| sum.saturating_add(*steps));
        let half = i64::try_from(whole.len().saturating_mul(2)).unwrap_or(i64::MAX);
        5 * whole.len() >= 4 * distances && steps <= half
    }
}

/// Rows from which on a frequency that is told is compared with theirs.
const FEW: usize = 4;
/// Steps for each row from which on nearly all are missing.
const SPARSE: usize = 5;

fn on_grid(
    id: String,
    points: Vec<(i64, f64)>,
    frequency: Frequency,
) -> Result<Series, ForecastError> {
    let Some(&(start, _)) = points.first() else { return Ok(Series::new(id, Vec::new())) };
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

    fn on_days(id: &str, days: &[i64]) -> Vec<(String, i64, Option<f64>)> {
        days.iter().map(|day| row(id, *day, 1.0)).collect()
    }

    #[test]
    fn one_row_has_the_frequency_of_the_other_series_or_of_who_asks() {
        let alone = collect_series([row("a", 5, 1.0)], None).unwrap_err();
        assert_eq!(alone, ForecastError::NoFrequency { id: "a".to_owned() });
        let told = collect_series([row("a", 5, 1.0)], Some(Frequency::Weekly)).unwrap();
        assert_eq!(told[0].frequency, Frequency::Weekly);
        let mut rows = on_days("new", &[9]);
        rows.extend(on_days("a", &[0, 7, 14]));
        rows.extend(on_days("b", &[0, 1, 2]));
        rows.extend(on_days("c", &[3, 4, 6]));
        let found = collect_series(rows, None).unwrap();
        let frequencies = [Frequency::Daily, Frequency::Weekly, Frequency::Daily, Frequency::Daily];
        assert_eq!(found.iter().map(|one| one.frequency).collect::<Vec<_>>(), frequencies);
    }

    #[test]
    fn a_frequency_far_finer_than_the_rows_is_refused() {
        let told = |days: &[i64], text: &str| {
            collect_series(on_days("a", days), Some(text.parse().unwrap()))
        };
        let daily: Vec<i64> = (0..30).collect();
        let error = told(&daily, "h").unwrap_err().to_string();
        assert!(
            error.ends_with(
                "30 rows in 697 hourly steps, nearly all of which are missing; the rows are daily"
            ),
            "{error}"
        );
        told(&daily, "D").unwrap();
        // Days of work, and a month without any.
        let weekdays: Vec<i64> =
            (0..90).filter(|day| day % 7 < 5 && !(40..60).contains(day)).collect();
        told(&weekdays, "h").unwrap_err();
        told(&weekdays, "D").unwrap();
        let weeks: Vec<i64> = (0..20).map(|week| 7 * week).collect();
        let error = told(&weeks, "D").unwrap_err().to_string();
        assert!(error.ends_with("the rows are weekly"), "{error}");
        // The first day of each month.
        let months = [0, 31, 59, 90, 120, 151, 181, 212];
        let error = told(&months, "D").unwrap_err().to_string();
        assert!(error.ends_with("the rows are monthly"), "{error}");
    }

    #[test]
    fn what_happens_now_and_then_may_be_counted_by_the_day() {
        let told = |days: &[i64]| collect_series(on_days("a", days), Some(Frequency::Daily));
        // Gaps of a week and more between days in a row.
        told(&[0, 1, 8, 9, 20, 21, 35, 36, 50, 51]).unwrap();
        told(&[0, 10, 11, 25, 40, 41, 60]).unwrap();
        // Days that are on no grid but that of days.
        told(&[0, 9, 17, 30, 41, 48, 63, 70, 84, 95]).unwrap();
        told(&[2, 13, 26, 31, 50, 67, 71, 90]).unwrap();
        // Weeks, of which most are missing.
        told(&[0, 7, 35, 42, 77, 112]).unwrap();
        // Too few to say what they are.
        told(&[0, 7, 14]).unwrap();
        // Without a frequency that is told nothing is refused.
        collect_series(on_days("a", &[0, 7, 14, 21, 28]), None).unwrap();
    }

    #[test]
    fn settings_that_cannot_be() {
        Settings::new(1).check().unwrap();
        Settings::new(0).check().unwrap_err();
        Settings { levels: vec![100.0], ..Settings::new(3) }.check().unwrap_err();
        Settings { seasons: vec![f64::NAN], ..Settings::new(3) }.check().unwrap_err();
    }
}
