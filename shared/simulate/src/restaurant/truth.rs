//! What a correct pipeline must find.

use super::marts::{Marts, Summary, Takings};
use super::opening::Season;
use super::orders::OrderDatabase;
use super::{DATASET, Restaurant};
use crate::DatasetTruth;
use crate::check::{Answer, Condition, MartChecks};
use crate::truth::RowTally;

pub(super) fn truth(
    settings: &Restaurant,
    season: &Season,
    at_the_end: &OrderDatabase,
) -> DatasetTruth {
    let last_day = settings.day(settings.days - 1);
    let mut truth = DatasetTruth::new(DATASET, settings.seed, settings.first_day, last_day);
    let rows = |silver: usize| RowTally { silver: silver as u64, ..RowTally::default() };
    truth.enter("orders", &rows(at_the_end.orders.len()));
    truth.enter("order_items", &rows(at_the_end.items.len()));
    let marts = Marts::of(at_the_end);
    for checks in
        [daily_revenue(&marts), hourly_orders(&marts), top_items(&marts), summary(&marts.summary)]
    {
        truth.checks.extend(checks.into_checks());
    }
    truth.anomalies = season.anomalies(settings);
    truth
}

fn daily_revenue(marts: &Marts) -> MartChecks {
    let days = &marts.daily_revenue;
    let mut checks = MartChecks::new(DATASET, "daily_revenue");
    checks
        .rows(days.len())
        .sum("orders", Answer::count(days.values().map(|day| day.orders).sum()))
        .sum("revenue", Answer::cents(days.values().map(|day| day.revenue).sum()));
    let busiest = days.iter().max_by_key(|(_, day)| day.orders);
    for (date, day) in days.iter().nth(days.len() / 2).into_iter().chain(busiest) {
        let of = [Condition::Date("date", *date)];
        checks
            .cell("orders", &of, Answer::count(day.orders))
            .cell("revenue", &of, Answer::cents(day.revenue))
            .cell("avg_order_value", &of, Answer::Real(average(*day)));
    }
    checks
}

/// The average value of an order, in the currency's unit.
fn average(day: Takings) -> f64 {
    day.revenue as f64 / 100.0 / day.orders as f64
}

fn hourly_orders(marts: &Marts) -> MartChecks {
    let hours = &marts.hourly_orders;
    let mut checks = MartChecks::new(DATASET, "hourly_orders");
    checks.rows(hours.len()).sum("orders", Answer::count(hours.values().sum()));
    let busiest = hours.iter().max_by_key(|(_, orders)| **orders);
    let quiet = hours.iter().find(|(_, orders)| **orders == 0);
    for ((date, hour), orders) in busiest.into_iter().chain(quiet) {
        let of = [Condition::Date("date", *date), Condition::Whole("hour", i64::from(*hour))];
        checks.cell("orders", &of, Answer::count(*orders));
    }
    checks
}

fn top_items(marts: &Marts) -> MartChecks {
    let sales = &marts.top_items;
    let mut checks = MartChecks::new(DATASET, "top_items");
    checks
        .rows(sales.len())
        .sum("quantity", Answer::Whole(sales.values().map(|sold| sold.quantity).sum()))
        .sum("revenue", Answer::cents(sales.values().map(|sold| sold.revenue).sum()));
    let favourites = sales.iter().filter(|(_, sold)| sold.rank == 1);
    for ((month, item), sold) in favourites {
        let of = [Condition::text("month", month), Condition::Whole("rank", 1)];
        checks.cell("item", &of, Answer::Text(item.clone()));
        let of = [Condition::text("month", month), Condition::text("item", item)];
        checks.cell("quantity", &of, Answer::Whole(sold.quantity)).cell(
            "revenue",
            &of,
            Answer::cents(sold.revenue),
        );
    }
    checks
}

fn summary(summary: &Option<Summary>) -> MartChecks {
    let mut checks = MartChecks::new(DATASET, "summary");
    checks.rows(usize::from(summary.is_some()));
    let Some(summary) = summary else { return checks };
    checks.only("as_of", Answer::Date(summary.as_of));
    for (window, takings) in [
        ("today", summary.today),
        ("yesterday", summary.yesterday),
        ("last_7_days", summary.last_7_days),
        ("last_30_days", summary.last_30_days),
    ] {
        checks
            .only(&format!("{window}_orders"), Answer::count(takings.orders))
            .only(&format!("{window}_revenue"), Answer::cents(takings.revenue));
    }
    checks
}
