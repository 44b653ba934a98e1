//! Runs that fail are told by `smelt alerts --check`: where a scheduler calls, nobody reads the terminal.

use chrono::Utc;
use serde_json::Value;

use super::{Home, assert_holds, csv_of_keys};

/// The failures that are told anew.
#[track_caller]
fn told(home: &Home) -> Vec<Value> {
    let told = home.fine(&["alerts", "--check", "--format", "json"]);
    let mut told: Vec<Value> = serde_json::from_str(&told).unwrap();
    told.retain(|alert| alert["kind"] != "stale");
    told
}

#[test]
fn a_run_that_fails_is_told_once_for_its_own_dataset() {
    let home = Home::with_own_datasets();
    let sql = "datasets/nyc311/gold/agency_monthly.sql";
    home.change(sql, "  COUNT(*) AS requests,\n", "  COUNT(*) / 0 AS requests,\n");
    home.write("lake/landing/nyc311/requests/a.csv", csv_of_keys(1..=20));
    let day = Utc::now().date_naive();
    home.refused(1, &["run"]);
    home.refused(1, &["ingest", "restaurant"]);
    let failures = told(&home);
    assert_eq!(failures.len(), 2, "{failures:#?}");
    let of = |dataset: &str| failures.iter().find(|alert| alert["dataset"] == dataset).unwrap();
    assert_holds(of("nyc311")["subject"].as_str().unwrap(), &["run nyc311: a run failed"]);
    assert_holds(of("nyc311")["message"].as_str().unwrap(), &["gold.nyc311_agency_monthly"]);
    let pull = of("restaurant")["message"].as_str().unwrap();
    assert_holds(pull, &["restaurant.orders", "restaurant.order_items", "set ORDER_DB_URL"]);

    home.refused(1, &["run"]);
    let again = told(&home);
    assert!(again.is_empty() || Utc::now().date_naive() != day, "it is the same: {again:#?}");
    home.write("sales.csv", "product,price\nball,3\n");
    home.refused(3, &["ingest", "nyc311", "--file", "sales.csv"]);
    let refused = told(&home);
    assert_eq!(refused.len(), 1, "{refused:#?}");
    assert_holds(refused[0]["subject"].as_str().unwrap(), &["refused", "sales.csv"]);
}

#[test]
fn what_is_wrong_with_a_command_is_told_to_whoever_gave_it() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=3));
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    home.fine(&["refresh", "nyc311"]);
    home.refused(1, &["ingest", "events"]);
    home.refused(1, &["refresh", "moon"]);
    home.refused(1, &["record", "delete", "nyc311", "7"]);
    home.refused(1, &["backfill", "nyc311", "--from", "2026-03", "--to", "2026-01"]);
    assert!(!home.path("lake/failures").exists());
}
