//! What a correct pipeline must find.

use std::collections::BTreeMap;

use super::delivery::Delivered;
use super::event::EventKind;
use super::funnel::STEPS;
use super::marts::{Activity, Marts};
use super::moment::Moment;
use super::windows::Counts;
use super::{DATASET, Events, TABLE};
use crate::DatasetTruth;
use crate::check::{Answer, Condition, MartChecks};

pub(super) fn truth(
    settings: &Events,
    delivered: Delivered,
    anomalies: Vec<String>,
) -> DatasetTruth {
    let last_day = settings.day(settings.days - 1);
    let mut truth = DatasetTruth::new(DATASET, settings.seed, settings.first_day, last_day);
    truth.enter(TABLE, &delivered.rows);
    truth.anomalies = anomalies;
    if let Some(accepted) = delivered.accepted {
        let marts = Marts::of(&accepted);
        for checks in [
            windows("minute_counts", &marts.minute_counts),
            windows("sliding_5m", &marts.sliding_5m),
            sessions(&marts),
            daily_active(&marts),
            funnel(&marts),
        ] {
            truth.checks.extend(checks.into_checks());
        }
    }
    truth
}

fn windows(mart: &'static str, windows: &BTreeMap<(Moment, EventKind), Counts>) -> MartChecks {
    let mut checks = MartChecks::new(DATASET, mart);
    checks
        .rows(windows.len())
        .sum("events", Answer::count(windows.values().map(|counts| counts.events).sum()))
        .sum("users", Answer::count(windows.values().map(|counts| counts.users).sum()));
    let busiest = windows.iter().max_by_key(|(_, counts)| counts.events);
    let first = windows.iter().next();
    for ((start, kind), counts) in busiest.into_iter().chain(first) {
        let of =
            [Condition::Time("window_start", start.time()), Condition::text("event", kind.name())];
        checks.cell("events", &of, Answer::count(counts.events)).cell(
            "users",
            &of,
            Answer::count(counts.users),
        );
    }
    checks
}

fn sessions(marts: &Marts) -> MartChecks {
    let visits = &marts.sessions;
    let seconds = |milliseconds: i64| Answer::Decimal(milliseconds, 3);
    let mut checks = MartChecks::new(DATASET, "sessions");
    checks
        .rows(visits.len())
        .sum("events", Answer::count(visits.iter().map(|visit| visit.events).sum()))
        .sum("duration_s", seconds(visits.iter().map(|visit| visit.milliseconds()).sum()));
    let longest = visits.iter().max_by_key(|visit| visit.milliseconds());
    let fullest = visits.iter().max_by_key(|visit| visit.events);
    for visit in longest.into_iter().chain(fullest) {
        let of = [
            Condition::text("user_id", &visit.user_id),
            Condition::Time("session_start", visit.start.time()),
        ];
        checks
            .cell("events", &of, Answer::count(visit.events))
            .cell("duration_s", &of, seconds(visit.milliseconds()))
            .cell("entry_event", &of, Answer::Text(visit.entry.name().to_owned()))
            .cell("exit_event", &of, Answer::Text(visit.exit.name().to_owned()));
    }
    checks
}

fn daily_active(marts: &Marts) -> MartChecks {
    let days = &marts.daily_active;
    let mut checks = MartChecks::new(DATASET, "daily_active");
    checks
        .rows(days.len())
        .sum("users", Answer::count(days.values().map(Activity::users).sum()))
        .sum("sessions", Answer::count(days.values().map(Activity::sessions).sum()))
        .sum("events", Answer::count(days.values().map(|day| day.events).sum()));
    if let Some(((date, country), day)) = days.iter().max_by_key(|(_, day)| day.events) {
        let of = [Condition::Date("date", *date), Condition::text("country", country)];
        checks.cell("users", &of, Answer::count(day.users())).cell(
            "sessions",
            &of,
            Answer::count(day.sessions()),
        );
    }
    checks
}

fn funnel(marts: &Marts) -> MartChecks {
    let days = &marts.funnel;
    let mut checks = MartChecks::new(DATASET, "funnel");
    // Whether a step that nobody reached has a row is a matter of taste.
    if days.values().flatten().all(|users| *users > 0) {
        checks.rows(days.len() * STEPS.len());
    }
    checks.sum("users", Answer::count(days.values().flatten().sum()));
    let busiest = days.iter().max_by_key(|(_, users)| users.iter().max());
    let Some((date, [views, rest @ ..])) = busiest else { return checks };
    for (step, users) in STEPS.iter().skip(1).zip(rest) {
        let of = [Condition::Date("date", *date), Condition::text("step", step)];
        if *users > 0 {
            checks.cell("users", &of, Answer::count(*users)).cell(
                "conversion",
                &of,
                Answer::Real(*users as f64 / *views as f64),
            );
        }
    }
    checks
}
