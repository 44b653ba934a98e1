//! Users and transactions, read by a reader that shares nothing with the simulator.

#![allow(clippy::unwrap_used)]

mod csv_reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use chrono::NaiveDateTime;
use csv_reader::{files, records};
use smelt_simulate::DatasetTruth;
use smelt_simulate::llm_usage::{LlmUsage, LlmUsageDirt};

fn dirty(seed: u64) -> LlmUsage {
    let dirt = LlmUsageDirt {
        duplicates: 0.03,
        negative_tokens: 0.01,
        unreadable_dates: 0.01,
        missing_ids: 0.01,
        ..LlmUsageDirt::default()
    };
    LlmUsage { seed, dirt, ..LlmUsage::default() }
}

fn refused_by(row: &[String]) -> Option<&'static str> {
    let readable = NaiveDateTime::parse_from_str(&row[7], "%Y-%m-%d %H:%M:%S").is_ok();
    if row[0].is_empty() {
        Some("transaction_id_is_present")
    } else if !readable {
        Some("occurred_at_is_readable")
    } else {
        (3..6).any(|field| row[field].starts_with('-')).then_some("tokens_are_not_negative")
    }
}

fn expected<'a>(truth: &'a DatasetTruth, what: &str) -> &'a str {
    &truth.checks.iter().find(|check| check.what == what).unwrap().expected
}

#[test]
fn an_independent_reader_finds_the_truth() {
    for seed in 1..4 {
        let out = tempfile::tempdir().unwrap();
        let truth = dirty(seed).write(out.path(), &mut |_| {}).unwrap();
        let folder = out.path().join("llm_usage");
        let (mut silver, mut refused) = (BTreeMap::new(), BTreeMap::new());
        let mut received = 0;
        for (_, text) in files(&folder.join("transactions")) {
            for row in records(&text).into_iter().skip(1) {
                received += 1;
                match refused_by(&row) {
                    Some(rule) => *refused.entry(rule.to_owned()).or_default() += 1,
                    None => {
                        let same = silver.insert(row[0].clone(), row.clone());
                        assert!(same.is_none_or(|same| same == row));
                    }
                }
            }
        }
        assert_eq!(truth.rows_received["transactions"], received);
        assert_eq!(truth.rows_refused["transactions"], refused);
        assert_eq!(refused.len(), 3);
        assert_eq!(truth.rows_silver["transactions"], silver.len() as u64);
        let superseded = received - silver.len() as u64 - refused.values().sum::<u64>();
        assert_eq!(truth.rows_superseded["transactions"], superseded);
        assert!(superseded > 100);
        let cost: i64 =
            silver.values().map(|row| row[6].replace('.', "").parse::<i64>().unwrap()).sum();
        assert_eq!(expected(&truth, "kpis: sum of total_cost"), cost.to_string());
    }
}

#[test]
fn users_come_late_are_corrected_or_never_come() {
    let simulated = dirty(4).generate().unwrap();
    let order: Vec<&str> = simulated.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        order[..5],
        [
            "transactions_0001.csv",
            "users_0002.csv",
            "transactions_0003.csv",
            "users_0004.csv",
            "transactions_0005.csv"
        ]
    );
    let ids = |file: usize, column: usize| -> BTreeSet<String> {
        let text = std::str::from_utf8(&simulated.files[file].bytes).unwrap();
        records(text).into_iter().skip(1).map(|row| row[column].clone()).collect()
    };
    let (first, later, active) = (ids(1, 0), ids(3, 0), ids(0, 1));
    let corrected = first.intersection(&later).filter(|id| !id.is_empty()).count() as u64;
    let truth = &simulated.truth;
    assert_eq!(truth.rows_superseded["users"], corrected);
    assert!(corrected > 0 && later.len() as u64 > corrected + 1);
    assert!(active.iter().any(|id| !first.contains(id) && !later.contains(id)));
    assert_eq!(truth.rows_refused["users"]["user_id_is_present"], 2);
    assert_eq!(truth.rows_silver["users"] + 1, first.union(&later).count() as u64);
}

#[test]
fn the_truth_is_written_beside_the_files() {
    let out = tempfile::tempdir().unwrap();
    let truth = LlmUsage::default().write(out.path(), &mut |_| {}).unwrap();
    let json = fs::read(out.path().join("llm_usage/truth.json")).unwrap();
    assert_eq!(serde_json::from_slice::<DatasetTruth>(&json).unwrap(), truth);
    assert_eq!(truth.anomalies.len(), 2);
    assert!(LlmUsage::default().write(out.path(), &mut |_| {}).is_err());
}

#[test]
fn the_seed_decides_every_byte() {
    let generate = |seed| dirty(seed).generate().unwrap();
    assert_eq!(generate(7), generate(7));
    assert_ne!(generate(7), generate(8));
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let refused = |settings: LlmUsage| settings.generate().unwrap_err().to_string();
    assert!(refused(LlmUsage { days: 29, ..LlmUsage::default() }).contains("days"));
    assert!(refused(LlmUsage { users: 1, ..LlmUsage::default() }).contains("users"));
}
