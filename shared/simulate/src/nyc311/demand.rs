//! How many requests each day brings, and of what.

use super::anomalies::{self, Planted};
use super::calendar::{Calendar, DAY, HOUR, Moment};
use super::kinds::{KIND_COUNT, KINDS};
use super::places::Borough;
use super::profile::KindIndex;
use super::rhythm::{HOUR_SLOTS, Rhythm, day_factor, hour_slots, weather};
use super::shape::Shape;
use crate::random::Random;

const WEATHER_STREAM: u64 = 100;
const COUNT_STREAM: u64 = 2;

/// A request as it comes in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) created: Moment,
    pub(super) kind: KindIndex,
    pub(super) borough: Borough,
}

#[derive(Debug)]
pub(super) struct Demand {
    /// Per type: what each day brings to it, relative to the type's average.
    days: Vec<Vec<f64>>,
    hours: Vec<[u8; HOUR_SLOTS]>,
    planted: Vec<Planted>,
    /// What a weight of one brings per day.
    unit: f64,
    random: Random,
}

impl Demand {
    /// `total` requests are expected in all days together.
    pub(super) fn new(calendar: &Calendar, shape: &Shape, seed: u64, total: f64) -> Self {
        let mut demand = Self {
            days: KINDS
                .iter()
                .map(|kind| day_factors(kind.rhythm, calendar, shape, seed))
                .collect(),
            hours: KINDS.iter().map(|kind| hour_slots(kind.rhythm, shape)).collect(),
            planted: anomalies::plant(calendar, shape, seed),
            unit: 1.0,
            random: Random::new(seed, COUNT_STREAM),
        };
        let weights: f64 = (calendar.first..calendar.end)
            .map(|day| {
                every_kind_and_borough()
                    .map(|(kind, borough)| demand.expected(day, kind, borough))
                    .sum::<f64>()
            })
            .sum();
        demand.unit = total / weights;
        demand
    }

    pub(super) fn planted(&self) -> &[Planted] {
        &self.planted
    }

    /// Requests to expect of one type from one borough.
    fn expected(&self, day: u32, kind: KindIndex, borough: Borough) -> f64 {
        let profile = &KINDS[usize::from(kind)];
        let share = f64::from(profile.boroughs[usize::from(borough)]) / 100.0;
        self.unit
            * f64::from(profile.weight)
            * share
            * self.days[usize::from(kind)][day as usize]
            * anomalies::factor(&self.planted, day, kind, borough)
    }

    /// A day's requests, in the order of their creation.
    pub(super) fn requests(&mut self, day: u32) -> Vec<Request> {
        let mut packed: Vec<u64> = Vec::new();
        for (kind, borough) in every_kind_and_borough() {
            let expected = self.expected(day, kind, borough);
            for _ in 0..self.random.count(expected) {
                let drawn = self.random.next();
                let hour = self.hours[usize::from(kind)][(drawn >> 54) as usize];
                let second = ((drawn & 0xFFFF_FFFF) * u64::from(HOUR)) >> 32;
                let second = u64::from(hour) * u64::from(HOUR) + second;
                // Sorted as one number: by time, and where times are equal in a fixed order.
                packed.push(second << 16 | u64::from(kind) << 8 | u64::from(borough));
            }
        }
        packed.sort_unstable();
        packed
            .into_iter()
            .map(|packed| Request {
                created: day * DAY + (packed >> 16) as u32,
                kind: (packed >> 8) as u8,
                borough: packed as u8,
            })
            .collect()
    }
}

fn every_kind_and_borough() -> impl Iterator<Item = (KindIndex, Borough)> {
    (0..KIND_COUNT as u8).flat_map(|kind| (0..5).map(move |borough| (kind, borough)))
}

fn day_factors(rhythm: Rhythm, calendar: &Calendar, shape: &Shape, seed: u64) -> Vec<f64> {
    // One stream per class: types of a class have the same weather.
    let mut random = Random::new(seed, WEATHER_STREAM + rhythm as u64);
    let weather = weather(rhythm, calendar, &mut random);
    weather
        .into_iter()
        .enumerate()
        .map(|(index, weather)| {
            let years = (index as f64 - f64::from(calendar.first)) / 365.25;
            // A straight line, since a power would need the platform's mathematics library.
            let growth = (1.0 + shape.growth * years).max(0.0);
            let weather = if shape.weather { weather } else { 1.0 };
            growth * weather * day_factor(rhythm, calendar.day(index as u32), shape)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn the_expected_total_comes_in_in_order() {
        let first_day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let calendar = Calendar::new(first_day, 100).unwrap();
        let mut demand = Demand::new(&calendar, &Shape::default(), 1, 50_000.0);
        let mut all = Vec::new();
        for day in calendar.first..calendar.end {
            all.extend(demand.requests(day));
        }
        assert!((49_000..51_000).contains(&all.len()), "{}", all.len());
        assert!(all.is_sorted_by_key(|request| request.created));
    }

    #[test]
    fn an_outage_and_a_wave_show() {
        let first_day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let calendar = Calendar::new(first_day, 365).unwrap();
        let demand = Demand::new(&calendar, &Shape::default(), 1, 3_650_000.0);
        let described: Vec<_> =
            demand.planted().iter().map(|planted| planted.describe(&calendar)).collect();
        let day = |text: &str| {
            let date: NaiveDate = text.parse().unwrap();
            calendar.first + (date - first_day).num_days() as u32
        };
        let wave = day(&described[0].first_day);
        assert!(demand.expected(wave, 1, 2) > 2.0 * demand.expected(wave - 7, 1, 2));
        let outage = day(&described[2].first_day);
        assert!(demand.expected(outage, 0, 2) < 0.2 * demand.expected(outage - 7, 0, 2));
    }
}
