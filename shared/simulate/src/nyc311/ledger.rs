//! Keeps the truth while rows are written.
//!
//! Marts are counted as rows arrive: a version that replaces another one takes that one's part
//! back. What a replaced version said travels with its successor, so that nothing has to be kept
//! per key.

use std::collections::BTreeMap;

use super::calendar::{Calendar, DAY, HOUR, Moment};
use super::dirt::{Blemishes, BoroughBlemish, CoordinatesBlemish, Fault, ZipBlemish};
use super::kinds::KIND_COUNT;
use super::lifecycle::Version;
use super::places::{BOROUGH_GROUPS, Borough, UNSPECIFIED, borough_name};
use super::profile::{AGENCY_COUNT, kind};
use super::rows::closed;
use super::truth::{Counts, HourlyCounts, Marts, MonthlyCounts, Refused, Warned};

/// Complaint types, and the group of rows without one.
const KIND_GROUPS: usize = KIND_COUNT + 1;

/// What a pipeline reads from an accepted row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    created: Moment,
    closed: Option<Moment>,
    /// One of [`KIND_GROUPS`].
    kind: u8,
    borough: Borough,
    agency: u8,
}

/// What a correct pipeline does with a row.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Accepted { facts: Facts, outside_nyc: bool, odd_zip: bool },
    Malformed,
    UniqueKey,
    CreatedDate,
}

impl Outcome {
    fn of(version: &Version, blemishes: &Blemishes) -> Self {
        match blemishes.fault {
            Some(Fault::Ragged | Fault::InvalidUtf8) => return Self::Malformed,
            Some(Fault::UniqueKey) => return Self::UniqueKey,
            Some(Fault::CreatedDate) => return Self::CreatedDate,
            _ => {}
        }
        let known_kind = blemishes.fault != Some(Fault::NoComplaintType);
        let known_borough = blemishes.borough != Some(BoroughBlemish::Unknown);
        Self::Accepted {
            facts: Facts {
                created: version.created,
                closed: closed(version, blemishes),
                kind: if known_kind { version.kind } else { KIND_COUNT as u8 },
                borough: if known_borough { version.borough } else { UNSPECIFIED },
                agency: kind(version.kind).agency as u8,
            },
            outside_nyc: blemishes.coordinates == Some(CoordinatesBlemish::Outside),
            odd_zip: blemishes.zip == Some(ZipBlemish::Odd),
        }
    }
}

#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) received: u64,
    pub(super) refused: Refused,
    pub(super) superseded: u64,
    pub(super) silver: u64,
    pub(super) warned: Warned,
    pub(super) dirt: BTreeMap<&'static str, u64>,
    closed: u64,
    closed_within_a_day: u64,
    daily: Vec<u32>,
    borough_daily: Vec<u32>,
    hourly: Vec<u32>,
    agency_monthly: Vec<u32>,
}

impl Ledger {
    pub(super) fn new(calendar: &Calendar) -> Self {
        let (days, months) = (calendar.len(), calendar.months().len());
        Self {
            received: 0,
            refused: Refused::default(),
            superseded: 0,
            silver: 0,
            warned: Warned::default(),
            dirt: BTreeMap::new(),
            closed: 0,
            closed_within_a_day: 0,
            daily: vec![0; days * BOROUGH_GROUPS * KIND_GROUPS],
            borough_daily: vec![0; days * BOROUGH_GROUPS],
            hourly: vec![0; months * BOROUGH_GROUPS * 7 * 24],
            agency_monthly: vec![0; months * AGENCY_COUNT],
        }
    }

    /// Enters a row and says what the lake holds for its key from then on.
    #[inline]
    pub(super) fn enter(
        &mut self,
        version: &Version,
        blemishes: &Blemishes,
        standing: Option<Facts>,
        calendar: &Calendar,
    ) -> Option<Facts> {
        self.received += 1;
        match Outcome::of(version, blemishes) {
            Outcome::Malformed => self.refused.malformed += 1,
            Outcome::UniqueKey => self.refused.unique_key += 1,
            Outcome::CreatedDate => self.refused.created_date += 1,
            Outcome::Accepted { facts, outside_nyc, odd_zip } => {
                self.warned.outside_nyc += u64::from(outside_nyc);
                self.warned.odd_zip += u64::from(odd_zip);
                let reversed = facts.closed.is_some_and(|closed| closed < facts.created);
                self.warned.closed_before_created += u64::from(reversed);
                match standing {
                    Some(replaced) => {
                        self.superseded += 1;
                        self.count(&replaced, calendar, false);
                    }
                    None => self.silver += 1,
                }
                self.count(&facts, calendar, true);
                return Some(facts);
            }
        }
        standing
    }

    pub(super) fn note_dirt(&mut self, name: &'static str) {
        *self.dirt.entry(name).or_default() += 1;
    }

    /// Adds a winning version to the marts, or takes it back.
    #[inline]
    fn count(&mut self, facts: &Facts, calendar: &Calendar, add: bool) {
        let day = (facts.created / DAY) as usize;
        let hour = (facts.created % DAY / HOUR) as usize;
        let (month, weekday) = {
            let day = calendar.day_of(facts.created);
            (usize::from(day.month), usize::from(day.weekday))
        };
        let borough = usize::from(facts.borough);
        let borough_day = day * BOROUGH_GROUPS + borough;
        // One less is one more of the largest number: both wrap around.
        let change = if add { 1 } else { u32::MAX };
        for group in [
            &mut self.daily[borough_day * KIND_GROUPS + usize::from(facts.kind)],
            &mut self.borough_daily[borough_day],
            &mut self.hourly[((month * BOROUGH_GROUPS + borough) * 7 + weekday) * 24 + hour],
            &mut self.agency_monthly[month * AGENCY_COUNT + usize::from(facts.agency)],
        ] {
            *group = group.wrapping_add(change);
        }
        let Some(closed) = facts.closed else { return };
        let within_a_day = closed >= facts.created && closed - facts.created <= DAY;
        let change = if add { 1 } else { u64::MAX };
        self.closed = self.closed.wrapping_add(change);
        if within_a_day {
            self.closed_within_a_day = self.closed_within_a_day.wrapping_add(change);
        }
    }

    pub(super) fn marts(&self) -> Marts {
        let groups = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count() as u64;
        let requests = self.silver;
        let closed = self.closed;
        Marts {
            daily_requests: Counts { rows: groups(&self.daily), requests, closed },
            borough_daily: Counts { rows: groups(&self.borough_daily), requests, closed },
            hourly_pattern: HourlyCounts { rows: groups(&self.hourly), requests },
            agency_monthly: MonthlyCounts {
                rows: groups(&self.agency_monthly),
                requests,
                closed,
                closed_within_24h: self.closed_within_a_day,
            },
        }
    }

    pub(super) fn by_month(&self, calendar: &Calendar) -> BTreeMap<String, u64> {
        let months = calendar.months().iter().cloned();
        let counts = self.agency_monthly.chunks(AGENCY_COUNT).map(total);
        months.zip(counts).filter(|(_, requests)| *requests > 0).collect()
    }

    pub(super) fn by_borough(&self) -> BTreeMap<String, u64> {
        (0..BOROUGH_GROUPS)
            .map(|borough| {
                let days = self.borough_daily.iter().skip(borough).step_by(BOROUGH_GROUPS);
                let requests = days.map(|count| u64::from(*count)).sum();
                (borough_name(borough as Borough).to_owned(), requests)
            })
            .filter(|(_, requests)| *requests > 0)
            .collect()
    }
}

fn total(counts: &[u32]) -> u64 {
    counts.iter().map(|count| u64::from(*count)).sum()
}
