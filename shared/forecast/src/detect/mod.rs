//! Anomalies as they come: each value is judged by those before it, with a state of bounded size that
//! can be stored and gone on with.
//!
//! A value is looked at in several ways (how far it is from what a forecast expected, how far the last
//! few were on average, how much they moved). In each, how rare it is is told from what was seen
//! before in the same way, so that no scale has to be known; the rarest counts. What belongs to an
//! anomaly does not become usual, unless it stays or comes back often.

mod detector;
mod experts;
mod judgement;
mod profile;
mod tail;
mod views;

pub use detector::{Detector, DetectorSettings};
pub use judgement::{Judgement, Severity};

/// Judges rows of time and value in the order they come.
pub fn detect(rows: &[(i64, f64)], settings: DetectorSettings) -> Vec<Judgement> {
    let mut detector = Detector::new(settings);
    rows.iter().map(|(time, value)| detector.push(*time, *value)).collect()
}
