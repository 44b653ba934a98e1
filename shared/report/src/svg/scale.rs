//! From values and times to places in a picture, with ticks at round numbers and dates.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use smelt_domain::Every;

use crate::number::grouped;

/// From values to places between two ends.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// `from` lies at `start`, `to` at `end`.
    pub(super) fn new((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self { from, to, start, end }
    }

    /// The middle, if all values are the same.
    pub(super) fn place(&self, value: f64) -> f64 {
        let length = self.to - self.from;
        let part = if length == 0.0 { 0.5 } else { (value - self.from) / length };
        self.start + part * (self.end - self.start)
    }
}

/// Round numbers around values: the first and the last are not inside them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    pub(super) values: Vec<f64>,
    step: f64,
}

/// How far above nothing values have to be, as a part of the greatest, for the axis not to begin there.
const FAR_FROM_NOTHING: f64 = 0.6;
/// The least and the greatest number that a picture is drawn of: the digits of others say nothing.
const SMALLEST: f64 = 1e-9;
const GREATEST: f64 = 1e18;

impl Ticks {
    /// About so many round numbers around these values, with zero unless they are all far from it.
    /// `None` if there is no value.
    pub(super) fn around(values: impl Iterator<Item = f64>, about: usize) -> Option<Self> {
        let drawn = values.filter(|value| value.abs() <= GREATEST);
        let (mut lo, mut hi) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), value| {
            (lo.min(value), hi.max(value))
        });
        if lo > hi {
            return None;
        }
        if lo >= 0.0 && lo < FAR_FROM_NOTHING * hi {
            lo = 0.0;
        }
        if hi <= 0.0 && hi > FAR_FROM_NOTHING * lo {
            hi = 0.0;
        }
        if hi - lo < SMALLEST.max(1e-9 * hi.abs()) {
            let around = if hi == 0.0 { 1.0 } else { 0.5 * hi.abs().max(SMALLEST) };
            (lo, hi) = if hi == 0.0 { (0.0, 1.0) } else { (lo - around, hi + around) };
        }
        let step = round_step((hi - lo) / about.max(1) as f64);
        let first = (lo / step).floor();
        let last = (hi / step).ceil();
        let count = (last - first).clamp(1.0, 50.0) as usize;
        let values = (0..=count).map(|tick| (first + tick as f64) * step).collect();
        Some(Self { values, step })
    }

    pub(super) fn ends(&self) -> (f64, f64) {
        match (self.values.first(), self.values.last()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => (0.0, 1.0),
        }
    }

    /// Short texts, all in the same unit: `0`, `500k`, `1,000k`.
    pub(super) fn labels(&self) -> Vec<String> {
        let greatest =
            self.values.iter().fold(0.0_f64, |greatest, value| greatest.max(value.abs()));
        let (unit, name) = match greatest {
            1e9.. => (1e9, "bn"),
            1e6.. => (1e6, "M"),
            1e4.. => (1e3, "k"),
            _ => (1.0, ""),
        };
        let decimals = (-(self.step / unit).log10() - 1e-9).ceil().clamp(0.0, 9.0) as u8;
        let label = |value: &f64| match *value {
            0.0 => "0".to_owned(),
            value => format!("{}{name}", grouped(value / unit, decimals)),
        };
        self.values.iter().map(label).collect()
    }
}

/// The least of 1, 2 and 5 times a power of ten that is not smaller.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powi(step.log10().floor() as i32);
    let round =
        [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    round.unwrap_or(10.0) * power
}

/// A round time on the axis, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TimeTick {
    pub(super) time: NaiveDateTime,
    pub(super) label: String,
}

#[derive(Debug, Clone, Copy)]
enum TimeStep {
    Hours(u32),
    Days(u64),
    Weeks,
    Months(u32),
    Years(i32),
}

/// Round times from the first to the last, at most so many, and none between the steps of the values.
pub(super) fn time_ticks(
    first: NaiveDateTime,
    last: NaiveDateTime,
    every: Every,
    most: usize,
) -> Vec<TimeTick> {
    let all = [
        TimeStep::Hours(1),
        TimeStep::Hours(3),
        TimeStep::Hours(6),
        TimeStep::Hours(12),
        TimeStep::Days(1),
        TimeStep::Days(2),
        TimeStep::Weeks,
        TimeStep::Months(1),
        TimeStep::Months(3),
        TimeStep::Years(1),
        TimeStep::Years(5),
        TimeStep::Years(20),
        TimeStep::Years(100),
    ];
    let steps = match every {
        Every::Hour => &all[..],
        Every::Day | Every::Week => &all[4..],
        Every::Month => &all[7..],
    };
    let ticks = |step: TimeStep| -> Vec<TimeTick> {
        let times = std::iter::successors(step.first_from(first), |time| step.after(*time));
        let inside = times.take_while(|time| *time <= last).take(most + 1);
        inside.map(|time| TimeTick { time, label: step.label(time) }).collect()
    };
    let found = steps.iter().copied().map(ticks).find(|ticks| ticks.len() <= most.max(1));
    match found {
        Some(found) if !found.is_empty() => found,
        _ => vec![TimeTick { time: first, label: day_label(first) }],
    }
}

impl TimeStep {
    /// The first round time that is not before this one.
    fn first_from(self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        let midnight = time.date().and_hms_opt(0, 0, 0)?;
        let mut round = match self {
            Self::Hours(_) | Self::Days(1) => midnight,
            // From the first of the month on, so that the first is among them.
            Self::Days(_) => midnight,
            Self::Weeks => {
                let since = time.date().weekday().num_days_from_monday();
                midnight.checked_sub_days(Days::new(u64::from(since)))?
            }
            Self::Months(step) => {
                let month = time.month0() / step * step + 1;
                NaiveDate::from_ymd_opt(time.year(), month, 1)?.and_hms_opt(0, 0, 0)?
            }
            Self::Years(step) => {
                let year = time.year().div_euclid(step) * step;
                NaiveDate::from_ymd_opt(year, 1, 1)?.and_hms_opt(0, 0, 0)?
            }
        };
        while round < time {
            round = self.after(round)?;
        }
        Some(round)
    }

    fn after(self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Hours(hours) => time.checked_add_signed(TimeDelta::hours(i64::from(hours))),
            Self::Days(days) => time.checked_add_days(Days::new(days)),
            Self::Weeks => time.checked_add_days(Days::new(7)),
            Self::Months(months) => time.checked_add_months(Months::new(months)),
            Self::Years(years) => {
                time.checked_add_months(Months::new(12 * u32::try_from(years).ok()?))
            }
        }
    }

    fn label(self, time: NaiveDateTime) -> String {
        match self {
            Self::Hours(_) if time.hour() != 0 => time.format("%H:%M").to_string(),
            Self::Hours(_) | Self::Days(_) | Self::Weeks => day_label(time),
            Self::Months(_) if time.month() == 1 => time.format("%b %Y").to_string(),
            Self::Months(_) => time.format("%b").to_string(),
            Self::Years(_) => time.format("%Y").to_string(),
        }
    }
}

fn day_label(time: NaiveDateTime) -> String {
    time.format("%-d\u{a0}%b").to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn around(values: &[f64]) -> Vec<String> {
        Ticks::around(values.iter().copied(), 4).unwrap().labels()
    }

    #[test]
    fn numbers_are_round() {
        assert_eq!(around(&[12.0, 97.0]), ["0", "50", "100"]);
        assert_eq!(
            around(&[0.0, 1_234_000.0]),
            ["0.0M", "0.5M", "1.0M", "1.5M"].map(|label| if label == "0.0M" { "0" } else { label })
        );
        assert_eq!(around(&[1.0, 61_000.0]), ["0", "20k", "40k", "60k", "80k"]);
        assert_eq!(around(&[-30.0, 20.0]), ["−40", "−20", "0", "20"]);
        assert_eq!(around(&[0.1, 0.45]), ["0", "0.2", "0.4", "0.6"]);
        assert_eq!(
            around(&[980.0, 1_000.0]),
            ["980", "985", "990", "995", "1,000"],
            "far from zero"
        );
        assert_eq!(around(&[0.0]), ["0", "0.5", "1.0"]);
        assert_eq!(around(&[-8.0, -1.0]), ["−8", "−6", "−4", "−2", "0"]);
        assert_eq!(Ticks::around([].into_iter(), 4), None);
        assert_eq!(Ticks::around([f64::NAN, f64::INFINITY].into_iter(), 4), None);
    }

    fn labels(first: &str, last: &str, every: Every) -> Vec<String> {
        let ticks = time_ticks(first.parse().unwrap(), last.parse().unwrap(), every, 7);
        ticks.into_iter().map(|tick| tick.label.replace('\u{a0}', " ")).collect()
    }

    #[test]
    fn times_are_round() {
        assert_eq!(
            labels("2026-10-05T00:00:00", "2026-10-05T23:00:00", Every::Hour),
            ["5 Oct", "06:00", "12:00", "18:00"]
        );
        assert_eq!(
            labels("2026-10-01T00:00:00", "2026-10-31T00:00:00", Every::Day),
            ["5 Oct", "12 Oct", "19 Oct", "26 Oct"],
            "Mondays"
        );
        assert_eq!(
            labels("2026-04-01T00:00:00", "2026-06-01T00:00:00", Every::Month),
            ["Apr", "May", "Jun"],
            "no weeks between months"
        );
        assert_eq!(
            labels("2026-01-01T00:00:00", "2026-12-01T00:00:00", Every::Month),
            ["Jan 2026", "Apr", "Jul", "Oct"]
        );
        assert_eq!(labels("2026-09-28T00:00:00", "2026-10-04T00:00:00", Every::Day).len(), 7);
        assert_eq!(
            labels("2026-10-05T10:30:00", "2026-10-05T10:30:00", Every::Day),
            ["5 Oct"],
            "one moment"
        );
    }

    proptest! {
        #[test]
        fn values_lie_between_their_ticks(values in proptest::collection::vec(-1e12..1e12_f64, 1..20), about in 1..8_usize) {
            let ticks = Ticks::around(values.iter().copied(), about).unwrap();
            let (lo, hi) = ticks.ends();
            prop_assert!(values.iter().all(|value| lo <= *value + 1e-3 && *value - 1e-3 <= hi), "{lo} {hi}");
            prop_assert!(ticks.values.len() >= 2 && ticks.values.len() <= about + 4);
            prop_assert!(ticks.values.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(ticks.labels().len(), ticks.values.len());
        }

        #[test]
        fn there_are_few_ticks_of_time(from in 0..2_000_000_000_i64, length in 0..2_000_000_000_i64, most in 2..10_usize) {
            let time = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let ticks = time_ticks(time(from), time(from + length), Every::Hour, most);
            prop_assert!(!ticks.is_empty() && ticks.len() <= most);
            prop_assert!(ticks.iter().all(|tick| time(from) <= tick.time && tick.time <= time(from + length)));
        }
    }
}
