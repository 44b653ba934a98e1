//! What a correct pipeline must find.

use chrono::Days;

use super::marts::{ALL, Marts, Spent};
use super::payment::{City, Payment};
use super::{DATASET, Spending, TABLE, first_day};
use crate::DatasetTruth;
use crate::check::{Answer, Condition, MartChecks};
use crate::truth::RowTally;

const CITIES: [City; 2] = [City::Boston, City::Phoenix];

pub(super) fn truth(
    settings: &Spending,
    payments: &[Payment],
    rows: &RowTally,
    planted: Vec<String>,
) -> DatasetTruth {
    let end = first_day(settings.years().end);
    let last_day = end.checked_sub_days(Days::new(1)).unwrap_or(end);
    let first_day = first_day(settings.first_fiscal_year);
    let mut truth = DatasetTruth::new(DATASET, settings.seed, first_day, last_day);
    truth.enter(TABLE, rows);
    let marts = Marts::of(payments);
    for checks in [
        monthly_spending(&marts),
        department_insight(&marts, settings),
        vendor_concentration(&marts, settings),
        outliers(&marts),
    ] {
        truth.checks.extend(checks.into_checks());
    }
    truth.anomalies = planted;
    truth
}

fn total<'a>(spent: impl Iterator<Item = &'a Spent>) -> Spent {
    spent.fold(Spent::default(), |total, spent| Spent {
        payments: total.payments + spent.payments,
        cents: total.cents + spent.cents,
    })
}

fn monthly_spending(marts: &Marts<'_>) -> MartChecks {
    let months = &marts.monthly_spending;
    let mut checks = MartChecks::new(DATASET, "monthly_spending");
    let total = total(months.values());
    checks
        .rows(months.len())
        .sum("payments", Answer::count(total.payments))
        .sum("amount", Answer::cents(total.cents));
    for city in CITIES {
        let of_city = months.iter().filter(|((of, ..), _)| *of == city);
        if let Some(((_, _, month, department), spent)) =
            of_city.max_by_key(|(_, spent)| spent.cents)
        {
            let of = [
                Condition::text("city", &city.to_string()),
                Condition::text("month", month),
                Condition::text("department", department),
            ];
            checks.cell("payments", &of, Answer::count(spent.payments)).cell(
                "amount",
                &of,
                Answer::cents(spent.cents),
            );
        }
    }
    checks
}

fn department_insight(marts: &Marts<'_>, settings: &Spending) -> MartChecks {
    let insights = &marts.department_insight;
    let mut checks = MartChecks::new(DATASET, "department_insight");
    let total = total(insights.values().map(|insight| &insight.spent));
    checks
        .rows(insights.len())
        .sum("payments", Answer::count(total.payments))
        .sum("amount", Answer::cents(total.cents))
        .sum(
            "vendors",
            Answer::count(insights.values().map(|insight| insight.vendors as u64).sum()),
        );
    let compared = insights.values().filter(|insight| insight.yoy_change.is_some()).count();
    checks.values("yoy_change", compared);
    let last_year = settings.years().end - 1;
    for city in CITIES {
        let of_city =
            insights.iter().filter(|((of, year, _), _)| (*of, *year) == (city, last_year));
        let largest = of_city.max_by_key(|(_, insight)| insight.spent.cents);
        let Some(((_, year, department), insight)) = largest else { continue };
        let of = department_year(city, *year, department);
        checks
            .cell("share", &of, Answer::Real(insight.share))
            .cell("vendors", &of, Answer::count(insight.vendors as u64))
            .cell("avg_payment", &of, Answer::Real(insight.avg_payment))
            .cell("top_vendor", &of, Answer::Text(insight.top_vendor.clone()))
            .cell("top_vendor_share", &of, Answer::Real(insight.top_vendor_share));
        if let Some(change) = insight.yoy_change {
            checks.cell("yoy_change", &of, Answer::Real(change));
        }
    }
    checks
}

fn vendor_concentration(marts: &Marts<'_>, settings: &Spending) -> MartChecks {
    let concentrations = &marts.vendor_concentration;
    let mut checks = MartChecks::new(DATASET, "vendor_concentration");
    checks.rows(concentrations.len());
    let last_year = settings.years().end - 1;
    for city in CITIES {
        let of_city =
            concentrations.iter().filter(|((of, year, _), _)| (*of, *year) == (city, last_year));
        let highest =
            of_city.clone().max_by(|(_, left), (_, right)| left.hhi.total_cmp(&right.hhi));
        let all = of_city.clone().find(|((_, _, department), _)| *department == ALL);
        for ((_, year, department), concentration) in highest.into_iter().chain(all) {
            let of = department_year(city, *year, department);
            checks
                .cell("hhi", &of, Answer::Real(concentration.hhi))
                .cell("top1_share", &of, Answer::Real(concentration.top1_share))
                .cell("top5_share", &of, Answer::Real(concentration.top5_share))
                .cell("top10_share", &of, Answer::Real(concentration.top10_share));
            // Whether a vendor that only paid back is counted is a matter of taste.
            let insight = marts.department_insight.get(&(city, *year, *department));
            if insight.is_some_and(|insight| insight.vendors == concentration.vendors) {
                checks.cell("vendors", &of, Answer::count(concentration.vendors as u64));
            }
        }
    }
    checks
}

fn department_year(city: City, year: i32, department: &str) -> [Condition; 3] {
    [
        Condition::text("city", &city.to_string()),
        Condition::Whole("fiscal_year", i64::from(year)),
        Condition::text("department", department),
    ]
}

fn outliers(marts: &Marts<'_>) -> MartChecks {
    let mut checks = MartChecks::new(DATASET, "outliers");
    checks.rows(marts.outliers.len());
    let numbered = marts.outliers.iter().filter_map(|(payment, score)| {
        payment.payment_id.as_deref().map(|payment_id| (payment_id, *score))
    });
    let numbered: Vec<(&str, f64)> = numbered.collect();
    let by_score = |left: &&(&str, f64), right: &&(&str, f64)| left.1.total_cmp(&right.1);
    let extremes = [numbered.iter().min_by(by_score), numbered.iter().max_by(by_score)];
    for (payment_id, score) in extremes.into_iter().flatten() {
        let of = [Condition::text("city", "Boston"), Condition::text("payment_id", payment_id)];
        checks.cell("score", &of, Answer::Real(*score));
    }
    checks
}
