//! The series of a mart from rows to forecasts, anomalies and messages: each incident is told once,
//! whatever comes late, and what was forecast stays.

mod at_once;
mod broken;
mod delay;
mod every_step;
mod holidays;
mod k_of_n;
mod unknown;
mod untried;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate, TimeDelta};
use object_store::memory::InMemory;
use smelt_domain::{
    Alert, Dataset, DefinitionFiles, ModelStage, SeriesTable, StageName, parse_dataset,
};
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_stages::{
    Causes, Engine, EngineSettings, ModelRegistry, NotTold, Notifier, Platform, Refit, Silent,
    StageError, Trained, Upkeep, Upload, alert, alerts, ingest_files, maintain, refresh_dataset,
    train,
};

use crate::support::{rows_as_text, selected};

const YAML: &str = "\
dataset: till
description: Sales of a chain of shops
tables:
  sales:
    description: one row per day and shop
    source_columns: [day, shop, sold]
    key: [day, shop]
    partition: month
    columns: {day: DATE, shop: TEXT, sold: BIGINT, month: TEXT}
    expectations:
      - {rule: sold_is_integer, not_null: sold, on_violation: reject, reason: sold is not an integer}
marts:
  daily:
    description: sales by day and shop
    from: sales
    key: [date, shop]
    columns: {date: DATE, shop: TEXT, sold: BIGINT}
    series:
      value: sold
      time: date
      by: [shop]
      label: 'sales of {shop}'
      every: day
      horizon: 7
      alerts: {smallest_effect: 30, most_per_day: 2}
";
const SILVER: &str = "SELECT TRY_CAST(day AS DATE) AS day, shop, TRY_CAST(sold AS BIGINT) AS sold, \
                      SUBSTR(day, 1, 7) AS month FROM bronze.till_sales";
const GOLD: &str =
    "SELECT day AS date, shop, SUM(sold) AS sold FROM silver.till_sales GROUP BY day, shop";

pub(crate) const SHOPS: [&str; 5] = ["airport", "harbour", "market", "museum", "station"];

fn till(yaml: &str) -> Dataset {
    till_with_marts(yaml, &["daily"])
}

fn till_with_marts(yaml: &str, marts: &[&str]) -> Dataset {
    let mut files: BTreeMap<String, String> =
        [("dataset.yaml", yaml), ("silver/sales.sql", SILVER)]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into();
    files.extend(marts.iter().map(|mart| (format!("gold/{mart}.sql"), GOLD.to_owned())));
    parse_dataset(&DefinitionFiles { folder: "till".to_owned(), files }).unwrap()
}

/// The last day of the history: always the same, as weekdays differ.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 26).unwrap()
}

pub(crate) fn day(later: i64) -> NaiveDate {
    today() + TimeDelta::days(later)
}

/// What a shop usually sells on a day: more at weekends, and some noise.
fn usual(day: NaiveDate, shop: &str) -> i64 {
    let number = u64::try_from(day.num_days_from_ce()).unwrap() * 31 + shop.len() as u64 * 7;
    let noise = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % 13;
    let weekend = if day.weekday().number_from_monday() > 5 { 60 } else { 0 };
    200 + weekend + i64::try_from(noise).unwrap()
}

/// A lake over time: what the shops sold is ingested, and looked at on the morning after.
pub(crate) struct World {
    lake: Lake,
    yaml: String,
    folder: tempfile::TempDir,
    files: u32,
    heard: Arc<Mutex<Vec<Alert>>>,
}

impl World {
    fn new(lake: Lake) -> Self {
        Self {
            lake,
            yaml: YAML.to_owned(),
            folder: tempfile::tempdir().unwrap(),
            files: 0,
            heard: Arc::default(),
        }
    }

    pub(crate) async fn with_history() -> Self {
        Self::over(Lake::in_memory()).await
    }

    async fn over(lake: Lake) -> Self {
        let mut world = Self::new(lake);
        let days = (-119..=0).flat_map(|later| SHOPS.map(|shop| (day(later), shop)));
        let mut rows: Vec<_> = days.map(|(day, shop)| (day, shop, usual(day, shop))).collect();
        // Another day has begun, so the last one is over.
        rows.push((day(1), SHOPS[0], 1));
        world.receive(&rows).await;
        world.look(1).await;
        world
    }

    /// On the morning of a day, as told by the clock.
    pub(crate) fn platform(&self, later: i64) -> Platform {
        let settings = EngineSettings {
            memory_bytes: 256 << 20,
            parallelism: 2,
            scratch: std::env::temp_dir(),
        };
        let engine = Engine::new(&self.lake, settings).unwrap();
        let mut platform =
            Platform::new(self.lake.clone(), engine, vec![till(&self.yaml)], Arc::new(Silent));
        platform.started_at = day(later).and_hms_opt(6, 0, 0).unwrap().and_utc();
        platform
    }

    async fn receive(&mut self, rows: &[(NaiveDate, &str, i64)]) {
        self.files += 1;
        let path = self.folder.path().join(format!("{}.csv", self.files));
        let lines = rows.iter().map(|(day, shop, sold)| format!("{day},{shop},{sold}\n"));
        std::fs::write(&path, format!("day,shop,sold\n{}", lines.collect::<String>())).unwrap();
        let platform = self.platform(0);
        let dataset = &platform.datasets[0];
        let upload = vec![Upload::local(path)];
        ingest_files(&platform, dataset, &dataset.tables[0], upload).await.unwrap();
    }

    /// A whole day, on which some shops sold so many times what they usually do; then the next morning.
    pub(crate) async fn live(&mut self, later: i64, factors: &[(&str, f64)]) {
        let sold = |shop: &str| {
            let factor = factors.iter().find(|(name, _)| *name == shop).map_or(1.0, |(_, it)| *it);
            (usual(day(later), shop) as f64 * factor) as i64
        };
        let rows: Vec<_> = SHOPS.iter().map(|shop| (day(later), *shop, sold(shop))).collect();
        self.receive(&rows).await;
        // Another day has begun, so this one is over.
        self.receive(&[(day(later + 1), SHOPS[0], 1)]).await;
        self.look(later + 1).await;
    }

    async fn look(&self, later: i64) {
        let platform = self.platform(later);
        let dataset = &platform.datasets[0];
        refresh_dataset(&platform, dataset).await.unwrap();
        let listener = Listener(Arc::clone(&self.heard));
        alert(&platform, dataset, &Causes::default(), &listener).await.unwrap();
        let again = refresh_dataset(&platform, dataset).await.unwrap();
        assert!(again.steps.is_empty(), "{:?}", again.steps);
    }

    /// Subjects of what was told since this was asked last.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().drain(..).map(|alert| alert.subject).collect()
    }

    pub(crate) async fn rows(&self, sql: &str) -> Vec<String> {
        rows_as_text(&selected(&self.platform(0), sql).await.unwrap())
    }

    pub(crate) async fn train(&self, later: i64, refit: Refit) -> Trained {
        let platform = self.platform(later);
        train(&platform, &platform.datasets[0], refit).await.unwrap()
    }

    fn registry(&self) -> ModelRegistry {
        let (dataset, model) = ("till".parse().unwrap(), "daily".parse().unwrap());
        ModelRegistry::new(&self.lake, &dataset, &model)
    }
}

struct Listener(Arc<Mutex<Vec<Alert>>>);

#[async_trait]
impl Notifier for Listener {
    async fn tell(&self, alert: &Alert) -> Result<(), NotTold> {
        self.0.lock().unwrap().push(alert.clone());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_told_when_it_begins_and_when_it_is_over() {
    let mut world = World::with_history().await;
    assert_eq!(world.heard(), [""; 0], "history is no news");
    world.live(1, &[("harbour", 3.0)]).await;
    let heard = world.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of harbour "), "{heard:?}");
    assert!(heard[0].contains("x expected ("), "{heard:?}");
    world.live(2, &[("harbour", 2.5)]).await;
    assert_eq!(world.heard(), [""; 0], "it goes on");
    for later in 3..=5 {
        world.live(later, &[]).await;
    }
    assert_eq!(world.heard(), ["till: sales of harbour is as expected again (info)"]);
    let told = "SELECT status, COUNT(DISTINCT alert_id) AS incidents, COUNT(notified_at) >= 2 AS noted \
                FROM gold.till_anomalies WHERE series = 'harbour' AND status IN ('open', 'over') GROUP BY 1";
    assert_eq!(world.rows(told).await, ["over | 1 | true"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_incident_is_over_as_well() {
    let mut world = World::with_history().await;
    world.heard();
    for later in 1..=14 {
        let factor = if later <= 8 { 4.0 + later as f64 } else { 1.0 };
        world.live(later, &[("harbour", factor)]).await;
    }
    let told: Vec<Alert> = world.heard.lock().unwrap().drain(..).collect();
    let over = |alert: &&Alert| alert.subject.contains("as expected again");
    let over = told.iter().find(over).unwrap_or_else(|| panic!("{told:?}"));
    // What was told first, not what it was like in the end.
    assert!(over.message.ends_with(&told[0].subject), "{}", over.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_everywhere_at_once_is_one_message() {
    let mut world = World::with_history().await;
    world.heard();
    world.live(1, &SHOPS.map(|shop| (shop, 0.1))).await;
    let heard = world.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of 5 shops 0.1x expected ("), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_most_of_a_day_there_is_one_summary() {
    let mut world = World::with_history().await;
    // Two up and one down: no group of three goes the same way, and two are all that may be told.
    world.yaml = YAML.replace("most_per_day: 2", "most_per_day: 1");
    world.heard();
    world.live(1, &[("harbour", 3.0), ("market", 4.0), ("station", 0.1)]).await;
    let heard = world.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    let summary = heard.iter().find(|subject| subject.contains("2 more anomalies in daily"));
    assert!(summary.is_some(), "{heard:?}");
    world.look(2).await;
    assert_eq!(world.heard(), [""; 0], "nothing is told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn late_data_are_judged_once_more_without_a_second_message() {
    let mut world = World::with_history().await;
    world.heard();
    world.live(1, &[("harbour", 0.2)]).await;
    assert_eq!(world.heard().len(), 1);
    let id = "SELECT DISTINCT alert_id FROM gold.till_anomalies WHERE status = 'open'";
    let before = world.rows(id).await;
    // More of the day arrives, still far from enough; then the rest.
    world.receive(&[(day(1), "harbour", 60)]).await;
    world.look(2).await;
    assert_eq!(world.rows(id).await, before);
    assert_eq!(
        world.rows("SELECT observed FROM gold.till_anomalies WHERE status = 'open'").await,
        ["60.0"]
    );
    world.receive(&[(day(1), "harbour", usual(day(1), "harbour"))]).await;
    world.look(2).await;
    assert_eq!(world.heard(), [""; 0]);
    let status = format!("SELECT status FROM gold.till_anomalies WHERE alert_id = '{}'", before[0]);
    assert_eq!(world.rows(&status).await, ["withdrawn"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_muted_effects_are_not_told() {
    let mut world = World::with_history().await;
    world.heard();
    world.yaml = YAML.replace(
        "most_per_day: 2",
        "most_per_day: 2, mute: [{shop: harbour, until: '2100-01-01'}]",
    );
    // 8 % are about 16, which is less than what matters.
    world.live(1, &[("harbour", 3.0), ("market", 1.08)]).await;
    assert_eq!(world.heard(), [""; 0]);
    let rows = "SELECT series, status FROM gold.till_anomalies WHERE status NOT IN ('past')";
    assert_eq!(world.rows(rows).await, ["harbour | muted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_has_not_ended_is_not_judged() {
    let mut world = World::with_history().await;
    world.heard();
    // In the morning hardly anything was sold yet, and two rows have wrong days.
    let rows: Vec<_> = SHOPS.iter().map(|shop| (day(1), *shop, 3)).collect();
    world.receive(&rows).await;
    world.receive(&[(day(3), "harbour", 5)]).await;
    world.receive(&[("2099-01-01".parse().unwrap(), "harbour", 5)]).await;
    world.look(1).await;
    assert_eq!(world.heard(), [""; 0]);
    // Nothing more comes for a day: it was all there is.
    world.look(3).await;
    assert_eq!(world.heard().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_fitted_promoted_and_used() {
    let mut world = World::with_history().await;
    let trained = world.train(1, Refit::WhenDue).await;
    let [(card, stage, _)] = trained.fitted.as_slice() else { panic!("{trained:?}") };
    assert_eq!((card.version, *stage, card.learnt_from), (1, ModelStage::Production, 5));
    let (own, naive) = (card.metrics["mase"], card.metrics["seasonal_naive_mase"]);
    assert!(own <= naive, "{own} {naive}");
    let count = "SELECT COUNT(*), COUNT(DISTINCT series), COUNT(DISTINCT made_at), MIN(horizon), \
                 MAX(horizon) FROM gold.till_forecast";
    assert_eq!(world.rows(count).await, ["35 | 5 | 1 | 1 | 7"]);
    let sound = "SELECT COUNT(*) FROM gold.till_forecast WHERE lo_95 <= lo_80 AND lo_80 <= mean \
                 AND mean <= hi_80 AND hi_80 <= hi_95 AND lo_95 >= 0";
    assert_eq!(world.rows(sound).await, ["35"]);
    let first = "SELECT MIN(target_time) FROM gold.till_forecast";
    assert_eq!(world.rows(first).await, [format!("{}T00:00:00", day(1))]);
    let accuracy =
        "SELECT COUNT(*), COUNT(series) FROM gold.till_forecast_accuracy WHERE mase IS NOT NULL";
    assert_eq!(world.rows(accuracy).await, ["6 | 5"]);

    let again = world.train(1, Refit::WhenDue).await;
    assert!(again.steps.is_empty() && again.fitted.is_empty(), "{again:?}");

    // A day later the same model says what comes next; what it said before stays.
    world.live(1, &[]).await;
    let next = world.train(2, Refit::WhenDue).await;
    assert!(next.fitted.is_empty());
    assert_eq!(world.rows(count).await, ["70 | 5 | 2 | 1 | 7"]);

    // Upkeep makes one file of two, and the next forecasts follow all the same.
    let platform = world.platform(2);
    let upkeep = Upkeep { retention: Duration::from_secs(168 * 3600), target_bytes: 128 << 20 };
    let maintained = maintain(&platform, &platform.datasets[0], upkeep).await;
    assert!(maintained.failed.is_none(), "{maintained:?}");
    assert_eq!(world.rows(count).await, ["70 | 5 | 2 | 1 | 7"]);
    let table = platform.lake.table(platform.datasets[0].series_id(SeriesTable::Forecast)).unwrap();
    assert_eq!(table.require_snapshot().await.unwrap().files().len(), 1);
    let after = world.train(2, Refit::WhenDue).await;
    assert!(after.steps.iter().all(|step| step.stage == StageName::Publish), "{after:?}");
    assert_eq!(world.rows("SELECT COUNT(*) FROM gold.till_experiments").await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_compared_and_rolled_back() {
    let mut world = World::with_history().await;
    world.train(1, Refit::WhenDue).await;
    for later in 1..=7 {
        world.live(later, &[]).await;
    }
    let trained = world.train(9, Refit::WhenDue).await;
    let [(card, stage, _)] = trained.fitted.as_slice() else { panic!("{trained:?}") };
    assert_eq!((card.version, *stage), (2, ModelStage::Production), "due after a week");
    let comparison = card.comparison.as_ref().unwrap();
    assert_eq!((comparison.production_version, comparison.measure.as_str()), (1, "mase"));
    // On the week that is new to both: without it, they know the same.
    let (own, other) = (comparison.candidate, comparison.production);
    assert!((own - other).abs() < 1e-6 && own > 0.0, "{own} {other}");

    let registry = world.registry();
    let platform = world.platform(9);
    assert_eq!(registry.roll_back(&platform, "no good").await.unwrap(), 1);
    let history = registry.history().await.unwrap();
    assert_eq!(history.production(), Some(1));
    assert_eq!(history.stage(2), Some(ModelStage::Archived));
    let error = registry.roll_back(&platform, "again").await.unwrap_err();
    assert!(matches!(error, StageError::Model { .. }), "{error}");
    let error = registry.promote(&platform, 7, "?").await.unwrap_err().to_string();
    assert!(error.contains("known versions: 1, 2"), "{error}");
    world.live(8, &[]).await;
    world.train(10, Refit::WhenDue).await;
    let versions = "SELECT COUNT(DISTINCT made_at) FROM gold.till_forecast";
    assert_eq!(world.rows(versions).await, ["3"], "the former one forecasts again");

    // Another horizon is another model; the old one is not used any more.
    world.yaml = YAML.replace("horizon: 7", "horizon: 3");
    let trained = world.train(11, Refit::WhenDue).await;
    assert_eq!(trained.fitted.len(), 1);
    let horizon = "SELECT MAX(horizon) FROM gold.till_forecast WHERE made_at = \
                   (SELECT MAX(made_at) FROM gold.till_forecast)";
    assert_eq!(world.rows(horizon).await, ["3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refit_of_what_is_in_production_already_is_promoted() {
    let mut world = World::with_history().await;
    world.train(1, Refit::WhenDue).await;
    let again = world.train(1, Refit::Always).await;
    let [(card, stage, reason)] = again.fitted.as_slice() else { panic!("{again:?}") };
    assert_eq!((card.version, *stage), (2, ModelStage::Production), "{reason}");
    assert_eq!((card.comparison.as_ref(), &card.parameters["hurried"]), (None, &0.into()));
    assert_eq!(reason, "too little is new since version 1 to compare on");
    let nothing = world.train(1, Refit::WhenDue).await;
    assert!(nothing.fitted.is_empty() && nothing.steps.is_empty(), "{nothing:?}");

    // A few days of a horizon of seven say as little.
    for later in 1..=3 {
        world.live(later, &[]).await;
    }
    let again = world.train(4, Refit::Always).await;
    assert_eq!(again.fitted[0].0.comparison, None);
    // Of what production has learnt nobody knows: nothing is compared.
    world.live(4, &[]).await;
    world.lake.put_object("models/till/daily/3/card.json", b"{}".to_vec()).await.unwrap();
    let again = world.train(5, Refit::Always).await;
    let [(card, stage, reason)] = again.fitted.as_slice() else { panic!("{again:?}") };
    assert_eq!((card.version, *stage), (4, ModelStage::Production), "{reason}");
    assert!(reason.contains("since version 3"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_read_is_fitted_anew() {
    let world = World::with_history().await;
    world.train(1, Refit::WhenDue).await;
    world.lake.put_object("models/till/daily/1/model.json", b"{}".to_vec()).await.unwrap();
    let again = world.train(1, Refit::WhenDue).await;
    let [(card, stage, reason)] = again.fitted.as_slice() else { panic!("{again:?}") };
    assert_eq!((card.version, *stage), (2, ModelStage::Production));
    assert!(reason.contains("version 1"), "{reason}");
}

/// Whoever fails in the middle of training leaves something that the next run makes good.
#[tokio::test(flavor = "multi_thread")]
async fn a_training_that_fails_at_any_write_is_made_good_by_the_next() {
    let store = Arc::new(InMemory::new());
    World::over(Lake::with_store(store.clone(), "memory")).await;
    let train_on = async |store: Arc<FaultyStore>| {
        let on_store = World::new(Lake::with_store(store, "memory"));
        let platform = on_store.platform(1);
        train(&platform, &platform.datasets[0], Refit::WhenDue).await
    };
    let counted = Arc::new(FaultyStore::new(Arc::new(store.fork()), FaultPlan::none()));
    train_on(counted.clone()).await.unwrap();
    let writes = counted.writes().len();
    assert!(writes > 8, "{:?}", counted.writes());
    for write in 0..writes {
        for fault in [Fault::FailBefore, Fault::LostAnswer] {
            let store = Arc::new(store.fork());
            let faulty = FaultyStore::new(store.clone(), FaultPlan::at(write, fault.clone()));
            let _ = train_on(Arc::new(faulty)).await;
            train_on(Arc::new(FaultyStore::new(store.clone(), FaultPlan::none()))).await.unwrap();
            let after = World::new(Lake::with_store(store, "memory"));
            let history = after.registry().history().await.unwrap();
            assert!(history.production().is_some(), "{write} {fault:?}");
            let sql = "SELECT COUNT(*) > 0, COUNT(DISTINCT made_at) FROM gold.till_forecast";
            let rows = after.rows(sql).await;
            assert_eq!(rows, ["true | 1"], "{write} {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_to_learn_from_is_said() {
    let mut world = World::new(Lake::in_memory());
    let none = world.train(1, Refit::WhenDue).await;
    assert_eq!(none.skipped, [("daily".to_owned(), "it has no rows yet".to_owned())]);
    world.receive(&[(day(0), "harbour", 5), (day(-1), "market", 5)]).await;
    world.look(3).await;
    let few = world.train(3, Refit::WhenDue).await;
    assert!(few.skipped[0].1.contains("long enough"), "{few:?}");
    assert!(few.steps.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_look_at_once_tell_once() {
    let mut world = World::with_history().await;
    world.heard();
    world.receive(&[(day(1), "harbour", 900), (day(2), "harbour", 1)]).await;
    let (first, second) = (world.platform(2), world.platform(2));
    let run = |platform: Platform| {
        let listener = Listener(Arc::clone(&world.heard));
        async move {
            let dataset = &platform.datasets[0];
            refresh_dataset(&platform, dataset).await.unwrap();
            alert(&platform, dataset, &Causes::default(), &listener).await.unwrap();
        }
    };
    futures::join!(run(first), run(second));
    let told = world.heard.lock().unwrap().clone();
    let ids: BTreeSet<_> = told.iter().map(|alert| alert.alert_id.clone()).collect();
    assert_eq!(ids.len(), told.len(), "{told:?}");
    let platform = world.platform(2);
    let outbox = alerts(&platform, &platform.datasets[0]).await.unwrap();
    assert_eq!(outbox.len(), told.len());
}
