//! What the calendar says of values by the day, the week or the month: a regression on the day of the
//! week and the time of the year that goes on with each value (Plackett: Some theorems in least squares,
//! 1950).

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400;
const YEAR: f64 = 365.25 * DAY as f64;
/// Steps in seconds from which on the calendar is looked at; below, there are profiles of the day.
const FEWEST: f64 = 0.8 * DAY as f64;
/// Steps up to which a day of the week can be told apart, and those from which on each step of a year
/// stands for itself.
const WEEKLY: f64 = 3.0 * DAY as f64;
const MONTHLY: f64 = 20.0 * DAY as f64;
/// Waves in a year: a smooth one for days and weeks, as many as twelve months can have.
const SMOOTH: usize = 2;
const MONTHS: usize = 6;
/// History in years before the time of the year says anything; before, it cannot be told from a trend.
const WHOLE_YEAR: f64 = 1.1;
/// The year again and again, for all values that are remembered: how much each forgets.
const FORGET: f64 = 0.001;
/// Steps before anything is said; and how far coefficients may be from nothing, in standard errors of
/// one value.
const LEAST: usize = 14;
const LOOSE: f64 = 100.0;

/// How fast distances from what the regression says are followed: by two forecasts, and by what is usual
/// in the long run.
const AROUND: [f64; 3] = [0.3, 0.1, 0.03];
/// How fast the running error forgets.
const FADE: f64 = 0.01;

/// The day of the week, from 0.
pub(super) fn weekday(time: i64) -> usize {
    time.div_euclid(DAY).rem_euclid(7) as usize
}

/// Whether steps are of a length at which days of the week can be told apart.
pub(super) fn is_by_the_day(step: f64) -> bool {
    Shape::of(step).is_some_and(|shape| shape.week)
}

/// Whether steps are of a length at which the calendar is looked at.
pub(super) fn goes_by_calendar(step: f64) -> bool {
    Shape::of(step).is_some()
}

/// The regression without and with the time of the year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Calendar {
    week: Regression,
    year: Regression,
    /// When the first value was, of those in steps of the length that they have now.
    since: Option<i64>,
}

impl Calendar {
    /// What each forecast says: without the time of the year and with it, nearer the last values and
    /// less near.
    pub(super) fn forecasts(&self, time: i64) -> [Option<f64>; 4] {
        let week = self.week.at(time);
        let year = self.year.at(time).filter(|_| self.knows_years(time));
        let [near, around, _] = self.week.off;
        let [near_year, around_year, _] = self.year.off;
        [
            week.map(|week| week + near),
            week.map(|week| week + around),
            year.map(|year| year + near_year),
            year.map(|year| year + around_year),
        ]
    }

    /// Whether there are too few values yet, of those that the calendar is looked at for.
    pub(super) fn is_blind(&self, step: f64) -> bool {
        goes_by_calendar(step) && self.week.seen < LEAST
    }

    /// What is usual at a time in the long run. `None` with too little of a past.
    pub(super) fn usual(&self, time: i64) -> Option<f64> {
        let is_year = self.knows_years(time) && self.year.error < self.week.error;
        let one = if is_year { &self.year } else { &self.week };
        let [.., slow] = one.off;
        one.at(time).map(|said| said + slow)
    }

    pub(super) fn see(&mut self, time: i64, value: f64, step: f64) {
        let Some(shape) = Shape::of(step) else {
            if self.since.is_some() {
                *self = Self::default();
            }
            return;
        };
        self.since = self.since.or(Some(time));
        self.week.see(Shape { waves: 0, ..shape }, time, value);
        self.year.see(shape, time, value);
    }

    /// Where the level is now is where it stays.
    pub(super) fn settle(&mut self) {
        for one in [&mut self.week, &mut self.year] {
            let [_, around, slow] = &mut one.off;
            *slow = *around;
        }
    }

    fn knows_years(&self, time: i64) -> bool {
        self.since.is_some_and(|since| time.saturating_sub(since) as f64 >= WHOLE_YEAR * YEAR)
    }
}

/// Least squares, and where the values are around it of late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
struct Regression {
    shape: Option<Shape>,
    /// Of the level, the first six days of the week, and the waves of the year.
    coefficients: Vec<f64>,
    /// Their covariance, row by row, in units of one value's variance.
    covariance: Vec<f64>,
    off: [f64; AROUND.len()],
    /// The mean absolute distance from what is usual in the long run.
    error: f64,
    seen: usize,
}

impl Regression {
    /// `None` with too little of a past.
    fn at(&self, time: i64) -> Option<f64> {
        let shape = self.shape.filter(|_| self.seen >= LEAST)?;
        let said = product(&shape.describe(time), &self.coefficients);
        said.is_finite().then_some(said)
    }

    fn see(&mut self, shape: Shape, time: i64, value: f64) {
        let row = shape.describe(time);
        let n = row.len();
        if self.shape != Some(shape) || self.covariance.len() != n * n {
            let diagonal = |at: usize| if at.is_multiple_of(n + 1) { LOOSE } else { 0.0 };
            let covariance = (0..n * n).map(diagonal).collect();
            let mut coefficients = vec![0.0; n];
            coefficients[0] = value;
            *self = Self { shape: Some(shape), coefficients, covariance, ..Self::default() };
        }
        if let Some(said) = self.at(time) {
            let [.., slow] = self.off;
            self.error += FADE * ((value - said - slow).abs() - self.error);
            for (off, follow) in self.off.iter_mut().zip(AROUND) {
                *off += follow * (value - said - *off);
            }
        }
        self.fit(&row, value);
        self.seen += 1;
    }

    fn fit(&mut self, row: &[f64], value: f64) {
        let n = row.len();
        let reach: Vec<f64> = self.covariance.chunks(n).map(|line| product(line, row)).collect();
        // What is not seen for long may not become unsure without end.
        let trace: f64 = self.covariance.iter().step_by(n + 1).sum();
        let forget = if trace < LOOSE { 1.0 - FORGET } else { 1.0 };
        let spread = forget + product(row, &reach);
        let miss = value - product(row, &self.coefficients);
        for (coefficient, reach) in self.coefficients.iter_mut().zip(&reach) {
            *coefficient += miss * reach / spread;
        }
        for (line, from) in self.covariance.chunks_mut(n).zip(&reach) {
            for (one, to) in line.iter_mut().zip(&reach) {
                *one = (*one - from * to / spread) / forget;
            }
        }
    }
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What can be told apart at a length of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Shape {
    week: bool,
    waves: usize,
}

impl Shape {
    fn of(step: f64) -> Option<Self> {
        (step >= FEWEST).then_some(Self {
            week: step < WEEKLY,
            waves: if step < MONTHLY { SMOOTH } else { MONTHS },
        })
    }

    fn describe(self, time: i64) -> Vec<f64> {
        let mut row = vec![1.0];
        if self.week {
            let day = weekday(time);
            // The last day is the others' opposite, so that they are about nothing on average.
            row.extend((0..6).map(|one| match day {
                6 => -1.0,
                day if day == one => 1.0,
                _ => 0.0,
            }));
        }
        let year = (time as f64 / YEAR).fract() * TAU;
        for wave in 1..=self.waves {
            let (sine, cosine) = (wave as f64 * year).sin_cos();
            row.extend([sine, cosine]);
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_week_and_the_time_of_the_year() {
        let mut calendar = Calendar::default();
        let value = |day: i64| {
            let year = (day as f64 / 365.25).fract() * TAU;
            100.0 + if day % 7 < 2 { 30.0 } else { 0.0 } + 10.0 * year.sin()
        };
        for day in 0..800 {
            calendar.see(day * DAY, value(day), DAY as f64);
        }
        for day in 800..830 {
            let said = calendar.usual(day * DAY).unwrap_or(0.0);
            assert!((said - value(day)).abs() < 0.5, "{day}: {said} for {}", value(day));
        }
    }

    #[test]
    fn months() {
        let mut calendar = Calendar::default();
        let month = 365.25 / 12.0 * DAY as f64;
        let value = |number: usize| if number % 12 == 5 { 160.0 } else { 100.0 };
        for number in 0..60 {
            calendar.see((number as f64 * month) as i64, value(number), month);
        }
        for number in 60..72 {
            let said = calendar.usual((number as f64 * month) as i64).unwrap_or(0.0);
            assert!((said - value(number)).abs() < 3.0, "{number}: {said}");
        }
        assert_eq!(Calendar::default().usual(0), None);
    }
}
