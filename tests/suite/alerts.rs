//! Alerts are raised once and told once, whatever goes wrong on the way.

mod broken;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use object_store::{ObjectStore, ObjectStoreExt};
use smelt_domain::{
    Alert, AlertKind, AlertStatus, FailureKind, Outcome, RunId, RunReport, Severity,
};
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_runtime::Metrics;
use smelt_stages::{
    Causes, Ended, Freshness, Newest, NotTold, Notifier, Platform, RecentFailures, StageError,
    alert, alerts, follow_bronze, freshness, ingest_files, write_failure, write_report,
};

use crate::support::{nyc311, platform, uploads};

/// Remembers what it was told; refuses as often as it is asked to, and always what it cannot take.
#[derive(Default)]
struct Listener {
    heard: Mutex<Vec<Alert>>,
    refusals: Mutex<u32>,
    cannot_take: Option<&'static str>,
    asked: Mutex<u32>,
}

impl Listener {
    fn refusing(times: u32) -> Self {
        Self { refusals: Mutex::new(times), ..Self::default() }
    }

    fn heard(&self) -> Vec<Alert> {
        self.heard.lock().unwrap().clone()
    }
}

#[async_trait]
impl Notifier for Listener {
    async fn tell(&self, alert: &Alert) -> Result<(), NotTold> {
        *self.asked.lock().unwrap() += 1;
        if self.cannot_take.is_some_and(|text| alert.message.contains(text)) {
            return Err(NotTold { reason: "InvalidParameter".to_owned(), retryable: false });
        }
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(NotTold { reason: "busy".to_owned(), retryable: true });
        }
        self.heard.lock().unwrap().push(alert.clone());
        Ok(())
    }
}

fn over(store: &Arc<InMemory>) -> Platform {
    platform(Lake::with_store(Arc::clone(store) as Arc<dyn ObjectStore>, "memory"), 1)
}

/// As [`over`], for a run that began then: midnight may pass between the runs of a test.
fn begun(store: &Arc<InMemory>, started_at: DateTime<Utc>) -> Platform {
    Platform { started_at, ..over(store) }
}

/// A run of the function `silver` that failed just now.
async fn failed_run(platform: &Platform, kind: FailureKind) -> RunReport {
    failed_with(platform, kind, "12 rows break the rule `x`").await
}

async fn failed_with(platform: &Platform, kind: FailureKind, error: &str) -> RunReport {
    let ended = Ended {
        command: "silver nyc311 requests".to_owned(),
        dataset: Some(nyc311(platform).name.clone()),
        outcome: Outcome::Failed,
        failure: Some((kind, error.to_owned())),
        steps: Vec::new(),
    };
    let report = ended.into_report(platform);
    write_report(platform, &report).await.unwrap();
    write_failure(platform, &report).await.unwrap();
    report
}

/// A round of an invocation of its own; how many alerts were told.
async fn round(platform: &Platform, listener: &Listener) -> Result<usize, StageError> {
    let recent = RecentFailures::default();
    let causes = Causes { recent: Some(&recent), ..Causes::default() };
    Ok(alert(platform, nyc311(platform), &causes, listener).await?.told.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_once_however_often_it_happens_on_a_day() {
    let store = Arc::new(InMemory::new());
    let listener = Listener::default();
    let started_at = Utc::now();
    for _ in 0..3 {
        let platform = begun(&store, started_at);
        let report = failed_run(&platform, FailureKind::Expectation).await;
        let causes = Causes { reports: &[report], ..Causes::default() };
        alert(&platform, nyc311(&platform), &causes, &listener).await.unwrap();
    }
    let heard = listener.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].kind, heard[0].severity), (AlertKind::Expectation, Severity::Critical));
    assert!(heard[0].message.contains("12 rows break the rule"), "{}", heard[0].message);

    let other = begun(&store, started_at);
    failed_run(&other, FailureKind::Passing).await;
    assert_eq!(round(&other, &listener).await.unwrap(), 1, "another kind is another alert");
    let kept = alerts(&other, nyc311(&other)).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|alert| alert.status == AlertStatus::Sent), "{kept:?}");
    assert!(kept.iter().all(|alert| alert.notified_at.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_fails_on_the_same_day_is_told_as_well() {
    let store = Arc::new(InMemory::new());
    let listener = Listener::default();
    let cases = [
        (FailureKind::Expectation, "12 rows break the rule `x`", 1),
        (FailureKind::Expectation, "7 rows break the rule `x`", 0),
        (FailureKind::Expectation, "7 rows break the rule `y`", 1),
        (FailureKind::Refused, "landing/nyc311/requests/a.csv: none of its columns", 1),
        (FailureKind::Refused, "landing/nyc311/requests/b.csv: none of its columns", 1),
        // A batch that comes again brings others along.
        (FailureKind::Refused, "landing/nyc311/requests/b.csv: none of its columns\nc.csv: odd", 1),
        (FailureKind::Lasting, "table bronze is damaged: 3 of 7", 1),
        (FailureKind::Lasting, "table bronze is damaged: 2 of 6", 0),
        (FailureKind::Lasting, "table silver is damaged: 2 of 6", 1),
    ];
    let started_at = Utc::now();
    for (kind, error, expected) in cases {
        let platform = begun(&store, started_at);
        failed_with(&platform, kind, error).await;
        assert_eq!(round(&platform, &listener).await.unwrap(), expected, "{kind}: {error}");
    }
    let heard = listener.heard();
    let refused = heard.iter().find(|alert| alert.kind == AlertKind::Refused).unwrap();
    assert!(refused.subject.contains("requests/a.csv"), "{}", refused.subject);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_told_is_told_by_the_next_round() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    failed_run(&platform, FailureKind::Lasting).await;
    let listener = Listener::refusing(1);
    let error = round(&platform, &listener).await.unwrap_err();
    assert!(error.retryable(), "{error}");
    let kept = alerts(&platform, nyc311(&platform)).await.unwrap();
    assert_eq!(kept[0].status, AlertStatus::Pending);
    assert_eq!(round(&platform, &listener).await.unwrap(), 1);
    assert_eq!(round(&platform, &listener).await.unwrap(), 0);
    assert_eq!(listener.heard().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_told_holds_up_no_other() {
    let store = Arc::new(InMemory::new());
    for error in ["the first", "the odd one", "the last"] {
        failed_with(&over(&store), FailureKind::Lasting, error).await;
    }
    let listener = Listener { cannot_take: Some("the odd one"), ..Listener::default() };
    let error = round(&over(&store), &listener).await.unwrap_err();
    assert!(!error.retryable(), "{error}");
    assert_eq!(listener.heard().len(), 2);
    let platform = over(&store);
    let kept = alerts(&platform, nyc311(&platform)).await.unwrap();
    let pending = kept.iter().filter(|alert| alert.status == AlertStatus::Pending);
    let pending: Vec<&Alert> = pending.collect();
    assert_eq!(pending.len(), 1);
    assert!(pending[0].message.contains("the odd one"));
    failed_with(&over(&store), FailureKind::Lasting, "one more").await;
    round(&over(&store), &listener).await.unwrap_err();
    assert_eq!(listener.heard().len(), 3, "nor those that come later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_topic_is_left_alone_and_what_waits_is_given_back() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    for word in ["one", "two", "three", "four", "five"] {
        failed_with(&over(&store), FailureKind::Lasting, word).await;
    }
    let listener = Listener::refusing(u32::MAX);
    let error = round(&platform, &listener).await.unwrap_err();
    assert!(error.retryable(), "{error}");
    assert_eq!(*listener.asked.lock().unwrap(), 3);
    let kept = alerts(&platform, nyc311(&platform)).await.unwrap();
    assert!(kept.iter().all(|alert| alert.status == AlertStatus::Pending), "{kept:?}");
    assert_eq!(round(&platform, &Listener::default()).await.unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_never_tell_the_same_alert() {
    let store = Arc::new(InMemory::new());
    failed_run(&over(&store), FailureKind::Lasting).await;
    let listener = Arc::new(Listener::default());
    let workers = (0..6).map(|_| {
        let (store, listener) = (Arc::clone(&store), Arc::clone(&listener));
        tokio::spawn(async move { round(&over(&store), &listener).await.unwrap() })
    });
    let mut told = 0;
    for worker in workers.collect::<Vec<_>>() {
        told += worker.await.unwrap();
    }
    assert_eq!((told, listener.heard().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_at_every_write_ends_in_one_message() {
    let store = Arc::new(InMemory::new());
    failed_run(&over(&store), FailureKind::Lasting).await;
    let counted = FaultyStore::new(Arc::new(store.fork()), FaultPlan::none());
    let watched = platform(Lake::with_store(Arc::new(counted.clone()), "memory"), 1);
    round(&watched, &Listener::default()).await.unwrap();
    let writes = counted.writes().len();
    assert_eq!(writes, 6, "a data file and a commit for adding, claiming and settling");
    for write in 0..writes {
        for fault in [Fault::FailBefore, Fault::LostAnswer, Fault::Conflict409] {
            let what = format!("{fault:?} at write {write}");
            let store = Arc::new(store.fork());
            let inner: Arc<dyn ObjectStore> = store.clone();
            let faulty = FaultyStore::new(inner, FaultPlan::at(write, fault));
            let faulty = platform(Lake::with_store(Arc::new(faulty), "memory"), 1);
            let listener = Listener::default();
            if let Err(error) = round(&faulty, &listener).await {
                assert!(error.retryable(), "{what}: {error}");
            }
            round(&over(&store), &listener).await.unwrap();
            assert_eq!(listener.heard().len(), 1, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_failures_leaves_time_for_telling() {
    let store = Arc::new(InMemory::new());
    // Waits to be told since an earlier round.
    failed_with(&over(&store), FailureKind::Lasting, "the one that waits").await;
    round(&over(&store), &Listener::refusing(1)).await.unwrap_err();
    let now = Utc::now();
    let mut storm = failed_run(&over(&store), FailureKind::Passing).await;
    storm.dataset = Some("spending".parse().unwrap());
    for number in 0..12_000 {
        storm.run_id = RunId::new(now, number);
        let bytes = serde_json::to_vec(&storm).unwrap();
        store.put(&storm.failure_path().into(), bytes.into()).await.unwrap();
    }
    // Reports are sorted by the second in which their runs began.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    failed_with(&over(&store), FailureKind::Lasting, "the newest").await;

    // Sixteen at once, all reports take longer than there is time; the half that is for telling is plenty.
    let delay =
        ThrottleConfig { wait_get_per_call: Duration::from_millis(20), ..Default::default() };
    let slow = ThrottledStore::new(Arc::clone(&store) as Arc<dyn ObjectStore>, delay);
    let mut slow = platform(Lake::with_store(Arc::new(slow), "memory"), 1);
    slow.deadline = Some(Instant::now() + Duration::from_secs(12));
    let listener = Listener::default();
    round(&slow, &listener).await.unwrap();
    let heard = listener.heard();
    let heard_of = |text: &str| heard.iter().any(|alert| alert.message.contains(text));
    assert!(heard_of("the one that waits") && heard_of("the newest"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_read_once_for_all_datasets_of_an_invocation() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    let recent = RecentFailures::default();
    let causes = Causes { recent: Some(&recent), ..Causes::default() };
    let listener = Listener::default();
    let told = async |causes: &Causes<'_>| {
        alert(&platform, nyc311(&platform), causes, &listener).await.unwrap().told.len()
    };
    let unreadable = format!("failures/{}/no report.json", Utc::now().date_naive());
    store.put(&unreadable.into(), "{".into()).await.unwrap();
    failed_run(&platform, FailureKind::Lasting).await;
    assert_eq!(told(&causes).await, 1);
    failed_with(&over(&store), FailureKind::Lasting, "meanwhile").await;
    assert_eq!(told(&causes).await, 0, "not looked for again");
    assert_eq!(told(&Causes::default()).await, 0, "not looked for at all");
    assert_eq!(round(&platform, &listener).await.unwrap(), 1);
}

/// A platform for which requests are stale after 48 hours, in a table that is written whole.
fn promising(store: &Arc<InMemory>) -> Platform {
    let mut platform = over(store);
    let mut datasets = platform.datasets.to_vec();
    let nyc311 = datasets.iter_mut().find(|dataset| dataset.name.as_str() == "nyc311").unwrap();
    nyc311.tables[0].stale_after_hours = Some(48);
    nyc311.tables[0].partition = None;
    platform.datasets = datasets.into();
    platform
}

/// Hours ago.
const IN_THE_FUTURE: i64 = -24 * 365 * 50;

/// Takes in a file with requests that were made so many hours ago.
async fn take_in(platform: &Platform, first_key: u32, hours_ago: &[i64]) {
    arrive(platform, first_key, hours_ago).await;
    let dataset = nyc311(platform);
    follow_bronze(platform, dataset, &dataset.tables[0]).await.unwrap();
}

/// Loads a file with requests that were made so many hours ago into bronze.
async fn arrive(platform: &Platform, first_key: u32, hours_ago: &[i64]) {
    let dataset = nyc311(platform);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{first_key}.csv"));
    let rows = hours_ago.iter().zip(first_key..).map(|(hours, key)| {
        let time = Utc::now() - TimeDelta::hours(*hours);
        format!("{key},{}\n", time.format("%Y-%m-%dT%H:%M:%S%.3f"))
    });
    let rows: String = rows.collect();
    std::fs::write(&path, format!("unique_key,created_date\n{rows}")).unwrap();
    ingest_files(platform, dataset, &dataset.tables[0], uploads(&[path])).await.unwrap();
}

/// What is told of how old the tables are.
async fn told_of_ages(platform: &Platform) -> Vec<Alert> {
    told_of(platform, &freshness(platform, nyc311(platform)).await.unwrap()).await
}

async fn told_of(platform: &Platform, ages: &[Freshness]) -> Vec<Alert> {
    let listener = Listener::default();
    let causes = Causes { ages, ..Causes::default() };
    alert(platform, nyc311(platform), &causes, &listener).await.unwrap();
    listener.heard()
}

fn age_hours(freshness: &Freshness) -> Option<i64> {
    Some(freshness.age_seconds()?.div_euclid(3600))
}

/// As it will be in so many hours if nothing newer comes.
fn grow_older(freshness: &mut Freshness, hours: i64) {
    let (Newest::Row { seconds, .. } | Newest::NoRow { seconds } | Newest::NoTable { seconds }) =
        &mut freshness.newest;
    *seconds += hours * 3600;
}

/// The metrics of a look at how old the tables are.
async fn measured(platform: &Platform) -> Vec<String> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let keep = Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_owned()));
    let metrics = Metrics::to_sink("smelt".to_owned(), "alert", keep);
    let dataset = nyc311(platform);
    let causes = Causes::default();
    smelt_alert::watch(platform, dataset, causes, &metrics, &Listener::default()).await.unwrap();
    lines.lock().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_is_too_old_is_told_once_until_newer_data_comes() {
    let store = Arc::new(InMemory::new());
    let platform = promising(&store);
    let ages = async || freshness(&platform, nyc311(&platform)).await.unwrap();
    assert!(ages().await.is_empty(), "there is no data yet");
    assert!(told_of_ages(&platform).await.is_empty());

    take_in(&platform, 1, &[1_000]).await;
    let heard = told_of_ages(&platform).await;
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].kind, heard[0].severity), (AlertKind::Stale, Severity::Critical));
    assert!(heard[0].subject.contains("48 h are promised"), "{}", heard[0].subject);
    assert!(told_of_ages(&platform).await.is_empty(), "still the same");

    take_in(&platform, 2, &[60]).await;
    let heard = told_of_ages(&platform).await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].severity, Severity::Warning, "less than twice as old");
    let mut later = ages().await;
    grow_older(&mut later[0], 40);
    let causes = Causes { ages: &later, ..Causes::default() };
    let listener = Listener::default();
    for _ in 0..2 {
        alert(&platform, nyc311(&platform), &causes, &listener).await.unwrap();
    }
    let heard = listener.heard();
    assert_eq!(heard.len(), 1, "once more, as it is critical now: {heard:?}");
    assert_eq!(heard[0].severity, Severity::Critical);

    take_in(&platform, 3, &[1]).await;
    assert!(told_of_ages(&platform).await.is_empty(), "it is fresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_dated_in_the_future_make_nothing_fresh() {
    let store = Arc::new(InMemory::new());
    let platform = promising(&store);
    take_in(&platform, 1, &[60, IN_THE_FUTURE, 70, IN_THE_FUTURE]).await;
    let silver = platform.lake.table("silver/nyc311/requests".parse().unwrap()).unwrap();
    assert_eq!(silver.require_snapshot().await.unwrap().files().len(), 1, "all in one file");
    let ages = freshness(&platform, nyc311(&platform)).await.unwrap();
    assert_eq!((age_hours(&ages[0]), ages[0].rows_ahead), (Some(60), 2));
    let heard = told_of_ages(&platform).await;
    assert_eq!(heard.len(), 1);
    assert!(
        heard[0].message.contains("2 rows that are dated in the future"),
        "{}",
        heard[0].message
    );

    // Less than a day ahead is a wall clock somewhere.
    take_in(&platform, 10, &[-20]).await;
    let ages = freshness(&platform, nyc311(&platform)).await.unwrap();
    assert_eq!((age_hours(&ages[0]), ages[0].rows_ahead), (Some(-20), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_the_future_only_is_told_of_and_has_no_age() {
    let store = Arc::new(InMemory::new());
    let platform = promising(&store);
    take_in(&platform, 1, &[IN_THE_FUTURE, IN_THE_FUTURE]).await;
    let ages = freshness(&platform, nyc311(&platform)).await.unwrap();
    assert!(matches!(ages[0].newest, Newest::NoRow { .. }), "{ages:?}");
    assert_eq!((age_hours(&ages[0]), ages[0].rows_ahead), (None, 2));
    let lines = measured(&platform).await;
    assert!(!lines.iter().any(|line| line.contains("FreshnessSeconds")), "{lines:?}");

    let heard = alerts(&platform, nyc311(&platform)).await.unwrap();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].kind, heard[0].severity), (AlertKind::Stale, Severity::Warning));
    assert!(heard[0].subject.contains("has no row up to now"), "{}", heard[0].subject);
    for text in ["no row that is dated up to now", "2 rows that are dated in the future"] {
        assert!(heard[0].message.contains(text), "{}", heard[0].message);
    }
    assert!(heard[0].details["newest"].is_null() && heard[0].details["age_hours"].is_null());
    assert!(told_of_ages(&platform).await.is_empty(), "still the same");

    take_in(&platform, 10, &[1]).await;
    assert!(told_of_ages(&platform).await.is_empty(), "it is fresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_which_nothing_is_taken_in_is_told_of_when_it_is_too_old() {
    let store = Arc::new(InMemory::new());
    let platform = promising(&store);
    arrive(&platform, 1, &[1]).await;
    let mut ages = freshness(&platform, nyc311(&platform)).await.unwrap();
    assert!(matches!(ages[0].newest, Newest::NoTable { seconds: 0..60 }), "{ages:?}");
    assert!(told_of(&platform, &ages).await.is_empty(), "it may still be taken in");
    grow_older(&mut ages[0], 47);
    assert!(told_of(&platform, &ages).await.is_empty());
    grow_older(&mut ages[0], 1);
    let heard = told_of(&platform, &ages).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].kind, heard[0].severity), (AlertKind::Stale, Severity::Warning));
    assert!(heard[0].message.contains("came to bronze 48 hours ago"), "{}", heard[0].message);
    grow_older(&mut ages[0], 1);
    assert!(told_of(&platform, &ages).await.is_empty(), "still the same");
    grow_older(&mut ages[0], 47);
    let heard = told_of(&platform, &ages).await;
    assert_eq!(heard.len(), 1, "once more, as it is critical now: {heard:?}");
    assert_eq!(heard[0].severity, Severity::Critical);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_old_a_table_is_comes_to_light_although_nobody_can_be_told() {
    let store = Arc::new(InMemory::new());
    let platform = promising(&store);
    take_in(&platform, 1, &[60]).await;
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let keep = Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_owned()));
    let metrics = Metrics::to_sink("smelt".to_owned(), "alert", keep);
    let broken = Listener { cannot_take: Some(""), ..Listener::default() };
    let dataset = nyc311(&platform);
    smelt_alert::watch(&platform, dataset, Causes::default(), &metrics, &broken).await.unwrap_err();
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains("\"FreshnessSeconds\":216")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_measured_keeps_nothing_from_being_told() {
    let store = Arc::new(InMemory::new());
    let platform = promising(&store);
    let log = "silver/nyc311/requests/_delta_log/00000000000000000000.json";
    store.put(&log.into(), "no log".into()).await.unwrap();
    let report = failed_run(&platform, FailureKind::Lasting).await;
    let metrics = Metrics::to_sink("smelt".to_owned(), "alert", Arc::new(|_: &str| ()));
    let causes = Causes { reports: &[report], ..Causes::default() };
    let listener = Listener::default();
    let dataset = nyc311(&platform);
    smelt_alert::watch(&platform, dataset, causes, &metrics, &listener).await.unwrap_err();
    assert_eq!(listener.heard().len(), 1);
}
