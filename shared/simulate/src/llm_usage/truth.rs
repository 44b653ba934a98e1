//! What a correct pipeline must find.

use super::delivery::Delivered;
use super::marts::{Marts, Usage};
use super::users::Directory;
use super::{DATASET, LlmUsage, TRANSACTIONS, USERS};
use crate::DatasetTruth;
use crate::check::{Answer, Condition, MartChecks};

pub(super) fn truth(
    settings: &LlmUsage,
    directory: &Directory,
    delivered: &Delivered,
    anomalies: Vec<String>,
) -> DatasetTruth {
    let last_day = settings.day(settings.days - 1);
    let mut truth = DatasetTruth::new(DATASET, settings.seed, settings.first_day, last_day);
    truth.enter(TRANSACTIONS, &delivered.transaction_rows);
    truth.enter(USERS, &delivered.user_rows);
    let marts = Marts::of(&delivered.accepted, directory);
    for checks in [
        daily_metrics(&marts),
        daily_company_metrics(&marts),
        daily_model_metrics(&marts),
        kpis(&marts),
    ] {
        truth.checks.extend(checks.into_checks());
    }
    truth.anomalies = anomalies;
    truth
}

/// Millionths of a dollar.
fn micros(cost: i64) -> Answer {
    Answer::Decimal(cost, 6)
}

/// The sum of one number of all groups.
fn sum<'a, T: std::iter::Sum>(
    groups: impl Iterator<Item = &'a Usage>,
    number: impl Fn(&Usage) -> T,
) -> T {
    groups.map(number).sum()
}

fn daily_metrics(marts: &Marts) -> MartChecks {
    let days = &marts.daily_metrics;
    let mut checks = MartChecks::new(DATASET, "daily_metrics");
    checks
        .rows(days.len())
        .sum("active_users", Answer::count(sum(days.values(), Usage::active_users)))
        .sum("requests", Answer::count(sum(days.values(), |usage| usage.requests)))
        .sum("tokens", Answer::Whole(sum(days.values(), |usage| usage.tokens)))
        .sum("total_cost", micros(sum(days.values(), |usage| usage.cost)));
    let most_expensive = days.iter().max_by_key(|(_, usage)| usage.cost);
    let unknown = days.iter().find(|((_, region), _)| *region == "unknown");
    for ((date, region), usage) in most_expensive.into_iter().chain(unknown) {
        let of = [Condition::Date("date", *date), Condition::text("region", region)];
        checks
            .cell("active_users", &of, Answer::count(usage.active_users()))
            .cell("total_cost", &of, micros(usage.cost))
            .cell("avg_cost_per_user", &of, Answer::Real(usage.avg_cost_per_user()));
    }
    checks
}

fn daily_company_metrics(marts: &Marts) -> MartChecks {
    let days = &marts.daily_company_metrics;
    let mut checks = MartChecks::new(DATASET, "daily_company_metrics");
    checks
        .rows(days.len())
        .sum("requests", Answer::count(sum(days.values(), |usage| usage.requests)))
        .sum("total_cost", micros(sum(days.values(), |usage| usage.cost)));
    if let Some(((date, company), usage)) = days.iter().max_by_key(|(_, usage)| usage.cost) {
        let of = [Condition::Date("date", *date), Condition::text("company", company)];
        checks.cell("requests", &of, Answer::count(usage.requests)).cell(
            "total_cost",
            &of,
            micros(usage.cost),
        );
    }
    checks
}

fn daily_model_metrics(marts: &Marts) -> MartChecks {
    let days = &marts.daily_model_metrics;
    let mut checks = MartChecks::new(DATASET, "daily_model_metrics");
    checks
        .rows(days.len())
        .sum("requests", Answer::count(sum(days.values(), |usage| usage.requests)))
        .sum("tokens", Answer::Whole(sum(days.values(), |usage| usage.tokens)))
        .sum("total_cost", micros(sum(days.values(), |usage| usage.cost)));
    let longest = days.iter().max_by_key(|(_, usage)| usage.tokens);
    if let Some(((date, region, model), usage)) = longest {
        let of = [
            Condition::Date("date", *date),
            Condition::text("region", region),
            Condition::text("model", model),
        ];
        checks
            .cell("requests", &of, Answer::count(usage.requests))
            .cell("tokens", &of, Answer::Whole(usage.tokens))
            .cell("total_cost", &of, micros(usage.cost));
    }
    checks
}

fn kpis(marts: &Marts) -> MartChecks {
    let months = &marts.kpis;
    let mut checks = MartChecks::new(DATASET, "kpis");
    let usages = || months.values().map(|kpi| &kpi.usage);
    checks
        .rows(months.len())
        .sum("requests", Answer::count(sum(usages(), |usage| usage.requests)))
        .sum("total_cost", micros(sum(usages(), |usage| usage.cost)));
    let compared = months.values().filter(|kpi| kpi.cost_change.is_some()).count();
    checks.values("cost_change", compared);
    for (month, kpi) in months {
        let of = [Condition::text("month", month)];
        checks
            .cell("active_users", &of, Answer::count(kpi.usage.active_users()))
            .cell("cost_per_1k_tokens", &of, Answer::Real(kpi.usage.cost_per_1k_tokens()))
            .cell("top_company", &of, Answer::Text(kpi.top_company.clone()))
            .cell("top_model", &of, Answer::Text(kpi.top_model.clone()));
        if let Some(change) = kpi.cost_change {
            checks.cell("cost_change", &of, Answer::Real(change));
        }
    }
    checks
}
