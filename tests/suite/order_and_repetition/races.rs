//! Races that are too rare for chance, played step by step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use smelt_lake::Lake;
use smelt_stages::follow_bronze;

use super::events::{assert_as_the_oracle_says, balance, fresh, sweep, sweep_and_refresh};
use super::runtime;
use super::watched_store::{Operation, WatchedStore, Watcher};
use super::world::{Columns, File, Flaw, Row, World};
use crate::support::nyc311;

const BRONZE_LOG: &str = "bronze/nyc311/requests/_delta_log";
const SILVER_LOG: &str = "silver/nyc311/requests/_delta_log";
const QUARANTINE_LOG: &str = "quarantine/nyc311/requests/_delta_log";

/// Three files of one good and one refused row each.
fn world() -> World {
    let noon = ("2026-02-14T12:00:00.000", Some((2026, 2, 14, 12, 0, 0)));
    let row = |key| Row {
        key,
        created: noon,
        closed: ("", None),
        updated: ("", None),
        agency: "NYPD",
        complaint: "Noise",
        borough: "BROOKLYN",
        flaw: Flaw::None,
    };
    let columns = Columns { closed_date: true, agency: true, updated_at: false, unknown: false };
    let keys = [("1", Some(1)), ("2", Some(2)), ("3", Some(3))];
    let bad = [("x", None), ("y", None), ("z", None)];
    let file = |place: usize| File { columns, rows: vec![row(keys[place]), row(bad[place])] };
    World { files: (0..3).map(file).collect() }
}

async fn land(lake: &Lake, world: &World, position: usize) {
    let bytes = world.files[position].csv().into_bytes();
    lake.put_object(&world.key(position), bytes).await.unwrap();
}

/// A lake on a store whose operations are watched, and the same lake unwatched.
fn watched(store: &Arc<dyn ObjectStore>, watcher: Watcher) -> Lake {
    Lake::with_store(Arc::new(WatchedStore::new(Arc::clone(store), watcher)), "memory")
}

/// Answers every write of a new silver version as a store does that is not there: the process
/// ends between the commit of the quarantine and that of silver.
fn dies_before_silver() -> Watcher {
    Arc::new(|operation, path| {
        async move {
            match operation == Operation::Write && path.starts_with(SILVER_LOG) {
                false => Ok(()),
                true => Err(object_store::Error::PermissionDenied {
                    path,
                    source: "the process is gone".into(),
                }),
            }
        }
        .boxed()
    })
}

/// Takes in the third file and ends between the two commits of silver and its quarantine.
async fn follow_and_die(lake: &Lake, store: &Arc<dyn ObjectStore>, world: &World) {
    land(lake, world, 2).await;
    sweep(&fresh(lake)).await;
    let dying = fresh(&watched(store, dies_before_silver()));
    let dataset = nyc311(&dying);
    let died = follow_bronze(&dying, dataset, &dataset.tables[0]).await;
    assert!(died.is_err(), "the worker ends between its two commits");
}

/// Does what is due, if anything, on a thread of its own, while the operation waits.
fn elsewhere(
    due: Option<Box<dyn FnOnce() + Send>>,
) -> BoxFuture<'static, object_store::Result<()>> {
    async move {
        if let Some(work) = due {
            tokio::task::spawn_blocking(work).await.expect("the other worker failed");
        }
        Ok(())
    }
    .boxed()
}

/// One worker has looked at bronze; before it looks at the quarantine, another one takes in a newer
/// bronze version and ends between its two commits. The first must not follow the quarantine to a
/// version of bronze that it has not seen.
#[test]
fn a_worker_does_not_follow_a_quarantine_beyond_the_bronze_it_saw() {
    runtime().block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let plain = Lake::with_store(Arc::clone(&store), "memory");
        let world = world();
        land(&plain, &world, 0).await;
        sweep_and_refresh(&fresh(&plain)).await;
        land(&plain, &world, 1).await;
        sweep(&fresh(&plain)).await;

        let other: Box<dyn FnOnce() + Send> = {
            let (plain, store, world) = (plain.clone(), Arc::clone(&store), world.clone());
            Box::new(move || runtime().block_on(follow_and_die(&plain, &store, &world)))
        };
        // The first look at each table is one listing of its log; the other worker comes in
        // between the first and the last of them, whatever their order.
        let other = Arc::new(Mutex::new(Some(other)));
        let seen: Arc<[AtomicBool; 3]> = Arc::default();
        let interrupts: Watcher = Arc::new(move |operation, path| {
            let logs = [BRONZE_LOG, SILVER_LOG, QUARANTINE_LOG];
            let read = logs.iter().position(|log| path.starts_with(log));
            let first_look = read
                .filter(|_| operation != Operation::Write)
                .is_some_and(|table| !seen[table].swap(true, Ordering::SeqCst));
            let is_last = seen.iter().all(|seen| seen.load(Ordering::SeqCst));
            let due = if first_look && is_last { other.lock().unwrap().take() } else { None };
            elsewhere(due)
        });
        let first = fresh(&watched(&store, interrupts));
        let dataset = nyc311(&first);
        follow_bronze(&first, dataset, &dataset.tables[0]).await.unwrap();

        let platform = fresh(&plain);
        let balance = balance(&platform).await.unwrap();
        assert!(balance.is_exact, "{balance:?}");
        sweep_and_refresh(&platform).await;
        assert_as_the_oracle_says(&platform, &world).await;
    });
}

/// Whoever asks for the balance while others work gets an exact one.
#[test]
fn the_balance_is_exact_while_others_work() {
    runtime().block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let plain = Lake::with_store(Arc::clone(&store), "memory");
        let world = Arc::new(world());
        land(&plain, &world, 0).await;
        sweep_and_refresh(&fresh(&plain)).await;
        for (turn, log) in [SILVER_LOG, BRONZE_LOG].into_iter().enumerate() {
            // As soon as this log is about to be read, another worker brings everything forward.
            let done: Arc<OnceLock<()>> = Arc::default();
            let (plain, world) = (plain.clone(), Arc::clone(&world));
            let others: Watcher = Arc::new(move |operation, path| {
                let reads = operation != Operation::Write && path.starts_with(log);
                let (plain, world) = (plain.clone(), Arc::clone(&world));
                let due = (reads && done.set(()).is_ok()).then(|| -> Box<dyn FnOnce() + Send> {
                    Box::new(move || {
                        runtime().block_on(async {
                            land(&plain, &world, turn + 1).await;
                            sweep_and_refresh(&fresh(&plain)).await;
                        });
                    })
                });
                elsewhere(due)
            });
            let asking = fresh(&watched(&store, others));
            let status = smelt_stages::dataset_status(&asking, nyc311(&asking)).await.unwrap();
            assert!(status.balances[0].is_exact, "before {log}: {:?}", status.balances[0]);
        }
    });
}
