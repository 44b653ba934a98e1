//! Alerts are raised once and told once, whatever goes wrong on the way.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use smelt_domain::{Alert, AlertKind, AlertStatus, FailureKind, Outcome, RunReport, Severity};
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_stages::{
    Ended, NotTold, Notifier, Platform, StageError, alert, alerts, ingest_files, refresh_dataset,
    write_failure, write_report,
};

use crate::support::{Input, nyc311, platform, uploads};

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

async fn round(platform: &Platform, listener: &Listener) -> Result<usize, StageError> {
    Ok(alert(platform, nyc311(platform), &[], listener).await?.told.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_once_however_often_it_happens_on_a_day() {
    let store = Arc::new(InMemory::new());
    let listener = Listener::default();
    for _ in 0..3 {
        let platform = over(&store);
        let report = failed_run(&platform, FailureKind::Expectation).await;
        alert(&platform, nyc311(&platform), &[report], &listener).await.unwrap();
    }
    let heard = listener.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].kind, heard[0].severity), (AlertKind::Expectation, Severity::Critical));
    assert!(heard[0].message.contains("12 rows break the rule"), "{}", heard[0].message);

    let other = over(&store);
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
    for (kind, error, expected) in cases {
        let platform = over(&store);
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
async fn data_that_is_too_old_is_told_once_until_newer_data_comes() {
    let store = Arc::new(InMemory::new());
    let mut platform = over(&store);
    let mut datasets = platform.datasets.to_vec();
    let nyc311 = datasets.iter_mut().find(|dataset| dataset.name.as_str() == "nyc311").unwrap();
    nyc311.tables[0].stale_after_hours = Some(48);
    platform.datasets = datasets.into();
    let dataset = crate::support::nyc311(&platform).clone();
    let listener = Listener::default();
    let check = async || alert(&platform, &dataset, &[], &listener).await.unwrap();
    assert!(check().await.freshness.is_empty(), "there is no data yet");

    let input = Input::simulate(30, 40, 2);
    ingest_files(&platform, &dataset, &dataset.tables[0], uploads(&input.files)).await.unwrap();
    refresh_dataset(&platform, &dataset).await.unwrap();
    assert_eq!(check().await.told.len(), 1);
    assert_eq!(check().await.told.len(), 0, "still the same");
    let heard = &listener.heard()[0];
    assert_eq!((heard.kind, heard.severity), (AlertKind::Stale, Severity::Critical));
    assert!(heard.subject.contains("48 h are promised"), "{}", heard.subject);

    let folder = tempfile::tempdir().unwrap();
    let row = |key: u32, time: DateTime<Utc>| {
        let time = time.format("%Y-%m-%dT%H:%M:%S%.3f");
        let path = folder.path().join(format!("{key}.csv"));
        std::fs::write(&path, format!("unique_key,created_date\n{key},{time}\n")).unwrap();
        vec![path]
    };
    for (key, hours, expected) in [(9_000_001, 60, 1), (9_000_002, 1, 0)] {
        let file = row(key, Utc::now() - TimeDelta::hours(hours));
        ingest_files(&platform, &dataset, &dataset.tables[0], uploads(&file)).await.unwrap();
        refresh_dataset(&platform, &dataset).await.unwrap();
        assert_eq!(check().await.told.len(), expected, "{hours} hours old");
    }
    assert_eq!(listener.heard()[1].severity, Severity::Warning, "less than twice as old");
}
