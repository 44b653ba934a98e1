//! Marts by the hour, the week and the month: from rows through a model and its forecasts to one message
//! when something begins and one when it is over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Days, Months, NaiveDateTime, TimeDelta, Timelike, Utc};
use smelt_domain::{Alert, Dataset, DefinitionFiles, Every, ModelStage, parse_dataset};
use smelt_lake::Lake;
use smelt_stages::{
    Causes, Engine, EngineSettings, Platform, Refit, Silent, Trained, Upload, alert, ingest_files,
    refresh_dataset, train,
};

use super::Listener;
use crate::support::{rows_as_text, selected};

const SHOPS: [&str; 4] = ["airport", "harbour", "market", "station"];
const SILVER: &str = "SELECT TRY_CAST(time AS TIMESTAMP(6)) AS time, shop, \
                      TRY_CAST(sold AS BIGINT) AS sold, SUBSTR(time, 1, 7) AS month \
                      FROM bronze.till_sales";

/// A mart by one step, and sales as they usually are in it.
struct Step {
    every: Every,
    /// Columns, key and what of `series` differs.
    mart: &'static str,
    gold: &'static str,
    /// Steps before the first that is lived through.
    history: i64,
    horizon: i64,
    usual: fn(NaiveDateTime) -> i64,
}

const HOURS: Step = Step {
    every: Every::Hour,
    mart: "
    key: [date, hour, shop]
    columns: {date: DATE, hour: INT, shop: TEXT, sold: BIGINT}
    series:
      time: date
      hour: hour
",
    gold: "SELECT CAST(time AS DATE) AS date, CAST(EXTRACT(HOUR FROM time) AS INT) AS hour, shop, \
           SUM(sold) AS sold FROM silver.till_sales GROUP BY 1, 2, shop",
    history: 21 * 24,
    horizon: 24,
    usual: |time| if (8..20).contains(&time.hour()) { 200 } else { 60 },
};

const WEEKS: Step = Step {
    every: Every::Week,
    mart: "
    key: [date, shop]
    columns: {date: DATE, shop: TEXT, sold: BIGINT}
    series:
      time: date
",
    // By the day: the days of a week are added up.
    gold: "SELECT CAST(time AS DATE) AS date, shop, SUM(sold) AS sold FROM silver.till_sales \
           GROUP BY 1, shop",
    history: 130,
    horizon: 4,
    usual: |_| 1_000,
};

const MONTHS: Step = Step {
    every: Every::Month,
    mart: "
    key: [month, shop]
    columns: {month: TEXT, shop: TEXT, sold: BIGINT}
    series:
      time: month
",
    gold: "SELECT month, shop, SUM(sold) AS sold FROM silver.till_sales GROUP BY month, shop",
    history: 60,
    horizon: 3,
    usual: |_| 5_000,
};

impl Step {
    fn dataset(&self) -> Dataset {
        let yaml = format!(
            "dataset: till
description: Sales of a chain of shops
tables:
  sales:
    description: one row per sale
    source_columns: [time, shop, sold]
    key: [time, shop]
    partition: month
    columns: {{time: TIMESTAMP, shop: TEXT, sold: BIGINT, month: TEXT}}
marts:
  sold:
    description: sales by step and shop
    from: sales{}      value: sold
      by: [shop]
      label: 'sales of {{shop}}'
      every: {}
      horizon: {}
",
            self.mart, self.every, self.horizon
        );
        let files = [("dataset.yaml", yaml.as_str()), ("silver/sales.sql", SILVER)];
        let files: BTreeMap<String, String> = files
            .into_iter()
            .chain([("gold/sold.sql", self.gold)])
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .collect();
        parse_dataset(&DefinitionFiles { folder: "till".to_owned(), files }).unwrap()
    }

    /// When a step begins; the first one that is lived through, number 1, is the first of June, a Monday.
    fn start(&self, step: i64) -> NaiveDateTime {
        let first: NaiveDateTime = "2026-06-01T00:00:00".parse().unwrap();
        let later = step - 1;
        match self.every {
            Every::Hour => first + TimeDelta::hours(later),
            Every::Day => first + TimeDelta::days(later),
            Every::Week => first + TimeDelta::weeks(later),
            Every::Month => {
                let months = Months::new(later.unsigned_abs() as u32);
                if later < 0 { first - months } else { first + months }
            }
        }
    }

    /// What a shop usually sells in a step, with a little noise.
    fn usual(&self, step: i64, shop: &str) -> i64 {
        let time = self.start(step);
        let usual = (self.usual)(time);
        let number = (step + 10_000).unsigned_abs() * 31 + shop.len() as u64 * 7;
        // Mixed twice: multiples alone come back after a day of hours, and naive forecasts with them.
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let noise = ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) % 100;
        usual + usual * noise as i64 / 1_000
    }

    /// Two sales at different times of a step, where it is long enough.
    fn sales(&self, step: i64, shop: &str, sold: i64) -> String {
        let first = self.start(step) + TimeDelta::minutes(10);
        let parts = match self.every {
            Every::Hour => vec![(first, sold)],
            _ => vec![(first, sold / 2), (first + Days::new(3), sold - sold / 2)],
        };
        let line = |(time, sold)| format!("{time:?},{shop},{sold}\n");
        parts.into_iter().map(line).collect()
    }

    /// A step as messages write it.
    fn text(&self, step: i64) -> String {
        let format = match self.every {
            Every::Hour => "%Y-%m-%d %H:%M",
            Every::Day | Every::Week => "%Y-%m-%d",
            Every::Month => "%Y-%m",
        };
        self.start(step).format(format).to_string()
    }
}

/// A lake over time: what the shops sold in a step comes when it is over, and is looked at.
struct Chain {
    step: Step,
    lake: Lake,
    folder: tempfile::TempDir,
    files: u32,
    heard: Arc<Mutex<Vec<Alert>>>,
}

impl Chain {
    async fn with_history(step: Step) -> Self {
        let (lake, folder) = (Lake::in_memory(), tempfile::tempdir().unwrap());
        let mut chain = Self { step, lake, folder, files: 0, heard: Arc::default() };
        let history = 1 - chain.step.history..=0;
        let sales = history.flat_map(|step| SHOPS.map(|shop| (step, shop)));
        let step = &chain.step;
        let rows =
            sales.map(|(step_, shop)| step.sales(step_, shop, step.usual(step_, shop))).collect();
        chain.receive(0, rows).await;
        chain
    }

    /// Soon after a step.
    fn platform_after(&self, step: i64) -> Platform {
        let settings = EngineSettings {
            memory_bytes: 256 << 20,
            parallelism: 2,
            scratch: std::env::temp_dir(),
        };
        let engine = Engine::new(&self.lake, settings).unwrap();
        let mut platform =
            Platform::new(self.lake.clone(), engine, vec![self.step.dataset()], Arc::new(Silent));
        platform.started_at = self.now_after(step);
        platform
    }

    fn now_after(&self, step: i64) -> DateTime<Utc> {
        (self.step.start(step + 1) + TimeDelta::minutes(20)).and_utc()
    }

    async fn receive(&mut self, step: i64, rows: String) {
        self.files += 1;
        let path = self.folder.path().join(format!("{}.csv", self.files));
        // The next step has begun, so that this one is over.
        let next = self.step.sales(step + 1, SHOPS[0], 2);
        std::fs::write(&path, format!("time,shop,sold\n{rows}{next}")).unwrap();
        let platform = self.platform_after(step);
        let dataset = &platform.datasets[0];
        let upload = vec![Upload::local(path)];
        ingest_files(&platform, dataset, &dataset.tables[0], upload).await.unwrap();
        refresh_dataset(&platform, dataset).await.unwrap();
        let listener = Listener(Arc::clone(&self.heard));
        alert(&platform, dataset, &Causes::default(), &listener).await.unwrap();
        // What was told is noted among the anomalies; then there is nothing more to do.
        refresh_dataset(&platform, dataset).await.unwrap();
        let again = refresh_dataset(&platform, dataset).await.unwrap();
        assert!(again.steps.is_empty(), "{:?}", again.steps);
    }

    /// A step in which the harbour sold so many times what it usually does.
    async fn live(&mut self, step: i64, factor: i64) -> Vec<Alert> {
        let sold = |shop| self.step.usual(step, shop) * if shop == "harbour" { factor } else { 1 };
        let rows = SHOPS.map(|shop| self.step.sales(step, shop, sold(shop))).concat();
        self.receive(step, rows).await;
        self.heard.lock().unwrap().drain(..).collect()
    }

    async fn train(&self, after: i64) -> Trained {
        let platform = self.platform_after(after);
        train(&platform, &platform.datasets[0], Refit::WhenDue).await.unwrap()
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        rows_as_text(&selected(&self.platform_after(0), sql).await.unwrap())
    }

    /// What was forecast after a step: times, and the least and greatest share of what came.
    async fn assert_forecast(&self, after: i64) {
        let made_at = self.now_after(after).format("%Y-%m-%dT%H:%M:%S").to_string();
        let sql = format!(
            "SELECT series, horizon, target_time, mean, lo_95, hi_95 FROM gold.till_forecast \
             WHERE made_at = TIMESTAMP '{made_at}'"
        );
        let rows = self.rows(&sql).await;
        assert_eq!(rows.len() as i64, self.step.horizon * SHOPS.len() as i64, "{rows:?}");
        for row in rows {
            let parts: Vec<&str> = row.split(" | ").collect();
            let [shop, horizon, target, mean, lo, hi] = parts[..] else { panic!("{row}") };
            let step = after + horizon.parse::<i64>().unwrap();
            assert_eq!(target.parse(), Ok(self.step.start(step)), "{row}");
            let number = |text: &str| text.parse::<f64>().unwrap();
            let (mean, lo, hi) = (number(mean), number(lo), number(hi));
            assert!(0.0 <= lo && lo <= mean && mean <= hi, "{row}");
            let share = mean / self.step.usual(step, shop) as f64;
            assert!((0.85..1.15).contains(&share), "{share} of what is usual: {row}");
        }
    }
}

async fn from_rows_to_messages(step: Step) {
    let mut chain = Chain::with_history(step).await;
    assert!(chain.heard.lock().unwrap().is_empty(), "history is no news");

    let trained = chain.train(0).await;
    let [(card, stage, _)] = trained.fitted.as_slice() else { panic!("{trained:?}") };
    let expected = (ModelStage::Production, SHOPS.len() as u64);
    assert_eq!((*stage, card.learnt_from), expected, "{card:?}");
    assert_eq!(card.newest, chain.step.text(0));
    assert!(card.metrics["coverage_95"] > 0.5, "{:?}", card.metrics);
    chain.assert_forecast(0).await;

    let heard = chain.live(1, 1).await;
    assert!(heard.is_empty(), "{heard:?}");
    chain.train(1).await;
    chain.assert_forecast(1).await;

    let heard = chain.live(2, 3).await;
    let [begins] = heard.as_slice() else { panic!("{heard:?}") };
    assert!(begins.subject.starts_with("till: sales of harbour "), "{}", begins.subject);
    assert!(begins.subject.contains("x expected ("), "{}", begins.subject);
    assert_eq!(begins.details["time"], chain.step.text(2));
    assert_eq!(begins.details["since"], chain.step.text(2));
    let observed = begins.details["observed"].as_f64();
    assert_eq!(observed, Some(3.0 * chain.step.usual(2, "harbour") as f64));
    let heard = chain.live(3, 3).await;
    assert!(heard.is_empty(), "it goes on: {heard:?}");

    let mut heard = Vec::new();
    for step in 4..=6 {
        heard.extend(chain.live(step, 1).await);
    }
    let [over] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(over.subject, "till: sales of harbour is as expected again (info)");
    assert_eq!(over.details["since"], chain.step.text(2));
    assert_eq!(over.details["until"], chain.step.text(3));
    let told = "SELECT series, status, COUNT(*), COUNT(DISTINCT alert_id), COUNT(notified_at) \
                FROM gold.till_anomalies WHERE status <> 'past' GROUP BY 1, 2";
    assert_eq!(chain.rows(told).await, ["harbour | over | 2 | 1 | 2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_from_rows_to_messages() {
    from_rows_to_messages(HOURS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weeks_from_rows_to_messages() {
    from_rows_to_messages(WEEKS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn months_from_rows_to_messages() {
    from_rows_to_messages(MONTHS).await;
}
