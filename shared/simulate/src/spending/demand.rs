//! Which payments a city makes.

use chrono::{Datelike, NaiveDate, Weekday};

use super::cities::{Account, DEPARTMENTS, Department};
use super::money::with_commas;
use super::payment::{City, Payment};
use super::{Spending, first_day};
use crate::holidays::holiday;
use crate::random::{Chance, Random};

/// Boston's share of all payments.
const BOSTON: f64 = 0.6;
/// Payments that are money back.
const REFUNDS: f64 = 0.02;
/// Planted outliers per city.
const PLANTED: usize = 5;
/// By how much planted outliers are away from what they were, one way or the other.
const FAR: i64 = 3_000;

/// A city's payments in order of time.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) payments: Vec<Payment>,
    /// The planted outliers, a sentence each.
    pub(super) planted: Vec<String>,
}

pub(super) fn payments(settings: &Spending, city: City) -> Demand {
    let mut random = Random::new(settings.seed, 10 + city as u64);
    let refunds = Chance::new(REFUNDS);
    let share = if city == City::Boston { BOSTON } else { 1.0 - BOSTON };
    let mut payments = Vec::new();
    for day in first_day(settings.years().start)
        .iter_days()
        .take_while(|day| *day < first_day(settings.years().end))
    {
        let expected = f64::from(settings.rows_per_day) * share * day_factor(day);
        for _ in 0..random.count(expected) {
            let department = random.pick(&DEPARTMENTS);
            let account = *random.pick(&department.accounts);
            let vendor = random.pick(&account.vendors);
            let mut cents = amount(settings, department, account, day, &mut random);
            if random.happens(refunds) {
                cents = -(cents / 3).max(1);
            }
            payments.push(Payment {
                city,
                payment_id: None,
                date: day,
                department: department.name(city),
                account: account.name(city),
                vendor,
                cents,
            });
        }
    }
    let planted = plant(&mut payments);
    Demand { payments, planted }
}

/// How many times the average number of payments a day brings: none on weekends and holidays, most
/// on Fridays, and many before a fiscal year ends.
fn day_factor(day: NaiveDate) -> f64 {
    let weekday = match day.weekday() {
        Weekday::Sat | Weekday::Sun => return 0.0,
        Weekday::Fri => 1.9,
        _ => 1.3,
    };
    let season = match day.month() {
        6 => 1.6,
        7 => 0.6,
        12 => 0.9,
        _ => 1.0,
    };
    if holiday(day).is_some() { 0.0 } else { weekday * season }
}

fn amount(
    settings: &Spending,
    department: &Department,
    account: &Account,
    day: NaiveDate,
    random: &mut Random,
) -> i64 {
    let years = (day - first_day(settings.first_fiscal_year)).num_days() / 365;
    let mut median = account.median * department.size;
    for _ in 0..years {
        median *= department.growth;
    }
    (random.heavy_tailed(median, account.spread) as i64).max(1)
}

/// Makes some payments, evenly spread, very large or very small.
fn plant(payments: &mut [Payment]) -> Vec<String> {
    let step = payments.len() / (PLANTED + 1);
    let mut planted = Vec::new();
    for number in 1..=PLANTED {
        let later = payments.iter_mut().skip(number * step);
        let Some(payment) = later.into_iter().find(|payment| payment.cents > FAR) else { continue };
        let usual = payment.cents;
        payment.cents = if number == 3 { (usual / FAR).max(1) } else { usual * FAR };
        planted.push(format!(
            "{}, {}: {} to {} instead of {}",
            payment.city,
            payment.date,
            with_commas(payment.cents),
            payment.vendor,
            with_commas(usual)
        ));
    }
    planted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_follow_the_week_the_holidays_and_the_fiscal_year() {
        let settings = Spending::default();
        let payments = payments(&settings, City::Boston).payments;
        assert!(payments.is_sorted_by_key(|payment| payment.date));
        assert!(payments.iter().all(|payment| payment.date.weekday().num_days_from_monday() < 5));
        assert!(payments.iter().all(|payment| holiday(payment.date).is_none()));
        let in_month =
            |month| payments.iter().filter(|payment| payment.date.month() == month).count();
        assert!(in_month(6) > 2 * in_month(7));
        let mean = payments.len() as f64 / (3.0 * 365.25);
        assert!((22.0..26.0).contains(&mean), "{mean}");
    }

    #[test]
    fn outliers_are_planted() {
        let demand = payments(&Spending::default(), City::Phoenix);
        assert_eq!(demand.planted.len(), PLANTED);
        assert!(demand.payments.iter().any(|payment| payment.cents < 0));
    }
}
