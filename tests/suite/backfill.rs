//! Backfills: what a plan promises is what is done, what was lost comes back, and readers see the
//! old tables until the new ones are complete.

use std::collections::BTreeSet;
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use smelt_domain::{PartitionRange, TableId};
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_stages::{
    Platform, StageError, backfill_dataset, ingest_files, plan_backfill, refresh_dataset,
};

use crate::support::{Contents, Input, nyc311, platform, rows_as_text, selected, uploads};

fn range(from: &str, to: &str) -> PartitionRange {
    PartitionRange { from: Some(from.parse().unwrap()), to: Some(to.parse().unwrap()) }
}

fn over(store: &Arc<InMemory>) -> Lake {
    Lake::with_store(Arc::clone(store) as Arc<dyn ObjectStore>, "memory")
}

/// Three months of dirty data, taken in.
async fn filled() -> Arc<InMemory> {
    let store = Arc::new(InMemory::new());
    let platform = platform(over(&store), 1);
    let dataset = nyc311(&platform);
    let input = Input::simulate(90, 40, 4);
    ingest_files(&platform, dataset, &dataset.tables[0], uploads(&input.files)).await.unwrap();
    refresh_dataset(&platform, dataset).await.unwrap();
    store
}

async fn backfill(lake: Lake, range: PartitionRange) -> Result<usize, StageError> {
    let platform = platform(lake, 1);
    Ok(backfill_dataset(&platform, nyc311(&platform), range).await?.steps.len())
}

/// Version of a table, and the folders of the files that this version brought.
async fn newest_files(platform: &Platform, id: &TableId) -> (u64, BTreeSet<String>) {
    let snapshot = platform.lake.table(id.clone()).unwrap().require_snapshot().await.unwrap();
    let version = snapshot.version();
    let brought = snapshot
        .files()
        .iter()
        .filter(|file| file.arrival.is_some_and(|arrival| arrival.version == version))
        .map(|file| file.folder().unwrap().to_owned());
    (version, brought.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_does_what_the_plan_says_and_changes_nothing() {
    let store = filled().await;
    for range in [range("2024-02-10", "2024-03"), range("2024-01", "2024-01"), PartitionRange::ALL]
    {
        let platform = platform(over(&store), 2);
        let dataset = nyc311(&platform);
        let before = Contents::read(&platform).await;
        let planned = plan_backfill(&platform, dataset, range).await.unwrap();
        assert_eq!(planned.len(), 1 + dataset.marts.len());

        let mut versions = Vec::new();
        for plan in &planned {
            versions.push(newest_files(&platform, &plan.table).await.0);
        }
        backfill_dataset(&platform, dataset, range).await.unwrap();
        for (plan, version) in planned.iter().zip(versions) {
            let (now, folders) = newest_files(&platform, &plan.table).await;
            assert_eq!(now, version + 1, "{} is replaced in one commit", plan.table);
            assert_eq!(folders, plan.partitions.iter().cloned().collect(), "{}", plan.table);
            assert!(plan.rows > 0 && plan.waiting == 0, "{plan:?}");
        }
        assert_eq!(Contents::read(&platform).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_names_only_what_lies_in_the_range() {
    let store = filled().await;
    let platform = platform(over(&store), 1);
    let plan = async |range| plan_backfill(&platform, nyc311(&platform), range).await.unwrap();
    for table in plan(range("2024-02", "2024-02")).await {
        assert_eq!(table.partitions, ["created_month=2024-02"], "{}", table.table);
        assert!(table.of > 2, "{table:?}");
    }
    for table in plan(range("2031", "2032")).await {
        assert_eq!(table.partitions, [""; 0], "{}", table.table);
    }
    let steps = backfill(over(&store), range("2031", "2032")).await.unwrap();
    assert_eq!(steps, 0, "nothing lies in the range");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_file_comes_back() {
    let store = filled().await;
    let platform = platform(over(&store), 1);
    let before = Contents::read(&platform).await;
    let silver = &nyc311(&platform).silver_id(&nyc311(&platform).tables[0].name);
    let snapshot = platform.lake.table(silver.clone()).unwrap().require_snapshot().await.unwrap();
    let lost = snapshot.files().iter().find(|file| file.path.contains("2024-02")).unwrap();
    let path = format!("{}/{}", silver.path(), lost.path);
    store.delete(&path.into()).await.unwrap();
    let count = format!("SELECT COUNT(DISTINCT status) FROM {}", silver.sql_name());
    let unread = smelt_stages::query(&platform, &count).await.unwrap();
    futures::TryStreamExt::try_collect::<Vec<_>>(unread).await.unwrap_err();

    backfill(over(&store), range("2024-02", "2024-02")).await.unwrap();
    assert_eq!(Contents::read(&platform).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_the_old_tables_until_the_new_ones_are_complete() {
    let store = filled().await;
    let months = range("2024-01", "2024-02");
    let before = Contents::read(&platform(over(&store), 1)).await;
    let counted = FaultyStore::new(Arc::new(store.fork()), FaultPlan::none());
    backfill(Lake::with_store(Arc::new(counted.clone()), "memory"), months).await.unwrap();
    let writes = counted.writes().len();
    assert!(writes > 20, "{writes}");

    for write in 0..writes {
        for fault in [Fault::FailBefore, Fault::LostAnswer, Fault::Conflict409] {
            let what = format!("{fault:?} at write {write}");
            let store = Arc::new(store.fork());
            let faulty: Arc<dyn ObjectStore> = store.clone();
            let faulty = FaultyStore::new(faulty, FaultPlan::at(write, fault));
            let first = backfill(Lake::with_store(Arc::new(faulty), "memory"), months).await;
            let platform = platform(over(&store), 1);
            for table in ["silver.nyc311_requests", "gold.nyc311_borough_daily"] {
                let rows = selected(&platform, &format!("SELECT * FROM {table}")).await.unwrap();
                let name = table.replace("silver.nyc311_requests", "silver");
                let name = name.replace("gold.nyc311_", "gold ");
                assert_eq!(rows_as_text(&rows), before.rows(&name), "{what}: {table}");
            }
            if let Err(error) = first {
                assert!(error.retryable(), "{what}: {error}");
                backfill(over(&store), months).await.unwrap();
            }
            assert_eq!(Contents::read(&platform).await.difference(&before), None, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_taken_in_first() {
    let store = Arc::new(InMemory::new());
    let platform = platform(over(&store), 1);
    let dataset = nyc311(&platform);
    let input = Input::simulate(60, 40, 4);
    let table = &dataset.tables[0];
    ingest_files(&platform, dataset, table, uploads(&input.files[..2])).await.unwrap();
    refresh_dataset(&platform, dataset).await.unwrap();
    ingest_files(&platform, dataset, table, uploads(&input.files[2..])).await.unwrap();
    let planned = plan_backfill(&platform, dataset, range("2024-01", "2024-01")).await.unwrap();
    assert!(planned[0].waiting > 1000, "{:?}", planned[0]);

    let anew = fresh_copy(&store).await;
    backfill(over(&store), range("2024-01", "2024-01")).await.unwrap();
    let found = Contents::read(&platform).await;
    assert_eq!(found.difference(&Contents::read(&anew).await), None);
}

/// The same bronze, refreshed without a backfill.
async fn fresh_copy(store: &InMemory) -> Platform {
    let platform = platform(over(&Arc::new(store.fork())), 1);
    refresh_dataset(&platform, nyc311(&platform)).await.unwrap();
    platform
}
