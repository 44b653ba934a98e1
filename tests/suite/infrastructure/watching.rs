//! What alarms and the dashboard watch is what functions emit: a name or a dimension that nobody emits shows
//! nothing, and an alarm on it never goes off.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use smelt_domain::TableId;
use smelt_runtime::{Fact, Metrics};

use super::rights::{attribute, block};
use super::{evaluated, expression, local, module, names, text};
use crate::support::checkout;

/// A metric by its name and its dimensions.
type Metric = (String, BTreeSet<String>);

fn metric<'a>(name: &str, dimensions: impl IntoIterator<Item = &'a str>) -> Metric {
    (name.to_owned(), dimensions.into_iter().map(str::to_owned).collect())
}

/// The metrics of a run in which everything happened that is counted, and of all other facts.
fn emitted() -> BTreeSet<Metric> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let sink = move |line: &str| sink.lock().unwrap().push(line.to_owned());
    let metrics = Metrics::to_sink("smelt/test".to_owned(), "silver", Arc::new(sink));
    let report = serde_json::from_value(json!({
        "run_id": "20261122T174903Z-3f9a2c",
        "command": "silver",
        "dataset": "nyc311",
        "started_at": "2026-11-22T17:49:03Z",
        "finished_at": "2026-11-22T17:49:05Z",
        "outcome": "failed",
        "error": "x",
        "steps": [{
            "stage": "silver",
            "table": "silver/nyc311/requests",
            "upstream": [],
            "version": 1,
            "definition_hash": null,
            "rows_in": 10,
            "rows_out": 8,
            "rows_rejected": 2,
            "rows_warned": {},
            "rows_superseded": null,
            "partitions": null,
            "files_added": null,
            "files_removed": null,
            "bytes_written": 100,
            "conflicts": 2,
            "duration_ms": 12,
        }],
    }))
    .unwrap();
    let table: TableId = "silver/nyc311/requests".parse().unwrap();
    for fact in [
        Fact::RunEnded(&report),
        Fact::Started { init_ms: 1.0 },
        Fact::Lag { table: &table, versions: 1 },
        Fact::Freshness { table: &table, seconds: 1 },
        Fact::Retries { messages: 1 },
        Fact::Refused { kind: "Event" },
    ] {
        metrics.emit(&fact);
    }
    let lines = lines.lock().unwrap();
    lines.iter().flat_map(|line| metrics_of(&serde_json::from_str(line).unwrap())).collect()
}

fn metrics_of(line: &Value) -> Vec<Metric> {
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    let dimensions = directive["Dimensions"][0].as_array().unwrap();
    let dimensions: Vec<&str> = dimensions.iter().map(|name| name.as_str().unwrap()).collect();
    let metrics = directive["Metrics"].as_array().unwrap().iter();
    let named = |it: &Value| metric(it["Name"].as_str().unwrap(), dimensions.iter().copied());
    metrics.map(named).collect()
}

fn source(file: &str) -> String {
    let path = checkout().join("infrastructure/modules/smelt").join(file);
    std::fs::read_to_string(path).unwrap().replace("\\\"", "\"")
}

/// What alarms watch of smelt's own metrics.
fn alarmed() -> Vec<Metric> {
    let body = module("smelt/alarms.tf");
    let mut found = Vec::new();
    for alarm in body.blocks().filter(|block| block.identifier() == "resource") {
        let attribute = |name: &str| {
            let mut attributes = alarm.body().attributes();
            attributes.find(|attribute| attribute.key() == name).map(|it| it.expr().clone())
        };
        if attribute("namespace").is_some_and(|it| it == expression("local.namespace")) {
            let dimensions = names(&attribute("dimensions").unwrap());
            let name = text(&attribute("metric_name").unwrap());
            found.push(metric(&name, dimensions.iter().map(String::as_str)));
        }
    }
    // SELECT SUM(RunsFailed) FROM SCHEMA("${local.namespace}", dataset, "function")
    let text = source("alarms.tf");
    for (at, schema) in text.match_indices("FROM SCHEMA(\"${local.namespace}\",") {
        let name = text[..at].rsplit_once('(').unwrap().1.trim_end_matches([')', ' ']);
        let dimensions = text[at + schema.len()..].split_once(')').unwrap().0;
        found.push(metric(name, dimensions.split(',').map(|it| it.trim().trim_matches('"'))));
    }
    found
}

/// What searches of the dashboard find: `{"${local.namespace}",a,b} MetricName=("X" OR "Y")`.
fn shown() -> Vec<Metric> {
    let text = source("dashboard.tf");
    let searches = text.match_indices("SEARCH('{\"${local.namespace}\",").map(|(at, start)| {
        let (search, _) = text[at + start.len()..].split_once('\'').unwrap();
        let (dimensions, wanted) = search.split_once("} MetricName=").unwrap();
        let wanted = wanted.trim_matches(['(', ')']).split(" OR ");
        let wanted = wanted.map(|name| metric(name.trim_matches('"'), dimensions.split(',')));
        wanted.collect::<Vec<_>>()
    });
    searches.flatten().collect()
}

#[test]
fn alarms_watch_what_functions_emit() {
    let (emitted, alarmed) = (emitted(), alarmed());
    assert_eq!(alarmed.len(), 2, "freshness and failed runs: {alarmed:?}");
    for watched in alarmed {
        assert!(emitted.contains(&watched), "{watched:?} is none of {emitted:?}");
    }
}

#[test]
fn the_dashboard_shows_what_functions_emit() {
    let (emitted, shown) = (emitted(), shown());
    assert_eq!(shown.len(), 8, "{shown:?}");
    for watched in shown {
        assert!(emitted.contains(&watched), "{watched:?} is none of {emitted:?}");
    }
}

#[test]
fn freshness_is_watched_while_somebody_looks() {
    let body = module("smelt/alarms.tf");
    let fresh = json!({ "nyc311-requests": { "hours": 48 } });
    for (alarms, schedules) in [(true, true), (true, false), (false, true), (false, false)] {
        let names = json!({
            "var": { "alarms_enabled": alarms, "schedules_enabled": schedules },
            "module": { "definitions": { "fresh_tables": fresh } },
        });
        let watched = evaluated::value(&local(&body, "alarm_fresh"), &names);
        let expected = if alarms && schedules { fresh.clone() } else { json!({}) };
        assert_eq!(watched, expected, "alarms: {alarms}, schedules: {schedules}");
    }
    let alarm = block(&body, "resource", &["aws_cloudwatch_metric_alarm", "freshness"]);
    assert_eq!(attribute(&alarm, "for_each"), expression("local.alarm_fresh"));
}

#[test]
fn alarms_on_freshness_need_an_hourly_look() {
    let body = module("smelt/alarms.tf");
    for (schedule, is_hourly) in [
        ("rate(1 hour)", true),
        ("rate(1 minute)", true),
        ("rate(30 minutes)", true),
        ("rate(60 minutes)", true),
        ("rate(61 minutes)", false),
        ("rate(100 minutes)", false),
        ("rate(2 hours)", false),
        ("rate(1 day)", false),
        ("cron(0 * * * ? *)", true),
        ("cron(0/15 * ? * * *)", true),
        ("cron(0 6 * * ? *)", false),
        ("cron(0 * ? * MON-FRI *)", false),
    ] {
        let names = json!({ "var": { "alert_schedule": schedule } });
        let found = evaluated::value(&local(&body, "looks_hourly"), &names);
        assert_eq!(found, json!(is_hourly), "{schedule}");
    }
}
