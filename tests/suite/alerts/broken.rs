//! What cannot be judged keeps nothing else from being told.

use std::sync::{Arc, Mutex};

use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use smelt_domain::AlertKind;
use smelt_runtime::Metrics;
use smelt_stages::{Causes, Partly, Platform, freshness};

use super::{Listener, promising, take_in};
use crate::support::nyc311;

/// With a table before the others that promises the same, and whose log nobody can read.
async fn with_a_broken_table(store: &Arc<InMemory>) -> Platform {
    let mut platform = promising(store);
    let mut datasets = platform.datasets.to_vec();
    let nyc311 = datasets.iter_mut().find(|dataset| dataset.name.as_str() == "nyc311").unwrap();
    let mut broken = nyc311.tables[0].clone();
    broken.name = "broken".parse().unwrap();
    nyc311.tables.insert(0, broken);
    platform.datasets = datasets.into();
    let log = "silver/nyc311/broken/_delta_log/00000000000000000000.json";
    store.put(&log.into(), "no log".into()).await.unwrap();
    platform
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_judged_keeps_no_other_from_being_stale() {
    let store = Arc::new(InMemory::new());
    take_in(&promising(&store), 1, &[60]).await;
    let platform = with_a_broken_table(&store).await;
    let dataset = nyc311(&platform);
    let Partly { done, failed } = freshness(&platform, dataset).await.unwrap_err();
    let judged: Vec<String> = done.iter().map(|found| found.table.sql_name()).collect();
    assert_eq!(judged, ["silver.nyc311_requests"]);
    assert!(failed.to_string().contains("broken"), "{failed}");

    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let keep = Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_owned()));
    let metrics = Metrics::to_sink("smelt".to_owned(), "alert", keep);
    let listener = Listener::default();
    let watched =
        smelt_alert::watch(&platform, dataset, Causes::default(), &metrics, &listener).await;
    assert_eq!(watched.unwrap_err().to_string(), failed.to_string());
    let heard = listener.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0].kind, AlertKind::Stale);
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains("\"FreshnessSeconds\":216")), "{lines:?}");
}
