//! Faults around a checkpoint: the commit that is due for one, the checkpoint itself, and the hint
//! that names it.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use smelt_domain::TableId;
use smelt_lake::faults::{FaultPlan, FaultyStore};
use smelt_lake::{Commit, CommitError, DataFile, Lake, Table};

use super::survivable;
use crate::support::say;

/// Commits up to and with the first one that a checkpoint is due after, and some more.
const DUE: u64 = 20;
const ALL: u64 = 23;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_survives_every_error_around_its_checkpoint() {
    let faults = survivable(Duration::from_millis(1));
    let aged = InMemory::new();
    commit_up_to(&table(Arc::new(aged.fork())), 1).await;
    let store = FaultyStore::new(Arc::new(aged.fork()), FaultPlan::none());
    commit_up_to(&table(Arc::new(store.clone())), DUE - 1).await;
    let before = store.writes().len();
    commit_up_to(&table(Arc::new(store.clone())), DUE).await;
    let points = before..store.writes().len();
    assert!(points.len() >= 3, "a commit, a checkpoint and its hint: {points:?}");

    for write in points.clone() {
        for fault in &faults {
            let what = format!("{fault:?} at {:?}", store.writes()[write]);
            let memory: Arc<dyn ObjectStore> = Arc::new(aged.fork());
            let faulty = FaultyStore::new(Arc::clone(&memory), FaultPlan::at(write, fault.clone()));
            commit_up_to(&table(Arc::new(faulty)), DUE).await;
            commit_up_to(&table(Arc::clone(&memory)), ALL).await;
            let snapshot = table(memory).require_snapshot().await.unwrap();
            assert_eq!(snapshot.version(), ALL - 1, "{what}");
            let mut paths: Vec<&str> =
                snapshot.files().iter().map(|file| file.path.as_str()).collect();
            paths.sort_unstable();
            let expected: Vec<String> = (0..ALL).map(|version| format!("{version:03}")).collect();
            assert_eq!(paths, expected, "{what}");
            assert_eq!(snapshot.followed(&upstream()).await.unwrap(), Some(ALL - 1), "{what}");
        }
    }
    say(&format!(
        "checkpoints: {} write points × {} kinds, all {} tried",
        points.len(),
        faults.len(),
        points.len() * faults.len()
    ));
}

fn table(store: Arc<dyn ObjectStore>) -> Table {
    Lake::with_store(store, "memory").table("silver/nyc311/requests".parse().unwrap()).unwrap()
}

fn upstream() -> TableId {
    "bronze/nyc311/requests".parse().unwrap()
}

/// Commits until the table has so many versions; each adds one file named by its version. What an
/// error means is decided by looking again, as every stage does it.
async fn commit_up_to(table: &Table, versions: u64) {
    loop {
        let base = table.snapshot().await.unwrap();
        let next = base.as_ref().map_or(0, |base| base.version() + 1);
        if next >= versions {
            return;
        }
        let schema = Schema::new(vec![Field::new("key", DataType::Int64, true)]);
        let commit = Commit {
            operation: "REFRESH",
            add: vec![DataFile {
                path: format!("{next:03}"),
                size: 1,
                partition: Default::default(),
                statistics: Default::default(),
                arrival: None,
                tags: Default::default(),
            }],
            followed: vec![(upstream(), next)],
            schema: base.is_none().then(|| Arc::new(schema)),
            ..Commit::default()
        };
        match table.commit(base.as_ref(), &commit).await {
            Ok(version) => assert_eq!(version, next),
            Err(CommitError::Conflict { .. } | CommitError::Unknown(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
