//! Any order, any repetition, any number of workers: the same silver, quarantine and gold.
//!
//! `PROPTEST_CASES` raises the number of cases of every property.

mod events;
mod memory;
mod oracle;
mod races;
mod reading;
mod watched_store;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use object_store::memory::InMemory;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use smelt_lake::Lake;
use smelt_stages::Platform;
use tokio::runtime::Runtime;

use self::events::{
    Event, Landing, Result, assert_as_the_oracle_says, balance, counts, events, expected_counts,
    fresh, happen, sweep, sweep_and_refresh,
};
use self::oracle::{MARTS, Oracle};
use self::reading::published;
use self::watched_store::{WatchedStore, Watcher};
use self::world::{World, worlds};
use crate::support::nyc311;

/// Where a case keeps its lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Memory,
    Folder,
}

fn places() -> impl Strategy<Value = Place> {
    prop_oneof![3 => Just(Place::Memory), 1 => Just(Place::Folder)]
}

/// A lake, with the folder that goes away with it.
fn lake_at(place: Place) -> (Lake, Option<tempfile::TempDir>) {
    match place {
        Place::Memory => (Lake::in_memory(), None),
        Place::Folder => {
            let folder = tempfile::tempdir().unwrap();
            (Lake::open_folder(folder.path()).unwrap(), Some(folder))
        }
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap()
    })
}

/// Tries a property on so many cases, or on as many as `PROPTEST_CASES` says.
fn check<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value))
where
    S::Value: std::fmt::Debug,
{
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let config = Config {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_time: 120_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Land everything, run once, on a lake in memory.
async fn clean_pass(world: &World) -> Result {
    let platform = fresh(&Lake::in_memory());
    Landing::new(world).all(&platform.lake).await;
    sweep_and_refresh(&platform).await;
    Result::of(&platform).await
}

/// How many files each table has taken in: what every wake-up, and nothing else, moves on.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    ingested: usize,
    followed: usize,
    computed: [usize; MARTS.len()],
    published: [usize; MARTS.len()],
}

impl Progress {
    fn after(mut self, event: Event, landed: usize) -> Self {
        match event {
            Event::Land | Event::Restart => {}
            Event::Ingest => self.ingested = landed,
            Event::Silver => self.followed = self.ingested,
            Event::Gold(mart) => self.computed[mart] = self.followed,
            Event::Publish(mart) => self.published[mart] = self.computed[mart],
            Event::Refresh => {
                self.followed = self.ingested;
                self.computed = [self.followed; MARTS.len()];
                self.published = self.computed;
            }
        }
        self
    }
}

/// Requires balance and publications to be what these files give, no more and no less.
async fn assert_progress(platform: &Platform, world: &World, progress: Progress) {
    let ingested = Oracle::over(world, progress.ingested);
    let followed = Oracle::over(world, progress.followed);
    match balance(platform).await {
        None => assert_eq!(followed.bronze, 0, "there are rows but no silver table"),
        Some(balance) => {
            assert!(balance.is_exact, "{balance:?}");
            assert_eq!(counts(&balance), expected_counts(&followed, &ingested), "{balance:?}");
        }
    }
    let dataset = nyc311(platform);
    for (mart, name) in MARTS.iter().enumerate() {
        let expected = Oracle::over(world, progress.published[mart]);
        match published(platform, &dataset.gold_id(&name.parse().unwrap())).await {
            None => assert_eq!(expected.bronze, 0, "{name} is not published"),
            Some((_, rows)) => assert_eq!(rows, expected.mart(name), "published {name}"),
        }
    }
}

#[test]
fn any_order_and_repetition_of_events_gives_what_one_clean_pass_gives() {
    check(24, (places(), worlds(), events(14)), |(place, world, events)| {
        runtime().block_on(async {
            let (lake, _folder) = lake_at(place);
            let landing = Landing::new(&world);
            let mut platform = fresh(&lake);
            let mut progress = Progress::default();
            for event in events {
                happen(event, &mut platform, &landing).await;
                progress = progress.after(event, landing.count().await);
                assert_progress(&platform, &world, progress).await;
            }
            landing.all(&lake).await;
            sweep_and_refresh(&platform).await;
            assert_as_the_oracle_says(&platform, &world).await;
            assert_eq!(Result::of(&platform).await, clean_pass(&world).await);
        });
    });
}

/// Before every operation: nothing, let others go first, or wait a moment, as the seed has it.
fn jitter(seed: u64) -> Watcher {
    let calls = Arc::new(AtomicU64::new(seed));
    Arc::new(move |_, _| {
        // The golden ratio's bits spread neighbouring numbers over the whole range.
        let dice = calls.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60;
        async move {
            match dice {
                0..6 => {}
                6..14 => tokio::task::yield_now().await,
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
            Ok(())
        }
        .boxed()
    })
}

#[test]
fn several_workers_at_once_give_what_one_clean_pass_gives() {
    let workers = prop::collection::vec(events(8), 2..=3);
    check(16, (places(), worlds(), workers, any::<u64>()), |(place, world, workers, seed)| {
        let (lake, _folder) = match place {
            Place::Folder => lake_at(place),
            Place::Memory => {
                let store = WatchedStore::new(Arc::new(InMemory::new()), jitter(seed));
                (Lake::with_store(Arc::new(store), "memory"), None)
            }
        };
        let landing = Landing::new(&world);
        // There is something to fight about from the start.
        runtime().block_on(landing.next(&lake));
        std::thread::scope(|scope| {
            for events in workers {
                scope.spawn(|| runtime().block_on(work(events, fresh(&lake), &landing)));
            }
        });
        runtime().block_on(async {
            let platform = fresh(&lake);
            if let Some(balance) = balance(&platform).await {
                assert!(balance.is_exact, "{balance:?}");
            }
            landing.all(&lake).await;
            sweep_and_refresh(&platform).await;
            assert_as_the_oracle_says(&platform, &world).await;
            assert_eq!(Result::of(&platform).await, clean_pass(&world).await);
        });
    });
}

async fn work(events: Vec<Event>, mut platform: Platform, landing: &Landing) {
    for event in events {
        happen(event, &mut platform, landing).await;
    }
    sweep_and_refresh(&platform).await;
}

/// Long logs are read through checkpoints: nothing that the log knows may get lost in one.
#[test]
fn many_small_commits_give_what_one_clean_pass_gives() {
    let mut worlds_of_rows = TestRunner::deterministic();
    runtime().block_on(async {
        let platform = fresh(&Lake::in_memory());
        let dataset = nyc311(&platform);
        let mut world = World { files: Vec::new() };
        while world.files.len() < 24 {
            let next = worlds().new_tree(&mut worlds_of_rows).unwrap();
            let files = proptest::strategy::ValueTree::current(&next).files;
            world.files.extend(files.into_iter().filter(|file| !file.rows.is_empty()));
        }
        for (position, file) in world.files.iter().enumerate() {
            let key = world.key(position);
            platform.lake.put_object(&key, file.csv().into_bytes()).await.unwrap();
            sweep(&platform).await;
            smelt_stages::follow_bronze(&platform, dataset, &dataset.tables[0]).await.unwrap();
            let oracle = Oracle::over(&world, position + 1);
            let balance = balance(&platform).await.unwrap();
            assert_eq!(counts(&balance), expected_counts(&oracle, &oracle), "file {position}");
        }
        sweep_and_refresh(&platform).await;
        assert_as_the_oracle_says(&platform, &world).await;
        let bronze = platform.lake.table(dataset.bronze_id(&dataset.tables[0].name)).unwrap();
        let version = bronze.require_snapshot().await.unwrap().version();
        assert!(version >= 20, "only a log with a checkpoint shows anything; version {version}");
    });
}
