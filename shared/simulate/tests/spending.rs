//! Two cities' payments, read by a reader that shares nothing with the simulator.

#![allow(clippy::unwrap_used)]

mod csv_reader;

use std::collections::BTreeMap;
use std::fs;

use chrono::NaiveDate;
use csv_reader::{files, records};
use smelt_simulate::DatasetTruth;
use smelt_simulate::spending::{Spending, SpendingDirt};

fn dirty(seed: u64) -> Spending {
    let dirt = SpendingDirt {
        unreadable_amounts: 0.01,
        unreadable_dates: 0.01,
        exact_repeats: 0.02,
        padding: 0.1,
    };
    Spending { seed, dirt, ..Spending::default() }
}

/// Hundredths; `None` for what is no amount.
fn cents(text: &str) -> Option<i64> {
    let text = text.trim();
    let negative = text.starts_with(['-', '(']);
    let plain: String = text.chars().filter(|letter| !"$,()-".contains(*letter)).collect();
    let (whole, hundredths) = plain.split_once('.')?;
    let cents = whole.parse::<i64>().ok()? * 100 + hundredths.parse::<i64>().ok()?;
    Some(if negative { -cents } else { cents })
}

fn is_date(text: &str) -> bool {
    NaiveDate::parse_from_str(text, "%m/%d/%Y").is_ok()
}

/// What came of the rows: silver with their sum in cents, and the refused by their rules.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    silver: u64,
    cents: i64,
    refused: BTreeMap<String, u64>,
}

impl Outcome {
    fn enter(&mut self, date: &str, amount: &str) {
        let refuse = |rule: &str| Some(rule.to_owned());
        let rule = match cents(amount) {
            _ if !is_date(date) => refuse("payment_date_is_readable"),
            None => refuse("amount_is_number"),
            Some(cents) => {
                self.silver += 1;
                self.cents += cents;
                None
            }
        };
        if let Some(rule) = rule {
            *self.refused.entry(rule).or_default() += 1;
        }
    }
}

fn expected<'a>(truth: &'a DatasetTruth, what: &str) -> &'a str {
    &truth.checks.iter().find(|check| check.what == what).unwrap().expected
}

#[test]
fn an_independent_reader_finds_the_truth() {
    for seed in 1..4 {
        let simulated = dirty(seed).generate().unwrap();
        let truth = &simulated.truth;
        let mut outcome = Outcome::default();
        for table in &simulated.boston {
            for row in &table.rows {
                assert_eq!(row.len(), table.fields.len());
                let text = |index: usize| row[index].as_deref().unwrap_or_default();
                outcome.enter(text(3), text(13));
            }
        }
        let mut contents = Vec::new();
        for file in &simulated.phoenix {
            if contents.contains(&&file.bytes) {
                continue;
            }
            contents.push(&file.bytes);
            for row in &records(std::str::from_utf8(&file.bytes).unwrap())[1..] {
                assert_eq!(row.len(), 5);
                outcome.enter(&row[0], &row[4]);
            }
        }
        assert_eq!(contents.len() + 1, simulated.phoenix.len());
        let received = outcome.silver + outcome.refused.values().sum::<u64>();
        assert_eq!(truth.rows_received["payments"], received);
        assert_eq!(truth.rows_refused["payments"], outcome.refused);
        assert_eq!(truth.rows_silver["payments"], outcome.silver);
        assert_eq!(truth.rows_superseded["payments"], 0);
        for mart in ["monthly_spending", "department_insight"] {
            let sum = expected(truth, &format!("{mart}: sum of amount"));
            assert_eq!(sum, outcome.cents.to_string());
        }
    }
}

#[test]
fn files_have_their_peculiarities() {
    let out = tempfile::tempdir().unwrap();
    let truth = dirty(5).write(out.path(), &mut |_| {}).unwrap();
    let files = files(&out.path().join("spending/payments"));
    let text = |name: &str| &files.iter().find(|(found, _)| found == name).unwrap().1;
    assert!(text("phoenix_2021_07.csv").lines().last().unwrap().starts_with(",,,,\""));
    assert!(!text("phoenix_2021_08.csv").contains('\n'));
    assert!(text("phoenix_2021_09.csv").contains("\r\n"));
    assert_eq!(text("phoenix_2021_11.csv"), text("phoenix_2021_11_copy.csv"));
    let all: String = files.iter().map(|(_, text)| text.as_str()).collect();
    assert!(all.contains(",\"(1,") && all.contains(" \"\n"), "no refunds or no trailing blanks");
    let repeated = all.lines().zip(all.lines().skip(1)).filter(|(line, next)| line == next).count();
    assert!(repeated > 50, "{repeated}");
    assert_eq!(truth.anomalies.len(), 10);
    let written = fs::read(out.path().join("spending/truth.json")).unwrap();
    assert_eq!(serde_json::from_slice::<DatasetTruth>(&written).unwrap(), truth);
    assert!(dirty(5).write(out.path(), &mut |_| {}).is_err());
}

#[test]
fn the_oldest_table_has_the_older_columns() {
    let simulated = Spending::default().generate().unwrap();
    let has = |table: usize, field: &str| {
        simulated.boston[table].fields.iter().any(|found| found == field)
    };
    assert!(has(0, "Monetary_Amount") && has(0, "c6_Digit_Org_Name"));
    assert!(has(1, "Monetary Amount") && has(2, "6 Digit Org Name"));
    let amounts =
        simulated.boston.iter().flat_map(|table| &table.rows).filter_map(|row| row[13].as_deref());
    let amounts: Vec<&str> = amounts.collect();
    for start in ["$", "-$", "($"] {
        assert!(amounts.iter().any(|amount| amount.starts_with(start)), "{start}");
    }
}

#[test]
fn the_planted_outliers_are_found_and_few_others() {
    let truth = Spending::default().generate().unwrap().truth;
    let found: u64 = expected(&truth, "outliers: rows").parse().unwrap();
    assert!((10..40).contains(&found), "{found}");
}

#[test]
fn the_seed_decides_every_byte() {
    let generate = |seed| dirty(seed).generate().unwrap();
    assert_eq!(generate(7), generate(7));
    assert_ne!(generate(7), generate(8));
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let refused = |settings: Spending| settings.generate().unwrap_err().to_string();
    assert!(refused(Spending { fiscal_years: 2, ..Spending::default() }).contains("fiscal_years"));
    assert!(refused(Spending { rows_per_day: 0, ..Spending::default() }).contains("rows"));
}
