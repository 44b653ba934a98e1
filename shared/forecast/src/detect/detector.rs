//! See [`super`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::experts::Experts;
use super::judgement::{Judgement, Severity};
use super::views::{Shown, View, Views};

/// What a detector is told. The defaults suit anything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetectorSettings {
    /// Scores from this value on are anomalies.
    pub threshold: f64,
    /// So many of the last `of` values have to be anomalies by themselves before one is reported.
    pub at_least: usize,
    /// See [`DetectorSettings::at_least`].
    pub of: usize,
    /// Distances from what is expected below this do not matter: 3 instead of 1 is no incident.
    pub smallest: f64,
}

impl Default for DetectorSettings {
    fn default() -> Self {
        Self { threshold: 0.5, at_least: 1, of: 1, smallest: 0.0 }
    }
}

/// Values before anything is judged.
const FIRST: usize = 20;
/// Surprise, as the decimal logarithm of one in how many cases, at which the score is a half.
const HALF: f64 = 4.5;
/// Surprise below which an anomaly is over.
const CALM: f64 = 2.0;
/// Values after which what stays is usual.
const HOLD: usize = 60;
/// How much more surprising something has to be to score again in an anomaly.
const MORE: f64 = 1.0;
/// Anomalies in the last thousand values or so from which on they are usual.
const OFTEN: f64 = 5.0;
/// Distances below this share of the usual range are not told apart.
const FINE: f64 = 0.02;

/// An anomaly that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Incident {
    age: usize,
    calm: usize,
    surprise: f64,
}

/// Judges values one after the other. Its state can be stored between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    settings: DetectorSettings,
    experts: Experts,
    views: Views,
    last: Option<(i64, f64)>,
    step: f64,
    seen: usize,
    incident: Option<Incident>,
    often: f64,
    hits: VecDeque<bool>,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new(DetectorSettings::default())
    }
}

impl Detector {
    /// A detector that has seen nothing.
    pub fn new(settings: DetectorSettings) -> Self {
        Self {
            settings,
            experts: Experts::new(),
            views: Views::default(),
            last: None,
            step: 0.0,
            seen: 0,
            incident: None,
            often: 0.0,
            hits: VecDeque::new(),
        }
    }

    /// Judges a value by those before it, then learns from it. `time` is in seconds. A value that is
    /// no number is no anomaly, and nothing is learnt from it.
    pub fn push(&mut self, time: i64, value: f64) -> Judgement {
        let expected = self.experts.expect(time);
        if !value.is_finite() {
            let (lo, hi) = self.bounds(expected.unwrap_or(0.0));
            return Judgement {
                score: 0.0,
                expected: expected.unwrap_or(0.0),
                lo,
                hi,
                is_anomaly: false,
                severity: Severity::None,
                reason: String::new(),
            };
        }
        let value = value.clamp(-1e100, 1e100);
        let scale = self.fine();
        let usual = self.experts.usual_at(time).or(self.views.tail(View::Height).quantile(0.5));
        let last = self.last.map(|(_, value)| value);
        let shown = self.views.look(value, last, expected, usual, scale);
        let (surprise, view, above) = if self.seen >= FIRST {
            self.views.rarest(&shown, scale.max(self.settings.smallest))
        } else {
            (0.0, View::Step, true)
        };
        let expected = expected.unwrap_or(value);
        let (lo, hi) = self.bounds(expected);
        let counted = self.counted(surprise);
        let score = counted / (counted + HALF);
        let hit = score >= self.settings.threshold;
        self.note(surprise, hit);
        if self.hits.len() >= self.settings.of.max(1) {
            self.hits.pop_front();
        }
        let outside = value < lo || value > hi;
        self.hits.push_back(hit || (self.incident.is_some() && outside));
        let is_anomaly = self.hits.back() == Some(&true)
            && self.hits.iter().filter(|hit| **hit).count() >= self.settings.at_least;
        self.learn(time, value, &shown, expected, hi - lo);
        Judgement {
            score,
            expected,
            lo,
            hi,
            is_anomaly,
            severity: match (is_anomaly, score >= (1.0 + self.settings.threshold) / 2.0 * 0.9) {
                (false, _) => Severity::None,
                (true, false) => Severity::Warning,
                (true, true) => Severity::Critical,
            },
            reason: if hit { view.reason(above).to_owned() } else { String::new() },
        }
    }

    /// What is not told apart: a share of the range in which most values are.
    fn fine(&self) -> f64 {
        let heights = self.views.tail(View::Height);
        let range = heights.quantile(0.98).zip(heights.quantile(0.02)).map_or(0.0, |(a, b)| a - b);
        let size = heights.quantile(0.5).map_or(0.0, f64::abs);
        (FINE * range).max(1e-3 * size).max(1e-12)
    }

    fn bounds(&self, expected: f64) -> (f64, f64) {
        let steps = self.views.tail(View::Step);
        let off = |share: f64| steps.quantile(share).unwrap_or(0.0);
        (expected + off(0.025).min(0.0), expected + off(0.975).max(0.0))
    }

    /// Of a surprise, what is news.
    fn counted(&self, surprise: f64) -> f64 {
        match self.incident {
            Some(incident) if surprise < incident.surprise + MORE => surprise * 0.5,
            _ => surprise,
        }
    }

    fn note(&mut self, surprise: f64, hit: bool) {
        self.often *= 0.999;
        if hit {
            self.often += 1.0;
            let worst = self.incident.map_or(0.0, |incident| incident.surprise);
            let age = self.incident.map_or(0, |incident| incident.age);
            self.incident = Some(Incident { age, calm: 0, surprise: worst.max(surprise) });
        }
        if let Some(incident) = &mut self.incident {
            incident.age += 1;
            incident.calm = if surprise < CALM { incident.calm + 1 } else { 0 };
            if incident.calm > HOLD / 2 || incident.age > 3 * HOLD {
                self.incident = None;
            }
        }
    }

    fn learn(&mut self, time: i64, value: f64, shown: &Shown, expected: f64, width: f64) {
        if let Some((before, _)) = self.last {
            let step = time.saturating_sub(before).max(0) as f64;
            let rate = (1.0 / self.seen.max(1) as f64).max(0.01);
            self.step += rate * (step - self.step);
        }
        let held = self.incident.is_some_and(|incident| incident.age <= HOLD && incident.calm == 0)
            && self.often < OFTEN;
        if !held {
            self.views.see(shown);
        }
        let limit = if self.seen < FIRST || !held { f64::INFINITY } else { 2.0 * width };
        let taken = if held { value.clamp(expected - width, expected + width) } else { value };
        self.experts.see(time, taken, self.step, limit);
        self.last = Some((time, value));
        self.seen += 1;
    }
}
