//! The marts over the accepted payments, computed payment by payment.

use std::collections::BTreeMap;

use super::concentration::Concentration;
use super::outliers::outliers;
use super::payment::{City, Payment};

/// The department that stands for all of them.
pub(super) const ALL: &str = "ALL";

/// Totals per vendor, in cents.
type VendorTotals<'a> = BTreeMap<&'a str, i64>;

/// Payments and their sum in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) payments: u64,
    pub(super) cents: i64,
}

/// A department's fiscal year.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Insight {
    pub(super) spent: Spent,
    /// Of all that the city spent in the year.
    pub(super) share: f64,
    /// Relative to the year before; `None` without one.
    pub(super) yoy_change: Option<f64>,
    pub(super) vendors: usize,
    /// In the currency's unit.
    pub(super) avg_payment: f64,
    pub(super) top_vendor: String,
    pub(super) top_vendor_share: f64,
}

/// All marts.
#[derive(Debug)]
pub(super) struct Marts<'a> {
    pub(super) monthly_spending: BTreeMap<(City, i32, String, &'a str), Spent>,
    pub(super) department_insight: BTreeMap<(City, i32, &'a str), Insight>,
    pub(super) vendor_concentration: BTreeMap<(City, i32, &'a str), Concentration>,
    pub(super) outliers: Vec<(&'a Payment, f64)>,
}

impl<'a> Marts<'a> {
    pub(super) fn of(payments: &'a [Payment]) -> Self {
        let mut monthly_spending: BTreeMap<_, Spent> = BTreeMap::new();
        let mut yearly: BTreeMap<(City, i32, &str), Spent> = BTreeMap::new();
        let mut vendors: BTreeMap<(City, i32, &str), VendorTotals<'_>> = BTreeMap::new();
        for payment in payments {
            let (city, year) = (payment.city, payment.fiscal_year());
            let month = (city, year, payment.month(), payment.department);
            for spent in [
                monthly_spending.entry(month).or_default(),
                yearly.entry((city, year, payment.department)).or_default(),
            ] {
                spent.payments += 1;
                spent.cents += payment.cents;
            }
            for department in [payment.department, ALL] {
                let totals = vendors.entry((city, year, department)).or_default();
                *totals.entry(payment.vendor).or_default() += payment.cents;
            }
        }
        Self {
            monthly_spending,
            department_insight: department_insight(&yearly, &vendors),
            vendor_concentration: vendors
                .iter()
                .filter_map(|(key, totals)| {
                    Some((*key, Concentration::of(totals.values().copied())?))
                })
                .collect(),
            outliers: outliers(payments),
        }
    }
}

fn department_insight<'a>(
    yearly: &BTreeMap<(City, i32, &'a str), Spent>,
    vendors: &BTreeMap<(City, i32, &'a str), VendorTotals<'_>>,
) -> BTreeMap<(City, i32, &'a str), Insight> {
    let mut of_city: BTreeMap<(City, i32), i64> = BTreeMap::new();
    for ((city, year, _), spent) in yearly {
        *of_city.entry((*city, *year)).or_default() += spent.cents;
    }
    let mut insights = BTreeMap::new();
    for ((city, year, department), spent) in yearly {
        let city_year = of_city.get(&(*city, *year)).copied().unwrap_or_default();
        let prior = yearly.get(&(*city, year - 1, *department)).filter(|prior| prior.cents != 0);
        let Some(totals) = vendors.get(&(*city, *year, *department)) else { continue };
        let Some((top_vendor, top)) = top_vendor(totals) else { continue };
        let cents = spent.cents as f64;
        let insight = Insight {
            spent: *spent,
            share: cents / city_year as f64,
            yoy_change: prior.map(|prior| {
                (spent.cents - prior.cents) as f64 / prior.cents.unsigned_abs() as f64
            }),
            vendors: totals.len(),
            avg_payment: cents / 100.0 / spent.payments as f64,
            top_vendor: top_vendor.to_owned(),
            top_vendor_share: top as f64 / cents,
        };
        insights.insert((*city, *year, *department), insight);
    }
    insights
}

/// The vendor with the largest total, the first by name where several have it.
fn top_vendor<'a>(totals: &VendorTotals<'a>) -> Option<(&'a str, i64)> {
    totals
        .iter()
        .min_by_key(|(name, total)| (-**total, **name))
        .map(|(name, total)| (*name, *total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(date: &str, department: &'static str, vendor: &'static str, cents: i64) -> Payment {
        Payment {
            city: City::Boston,
            payment_id: None,
            date: date.parse().unwrap(),
            department,
            account: "Supplies",
            vendor,
            cents,
        }
    }

    #[test]
    fn departments_are_compared_with_the_city_and_with_the_year_before() {
        let payments = [
            payment("2021-07-01", "Fire", "b", 10_000),
            payment("2022-06-30", "Fire", "a", 10_000),
            payment("2022-07-01", "Fire", "a", 30_000),
            payment("2022-08-01", "Fire", "c", -5_000),
            payment("2022-08-02", "Police", "c", 75_000),
        ];
        let marts = Marts::of(&payments);
        let fire = |year| &marts.department_insight[&(City::Boston, year, "Fire")];
        assert_eq!(fire(2022).top_vendor, "a");
        assert_eq!((fire(2022).yoy_change, fire(2022).share), (None, 1.0));
        let insight = fire(2023);
        assert_eq!(insight.spent, Spent { payments: 2, cents: 25_000 });
        assert_eq!((insight.yoy_change, insight.share), (Some(0.25), 0.25));
        assert_eq!(
            (insight.vendors, insight.avg_payment, insight.top_vendor_share),
            (2, 125.0, 1.2)
        );
        assert_eq!(marts.monthly_spending.len(), 5);
        let all = marts.vendor_concentration[&(City::Boston, 2023, ALL)];
        // a has 300, c has 700 after its refund.
        assert!((all.hhi - (30.0_f64.powi(2) + 70.0_f64.powi(2))).abs() < 1e-9);
    }
}
