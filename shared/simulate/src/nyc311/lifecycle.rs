//! What becomes of a request after it came in: when it is closed, and whether a later file tells
//! more about it.

use super::calendar::{Calendar, DAY, HOUR, Moment};
use super::kinds::KINDS;
use super::ledger::Facts;
use super::profile::{Kind, KindIndex, kind};
use super::shape::Shape;
use crate::random::{Chance, Random};

const RANDOM_STREAM: u64 = 3;

/// One version of a request, before dirt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    pub(super) sequence: u64,
    pub(super) created: Moment,
    pub(super) closed: Option<Moment>,
    pub(super) kind: KindIndex,
    pub(super) borough: u8,
}

/// A version that arrives in a later file.
#[derive(Debug)]
pub(super) struct Later {
    /// Its place in the file: among the requests created at this time.
    pub(super) due: Moment,
    pub(super) version: Version,
    pub(super) reason: Reason,
    /// What the lake holds for the request until then.
    pub(super) standing: Option<Facts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Closed,
    MonthCorrected,
    BoroughCorrected,
}

#[derive(Debug)]
pub(super) struct Lifecycle {
    /// Per type: the chance that a request is closed only in a later file.
    late: Vec<Chance>,
    month: Chance,
    borough: Chance,
    /// A month's correction is promised and has not been planned yet.
    month_owed: bool,
    /// When each file begins and ends.
    files: Vec<(Moment, Moment)>,
    random: Random,
}

impl Lifecycle {
    /// `late_share` is the share of the requests, not of the rows, that are closed late.
    pub(super) fn new(
        files: Vec<(Moment, Moment)>,
        shape: &Shape,
        late_share: f64,
        seed: u64,
    ) -> Self {
        // The last file has no later one, so that the others carry its part.
        let carrying = (files.len() - 1) as f64 / files.len() as f64;
        let chance = if carrying > 0.0 { late_share / carrying } else { 0.0 };
        let weights: f64 = KINDS.iter().map(|kind| f64::from(kind.weight)).sum();
        let slow: f64 = KINDS.iter().map(|kind| f64::from(kind.weight) * slowness(kind)).sum();
        Self {
            late: KINDS
                .iter()
                .map(|kind| Chance::new((chance * slowness(kind) * weights / slow).min(0.95)))
                .collect(),
            month: Chance::new(shape.month_corrections),
            borough: Chance::new(shape.borough_corrections),
            month_owed: shape.month_corrections > 0.0,
            files,
            random: Random::new(seed, RANDOM_STREAM),
        }
    }

    /// Decides whether a later version will come, and why.
    pub(super) fn fate(&mut self, file: usize, kind: KindIndex) -> Option<Reason> {
        if file + 1 >= self.files.len() {
            None
        } else if self.random.happens(self.late[usize::from(kind)]) {
            Some(Reason::Closed)
        } else if self.month_owed || self.random.happens(self.month) {
            Some(Reason::MonthCorrected)
        } else if self.random.happens(self.borough) {
            Some(Reason::BoroughCorrected)
        } else {
            None
        }
    }

    /// When the request is closed, if it is before its file is cut.
    pub(super) fn closing(
        &mut self,
        file: usize,
        index: KindIndex,
        created: Moment,
    ) -> Option<Moment> {
        let kind = kind(index);
        let drawn = self.random.fraction();
        if drawn < kind.never_closed {
            return None;
        }
        let drawn = (drawn - kind.never_closed) / (1.0 - kind.never_closed);
        let hours = kind.median_hours * slower_or_faster(drawn);
        let closed = created + (hours * f64::from(HOUR)) as u32;
        (closed < self.files[file].1).then_some(closed)
    }

    /// The later version of a request that a file has just told about: which file it comes in,
    /// and what it says. Corrections need a version to correct.
    pub(super) fn later(
        &mut self,
        file: usize,
        first: Version,
        reason: Reason,
        standing: Option<Facts>,
        calendar: &Calendar,
    ) -> Option<(usize, Later)> {
        if reason != Reason::Closed && standing.is_none() {
            return None;
        }
        let steps = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3][self.random.below(10) as usize];
        let arrival = (file + steps).min(self.files.len() - 1);
        let (start, end) = self.files[arrival];
        let due = start + self.random.below(end - start);
        let mut version = first;
        match reason {
            Reason::Closed => version.closed = Some(due),
            Reason::MonthCorrected => {
                self.month_owed = false;
                let days = self.random.below(3);
                let created = corrected(first.created, days, (self.files[0].0, due), calendar);
                version.closed = first.closed.map(|closed| closed - first.created + created);
                version.created = created;
            }
            Reason::BoroughCorrected => {
                version.borough = (first.borough + 1 + self.random.below(4) as u8) % 5;
            }
        }
        Some((arrival, Later { due, version, reason, standing }))
    }
}

/// The same time in the month before; in the month after, where the month before was not
/// simulated and the month after has begun.
fn corrected(created: Moment, days: u32, known: (Moment, Moment), calendar: &Calendar) -> Moment {
    let before = calendar.in_neighbouring_month(created, days, false);
    let after = calendar.in_neighbouring_month(created, days, true);
    if before < known.0 && after < known.1 { after } else { before }
}

/// How much more often than others a type is closed late.
fn slowness(kind: &Kind) -> f64 {
    if kind.median_hours < 6.0 {
        0.15
    } else if kind.median_hours < 100.0 {
        1.0
    } else {
        2.0
    }
}

/// A factor around 1 whose logarithm is bell-shaped: half the requests take longer than the
/// median, some much longer. `drawn` goes from 0 to 1.
fn slower_or_faster(drawn: f64) -> f64 {
    // The log-normal distribution's quantiles by sixteenths.
    const QUANTILES: [f64; 17] = [
        0.06, 0.2157, 0.3166, 0.4119, 0.5094, 0.6134, 0.7272, 0.8544, 1.0, 1.1704, 1.3752, 1.6303,
        1.963, 2.4277, 3.1582, 4.636, 15.0,
    ];
    let position = drawn * 16.0;
    let index = (position as usize).min(15);
    QUANTILES[index] + (QUANTILES[index + 1] - QUANTILES[index]) * (position - index as f64)
}

/// The moments at which a file of whole days begins and ends.
pub(super) fn span(first_day: u32, end_day: u32) -> (Moment, Moment) {
    (first_day * DAY, end_day * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn half_take_longer_than_the_median() {
        assert_eq!(slower_or_faster(0.5), 1.0);
        assert!(slower_or_faster(0.0) > 0.0);
        assert!(slower_or_faster(0.999_999) < 15.0);
    }

    #[test]
    fn corrections_stay_within_the_known_time_where_they_can() {
        let calendar = Calendar::new(NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(), 60).unwrap();
        let start = calendar.first * DAY;
        let month = |moment| calendar.months()[usize::from(calendar.day_of(moment).month)].clone();
        let known = (start, start + 60 * DAY);
        assert_eq!(month(corrected(start + 40 * DAY, 1, known, &calendar)), "2024-01");
        assert_eq!(month(corrected(start + 10 * DAY, 1, known, &calendar)), "2024-02");
        let early = (start, start + 20 * DAY);
        assert_eq!(month(corrected(start + 10 * DAY, 1, early, &calendar)), "2023-12");
    }
}
