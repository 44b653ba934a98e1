//! Simple forecasts of the next value; the one that has been nearest of late is believed.

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::profile::Profile;

/// How fast running means of levels follow.
const FOLLOW: [f64; 3] = [0.6, 0.2, 0.03];
/// How fast the running error of an expert forgets.
const FORGET: f64 = 0.01;
const COUNT: usize = FOLLOW.len() + 9;
/// Experts whose errors are up to so many times the smallest are hardly worse than the best.
const HARDLY: f64 = 1.2;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Experts {
    last: Option<f64>,
    levels: [f64; FOLLOW.len()],
    day: Profile,
    week: Profile,
    /// Recent distances from the profiles, which move with the level.
    off_day: f64,
    off_week: f64,
    last_day: f64,
    calendar: Calendar,
    /// Running errors of what is usual by the day and by the week.
    usual_errors: [f64; 2],
    errors: [f64; COUNT],
    seen: f64,
}

/// What experts say comes next, with their running errors.
#[derive(Debug)]
pub(super) struct Said {
    all: [Option<f64>; COUNT],
    errors: [f64; COUNT],
}

impl Said {
    /// What the one says that has been nearest of late.
    pub(super) fn best(&self) -> Option<f64> {
        let mut best: Option<(f64, f64)> = None;
        for (value, error) in self.known() {
            if best.is_none_or(|(_, least)| error < least) {
                best = Some((value, error));
            }
        }
        best.map(|(value, _)| value)
    }

    /// What is nearest to a value of all that the best expert says, those who are hardly worse, and
    /// what lies between: they are right about as often, and where they differ nobody knows.
    pub(super) fn nearest(&self, value: f64) -> Option<f64> {
        let least = self.known().map(|(_, error)| error).fold(f64::INFINITY, f64::min);
        let believed = self.known().filter(|(_, error)| *error <= HARDLY * least);
        let (lo, hi) = believed
            .map(|(said, _)| (said, said))
            .reduce(|(lo, hi), (said, _)| (lo.min(said), hi.max(said)))?;
        Some(value.max(lo).min(hi))
    }

    fn known(&self) -> impl Iterator<Item = (f64, f64)> {
        self.all.iter().zip(self.errors).filter_map(|(said, error)| Some(((*said)?, error)))
    }
}

impl Experts {
    pub(super) fn new() -> Self {
        Self {
            last: None,
            levels: [0.0; FOLLOW.len()],
            day: Profile::day(),
            week: Profile::week(),
            off_day: 0.0,
            off_week: 0.0,
            last_day: 0.0,
            calendar: Calendar::default(),
            usual_errors: [0.0; 2],
            errors: [0.0; COUNT],
            seen: 0.0,
        }
    }

    fn all(&self, time: i64, floor: f64) -> [Option<f64>; COUNT] {
        let last = self.last;
        let [fast, middle, slow] = self.levels;
        let known = |value: f64| last.map(|_| value);
        let (day, week) = (self.day.at(time), self.week.at(time));
        let [near, around, near_year, around_year] = self.calendar.forecasts(time);
        [
            last,
            known(fast),
            known(middle),
            known(slow),
            day,
            day.map(|day| day + self.off_day),
            week.map(|week| week + self.off_week),
            day.zip(last).map(|(day, last)| last + day - self.last_day),
            near,
            around,
            near_year,
            around_year,
        ]
        .map(|said| said.map(|said| said.max(floor)))
    }

    /// What all of them say comes next, none of it below the least that a value can be.
    pub(super) fn say(&self, time: i64, floor: f64) -> Said {
        Said { all: self.all(time, floor), errors: self.errors }
    }

    /// Learns from a value.
    pub(super) fn see(&mut self, time: i64, value: f64, step: f64, floor: f64) {
        let all = self.all(time, floor);
        self.seen += 1.0;
        let rate = FORGET.max(1.0 / self.seen);
        let worst = all.iter().flatten().map(|said| (value - said).abs()).fold(0.0, f64::max);
        for (error, said) in self.errors.iter_mut().zip(all) {
            // Who has nothing to say yet is as wrong as the worst.
            let now = said.map_or(worst, |said| (value - said).abs());
            *error += rate * (now - *error);
        }
        if self.last.is_none() {
            self.levels = [value; FOLLOW.len()];
        }
        for (level, follow) in self.levels.iter_mut().zip(FOLLOW) {
            *level += follow.max(1.0 / self.seen) * (value - *level);
        }
        if let Some(day) = self.day.at(time) {
            self.off_day += 0.1 * (value - day - self.off_day);
        }
        if let Some(week) = self.week.at(time) {
            self.off_week += 0.1 * (value - week - self.off_week);
        }
        if let (Some(day), Some(week)) = (self.day.at(time), self.week.at(time)) {
            for (error, said) in self.usual_errors.iter_mut().zip([day, week]) {
                *error += rate * ((value - said).abs() - *error);
            }
        }
        self.calendar.see(time, value, step);
        self.last_day = self.day.at(time).unwrap_or(value);
        self.day.see(time, value, step);
        self.week.see(time, value, step);
        self.last = Some(value);
    }

    /// Whether the calendar has nothing to say yet, for want of values.
    pub(super) fn are_blind(&self, step: f64) -> bool {
        self.calendar.is_blind(step)
    }

    /// What is usual at this time, whatever came last.
    pub(super) fn usual_at(&self, time: i64) -> Option<f64> {
        self.calendar.usual(time).or_else(|| self.day.at(time))
    }

    /// The same in the long run, as far back as there is a way to know it.
    pub(super) fn long_run_at(&self, time: i64) -> Option<f64> {
        let [by_day, by_week] = self.usual_errors;
        let week = self.week.at(time).filter(|_| by_week < by_day);
        self.calendar.usual(time).or(week).or_else(|| self.day.at(time))
    }

    /// A change that has lasted is usual now.
    pub(super) fn settle(&mut self) {
        self.calendar.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    #[test]
    fn what_good_experts_differ_about_is_left_open() {
        let mut experts = Experts::new();
        assert_eq!(experts.say(0, 0.0).nearest(1.0), None);
        for t in 0..200 {
            experts.see(t * HOUR, if t % 2 == 0 { 10.0 } else { 20.0 }, HOUR as f64, 0.0);
        }
        // By the time of day it is 10 now, and nobody else is as good.
        let said = experts.say(200 * HOUR, 0.0);
        assert_eq!(said.nearest(30.0), said.best());
        let mut experts = Experts::new();
        for t in 0..200 {
            experts.see(t * HOUR, ((t * 7_919) % 101) as f64, HOUR as f64, 0.0);
        }
        let said = experts.say(200 * HOUR, 0.0);
        let expected = said.best().unwrap();
        let (lo, hi) = (said.nearest(-1e9).unwrap(), said.nearest(1e9).unwrap());
        assert!(lo < hi && lo <= expected && expected <= hi, "{lo} {expected} {hi}");
        assert_eq!(said.nearest(expected), Some(expected));
    }

    #[test]
    fn what_never_was_negative_is_not_expected_to_be() {
        // Busy by day for two weeks, then closed.
        let busy = |t: i64| if t % 24 > 12 && t < 14 * 24 { 20.0 } else { 0.0 };
        let least = |below: f64, floor: f64| {
            let mut experts = Experts::new();
            let said = (0..16 * 24).flat_map(|t| {
                experts.see(t * HOUR, busy(t) - below, HOUR as f64, floor);
                experts.all((t + 1) * HOUR, floor).into_iter().flatten().collect::<Vec<_>>()
            });
            said.fold(f64::INFINITY, f64::min)
        };
        assert_eq!(least(0.0, 0.0), 0.0);
        assert!(least(1.0, f64::NEG_INFINITY) < -2.0);
    }
}
