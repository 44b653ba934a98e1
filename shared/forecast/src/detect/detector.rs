//! See [`super`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::calendar::{goes_by_calendar, is_by_the_day};
use super::closed::Closed;
use super::experts::Experts;
use super::growth::Growth;
use super::holidays::{Effect, Holidays, Place};
use super::judgement::{Judgement, Severity};
use super::views::{Rare, Shown, View, Views};
use crate::Holiday;

/// What a detector is told. The defaults suit anything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetectorSettings {
    /// Scores from this value on are anomalies.
    pub threshold: f64,
    /// The k-of-n rule: so many of the last `of` values have to be part of an anomaly before it is
    /// reported. Values that are no number and days of rest are not counted.
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

/// Greater numbers count as this one.
const MOST: f64 = 1e100;
/// Values before anything is judged.
const FIRST: usize = 20;
/// Surprise, as the decimal logarithm of one in how many cases, at which the score is a half.
const HALF: f64 = 2.4;
/// How much more surprise that takes with each tenfold of values beyond so many, which have more chances
/// to be rare; and the most that it is more.
const HALF_GROWTH: f64 = 0.7;
const HALF_SEEN: f64 = 2_000.0;
const HALF_MORE: f64 = 0.6;
/// How much more surprising something has to be than what was lately to score fully, by how much
/// "lately" fades with each value, and what is left of the score of anything else.
const MORE: f64 = 0.3;
const FADE: f64 = 0.05;
/// The same by the day and in longer steps, of which another week is another matter.
const FADE_BY_CALENDAR: f64 = 0.3;
const OLD_NEWS: f64 = 0.1;
/// Values within bounds after which an anomaly is over, and values after which what stays is usual.
const CALM: usize = 3;
const HOLD: usize = 60;
/// Distances below this share of the usual range are not told apart.
const FINE: f64 = 0.02;
/// Scores from this share of the way between threshold and 1 on are critical.
const CRITICAL: f64 = 0.2;

/// An anomaly that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Incident {
    age: usize,
    calm: usize,
    severity: Severity,
    /// Whether it is a change that lasts, which each value by itself may hardly show.
    lasting: bool,
    /// What was most surprising in it, until it is reported.
    unreported: Option<Peak>,
}

/// The highest score of an anomaly, and where it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Peak {
    score: f64,
    view: View,
    above: bool,
}

/// Judges values one after the other. Its state can be stored between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    settings: DetectorSettings,
    experts: Experts,
    views: Views,
    growth: Growth,
    last: Option<i64>,
    step: f64,
    seen: usize,
    incident: Option<Incident>,
    /// The greatest surprise of late.
    lately: f64,
    /// The greatest surprise of one view in what was reported of late.
    reported: f64,
    hits: VecDeque<bool>,
    #[serde(default)]
    holidays: Holidays,
    #[serde(default)]
    closed: Closed,
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
            growth: Growth::default(),
            last: None,
            step: 0.0,
            seen: 0,
            incident: None,
            lately: 0.0,
            reported: 0.0,
            hits: VecDeque::new(),
            holidays: Holidays::default(),
            closed: Closed::default(),
        }
    }

    /// The same that knows of days which are other. Their effects are learnt from those that it sees.
    pub fn with_holidays(mut self, holidays: Vec<Holiday>) -> Self {
        self.holidays = Holidays::new(holidays);
        self
    }

    /// Judges a value by those before it, then learns from it. `time` is in seconds. A value that is
    /// no number is no anomaly, and nothing is learnt from it; on the first of a holiday, only what the
    /// holiday does.
    pub fn push(&mut self, time: i64, value: f64) -> Judgement {
        if value < 0.0 {
            self.growth.see_negative();
        }
        let judged = self.push_any(time, value);
        let floor = self.growth.floor();
        // What is not known stays so.
        let floored = |number: f64| if number < floor { floor } else { number };
        Judgement {
            expected: floored(judged.expected),
            lo: floored(judged.lo),
            hi: floored(judged.hi),
            ..judged
        }
    }

    fn push_any(&mut self, time: i64, value: f64) -> Judgement {
        let place = self.holidays.at(time).filter(|_| value.is_finite());
        if self.is_rest(time, value, place.is_some()) {
            self.closed.see(time, value);
            self.last = Some(time);
            return Judgement::nothing(0.0, (value.min(0.0), value.max(0.0)));
        }
        let Some(place) = place else {
            return self.push_usual(time, value);
        };
        let value = value.clamp(-MOST, MOST);
        let Some(expected) = self.experts.say(time, self.growth.floor()).best() else {
            return self.push_usual(time, f64::NAN);
        };
        match self.holidays.effect(place) {
            None => {
                self.holidays.see(place, value, expected);
                self.push_usual(time, f64::NAN)
            }
            Some(effect) => self.push_holiday(time, value, expected, place, effect),
        }
    }

    /// Whether a value says nothing of other days, as it is of a day of rest: zero, or no more than
    /// there would be on any other day. Before anything is judged, zeros need not be sure to be of one:
    /// what turns out to be a day of rest has not been taken for a low value then.
    fn is_rest(&self, time: i64, value: f64, is_holiday: bool) -> bool {
        if self.closed.is_on(time) {
            let usual = || self.experts.say(time, self.growth.floor()).best().unwrap_or(0.0);
            return value == 0.0 || (!is_holiday && value.abs() <= usual().abs());
        }
        if value != 0.0 || self.seen >= FIRST {
            return false;
        }
        let Some(last) = self.last else { return true };
        let step = if self.seen < 2 { time.saturating_sub(last) as f64 } else { self.step };
        is_by_the_day(step) && !is_holiday && self.closed.may_be_on(time)
    }

    /// Judges a holiday as if it were any other day on which the value is as far from what is expected.
    fn push_holiday(
        &mut self,
        time: i64,
        value: f64,
        usual: f64,
        place: Place,
        effect: Effect,
    ) -> Judgement {
        let (expected, scale) = effect.on(usual);
        let judged = self.push_usual(time, usual + (value - expected) / scale);
        if !judged.is_anomaly {
            self.holidays.see(place, value, usual);
        }
        Judgement {
            expected,
            lo: expected + (judged.lo - usual) * scale,
            hi: expected + (judged.hi - usual) * scale,
            ..judged
        }
    }

    fn push_usual(&mut self, time: i64, value: f64) -> Judgement {
        let said = self.experts.say(time, self.growth.floor());
        let expected = said.best();
        if !value.is_finite() {
            let expected = expected.unwrap_or(f64::NAN);
            return Judgement::nothing(expected, self.bounds(expected));
        }
        let value = value.clamp(-MOST, MOST);
        let fine = self.fine();
        let usual = self.experts.usual_at(time).or(self.views.tail(View::Height).quantile(0.5));
        let long_run = self.experts.long_run_at(time).or(usual);
        let shown = self.views.look(value, expected, usual, long_run, &self.growth, fine);
        let missed = said.nearest(value).map(|nearest| value - nearest);
        let expected = expected.unwrap_or(value);
        let judged = Views::missed(&shown, missed, self.growth.at(expected));
        let (lo, hi) = self.bounds(expected);
        let matters = (value - expected).abs() >= self.settings.smallest;
        let rare = if self.seen >= FIRST && matters {
            self.news(self.views.rarity(&judged, fine), self.views.single(&judged, fine))
        } else {
            self.news(Rare::NOTHING, Rare::NOTHING)
        };
        let score = rare.surprise / (rare.surprise + self.half());
        let threshold = self.settings.threshold;
        let severity = if score < threshold {
            Severity::None
        } else if score < threshold + CRITICAL * (1.0 - threshold) {
            Severity::Warning
        } else {
            Severity::Critical
        };
        let peak = Peak { score, view: rare.view, above: rare.above };
        self.follow(severity, peak, value < lo || value > hi);
        let goes_on = self.incident.filter(|incident| incident.calm == 0);
        if self.hits.len() >= self.settings.of.max(1) {
            self.hits.pop_front();
        }
        self.hits.push_back(goes_on.is_some());
        let count = self.hits.iter().filter(|hit| **hit).count();
        let reported = goes_on.filter(|_| count >= self.settings.at_least);
        // What is reported first tells of all that it stands for, though it may be hardly news itself.
        let first = reported.and_then(|incident| incident.unreported);
        if let Some(incident) = self.incident.as_mut().filter(|_| first.is_some()) {
            incident.unreported = None;
        }
        self.learn(time, value, &shown, expected, hi - lo, severity);
        Judgement {
            score: first.map_or(score, |peak| peak.score),
            expected,
            lo,
            hi,
            is_anomaly: reported.is_some(),
            severity: reported.map_or(Severity::None, |incident| incident.severity),
            reason: match (reported, first, severity) {
                (None, ..) => String::new(),
                (_, Some(peak), _) => peak.view.reason(peak.above).to_owned(),
                (_, None, Severity::None) => "goes on".to_owned(),
                (_, None, _) => rare.view.reason(rare.above).to_owned(),
            },
        }
    }

    /// What is left of surprises, that of all views together and that of one by itself, where they are
    /// no news; the larger one. All views have to be surprised more than lately. One by itself may
    /// grow slowly, so that only what has been reported is old news to it.
    fn news(&mut self, together: Rare, single: Rare) -> Rare {
        let fade = if goes_by_calendar(self.step) { FADE_BY_CALENDAR } else { FADE };
        let fresh = |surprise: f64, before: f64| {
            if surprise >= before + MORE { surprise } else { OLD_NEWS * surprise }
        };
        let all = fresh(together.surprise, self.lately);
        self.lately = (self.lately - fade).max(together.surprise);
        let alone = fresh(single.surprise, self.reported);
        self.reported = (self.reported - fade).max(0.0);
        let larger = all.max(alone);
        if larger >= self.settings.threshold * (larger + self.half()) {
            self.reported = self.reported.max(single.surprise);
        }
        if alone > all {
            Rare { surprise: alone, ..single }
        } else {
            Rare { surprise: all, ..together }
        }
    }

    /// The surprise at which the score is a half.
    fn half(&self) -> f64 {
        let tenfold = (self.seen as f64 / HALF_SEEN).max(1.0).log10();
        HALF + (HALF_GROWTH * tenfold).min(HALF_MORE)
    }

    /// What is not told apart: a share of the range in which most values are.
    fn fine(&self) -> f64 {
        let heights = self.views.tail(View::Height);
        let range = heights.quantile(0.98).zip(heights.quantile(0.02)).map_or(0.0, |(a, b)| a - b);
        let size = heights.quantile(0.5).map_or(0.0, f64::abs);
        (FINE * range).max(1e-3 * size).max(1e-12)
    }

    fn bounds(&self, expected: f64) -> (f64, f64) {
        let errors = self.views.tail(View::Error);
        if !errors.is_known() {
            // As long as little is known of errors, usual is what has been.
            let heights = self.views.tail(View::Height);
            let at = |share: f64| heights.quantile(share).unwrap_or(expected);
            return (expected.min(at(0.025)), expected.max(at(0.975)));
        }
        let grown = self.growth.at(expected);
        let off = |share: f64| grown * errors.quantile(share).unwrap_or(0.0);
        (expected + off(0.025).min(0.0), expected + off(0.975).max(0.0))
    }

    /// Begins an anomaly, or ends one.
    fn follow(&mut self, severity: Severity, peak: Peak, outside: bool) {
        if severity > Severity::None {
            let lasting = peak.view == View::Drift;
            let incident = match self.incident {
                None => Incident { age: 0, calm: 0, severity, lasting, unreported: Some(peak) },
                Some(before) => Incident {
                    age: 0,
                    calm: 0,
                    severity: severity.max(before.severity),
                    lasting: lasting || before.lasting,
                    unreported: before
                        .unreported
                        .map(|it| if it.score >= peak.score { it } else { peak }),
                },
            };
            self.incident = Some(incident);
        } else if let Some(incident) = &mut self.incident {
            incident.age += 1;
            let goes_on = outside || (incident.lasting && self.views.lasts());
            incident.calm = if goes_on { 0 } else { incident.calm + 1 };
            if incident.calm >= CALM || incident.age > HOLD {
                if incident.lasting {
                    self.views.settle();
                    self.experts.settle();
                }
                self.incident = None;
            }
        }
    }

    fn learn(
        &mut self,
        time: i64,
        value: f64,
        shown: &Shown,
        expected: f64,
        width: f64,
        severity: Severity,
    ) {
        if let Some(before) = self.last {
            let step = time.saturating_sub(before).max(0) as f64;
            let rate = (1.0 / self.seen.max(1) as f64).max(0.01);
            self.step += rate * (step - self.step);
        }
        if self.last.is_none() || is_by_the_day(self.step) {
            self.closed.see(time, value);
        }
        // Of few steps, one that was far off would hide the next one.
        let is_far_off = severity == Severity::Critical && goes_by_calendar(self.step);
        if is_far_off || self.experts.are_blind(self.step) {
            self.views.see(&Views::blind(shown));
        } else {
            self.views.see(shown);
        }
        // An anomaly moves what is expected no further than usual values would.
        let taken = match self.incident {
            Some(_) => value.clamp(expected - width, expected + width),
            None => value,
        };
        self.growth.see(taken, expected);
        self.experts.see(time, taken, self.step, self.growth.floor());
        self.last = Some(time);
        self.seen += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_values_one_has_to_be_rarer() {
        let after = |seen| Detector { seen, ..Detector::default() }.half();
        assert_eq!(after(0), HALF);
        assert_eq!(after(2_000), HALF);
        assert!((after(6_000) - HALF - HALF_GROWTH * 3_f64.log10()).abs() < 1e-9);
        assert_eq!(after(usize::MAX), HALF + HALF_MORE);
    }
}
