//! When New York asks: the yearly, weekly and daily rhythm of each class of complaints.
//!
//! Only the relation of the numbers to each other matters. They follow a year of real noise
//! complaints and some days of real requests of all types.

use chrono::Datelike;

use super::calendar::{Calendar, Day};
use super::shape::Shape;
use crate::holidays::{Holiday, holiday};
use crate::random::Random;

/// Complaints that come and go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rhythm {
    HomeNoise,
    StreetNoise,
    Parking,
    Heating,
    Housing,
    Streets,
    Lights,
    Sanitation,
    Water,
    Trees,
    Rodents,
    Outreach,
    Office,
}

pub(super) const RHYTHMS: usize = 13;

#[derive(Debug)]
struct Table {
    /// January to December.
    months: [f64; 12],
    /// Monday to Sunday.
    weekdays: [f64; 7],
    /// Midnight to eleven at night.
    hours: [u16; 24],
    holidays: Holidays,
    /// How much the weather moves a day, as a standard deviation.
    weather: f64,
}

/// What a public holiday does to a class.
#[derive(Debug)]
enum Holidays {
    /// People celebrate.
    Louder,
    /// Offices are closed.
    Quieter,
    /// Parking rules are suspended.
    SlightlyQuieter,
    Unchanged,
}

const EVEN_YEAR: [f64; 12] = [1.0; 12];
const OFFICE_WEEK: [f64; 7] = [1.2, 1.2, 1.18, 1.15, 1.05, 0.65, 0.57];
const EVEN_WEEK: [f64; 7] = [1.0; 7];
const NIGHT: [u16; 24] =
    [15, 10, 5, 3, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 5, 7, 10, 14, 15];
const AROUND_THE_CLOCK: [u16; 24] =
    [5, 3, 1, 1, 1, 1, 2, 4, 5, 6, 6, 5, 5, 5, 5, 4, 5, 5, 5, 6, 6, 6, 5, 5];
const WORKING_DAY: [u16; 24] =
    [2, 1, 1, 0, 0, 1, 1, 3, 6, 8, 9, 8, 8, 7, 7, 6, 7, 6, 5, 5, 4, 3, 3, 2];

impl Rhythm {
    fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }
}

/// In the order of [`Rhythm`].
static TABLES: [Table; RHYTHMS] = [
    // HomeNoise
    Table {
        months: [0.82, 0.85, 0.90, 1.0, 1.15, 1.13, 1.0, 1.0, 1.06, 1.08, 0.92, 0.97],
        weekdays: [0.83, 0.75, 0.75, 0.77, 0.93, 1.45, 1.52],
        hours: NIGHT,
        holidays: Holidays::Louder,
        weather: 0.07,
    },
    // StreetNoise
    Table {
        months: [0.35, 0.40, 0.55, 0.85, 1.30, 1.65, 1.75, 1.60, 1.35, 0.95, 0.60, 0.45],
        weekdays: [0.72, 0.68, 0.70, 0.78, 1.0, 1.50, 1.62],
        hours: [15, 9, 4, 2, 2, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 5, 6, 8, 9, 12, 14],
        holidays: Holidays::Louder,
        weather: 0.12,
    },
    // Parking
    Table {
        months: EVEN_YEAR,
        weekdays: [1.07, 1.09, 1.09, 1.08, 1.07, 0.86, 0.74],
        hours: AROUND_THE_CLOCK,
        holidays: Holidays::SlightlyQuieter,
        weather: 0.03,
    },
    // Heating
    Table {
        months: [2.5, 2.1, 1.5, 0.8, 0.3, 0.08, 0.05, 0.05, 0.12, 1.0, 1.8, 2.2],
        weekdays: [1.10, 1.06, 1.03, 1.0, 1.0, 0.93, 0.88],
        hours: [3, 2, 2, 1, 2, 2, 4, 6, 7, 7, 6, 5, 5, 4, 4, 4, 4, 5, 5, 6, 6, 6, 5, 4],
        holidays: Holidays::Unchanged,
        weather: 0.18,
    },
    // Housing
    Table {
        months: [1.08, 1.05, 1.0, 0.97, 0.95, 1.0, 1.05, 1.06, 1.0, 0.98, 0.94, 0.92],
        weekdays: OFFICE_WEEK,
        hours: WORKING_DAY,
        holidays: Holidays::Quieter,
        weather: 0.04,
    },
    // Streets
    Table {
        months: [1.1, 1.3, 1.5, 1.4, 1.15, 0.95, 0.88, 0.83, 0.78, 0.76, 0.70, 0.75],
        weekdays: OFFICE_WEEK,
        hours: WORKING_DAY,
        holidays: Holidays::Quieter,
        weather: 0.06,
    },
    // Lights
    Table {
        months: [1.2, 1.05, 0.95, 0.9, 0.85, 0.85, 0.85, 0.9, 1.0, 1.1, 1.2, 1.25],
        weekdays: [1.08, 1.08, 1.06, 1.04, 1.0, 0.88, 0.86],
        hours: [5, 3, 1, 1, 2, 1, 1, 2, 5, 6, 4, 4, 3, 4, 5, 3, 4, 5, 6, 7, 9, 10, 8, 7],
        holidays: Holidays::Quieter,
        weather: 0.05,
    },
    // Sanitation
    Table {
        months: [0.85, 0.85, 0.95, 1.05, 1.1, 1.1, 1.1, 1.1, 1.05, 1.0, 0.95, 0.9],
        weekdays: [1.15, 1.13, 1.12, 1.12, 1.08, 0.82, 0.58],
        hours: [2, 1, 1, 0, 0, 0, 1, 3, 11, 10, 11, 9, 7, 7, 6, 5, 5, 5, 4, 4, 3, 2, 2, 1],
        holidays: Holidays::Quieter,
        weather: 0.06,
    },
    // Water
    Table {
        months: [0.85, 0.85, 0.85, 0.95, 1.05, 1.2, 1.35, 1.25, 1.1, 0.95, 0.8, 0.8],
        weekdays: [1.06, 1.05, 1.04, 1.03, 1.02, 0.92, 0.88],
        hours: [1, 1, 1, 0, 0, 1, 2, 4, 6, 7, 8, 8, 8, 8, 7, 7, 7, 6, 6, 5, 4, 4, 2, 2],
        holidays: Holidays::Unchanged,
        weather: 0.12,
    },
    // Trees
    Table {
        months: [0.45, 0.5, 0.75, 0.95, 1.25, 1.6, 1.65, 1.5, 1.15, 0.95, 0.7, 0.55],
        weekdays: [1.15, 1.13, 1.12, 1.1, 1.05, 0.75, 0.7],
        hours: [1, 0, 0, 0, 0, 0, 1, 3, 7, 9, 10, 10, 9, 8, 8, 8, 6, 6, 5, 4, 3, 2, 2, 1],
        holidays: Holidays::Quieter,
        weather: 0.15,
    },
    // Rodents
    Table {
        months: [0.65, 0.7, 0.85, 1.0, 1.2, 1.3, 1.35, 1.3, 1.15, 1.0, 0.8, 0.7],
        weekdays: [1.1, 1.1, 1.08, 1.06, 1.0, 0.85, 0.81],
        hours: [2, 2, 1, 0, 0, 0, 1, 2, 5, 7, 7, 6, 7, 8, 6, 7, 7, 5, 6, 5, 5, 4, 4, 3],
        holidays: Holidays::Quieter,
        weather: 0.05,
    },
    // Outreach
    Table {
        months: [1.1, 1.05, 1.0, 0.95, 0.98, 1.0, 1.0, 1.0, 0.98, 0.98, 0.98, 1.0],
        weekdays: EVEN_WEEK,
        hours: [3, 2, 1, 1, 1, 1, 3, 4, 6, 6, 7, 8, 7, 7, 6, 5, 6, 5, 6, 5, 4, 2, 3, 3],
        holidays: Holidays::Unchanged,
        weather: 0.06,
    },
    // Office
    Table {
        months: [0.95, 0.95, 1.0, 1.02, 1.04, 1.05, 1.03, 1.02, 1.02, 1.02, 0.97, 0.9],
        weekdays: OFFICE_WEEK,
        hours: [1, 1, 0, 0, 0, 1, 1, 3, 7, 8, 9, 10, 8, 8, 9, 8, 8, 6, 5, 4, 3, 2, 1, 1],
        holidays: Holidays::Quieter,
        weather: 0.04,
    },
];

/// How much of a class's average a day brings, before weather and growth.
pub(super) fn day_factor(rhythm: Rhythm, day: &Day, shape: &Shape) -> f64 {
    let table = rhythm.table();
    let mut factor = 1.0;
    if shape.yearly {
        factor *= season(&table.months, day);
    }
    if shape.weekly {
        factor *= table.weekdays[usize::from(day.weekday)];
    }
    if shape.holidays
        && let Some(holiday) = holiday(day.date)
    {
        factor *= match (&table.holidays, holiday) {
            (Holidays::Louder, Holiday::IndependenceDay) => 2.2,
            (Holidays::Louder, Holiday::NewYear) => 1.9,
            (Holidays::Louder, Holiday::Other) => 1.2,
            (Holidays::Quieter, _) => 0.6,
            (Holidays::SlightlyQuieter, _) => 0.8,
            (Holidays::Unchanged, _) => 1.0,
        };
    }
    factor
}

/// Months are known at their middle; between two middles the factor moves in a straight line.
fn season(months: &[f64; 12], day: &Day) -> f64 {
    let length = f64::from(day.date.num_days_in_month());
    let position = (f64::from(day.date.day()) - 0.5) / length - 0.5;
    let month = day.date.month0() as usize;
    let neighbour = if position < 0.0 { (month + 11) % 12 } else { (month + 1) % 12 };
    months[month] + (months[neighbour] - months[month]) * position.abs()
}

/// One factor per day; warm, cold and wet spells last for some days.
pub(super) fn weather(rhythm: Rhythm, calendar: &Calendar, random: &mut Random) -> Vec<f64> {
    const PERSISTENCE: f64 = 0.6;
    const RENEWAL: f64 = 0.8;
    let strength = rhythm.table().weather;
    let mut state = random.bell();
    (0..calendar.len())
        .map(|_| {
            state = PERSISTENCE * state + RENEWAL * random.bell();
            (1.0 + strength * state).max(0.3)
        })
        .collect()
}

/// Entries of an hour table: a random number of ten bits picks one.
pub(super) const HOUR_SLOTS: usize = 1024;

/// The hours of a day, each as often as a class asks in it.
pub(super) fn hour_slots(rhythm: Rhythm, shape: &Shape) -> [u8; HOUR_SLOTS] {
    let even = [1; 24];
    let hours = if shape.daily { &rhythm.table().hours } else { &even };
    let total: usize = hours.iter().map(|weight| usize::from(*weight)).sum();
    let mut slots = [0; HOUR_SLOTS];
    let mut hour = 0;
    let mut up_to = usize::from(hours[0]);
    for (index, slot) in slots.iter_mut().enumerate() {
        while index * total >= up_to * HOUR_SLOTS {
            hour += 1;
            up_to += usize::from(hours[hour]);
        }
        *slot = hour as u8;
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn factor(rhythm: Rhythm, month: u32, day: u32) -> f64 {
        let date = NaiveDate::from_ymd_opt(2024, month, day).unwrap();
        let calendar = Calendar::new(date, 1).unwrap();
        day_factor(rhythm, calendar.day(calendar.first), &Shape::default())
    }

    #[test]
    fn new_york_has_seasons_weeks_and_holidays() {
        assert!(factor(Rhythm::Heating, 1, 17) > 10.0 * factor(Rhythm::Heating, 7, 17));
        assert!(factor(Rhythm::StreetNoise, 7, 20) > 1.5 * factor(Rhythm::StreetNoise, 7, 16));
        assert!(factor(Rhythm::Parking, 5, 14) > factor(Rhythm::Parking, 5, 12));
        assert!(factor(Rhythm::Streets, 3, 20) > factor(Rhythm::Streets, 11, 20));
        assert!(factor(Rhythm::HomeNoise, 7, 4) > 1.8 * factor(Rhythm::HomeNoise, 7, 11));
        assert!(factor(Rhythm::Office, 12, 25) < factor(Rhythm::Office, 12, 18));
    }

    #[test]
    fn seasons_have_no_steps() {
        let change = factor(Rhythm::Heating, 3, 31) / factor(Rhythm::Heating, 4, 1);
        assert!((0.8..1.25).contains(&change), "{change}");
    }

    #[test]
    fn hours_keep_their_proportions() {
        let slots = hour_slots(Rhythm::HomeNoise, &Shape::default());
        let count = |hour| slots.iter().filter(|slot| **slot == hour).count();
        assert!(count(23) > 4 * count(8));
        assert_eq!(slots[0], 0);
        assert_eq!(slots[HOUR_SLOTS - 1], 23);
    }
}
