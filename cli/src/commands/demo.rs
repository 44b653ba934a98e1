//! The main job on simulated data, checked against the truth that the simulator knows.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use futures::TryStreamExt;
use smelt_domain::{DatasetName, landing_prefix};
use smelt_simulate::nyc311::{Nyc311, Truth};
use smelt_stages::{
    Balance, FileOutcome, Ingested, Platform, refresh_dataset, sweep_landing, table_balance,
};

use super::demo_report::{Finding, Report};
use super::simulate::simulate;
use crate::arguments::{DemoArguments, Global};
use crate::exit::Ending;
use crate::output::print;
use crate::session::{open_recorded, reported};

const DATASET: &str = "nyc311";
const TRUTH: &str = "truth.json";

pub(crate) async fn run(global: &Global, arguments: &DemoArguments) -> Result<Ending> {
    let (platform, recorder) = open_recorded(global)?;
    let ended = demonstrate(global, arguments, &platform).await;
    reported(&platform, "demo", &recorder, ended).await
}

async fn demonstrate(
    global: &Global,
    arguments: &DemoArguments,
    platform: &Platform,
) -> Result<Ending> {
    let name: DatasetName = DATASET.parse()?;
    let dataset = platform.dataset(&name)?;
    let [table] = dataset.tables.as_slice() else {
        bail!("the demo needs the dataset {DATASET} with one table");
    };
    let Some(folder) = platform.lake.folder() else {
        bail!("the demo writes simulated files: give --lake a folder");
    };
    let landing = folder.join("landing");
    let prefix = landing_prefix(&name, &table.name);
    let started = Instant::now();
    let truth = {
        let (global, arguments) = (global.clone(), arguments.clone());
        let (landing, files) = (landing.clone(), folder.join(&prefix));
        // Beside the runtime's threads, so that Ctrl-C is heard.
        tokio::task::spawn_blocking(move || landed(&global, &arguments, &landing, &files)).await??
    };
    let simulated = started.elapsed();

    let started = Instant::now();
    let ingested = sweep_landing(platform, dataset, table).await?;
    refresh_dataset(platform, dataset).await?;
    let processed = started.elapsed();

    let balance = table_balance(platform, dataset, table).await?;
    let balance = balance.context("the demo's silver table is not there")?;
    let report = Report {
        arguments: format!("{} days, seed {}", arguments.days, arguments.seed),
        lake: platform.lake.location().to_owned(),
        files: ingested.files.len(),
        landed_bytes: bytes_below(&folder.join(&prefix))?,
        findings: findings(platform, &truth, &ingested, &balance).await?,
        balance,
        anomalies: truth.anomalies.iter().map(|anomaly| anomaly.to_string()).collect(),
        busiest: busiest(platform).await?,
        simulated,
        processed,
    };
    let printed = print(&report.to_string());
    if report.agrees() { printed.map(|()| Ending::Fine) } else { Ok(Ending::Failed) }
}

/// Simulates into the landing folder, or takes what an earlier demo left there.
fn landed(
    global: &Global,
    arguments: &DemoArguments,
    landing: &Path,
    files: &Path,
) -> Result<Truth> {
    let settings = Nyc311 {
        days: arguments.days,
        rows_per_day: arguments.rows_per_day,
        seed: arguments.seed,
        ..Nyc311::default()
    };
    let marker = landing.join(DATASET).join(TRUTH);
    if !files.exists() {
        // They appear when they are whole: a demo that is stopped leaves nothing in the way.
        let making = landing.join(".simulating");
        if making.exists() {
            std::fs::remove_dir_all(&making)?;
        }
        let truth = simulate(global, &settings, &making)?;
        let made = making.join(DATASET);
        std::fs::create_dir_all(landing.join(DATASET))?;
        std::fs::rename(made.join(TRUTH), &marker)?;
        std::fs::rename(made.join("requests"), files)?;
        std::fs::remove_dir_all(&making)?;
        return Ok(truth);
    }
    // A second demo on the same lake finds everything done, which is worth seeing; but only if it
    // is the same simulation.
    let text = std::fs::read(&marker).with_context(|| {
        format!(
            "{} holds files that no demo made; give the demo a lake of its own: \
             smelt demo --lake demo-lake",
            files.display()
        )
    })?;
    let truth: Truth = serde_json::from_slice(&text).with_context(|| {
        format!("{} cannot be read; remove the lake to start anew", marker.display())
    })?;
    let same = truth.seed == settings.seed
        && days(&truth.first_day, &truth.last_day) == Some(i64::from(settings.days));
    if !same {
        bail!(
            "{} holds another simulation (seed {}, {} to {}); remove the lake or give another: \
             smelt demo --lake other-lake",
            files.display(),
            truth.seed,
            truth.first_day,
            truth.last_day
        );
    }
    Ok(truth)
}

fn days(first: &str, last: &str) -> Option<i64> {
    let day = |text: &str| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    Some((day(last)? - day(first)?).num_days() + 1)
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let files: Vec<PathBuf> = smelt_sources::find_files(&[folder.to_owned()])?;
    Ok(files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum())
}

/// What the truth says beside what the lake says.
async fn findings(
    platform: &Platform,
    truth: &Truth,
    ingested: &Ingested,
    balance: &Balance,
) -> Result<Vec<Finding>> {
    let unreadable = |outcome: &FileOutcome| {
        matches!(outcome, FileOutcome::Unreadable(_) | FileOutcome::Foreign { .. })
    };
    let failed = ingested.files.iter().filter(|(_, outcome)| unreadable(outcome)).count() as u64;
    let refused = &truth.rows_refused;
    let marts = &truth.marts;
    let mut findings = vec![
        Finding::new("files that could not be loaded", 0, failed),
        Finding::new("rows received", truth.rows_received, balance.bronze),
        Finding::new("clean rows, newest version of each key", truth.rows_silver, balance.silver),
        Finding::new("older versions superseded", truth.rows_superseded, balance.superseded),
    ];
    for (what, rule, rows) in [
        ("refused: unreadable rows", "malformed", refused.malformed),
        ("refused: key is not an integer", "unique_key_is_integer", refused.unique_key),
        ("refused: no readable date", "created_date_is_readable", refused.created_date),
    ] {
        let sql = format!("SELECT COUNT(*) FROM quarantine.nyc311_requests WHERE rule = '{rule}'");
        findings.push(Finding::new(what, rows, number(platform, &sql).await?));
    }
    for (what, mart, expected) in [
        ("daily_requests", "gold.nyc311_daily_requests", &marts.daily_requests),
        ("borough_daily", "gold.nyc311_borough_daily", &marts.borough_daily),
    ] {
        let [rows, requests, closed] =
            numbers(platform, &format!("SELECT COUNT(*), SUM(requests), SUM(closed) FROM {mart}"))
                .await?;
        findings.push(Finding::new(&format!("{what}: rows"), expected.rows, rows));
        findings.push(Finding::new(&format!("{what}: requests"), expected.requests, requests));
        findings.push(Finding::new(&format!("{what}: closed"), expected.closed, closed));
    }
    let [rows, requests] =
        numbers(platform, "SELECT COUNT(*), SUM(requests) FROM gold.nyc311_hourly_pattern").await?;
    findings.push(Finding::new("hourly_pattern: rows", marts.hourly_pattern.rows, rows));
    findings.push(Finding::new(
        "hourly_pattern: requests",
        marts.hourly_pattern.requests,
        requests,
    ));
    let [rows, closed, within] = numbers(
        platform,
        "SELECT COUNT(*), SUM(closed), SUM(closed_within_24h) FROM gold.nyc311_agency_monthly",
    )
    .await?;
    let monthly = &marts.agency_monthly;
    findings.push(Finding::new("agency_monthly: rows", monthly.rows, rows));
    findings.push(Finding::new("agency_monthly: closed", monthly.closed, closed));
    findings.push(Finding::new(
        "agency_monthly: closed within 24 h",
        monthly.closed_within_24h,
        within,
    ));
    Ok(findings)
}

/// Requests by borough, most first: something to look at.
async fn busiest(platform: &Platform) -> Result<Vec<(String, u64)>> {
    let sql = "SELECT borough, SUM(requests) AS requests FROM gold.nyc311_borough_daily \
               GROUP BY borough ORDER BY requests DESC";
    let mut boroughs = Vec::new();
    for batch in rows(platform, sql).await? {
        let names = cast(batch.column(0), &DataType::Utf8)?;
        let counts = cast(batch.column(1), &DataType::Int64)?;
        let counts = counts.as_primitive::<Int64Type>();
        for (name, count) in names.as_string::<i32>().iter().zip(counts.values()) {
            let name = name.unwrap_or("?").to_owned();
            boroughs.push((name, u64::try_from(*count).unwrap_or_default()));
        }
    }
    Ok(boroughs)
}

async fn number(platform: &Platform, sql: &str) -> Result<u64> {
    let [number] = numbers(platform, sql).await?;
    Ok(number)
}

/// The numbers of a query's only row.
async fn numbers<const N: usize>(platform: &Platform, sql: &str) -> Result<[u64; N]> {
    let mut numbers = [0; N];
    for batch in rows(platform, sql).await?.iter().filter(|batch| batch.num_rows() > 0) {
        for (column, number) in numbers.iter_mut().enumerate() {
            let values = cast(batch.column(column), &DataType::Int64)?;
            let value = values.as_primitive::<Int64Type>().value(0);
            *number = u64::try_from(value).unwrap_or_default();
        }
    }
    Ok(numbers)
}

async fn rows(platform: &Platform, sql: &str) -> Result<Vec<RecordBatch>> {
    Ok(smelt_stages::query(platform, sql).await?.try_collect().await?)
}
