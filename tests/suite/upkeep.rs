//! Upkeep changes no row and no order, deletes nothing that a reader may need, and does what a missed
//! wake-up left undone.

mod broken;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use smelt_domain::{Dataset, Layer, StageName, StepReport};
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_stages::{
    FileOutcome, Maintained, Platform, StageError, Upkeep, backfill_dataset, ingest_files,
    maintain, refresh_dataset, sweep_landing,
};

use crate::support::{Contents, Input, nyc311, platform, uploads};

const LONG: Duration = Duration::from_secs(168 * 3600);

fn over(store: &Arc<InMemory>) -> Platform {
    platform(Lake::with_store(Arc::clone(store) as Arc<dyn ObjectStore>, "memory"), 1)
}

/// Upkeep of all tables, of which none may fail.
async fn upkeep(platform: &Platform, retention: Duration) -> Result<Maintained, StageError> {
    let mut maintained = upkeep_of(platform, nyc311(platform), retention).await;
    maintained.failed.take().map_or(Ok(maintained), Err)
}

async fn upkeep_of(platform: &Platform, dataset: &Dataset, retention: Duration) -> Maintained {
    maintain(platform, dataset, Upkeep { retention, target_bytes: 128 << 20 }).await
}

/// One file at a time, so that there are as many small files as there can be.
async fn in_small_steps(days: u32, files: u32) -> Arc<InMemory> {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    let dataset = nyc311(&platform);
    let input = Input::simulate(days, 40, files);
    for file in &input.files {
        let upload = uploads(std::slice::from_ref(file));
        ingest_files(&platform, dataset, &dataset.tables[0], upload).await.unwrap();
        refresh_dataset(&platform, dataset).await.unwrap();
    }
    store
}

async fn files_in(platform: &Platform, layer: Layer) -> usize {
    let table = &nyc311(platform).tables[0].name;
    let id = smelt_domain::TableId::new(layer, nyc311(platform).name.clone(), table.clone());
    let snapshot = platform.lake.table(id).unwrap().require_snapshot().await.unwrap();
    snapshot.files().len()
}

async fn keys(store: &InMemory) -> BTreeSet<String> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    listed.into_iter().map(|object| object.location.to_string()).collect()
}

/// What upkeep says that it deleted.
fn deleted(maintained: &Maintained) -> u64 {
    of(StageName::Vacuum, maintained).iter().filter_map(|step| step.files_removed).sum()
}

fn of(stage: StageName, maintained: &Maintained) -> Vec<&StepReport> {
    maintained.steps.iter().filter(|step| step.stage == stage).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn compacted_tables_are_the_same_and_stay_so_when_computed_anew() {
    let store = in_small_steps(60, 8).await;
    let before = Contents::read(&over(&store)).await;
    assert!(files_in(&over(&store), Layer::Bronze).await >= 6);
    let maintained = upkeep(&over(&store), LONG).await.unwrap();
    assert_eq!(of(StageName::Compact, &maintained).len(), 2, "bronze and quarantine");
    for layer in [Layer::Bronze, Layer::Quarantine] {
        assert_eq!(files_in(&over(&store), layer).await, 1, "{layer}");
    }
    assert_eq!(Contents::read(&over(&store)).await.difference(&before), None);

    // The order of arrival decides between equal versions, so it must have been kept.
    let platform = over(&store);
    let everything = smelt_domain::PartitionRange::ALL;
    backfill_dataset(&platform, nyc311(&platform), everything).await.unwrap();
    assert_eq!(Contents::read(&platform).await.difference(&before), None);

    let again = upkeep(&over(&store), LONG).await.unwrap();
    assert!(again.steps.is_empty(), "{:?}", again.steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_compacted_is_recognised_and_what_follows_is_not_held_up() {
    let store = Arc::new(InMemory::new());
    let input = Input::simulate(60, 40, 6);
    let (first, later) = input.files.split_at(4);
    for files in [first, first, later] {
        let platform = over(&store);
        let dataset = nyc311(&platform);
        for file in files {
            let upload = uploads(std::slice::from_ref(file));
            ingest_files(&platform, dataset, &dataset.tables[0], upload).await.unwrap();
            refresh_dataset(&platform, dataset).await.unwrap();
        }
        upkeep(&platform, LONG).await.unwrap();
        let refreshed = refresh_dataset(&platform, dataset).await.unwrap();
        assert!(refreshed.steps.is_empty(), "compaction is no news: {:?}", refreshed.steps);
    }
    let clean = Arc::new(InMemory::new());
    let platform = over(&clean);
    let dataset = nyc311(&platform);
    ingest_files(&platform, dataset, &dataset.tables[0], uploads(&input.files)).await.unwrap();
    refresh_dataset(&platform, dataset).await.unwrap();
    let expected = Contents::read(&platform).await;
    assert_eq!(Contents::read(&over(&store)).await.difference(&expected), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_wait_are_not_compacted_with_those_that_were_taken_in() {
    let store = in_small_steps(60, 6).await;
    let platform = over(&store);
    let dataset = nyc311(&platform);
    let late = Input::simulate(45, 60, 4);
    for file in &late.files {
        let upload = uploads(std::slice::from_ref(file));
        ingest_files(&platform, dataset, &dataset.tables[0], upload).await.unwrap();
    }
    let anew = over(&Arc::new(store.fork()));
    refresh_dataset(&anew, nyc311(&anew)).await.unwrap();
    upkeep(&platform, LONG).await.unwrap();
    let expected = Contents::read(&anew).await;
    assert_eq!(Contents::read(&platform).await.difference(&expected), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_in_the_middle_of_upkeep_leaves_the_same_lake() {
    let store = in_small_steps(31, 3).await;
    let before = Contents::read(&over(&store)).await;
    let counted = FaultyStore::new(Arc::new(store.fork()), FaultPlan::none());
    let watched = platform(Lake::with_store(Arc::new(counted.clone()), "memory"), 1);
    upkeep(&watched, Duration::ZERO).await.unwrap();
    let writes = counted.writes().len();
    assert!(writes > 15, "{writes}");

    for write in 0..writes {
        for fault in [Fault::FailBefore, Fault::LostAnswer] {
            let what = format!("{fault:?} at write {write}");
            let store = Arc::new(store.fork());
            let inner: Arc<dyn ObjectStore> = store.clone();
            let faulty = FaultyStore::new(inner, FaultPlan::at(write, fault));
            let faulty = platform(Lake::with_store(Arc::new(faulty), "memory"), 1);
            if let Err(error) = upkeep(&faulty, Duration::ZERO).await {
                assert!(error.retryable(), "{what}: {error}");
            }
            assert_eq!(Contents::read(&over(&store)).await.difference(&before), None, "{what}");
            upkeep(&over(&store), Duration::ZERO).await.unwrap();
            assert_eq!(Contents::read(&over(&store)).await.difference(&before), None, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_within_the_retention_is_deleted_and_everything_before_is() {
    let store = in_small_steps(45, 4).await;
    let platform = over(&store);
    let before = Contents::read(&platform).await;
    // A run that was killed: data files that no commit names.
    let orphan = "silver/nyc311/requests/created_month=2024-01/orphan.parquet";
    store.put(&orphan.into(), "PAR1".into()).await.unwrap();
    let listed = async || platform.lake.list_objects("").await.unwrap();
    let data_files = async || {
        let is_data = |path: &str| path.ends_with(".parquet") && !path.contains("_delta_log");
        listed().await.iter().filter(|object| is_data(object.location.as_ref())).count()
    };

    let files_before = data_files().await;
    let kept = upkeep(&platform, LONG).await.unwrap();
    assert!(of(StageName::Vacuum, &kept).is_empty(), "{:?}", kept.steps);
    assert!(data_files().await > files_before, "compaction adds files, and nothing is deleted yet");

    tokio::time::sleep(Duration::from_millis(20)).await;
    let keys_before = keys(&store).await;
    let swept = upkeep(&platform, Duration::ZERO).await.unwrap();
    assert!(of(StageName::Vacuum, &swept).len() > 2, "{:?}", swept.steps);
    let gone = keys_before.difference(&keys(&store).await).count() as u64;
    assert_eq!(deleted(&swept), gone, "all that was deleted is told: {:?}", swept.steps);
    let checkpoints =
        of(StageName::Vacuum, &swept).iter().filter_map(|step| step.files_added).sum::<u64>();
    assert!(checkpoints > 0, "logs were cut below them: {:?}", swept.steps);
    let dataset = nyc311(&platform);
    // One of each mart, and that of their anomalies.
    let mut live = dataset.marts.len() + 1;
    for id in smelt_stages::table_ids(dataset) {
        let table = platform.lake.table(id).unwrap();
        live += table.snapshot().await.unwrap().map_or(0, |snapshot| snapshot.files().len());
    }
    assert_eq!(data_files().await, live, "what the newest versions name, and the newest snapshots");
    assert!(platform.lake.get_object(orphan).await.unwrap().is_none());
    assert_eq!(Contents::read(&platform).await.difference(&before), None);

    // The logs were cut behind a checkpoint; everything goes on.
    let input = Input::simulate(75, 30, 3);
    ingest_files(&platform, dataset, &dataset.tables[0], uploads(&input.files)).await.unwrap();
    refresh_dataset(&platform, dataset).await.unwrap();
    Contents::read(&platform).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_wake_up_is_made_good() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    let rows = "unique_key,created_date\n1,2026-02-14T12:00:00.000\n";
    store.put(&"landing/nyc311/requests/a.csv".into(), rows.into()).await.unwrap();
    let maintained = upkeep(&platform, LONG).await.unwrap();
    assert!(matches!(maintained.swept[..], [(_, FileOutcome::Loaded { rows: 1, .. })]));
    let published = of(StageName::Publish, &maintained).len();
    // Its anomalies are published as well, though there are none.
    assert_eq!(published, nyc311(&platform).marts.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_files_that_are_gone_go_as_well() {
    let store = Arc::new(InMemory::new());
    let platform = over(&store);
    let dataset = nyc311(&platform);
    for name in ["a", "b"] {
        let key = format!("landing/nyc311/requests/{name}.csv");
        let rows = format!("unique_key,created_date,city\n1,2026-02-14T12:00:00.000,{name}\n");
        store.put(&key.into(), rows.into()).await.unwrap();
    }
    sweep_landing(&platform, dataset, &dataset.tables[0]).await.unwrap();
    store.delete(&"landing/nyc311/requests/a.csv".into()).await.unwrap();
    let records = async || platform.lake.list_objects("uploads").await.unwrap().len();
    upkeep(&platform, LONG).await.unwrap();
    assert_eq!(records().await, 2);
    upkeep(&platform, Duration::ZERO).await.unwrap();
    assert_eq!(records().await, 1);
}

/// What lies beside the tables is deleted by runs of which it is all that they do.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_beside_the_tables_is_told() {
    let store = in_small_steps(31, 2).await;
    let platform = over(&store);
    let mut rounds = 0;
    loop {
        let steps = upkeep(&platform, Duration::ZERO).await.unwrap().steps;
        if steps.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds < 5, "upkeep comes to no end: {steps:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The first was replaced when the second came; a file that is gone; uploads that were announced here, for
    // another dataset, and for none that is known.
    for key in [
        "published/nyc311/agency_monthly/100.parquet",
        "published/nyc311/agency_monthly/101.parquet",
        "uploads/nyc311/requests/0123456789abcdef.json",
    ] {
        store.put(&key.into(), "x".into()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (id, dataset, table) in [
        ("0000000000000001", "nyc311", "requests"),
        ("0000000000000002", "spending", "payments"),
        ("0000000000000003", "gone", "things"),
    ] {
        let key = format!("uploads/announced/{id}.json");
        let announced = serde_json::json!({ "upload": id, "dataset": dataset, "table": table });
        store.put(&key.into(), announced.to_string().into()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let keys_before = keys(&store).await;
    let maintained = upkeep(&platform, Duration::ZERO).await.unwrap();
    let told: Vec<(String, Option<u64>)> = of(StageName::Vacuum, &maintained)
        .iter()
        .map(|step| (step.table.sql_name(), step.files_removed))
        .collect();
    let expected = [
        ("gold.nyc311_agency_monthly", Some(1)),
        ("bronze.nyc311_requests", Some(1)),
        ("bronze.nyc311_requests", Some(2)),
    ];
    assert_eq!(told, expected.map(|(table, files)| (table.to_owned(), files)));
    assert_eq!(maintained.steps.len(), told.len());
    let gone: Vec<String> = keys_before.difference(&keys(&store).await).cloned().collect();
    assert_eq!(
        gone,
        [
            "published/nyc311/agency_monthly/100.parquet",
            "uploads/announced/0000000000000001.json",
            "uploads/announced/0000000000000003.json",
            "uploads/nyc311/requests/0123456789abcdef.json",
        ]
    );
    assert!(upkeep(&platform, Duration::ZERO).await.unwrap().steps.is_empty());
}

/// What checkpoints forget, the vacuum takes for files that were never committed.
#[tokio::test(flavor = "multi_thread")]
async fn logs_remember_what_was_replaced_for_as_long_as_the_longest_retention() {
    let platform = over(&in_small_steps(2, 1).await);
    let days = smelt_lake::LONGEST_RETENTION.as_secs() / (24 * 3600);
    for layer in [Layer::Bronze, Layer::Silver, Layer::Quarantine] {
        let table = nyc311(&platform).tables[0].name.clone();
        let id = smelt_domain::TableId::new(layer, nyc311(&platform).name.clone(), table);
        let snapshot = platform.lake.table(id).unwrap().require_snapshot().await.unwrap();
        let kept = snapshot.properties().get("delta.deletedFileRetentionDuration");
        assert_eq!(kept, Some(&format!("interval {days} days")), "{layer}");
    }
}

/// What nobody can read in `landing/` must not keep tables from being looked after.
#[tokio::test(flavor = "multi_thread")]
async fn tables_are_looked_after_even_if_a_landed_file_cannot_be_read() {
    let store = in_small_steps(45, 4).await;
    store.put(&"landing/nyc311/requests/a.csv".into(), "unique_key\n1\n".into()).await.unwrap();
    let faulty = FaultyStore::new(Arc::clone(&store) as Arc<dyn ObjectStore>, FaultPlan::none());
    let faulty = faulty.with_unreadable("landing/");
    let platform = platform(Lake::with_store(Arc::new(faulty), "memory"), 1);
    let maintained = upkeep_of(&platform, nyc311(&platform), Duration::ZERO).await;
    let failed = maintained.failed.unwrap();
    assert!(
        failed.retryable() && failed.to_string().contains("landing/nyc311/requests"),
        "{failed}"
    );
    assert!(!maintained.steps.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_deadline_a_run_ends_and_the_next_one_goes_on() {
    let store = in_small_steps(45, 4).await;
    let mut late = over(&store);
    late.deadline = Some(Instant::now());
    let maintained = upkeep(&late, Duration::ZERO).await.unwrap();
    assert!(maintained.steps.is_empty(), "{:?}", maintained.steps);
    assert!(!upkeep(&over(&store), Duration::ZERO).await.unwrap().steps.is_empty());
}

/// Against a deadline silver takes in some versions of bronze at a time, and commits in between.
#[tokio::test(flavor = "multi_thread")]
async fn against_a_deadline_a_refresh_commits_in_between() {
    let store = Arc::new(InMemory::new());
    let input = Input::simulate(60, 40, 4);
    let mut hurried = over(&store);
    hurried.deadline = Some(Instant::now());
    let dataset = nyc311(&hurried).clone();
    for file in &input.files {
        let upload = uploads(std::slice::from_ref(file));
        ingest_files(&hurried, &dataset, &dataset.tables[0], upload).await.unwrap();
    }
    // Past its deadline it still does one step of each table of silver; never none, or nothing would be
    // done. Marts are taken up only before it.
    let mut rounds = 0;
    while !refresh_dataset(&hurried, &dataset).await.unwrap().steps.is_empty() {
        rounds += 1;
    }
    assert!(rounds >= 1, "nothing was done");
    hurried.deadline = None;
    refresh_dataset(&hurried, &dataset).await.unwrap();
    let clean = over(&Arc::new(InMemory::new()));
    ingest_files(&clean, &dataset, &dataset.tables[0], uploads(&input.files)).await.unwrap();
    refresh_dataset(&clean, &dataset).await.unwrap();
    let expected = Contents::read(&clean).await;
    assert_eq!(Contents::read(&hurried).await.difference(&expected), None);
}
