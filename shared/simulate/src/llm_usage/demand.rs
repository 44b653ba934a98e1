//! When users ask models, and how much.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime};

use super::LlmUsage;
use super::transactions::Transaction;
use super::users::Directory;
use crate::holidays::holiday;
use crate::random::Random;

const RANDOM_STREAM: u64 = 31;

/// Requests per hour of the day, relative to each other.
const HOURS: [(u32, u32); 24] = [
    (0, 2),
    (1, 1),
    (2, 1),
    (3, 1),
    (4, 1),
    (5, 2),
    (6, 4),
    (7, 8),
    (8, 15),
    (9, 22),
    (10, 25),
    (11, 24),
    (12, 18),
    (13, 22),
    (14, 25),
    (15, 24),
    (16, 21),
    (17, 15),
    (18, 9),
    (19, 7),
    (20, 6),
    (21, 5),
    (22, 4),
    (23, 3),
];

/// Requests become more by this share in a year.
const GROWTH_PER_YEAR: f64 = 0.8;

/// All transactions in order of time, and what was planted among them.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) transactions: Vec<Transaction>,
    /// The planted anomalies, a sentence each.
    pub(super) anomalies: Vec<String>,
}

impl Demand {
    pub(super) fn of(settings: &LlmUsage, directory: &Directory) -> Self {
        let mut random = Random::new(settings.seed, RANDOM_STREAM);
        let users: Vec<(usize, u32)> =
            directory.users.iter().map(|user| user.activity).enumerate().collect();
        let outage = settings.days * 2 / 5 + random.below(settings.days / 6);
        let runaway = settings.days * 7 / 10 + random.below(settings.days / 6);
        let runaway_user = *random.pick(&users);
        let mut transactions = Vec::new();
        for number in 0..settings.days {
            let date = settings.day(number);
            let mut expected = f64::from(settings.rows_per_day) * day_factor(date);
            expected *= 1.0 + GROWTH_PER_YEAR * f64::from(number) / 365.0;
            if number == outage {
                expected *= 0.15;
            }
            for _ in 0..random.count(expected) {
                let user = *random.pick(&users);
                let occurred_at = moment(date, &mut random);
                transactions.push(Transaction::draw(user, occurred_at, 1.0, &mut random));
            }
            if number == runaway {
                for _ in 0..settings.rows_per_day {
                    let occurred_at = moment(date, &mut random);
                    let drawn = Transaction::draw(runaway_user, occurred_at, 6.0, &mut random);
                    transactions.push(drawn);
                }
            }
        }
        transactions.sort_by_key(|transaction| transaction.occurred_at);
        for (number, transaction) in (1..).zip(&mut transactions) {
            transaction.number = number;
        }
        let anomalies = vec![
            format!("{}: outage, requests x0.15", settings.day(outage)),
            format!(
                "{}: runaway job of {}, {} long requests more than usual",
                settings.day(runaway),
                directory.users[runaway_user].user_id,
                settings.rows_per_day
            ),
        ];
        Self { transactions, anomalies }
    }
}

/// How many times the average number of requests a day brings.
fn day_factor(date: NaiveDate) -> f64 {
    if holiday(date).is_some() {
        return 0.4;
    }
    if date.weekday().num_days_from_monday() < 5 { 1.28 } else { 0.3 }
}

fn moment(date: NaiveDate, random: &mut Random) -> NaiveDateTime {
    let second = random.pick(&HOURS) * 3_600 + random.below(3_600);
    date.and_time(NaiveTime::MIN) + Duration::seconds(i64::from(second))
}
