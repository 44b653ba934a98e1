//! A shop's events, read by a reader that shares nothing with the simulator.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use chrono::NaiveDateTime;
use serde_json::Value;
use smelt_simulate::DatasetTruth;
use smelt_simulate::events::{Events, EventsDirt};

fn dirty(seed: u64) -> Events {
    let dirt = EventsDirt {
        schema_violations: 0.02,
        unreadable_times: 0.01,
        malformed: 0.01,
        duplicates: 0.03,
        late: 0.03,
    };
    Events { seed, dirt, days: 4, rows_per_day: 3_000, ..Events::default() }
}

fn files(out: &Path) -> BTreeMap<String, String> {
    fs::read_dir(out.join("events/events"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

/// Whether a property has its type.
type Test = fn(&Value) -> bool;

/// The required properties of an event.
fn schema(event: &str) -> Vec<(&'static str, Test)> {
    let (text, number, integer): (Test, Test, Test) =
        (Value::is_string, Value::is_number, Value::is_i64);
    match event {
        "page_view" => vec![("url", text)],
        "product_view" => vec![("product", text), ("price", number)],
        "search" => vec![("query", text)],
        "add_to_cart" => vec![("product", text), ("quantity", integer)],
        "checkout" => vec![("items", integer)],
        "purchase" => vec![("order_id", text), ("amount", number), ("currency", text)],
        "signup" => vec![("plan", text)],
        "error" => vec![("code", integer)],
        other => unreachable!("{other} is no event"),
    }
}

fn refused_by(event: &Value) -> Option<&'static str> {
    let time = event["occurred_at"].as_str().unwrap();
    if NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.3f").is_err() {
        return Some("occurred_at_is_readable");
    }
    let fits = schema(event["event"].as_str().unwrap())
        .iter()
        .all(|(name, test)| test(&event["properties"][name]));
    (!fits).then_some("properties_fit_schema")
}

fn expected(truth: &DatasetTruth, what: &str) -> u64 {
    let check = truth.checks.iter().find(|check| check.what == what);
    check.unwrap().expected.parse().unwrap()
}

#[test]
fn an_independent_reader_finds_the_truth() {
    for seed in 1..4 {
        let out = tempfile::tempdir().unwrap();
        let truth = dirty(seed).write(out.path(), &mut |_| {}).unwrap();
        let mut refused: BTreeMap<String, u64> = BTreeMap::new();
        let mut silver: BTreeMap<String, Value> = BTreeMap::new();
        let (mut received, mut arriving_again, mut late) = (0, 0, 0);
        for (name, text) in files(out.path()) {
            let mut of_file = BTreeSet::new();
            for line in text.lines() {
                received += 1;
                let event: Option<Value> = serde_json::from_str(line).ok();
                let rule = event.as_ref().map_or(Some("malformed"), refused_by);
                match (event, rule) {
                    (Some(event), None) => {
                        let id = event["event_id"].as_str().unwrap().to_owned();
                        let day = &event["occurred_at"].as_str().unwrap()[..10];
                        late += u64::from(!name.contains(day));
                        let known = silver.insert(id.clone(), event.clone());
                        assert!(known.as_ref().is_none_or(|known| *known == event));
                        arriving_again += u64::from(known.is_some() && !of_file.contains(&id));
                        of_file.insert(id);
                    }
                    (_, rule) => *refused.entry(rule.unwrap().to_owned()).or_default() += 1,
                }
            }
        }
        assert_eq!(truth.rows_received["events"], received);
        assert_eq!(truth.rows_refused["events"], refused);
        assert_eq!(refused.len(), 3);
        assert_eq!(truth.rows_silver["events"], silver.len() as u64);
        let superseded = received - silver.len() as u64 - refused.values().sum::<u64>();
        assert_eq!(truth.rows_superseded["events"], superseded);
        assert!(arriving_again > 50 && late > 100, "{arriving_again} {late}");
        let users_and_days: BTreeSet<(String, String)> = silver
            .values()
            .map(|event| {
                let day = event["occurred_at"].as_str().unwrap()[..10].to_owned();
                (day, event["user_id"].to_string())
            })
            .collect();
        assert_eq!(expected(&truth, "daily_active: sum of users"), users_and_days.len() as u64);
        for mart in ["minute_counts", "sessions", "daily_active"] {
            assert_eq!(expected(&truth, &format!("{mart}: sum of events")), silver.len() as u64);
        }
        assert_eq!(expected(&truth, "sliding_5m: sum of events"), 5 * silver.len() as u64);
    }
}

#[test]
fn without_the_truth_the_bytes_and_the_rows_are_the_same() {
    let (with, without) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let full = dirty(5).write(with.path(), &mut |_| {}).unwrap();
    let mut rows = 0;
    let small = Events { truth: false, ..dirty(5) };
    let small = small.write(without.path(), &mut |written| rows = written).unwrap();
    assert_eq!(files(with.path()), files(without.path()));
    assert_eq!(full.rows_received, small.rows_received);
    assert_eq!(rows, small.rows_received["events"]);
    assert!(full.checks.len() > 30);
    assert_eq!(small.checks.len(), 1);
    let json = fs::read(with.path().join("events/truth.json")).unwrap();
    assert_eq!(serde_json::from_slice::<DatasetTruth>(&json).unwrap(), full);
    assert!(dirty(5).write(with.path(), &mut |_| {}).is_err());
}

#[test]
fn the_seed_decides_every_byte() {
    let write = |seed| {
        let out = tempfile::tempdir().unwrap();
        let truth = dirty(seed).write(out.path(), &mut |_| {}).unwrap();
        (truth, files(out.path()))
    };
    assert_eq!(write(7), write(7));
    assert_ne!(write(7).1, write(8).1);
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let refused = |settings: Events| settings.write(out.path(), &mut |_| {}).unwrap_err();
    assert!(refused(Events { days: 0, ..Events::default() }).to_string().contains("days"));
    assert!(refused(Events { rows_per_day: 0, ..Events::default() }).to_string().contains("rows"));
}
