//! The anomalies that are planted for alerts to find.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::kinds::KINDS;
use super::places::{BOROUGHS, Borough};
use super::profile::{Agency, Kind, KindIndex};
use super::rhythm::{Rhythm, day_factor};
use super::shape::Shape;
use crate::holidays::holiday;
use crate::random::Random;

/// Too few days for anything to stand out from.
const DAYS_NEEDED: u32 = 60;

/// The agency that falls silent, the one whose silence shows in every total.
const SILENT_AGENCY: Agency = Agency::Nypd;

const RANDOM_STREAM: u64 = 5;

/// Some days on which New York asked much more, or much less, than it usually does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What happened, in a few words.
    pub name: String,
    /// The first day, such as `2024-06-01`.
    pub first_day: String,
    /// The last day.
    pub last_day: String,
    /// The borough, where only one is affected.
    pub borough: Option<String>,
    /// The complaint type, where only one is affected.
    pub complaint_type: Option<String>,
    /// The agency, where only one is affected.
    pub agency: Option<String>,
    /// How many times the usual number of requests to expect.
    pub factor: f64,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.complaint_type, &self.agency, &self.borough];
        let parts: Vec<&str> = parts.into_iter().filter_map(Option::as_deref).collect();
        let (first, last) = (&self.first_day, &self.last_day);
        write!(formatter, "{first} to {last}: {}, {} x{}", self.name, parts.join(", "), self.factor)
    }
}

/// An anomaly as the generator sees it.
#[derive(Debug)]
pub(super) struct Planted {
    name: &'static str,
    first: u32,
    days: u32,
    borough: Option<Borough>,
    scope: Scope,
    factor: f64,
}

#[derive(Debug)]
enum Scope {
    ComplaintType(&'static str),
    Agency(Agency),
}

impl Planted {
    /// What the anomaly makes of a usual day's requests.
    pub(super) fn factor(&self, day: u32, kind: &Kind, borough: Borough) -> f64 {
        let affected = (self.first..self.first + self.days).contains(&day)
            && self.borough.is_none_or(|affected| affected == borough)
            && match self.scope {
                Scope::ComplaintType(name) => kind.name == name,
                Scope::Agency(agency) => kind.agency == agency,
            };
        if affected { self.factor } else { 1.0 }
    }

    pub(super) fn describe(&self, calendar: &Calendar) -> Anomaly {
        let (complaint_type, agency) = match self.scope {
            Scope::ComplaintType(name) => (Some(name.to_owned()), None),
            Scope::Agency(agency) => (None, Some(agency.name().to_owned())),
        };
        Anomaly {
            name: self.name.to_owned(),
            first_day: calendar.day(self.first).date.to_string(),
            last_day: calendar.day(self.first + self.days - 1).date.to_string(),
            borough: self.borough.map(|borough| BOROUGHS[usize::from(borough)].to_owned()),
            complaint_type,
            agency,
            factor: self.factor,
        }
    }
}

/// Chooses the days. All lie in the second part of the time, so that there is a past to compare with.
pub(super) fn plant(calendar: &Calendar, shape: &Shape, seed: u64) -> Vec<Planted> {
    let days = calendar.end - calendar.first;
    if !shape.anomalies || days < DAYS_NEEDED {
        return Vec::new();
    }
    let at = |share: f64| calendar.first + (f64::from(days) * share) as u32;
    let mut random = Random::new(seed, RANDOM_STREAM);
    let party = at(0.4) + random.below(at(0.6) - at(0.4));
    let cold = cold_day(calendar, shape, at(0.4), at(0.95), &mut random);
    let outage = working_day(calendar, at(0.65) + random.below(at(0.9) - at(0.65)));
    vec![
        Planted {
            name: "noise wave",
            first: party,
            days: 2,
            borough: Some(2),
            scope: Scope::ComplaintType("Noise - Residential"),
            factor: 4.0,
        },
        Planted {
            name: "heating failure",
            first: cold,
            days: 3,
            borough: Some(1),
            scope: Scope::ComplaintType("HEAT/HOT WATER"),
            factor: 5.0,
        },
        Planted {
            name: "outage of an agency",
            first: outage,
            days: 1,
            borough: None,
            scope: Scope::Agency(SILENT_AGENCY),
            factor: 0.1,
        },
    ]
}

/// A day in the heating season: a failure in July would affect nobody. Without such a day, the
/// coldest.
fn cold_day(calendar: &Calendar, shape: &Shape, first: u32, end: u32, random: &mut Random) -> u32 {
    let heat = |day: &u32| day_factor(Rhythm::Heating, calendar.day(*day), shape);
    let candidates: Vec<u32> =
        (first..end.saturating_sub(3)).filter(|day| heat(day) >= 1.0).collect();
    if candidates.is_empty() {
        return (first..end.saturating_sub(3))
            .max_by(|left, right| heat(left).total_cmp(&heat(right)))
            .unwrap_or(first);
    }
    candidates[random.below(candidates.len() as u32) as usize]
}

/// The first ordinary working day from `day` on.
fn working_day(calendar: &Calendar, day: u32) -> u32 {
    (day..calendar.end)
        .find(|day| calendar.day(*day).weekday < 5 && holiday(calendar.day(*day).date).is_none())
        .unwrap_or(day)
}

/// All anomalies together, for one day, type and borough.
pub(super) fn factor(planted: &[Planted], day: u32, kind: KindIndex, borough: Borough) -> f64 {
    let kind = &KINDS[usize::from(kind)];
    planted.iter().map(|anomaly| anomaly.factor(day, kind, borough)).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn planted(first_day: (i32, u32, u32), days: u32, seed: u64) -> (Calendar, Vec<Planted>) {
        let (year, month, day) = first_day;
        let first_day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let calendar = Calendar::new(first_day, days).unwrap();
        let planted = plant(&calendar, &Shape::default(), seed);
        (calendar, planted)
    }

    #[test]
    fn three_are_planted_inside_the_days() {
        for seed in 0..50 {
            for days in [60, 90, 365] {
                let (calendar, planted) = planted((2024, 1, 1), days, seed);
                assert_eq!(planted.len(), 3);
                for anomaly in planted {
                    assert!(anomaly.first > calendar.first + 20);
                    assert!(anomaly.first + anomaly.days <= calendar.end);
                }
            }
        }
        assert!(planted((2024, 1, 1), 59, 1).1.is_empty());
    }

    #[test]
    fn only_what_is_meant_is_affected() {
        let (calendar, planted) = planted((2024, 1, 1), 365, 1);
        let noise = &planted[0];
        let described = noise.describe(&calendar);
        assert_eq!(described.borough.as_deref(), Some("BROOKLYN"));
        assert_eq!(noise.factor(noise.first, &KINDS[1], 2), 4.0);
        assert_eq!(noise.factor(noise.first, &KINDS[1], 3), 1.0);
        assert_eq!(noise.factor(noise.first, &KINDS[0], 2), 1.0);
        assert_eq!(noise.factor(noise.first + 2, &KINDS[1], 2), 1.0);
    }
}
