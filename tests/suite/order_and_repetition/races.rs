//! Races that are too rare for chance, played step by step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use futures::FutureExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use smelt_lake::Lake;
use smelt_stages::{follow_bronze, refresh_dataset};

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

        let other = {
            let (plain, store, world) = (plain.clone(), Arc::clone(&store), world.clone());
            async move {
                land(&plain, &world, 2).await;
                sweep(&fresh(&plain)).await;
                let dying = fresh(&watched(&store, dies_before_silver()));
                let dataset = nyc311(&dying);
                let died = follow_bronze(&dying, dataset, &dataset.tables[0]).await;
                assert!(died.is_err(), "the other worker ends between its two commits");
            }
            .boxed()
        };
        // The first look at each table is one listing of its log; the other worker comes in
        // between the first and the last of them, whatever their order.
        let other = Arc::new(tokio::sync::Mutex::new(Some(other)));
        let seen: Arc<[AtomicBool; 3]> = Arc::default();
        let interrupts: Watcher = Arc::new(move |operation, path| {
            let (other, seen) = (Arc::clone(&other), Arc::clone(&seen));
            async move {
                let logs = [BRONZE_LOG, SILVER_LOG, QUARANTINE_LOG];
                if operation == Operation::Write {
                    return Ok(());
                }
                if let Some(table) = logs.iter().position(|log| path.starts_with(log)) {
                    let is_first_look = !seen[table].swap(true, Ordering::SeqCst);
                    let looked = seen.iter().filter(|seen| seen.load(Ordering::SeqCst)).count();
                    if is_first_look && looked == 3
                        && let Some(other) = other.lock().await.take()
                    {
                        other.await;
                    }
                }
                Ok(())
            }
            .boxed()
        });
        let first = fresh(&watched(&store, interrupts));
        let dataset = nyc311(&first);
        follow_bronze(&first, dataset, &dataset.tables[0]).await.unwrap();

        let platform = fresh(&plain);
        let balance = balance(&platform).await.unwrap();
        assert!(balance.is_exact(), "{balance:?}");
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
            let others = {
                let (plain, world) = (plain.clone(), Arc::clone(&world));
                move |operation: Operation, path: String| {
                    let (plain, world) = (plain.clone(), Arc::clone(&world));
                    let due = operation != Operation::Write
                        && path.starts_with(log)
                        && done.set(()).is_ok();
                    async move {
                        if due {
                            land(&plain, &world, turn + 1).await;
                            sweep(&fresh(&plain)).await;
                            let platform = fresh(&plain);
                            refresh_dataset(&platform, nyc311(&platform)).await.unwrap();
                        }
                        Ok(())
                    }
                    .boxed()
                }
            };
            let asking = fresh(&watched(&store, Arc::new(others)));
            let status = smelt_stages::dataset_status(&asking, nyc311(&asking)).await.unwrap();
            assert!(status.balances[0].is_exact(), "before {log}: {:?}", status.balances[0]);
        }
    });
}
