//! `smelt anomalies`: what was not as expected.

use anyhow::Result;
use serde_json::{Value, json};
use smelt_domain::{Dataset, DatasetName, Every, Mart};
use smelt_stages::{Anomaly, AnomalyStatus, anomalies, step_text};

use crate::arguments::{Global, ReportFormat};
use crate::exit::Ending;
use crate::output::print;
use crate::session::{chosen, open_existing};
use crate::table_text::{Align, TextTable};

/// An anomaly with where it was found.
struct Row<'a> {
    dataset: &'a Dataset,
    mart: &'a Mart,
    every: Every,
    anomaly: Anomaly,
}

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    all: bool,
    format: ReportFormat,
) -> Result<Ending> {
    let platform = open_existing(global)?;
    let mut rows = Vec::new();
    for dataset in chosen(&platform, dataset.as_ref())? {
        for (mart, series) in dataset.marts_with_series() {
            let found = anomalies(&platform, dataset, mart).await?;
            let is_shown = |one: &Anomaly| {
                all || matches!(one.status, AnomalyStatus::Open | AnomalyStatus::Over)
            };
            let row = |anomaly| Row { dataset, mart, every: series.every, anomaly };
            rows.extend(found.into_iter().filter(is_shown).map(row));
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.anomaly.time));
    match format {
        ReportFormat::Table => print(&text(&rows))?,
        ReportFormat::Json => {
            let rows: Vec<Value> = rows.iter().map(as_json).collect();
            print(&format!("{}\n", serde_json::to_string_pretty(&rows)?))?;
        }
    }
    Ok(Ending::Fine)
}

fn text(rows: &[Row<'_>]) -> String {
    let mut table = TextTable::new(&[
        ("WHEN", Align::Left),
        ("STATUS", Align::Left),
        ("SEVERITY", Align::Left),
        ("OBSERVED", Align::Right),
        ("EXPECTED", Align::Right),
        ("95 % WITHIN", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for Row { dataset, mart, every, anomaly } in rows {
        let found = &anomaly.found;
        table.row(vec![
            step_text(*every, anomaly.time),
            anomaly.status.as_str().to_owned(),
            found.severity.to_string(),
            format!("{:.1}", found.observed),
            format!("{:.1}", found.expected),
            format!("{:.1} to {:.1}", found.lo, found.hi),
            format!("{} {}: {}", dataset.name, mart.name, anomaly.series),
        ]);
    }
    table.to_string()
}

fn as_json(row: &Row<'_>) -> Value {
    let Row { dataset, mart, every, anomaly } = row;
    let found = &anomaly.found;
    json!({
        "alert_id": anomaly.alert_id,
        "dataset": dataset.name,
        "mart": mart.name,
        "series": anomaly.series,
        "time": step_text(*every, anomaly.time),
        "observed": found.observed,
        "expected": found.expected,
        "lo_95": found.lo,
        "hi_95": found.hi,
        "score": found.score,
        "severity": found.severity,
        "reason": found.reason,
        "status": anomaly.status.as_str(),
        "first_seen": anomaly.first_seen,
        "notified_at": anomaly.notified_at,
    })
}
