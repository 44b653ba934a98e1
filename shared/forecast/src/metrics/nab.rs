//! The score of the Numenta Anomaly Benchmark (Lavin and Ahmad: Evaluating Real-Time Anomaly
//! Detection Algorithms, 2015; version 1.1). Of each labelled window only the best, that is the
//! earliest, detection counts; detections outside cost, the less the closer they follow a window.

use serde::{Deserialize, Serialize};

/// What right and wrong detections weigh.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NabProfile {
    /// Of a window that was found.
    pub true_positive: f64,
    /// Of a row outside of windows that was taken for an anomaly.
    pub false_positive: f64,
    /// Of a window that was not found.
    pub false_negative: f64,
}

impl NabProfile {
    /// The profile of the published standard scores.
    pub const STANDARD: Self =
        Self { true_positive: 1.0, false_positive: 0.11, false_negative: 1.0 };
}

/// Scores of one file and where its anomalies are.
#[derive(Debug, Clone, PartialEq)]
pub struct NabFile {
    /// One score a row, from 0 to 1.
    pub scores: Vec<f64>,
    /// Labelled windows as positions of their first and last row, in order, not overlapping.
    pub windows: Vec<(usize, usize)>,
}

/// What a threshold gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NabResult {
    /// Scores from this value on count as detections.
    pub threshold: f64,
    /// The sum of the weights; see [`nab_normalised`].
    pub score: f64,
    /// Windows with a detection.
    pub found: usize,
    /// Windows there are.
    pub windows: usize,
    /// Detections outside of windows, after the probation.
    pub false_positives: usize,
}

/// `2 / (1 + e^(5 x)) - 1`: 0.987 at the left edge of a window (-1), 0 at its right edge, and down to
/// -1 behind it.
fn sigmoid(position: f64) -> f64 {
    if position > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * position).exp()) - 1.0 }
}

/// The first 15 % of a file, at most 750 rows, in which nothing counts.
fn probation(rows: usize) -> usize {
    // As the benchmark has it: the integer part of 15 % of the rows, or 15 % of 5,000.
    (0.15 * rows as f64).floor().min(750.0) as usize
}

/// One row that counts: its score, what a detection there is worth, and its window.
struct Point {
    score: f64,
    worth: f64,
    window: Option<usize>,
}

fn points(files: &[NabFile], profile: NabProfile) -> (Vec<Point>, usize) {
    let (mut points, mut windows_before) = (Vec::new(), 0);
    for file in files {
        let mut windows = file.windows.iter().enumerate().peekable();
        let mut behind: Option<(usize, f64)> = None;
        let start = probation(file.scores.len());
        for (row, score) in file.scores.iter().enumerate() {
            let mut window = None;
            let worth = match windows.peek() {
                Some(&(number, &(first, last))) if (first..=last).contains(&row) => {
                    let width = (last - first + 1) as f64;
                    let position = -((last - row + 1) as f64) / width;
                    window = Some(windows_before + number);
                    if row == last {
                        behind = Some((last, width));
                        windows.next();
                    }
                    sigmoid(position) / sigmoid(-1.0) * profile.true_positive
                }
                _ => {
                    let position = behind.map(|(last, width)| (row - last) as f64 / (width - 1.0));
                    position.map_or(-1.0, sigmoid) * profile.false_positive
                }
            };
            if row >= start {
                points.push(Point { score: *score, worth, window });
            }
        }
        windows_before += file.windows.len();
    }
    (points, windows_before)
}

/// Goes down through all scores and calls `at` with the result of each threshold.
fn sweep(files: &[NabFile], profile: NabProfile, mut at: impl FnMut(NabResult)) {
    let (mut points, count) = points(files, profile);
    points.sort_by(|a, b| b.score.total_cmp(&a.score));
    // Windows that lie in the probation altogether do not count.
    let mut best: Vec<Option<f64>> = vec![None; count];
    for point in &points {
        if let Some(window) = point.window {
            best[window] = Some(-profile.false_negative);
        }
    }
    let windows = best.iter().flatten().count();
    let mut score = -profile.false_negative * windows as f64;
    let (mut found, mut false_positives) = (vec![false; count], 0);
    at(NabResult { threshold: f64::INFINITY, score, found: 0, windows, false_positives });
    for equal in points.chunk_by(|a, b| a.score == b.score) {
        for point in equal {
            match point.window {
                None => {
                    score += point.worth;
                    false_positives += 1;
                }
                Some(window) => {
                    let before = best[window].unwrap_or(point.worth);
                    score += (point.worth - before).max(0.0);
                    best[window] = Some(before.max(point.worth));
                    found[window] = true;
                }
            }
        }
        let found = found.iter().filter(|found| **found).count();
        at(NabResult { threshold: equal[0].score, score, found, windows, false_positives });
    }
}

/// The result of counting scores from `threshold` on as detections.
pub fn nab_score(files: &[NabFile], threshold: f64, profile: NabProfile) -> NabResult {
    let mut result = None;
    sweep(files, profile, |at| {
        if result.is_none() || at.threshold >= threshold {
            result = Some(NabResult { threshold, ..at });
        }
    });
    result.unwrap_or(NabResult { threshold, score: 0.0, found: 0, windows: 0, false_positives: 0 })
}

/// The best of all thresholds: the published scores are scores of such.
pub fn nab_best_threshold(files: &[NabFile], profile: NabProfile) -> NabResult {
    let mut best: Option<NabResult> = None;
    sweep(files, profile, |at| {
        if best.is_none_or(|best| at.score > best.score) {
            best = Some(at);
        }
    });
    best.unwrap_or(NabResult {
        threshold: f64::INFINITY,
        score: 0.0,
        found: 0,
        windows: 0,
        false_positives: 0,
    })
}

/// The score as a share in per cent: 0 for finding nothing, 100 for finding every window at its
/// first row and nothing else.
pub fn nab_normalised(result: &NabResult, profile: NabProfile) -> f64 {
    let windows = result.windows as f64;
    let (nothing, perfect) = (-profile.false_negative * windows, profile.true_positive * windows);
    if windows == 0.0 { 0.0 } else { 100.0 * (result.score - nothing) / (perfect - nothing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: NabProfile = NabProfile::STANDARD;

    /// 100 rows with a window of ten at 50, scores of 0 but for those given.
    fn file(scores: &[(usize, f64)]) -> NabFile {
        let mut file = NabFile { scores: vec![0.0; 100], windows: vec![(50, 59)] };
        for (row, score) in scores {
            file.scores[*row] = *score;
        }
        file
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn by_hand() {
        // Nothing, and everything at once.
        near(nab_normalised(&nab_score(&[file(&[])], 0.5, P), P), 0.0);
        near(nab_normalised(&nab_score(&[file(&[(50, 1.0)])], 0.5, P), P), 100.0);
        // In the middle of the window: five rows before its end counted as -0.5.
        let middle = nab_score(&[file(&[(55, 0.9)])], 0.5, P);
        let s = |x: f64| 2.0 / (1.0 + (5.0 * x).exp()) - 1.0;
        near(middle.score, s(-0.5) / s(-1.0));
        near(s(-1.0), 0.986_614_298_151_43);
        // The earliest counts, whichever is higher; one before any window costs all its weight,
        // one nine rows behind the window as much as its position says.
        let more = file(&[(55, 0.9), (52, 0.7), (20, 0.8), (68, 0.9), (10, 1.0)]);
        let result = nab_score(&[more], 0.5, P);
        near(result.score, s(-0.8) / s(-1.0) - 0.11 + 0.11 * s(1.0));
        assert_eq!((result.found, result.windows, result.false_positives), (1, 1, 2));
        // Row 10 is in the probation, which has 15 rows.
        let late = nab_score(&[file(&[(14, 1.0)])], 0.5, P);
        near(late.score, -1.0);
    }

    #[test]
    fn the_best_threshold_of_all_files() {
        let files = [file(&[(50, 0.8), (30, 0.9)]), file(&[(51, 0.6), (31, 0.5)])];
        let best = nab_best_threshold(&files, P);
        assert_eq!(best.threshold, 0.6);
        assert_eq!(best.score, nab_score(&files, 0.6, P).score);
        assert_eq!(nab_best_threshold(&[], P).windows, 0);
    }
}
