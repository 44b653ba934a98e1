//! Whoever uploaded a file can see how far it has come, while it runs and afterwards.

use std::sync::Arc;
use std::time::Duration;

use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore, Hold};
use smelt_stages::{
    FileOutcome, Platform, UploadProgress, UploadStage, follow_bronze, follow_silver,
    ingest_landed, misplaced_uploads, refresh_dataset, sweep_landing, uploads,
};

use crate::support::{nyc311, platform};

const KEY: &str = "landing/nyc311/requests/a.csv";

fn rows(count: usize) -> String {
    let rows = (1..=count).map(|key| format!("{key},2026-02-14T12:00:00.000,Noise\n"));
    format!("unique_key,created_date,complaint_type\n{}", rows.collect::<String>())
}

async fn land(store: &Arc<InMemory>, key: &str, content: String) {
    store.put(&key.into(), content.into()).await.unwrap();
}

fn over(store: &Arc<InMemory>) -> Platform {
    platform(Lake::with_store(Arc::clone(store) as Arc<dyn ObjectStore>, "memory"), 1)
}

async fn sweep(platform: &Platform) -> Vec<(String, FileOutcome)> {
    let dataset = nyc311(platform);
    sweep_landing(platform, dataset, &dataset.tables[0]).await.unwrap().files
}

async fn progress(platform: &Platform) -> UploadProgress {
    let mut found = uploads(platform, nyc311(platform), usize::MAX).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

async fn stage(platform: &Platform) -> UploadStage {
    progress(platform).await.stage
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_through_the_stages() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    let dataset = nyc311(&platform);
    land(&store, KEY, rows(3) + "x,2026-02-14T12:00:00.000,Noise\n").await;
    let waiting = progress(&platform).await;
    assert_eq!((waiting.stage, waiting.record), (UploadStage::Waiting, None));

    sweep(&platform).await;
    let taken_in = progress(&platform).await;
    let record = taken_in.record.unwrap();
    assert_eq!((taken_in.stage, taken_in.rows_refused), (UploadStage::Bronze, None));
    assert_eq!((record.rows, record.malformed), (Some(4), Some(0)));
    assert_eq!((record.bytes_done, record.key.as_str()), (taken_in.bytes, KEY));

    follow_bronze(&platform, dataset, &dataset.tables[0]).await.unwrap();
    let silver = progress(&platform).await;
    assert_eq!((silver.stage, silver.rows_refused), (UploadStage::Silver, Some(1)));
    for mart in &dataset.marts {
        assert_eq!(stage(&platform).await, UploadStage::Silver, "{} is missing", mart.name);
        follow_silver(&platform, dataset, mart).await.unwrap();
    }
    assert_eq!(stage(&platform).await, UploadStage::Gold);
    refresh_dataset(&platform, dataset).await.unwrap();
    assert_eq!(stage(&platform).await, UploadStage::Published);

    // What comes later does not take it back, also while that is on its way.
    land(&store, "landing/nyc311/requests/b.csv", rows(5)).await;
    sweep(&platform).await;
    follow_bronze(&platform, dataset, &dataset.tables[0]).await.unwrap();
    let found = uploads(&platform, dataset, usize::MAX).await.unwrap();
    let stages: Vec<UploadStage> = found.iter().map(|upload| upload.stage).collect();
    assert_eq!(stages, [UploadStage::Silver, UploadStage::Published], "the newest first");
    let newest = uploads(&platform, dataset, 1).await.unwrap();
    assert_eq!(newest, found[..1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_told_while_the_file_is_read() {
    let store = Arc::new(InMemory::new());
    land(&store, KEY, rows(20_000)).await;
    let hold = Hold::default();
    // The first write is that of the data file; it takes as long as this test likes.
    let faults = FaultPlan::at(0, Fault::Hold(hold.clone()));
    let slow = FaultyStore::new(Arc::clone(&store) as Arc<dyn ObjectStore>, faults);
    let slow = platform(Lake::with_store(Arc::new(slow), "memory"), 2);
    let running = tokio::spawn(async move { sweep(&slow).await });
    hold.arrived().await;

    let watching = over(&store);
    let found = loop {
        let found = progress(&watching).await;
        if found.record.is_some() {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(found.stage, UploadStage::Reading);
    let record = found.record.unwrap();
    assert_eq!((record.rows, record.bytes_done), (Some(20_000), found.bytes));

    hold.release();
    running.await.unwrap();
    assert_eq!(stage(&watching).await, UploadStage::Bronze);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_once_and_again_when_it_or_bronze_has_changed() {
    let store = Arc::new(InMemory::new());
    land(&store, KEY, rows(3)).await;
    assert!(matches!(sweep(&over(&store)).await[..], [(_, FileOutcome::Loaded { rows: 3, .. })]));

    // Reads nothing: the bytes of the file are gone, only the listing is as it was.
    let faulty = FaultyStore::new(Arc::clone(&store) as Arc<dyn ObjectStore>, FaultPlan::none());
    let again = platform(Lake::with_store(Arc::new(faulty.clone()), "memory"), 1);
    assert!(matches!(sweep(&again).await[..], [(_, FileOutcome::AlreadyLoaded)]));
    assert_eq!(faulty.writes(), []);

    land(&store, KEY, rows(4)).await;
    assert_eq!(stage(&over(&store)).await, UploadStage::Waiting);
    assert!(matches!(sweep(&over(&store)).await[..], [(_, FileOutcome::Loaded { rows: 4, .. })]));

    let lake = over(&store).lake;
    for object in lake.list_objects("bronze").await.unwrap() {
        store.delete(&object.location).await.unwrap();
    }
    assert_eq!(stage(&over(&store)).await, UploadStage::Waiting);
    assert!(matches!(sweep(&over(&store)).await[..], [(_, FileOutcome::Loaded { rows: 4, .. })]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_said_once() {
    let store = Arc::new(InMemory::new());
    land(&store, KEY, "product,price\nball,3\n".to_owned()).await;
    assert!(matches!(sweep(&over(&store)).await[..], [(_, FileOutcome::Foreign { .. })]));
    let refused = progress(&over(&store)).await;
    assert_eq!(refused.stage, UploadStage::Refused);
    let again = sweep(&over(&store)).await;
    let [(key, FileOutcome::RefusedBefore { problem })] = &again[..] else { panic!("{again:?}") };
    assert_eq!(key, KEY);
    assert!(problem.contains("none of its columns is one"), "{problem}");
    assert!(problem.contains("it has product, price;"), "{problem}");

    // By another definition it may be welcome.
    let mut other = over(&store);
    let mut datasets = other.datasets.to_vec();
    let nyc311 = datasets.iter_mut().find(|dataset| dataset.name.as_str() == "nyc311").unwrap();
    let table = &mut nyc311.tables[0];
    table.source_columns[0].aliases.push("product".parse().unwrap());
    table.definition_hash = "0".repeat(64).try_into().unwrap();
    other.datasets = datasets.into();
    assert!(matches!(sweep(&other).await[..], [(_, FileOutcome::Loaded { rows: 1, .. })]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_keys_that_are_named_are_looked_at() {
    let store = Arc::new(InMemory::new());
    land(&store, KEY, rows(3)).await;
    land(&store, "landing/nyc311/requests/b.csv", rows(5)).await;
    let platform = over(&store);
    let dataset = nyc311(&platform);
    let keys = [KEY.to_owned(), "landing/nyc311/requests/gone.csv".to_owned()];
    for expected in [3, 3] {
        ingest_landed(&platform, dataset, &dataset.tables[0], &keys).await.unwrap();
        let id = dataset.bronze_id(&dataset.tables[0].name);
        let bronze = platform.lake.table(id).unwrap().require_snapshot().await.unwrap();
        assert_eq!(bronze.rows(), expected);
    }
}

/// Names that URLs write otherwise: the object is asked for by the name that the listing has.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_loaded_whatever_it_is_called() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    let dataset = nyc311(&platform);
    let long = format!("{}.csv", "x".repeat(250));
    let names = ["Z\u{fc}rich ~#1 [50%] {a}.csv", "a+b%20c.csv", "\u{65e5}\u{672c}.csv", &long];
    let mut keys = Vec::new();
    for (count, name) in (1..).zip(names) {
        let key = format!("landing/nyc311/requests/{name}");
        let path = object_store::path::Path::parse(&key).unwrap();
        store.put(&path, rows(count).into()).await.unwrap();
        keys.push(key);
    }
    let ingested = ingest_landed(&platform, dataset, &dataset.tables[0], &keys).await.unwrap();
    assert_eq!(ingested.files.len(), names.len());
    for (key, outcome) in &ingested.files {
        assert!(
            keys.contains(key) && matches!(outcome, FileOutcome::Loaded { .. }),
            "{key}: {outcome:?}"
        );
    }
    let found = uploads(&platform, dataset, usize::MAX).await.unwrap();
    let stages: Vec<UploadStage> = found.iter().map(|upload| upload.stage).collect();
    assert_eq!(stages, [UploadStage::Bronze; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_folder_of_no_table_is_misplaced() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    assert_eq!(misplaced_uploads(&platform, None).await.unwrap(), []);
    for key in [
        KEY,
        "landing/nyc331/requests/a.csv",
        "landing/nyc311/request/2026/a.csv",
        "landing/nyc311/b.csv",
        "landing/c.csv",
        "landing/harbour/a.csv",
        "landing/.DS_Store",
    ] {
        land(&store, key, rows(1)).await;
    }
    let found = misplaced_uploads(&platform, None).await.unwrap();
    let told: Vec<(&str, &str)> =
        found.iter().map(|found| (found.key.as_str(), found.problem.as_str())).collect();
    assert_eq!(
        told[..4],
        [
            (
                "landing/c.csv",
                "it lies in the folder of no table: move it to landing/<dataset>/<table>/"
            ),
            ("landing/harbour/", told[1].1),
            (
                "landing/nyc311/b.csv",
                "it lies in the folder of no table: did you mean landing/nyc311/requests/?"
            ),
            (
                "landing/nyc311/request/",
                "nyc311 has no table `request`: did you mean landing/nyc311/requests/?"
            ),
        ]
    );
    assert!(told[1].1.starts_with("there is no dataset `harbour`: move it to landing/<dataset>/"));
    let meant = "there is no dataset `nyc331`: did you mean landing/nyc311/requests/?";
    assert_eq!(told[4..], [("landing/nyc331/", meant)]);
    let of_dataset = misplaced_uploads(&platform, Some(nyc311(&platform))).await.unwrap();
    assert_eq!(of_dataset, found[2..4]);
}

/// A console, or a tool that names files as it likes, may put anything into a folder that nobody looks into.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_keys_that_nobody_can_read_is_misplaced_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let stray = folder.path().join("landing/harbour");
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("a\u{1}b.csv"), rows(1)).unwrap();
    let lake = Lake::open_folder(folder.path()).unwrap();
    let found = misplaced_uploads(&platform(lake, 1), None).await.unwrap();
    let keys: Vec<&str> = found.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(keys, ["landing/harbour/"]);
}
