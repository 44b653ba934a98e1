//! Anomalies as they come: each value is judged by those before it, with a state of bounded size that
//! can be stored and gone on with.
//!
//! A value is looked at in several ways: how far it is from what simple forecasts expected, how high it
//! is, how far from what is usual at its time of day, how far the last few were on average, and how new
//! the last few are in their order. In each, how rare it is is told from what was seen before in the
//! same way, so that no scale has to be known. What good forecasts differ about is not held against a
//! value. The surprise of the value, of the last few and of their order together is the score; what was
//! as surprising a moment before is no news. Two views count by themselves as well: how far the
//! value is from what was expected, as errors are at its level, and the sum of such distances over time.
//! By the day, the week or the month, what is expected goes by the calendar. On a holiday, it goes by how
//! such days were; the first of them is not judged. A day of the week on which there never is anything is
//! as if it were not there. What is critical by the day is not remembered.

mod calendar;
mod closed;
mod detector;
mod drift;
mod experts;
mod growth;
mod holidays;
mod judgement;
mod pattern;
mod profile;
mod tail;
mod views;

use crate::Holiday;

pub use detector::{Detector, DetectorSettings};
pub use judgement::{Judgement, Severity};

/// Judges rows of time and value in the order they come.
pub fn detect(
    rows: &[(i64, f64)],
    settings: DetectorSettings,
    holidays: Vec<Holiday>,
) -> Vec<Judgement> {
    let mut detector = Detector::new(settings).with_holidays(holidays);
    rows.iter().map(|(time, value)| detector.push(*time, *value)).collect()
}
