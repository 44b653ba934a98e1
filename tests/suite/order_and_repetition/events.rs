//! Files that land and wake-ups that come whenever they like: what a lake goes through.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use smelt_lake::Lake;
use smelt_stages::{
    Balance, Platform, follow_bronze, follow_silver, publish, refresh_dataset, sweep_landing,
    table_balance,
};
use tokio::sync::Mutex;

use super::oracle::{MARTS, Oracle, Rows, SILVER_COLUMNS};
use super::reading::{published, rows};
use super::world::World;
use crate::support::{nyc311, platform};

/// One thing that happens. A wake-up may come for nothing, twice, or too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Land,
    Ingest,
    Silver,
    Gold(usize),
    Publish(usize),
    Refresh,
    /// The process goes away and another one takes over.
    Restart,
}

pub(super) fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => Just(Event::Land),
        4 => Just(Event::Ingest),
        4 => Just(Event::Silver),
        3 => (0..MARTS.len()).prop_map(Event::Gold),
        2 => (0..MARTS.len()).prop_map(Event::Publish),
        1 => Just(Event::Refresh),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 0..=most)
}

/// Puts the files of a world into the landing folder, one by one, in their order.
#[derive(Debug, Clone)]
pub(super) struct Landing {
    world: Arc<World>,
    landed: Arc<Mutex<usize>>,
}

impl Landing {
    pub(super) fn new(world: &World) -> Self {
        Self { world: Arc::new(world.clone()), landed: Arc::new(Mutex::new(0)) }
    }

    /// The next file lands; `false` when all have. Held to the end: who comes next lands later.
    pub(super) async fn next(&self, lake: &Lake) -> bool {
        let mut landed = self.landed.lock().await;
        let Some(file) = self.world.files.get(*landed) else { return false };
        let key = self.world.key(*landed);
        match lake.folder() {
            None => lake.put_object(&key, file.csv().into_bytes()).await.unwrap(),
            Some(folder) => {
                // Two files of one clock tick would arrive in the order of their names.
                let base = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
                let path = folder.join(&key);
                let unfinished = folder.join("unfinished");
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&unfinished, file.csv()).unwrap();
                let opened = fs::File::options().write(true).open(&unfinished).unwrap();
                opened.set_modified(base + Duration::from_secs(*landed as u64)).unwrap();
                fs::rename(&unfinished, &path).unwrap();
            }
        }
        *landed += 1;
        true
    }

    pub(super) async fn all(&self, lake: &Lake) {
        while self.next(lake).await {}
    }

    pub(super) async fn count(&self) -> usize {
        *self.landed.lock().await
    }
}

/// Does what an event asks for.
pub(super) async fn happen(event: Event, platform: &mut Platform, landing: &Landing) {
    match event {
        Event::Land => drop(landing.next(&platform.lake).await),
        Event::Restart => *platform = fresh(&platform.lake),
        Event::Ingest => sweep(platform).await,
        Event::Silver => {
            let dataset = nyc311(platform);
            follow_bronze(platform, dataset, &dataset.tables[0]).await.unwrap();
        }
        Event::Gold(mart) => {
            let dataset = nyc311(platform);
            follow_silver(platform, dataset, &dataset.marts[mart]).await.unwrap();
        }
        Event::Publish(mart) => {
            let dataset = nyc311(platform);
            publish(platform, dataset, &dataset.marts[mart]).await.unwrap();
        }
        Event::Refresh => drop(refresh_dataset(platform, nyc311(platform)).await.unwrap()),
    }
}

pub(super) fn fresh(lake: &Lake) -> Platform {
    platform(lake.clone(), 2)
}

pub(super) async fn sweep(platform: &Platform) {
    let dataset = nyc311(platform);
    sweep_landing(platform, dataset, &dataset.tables[0]).await.unwrap();
}

/// What a scheduled sweep does: everything that is left to do.
pub(super) async fn sweep_and_refresh(platform: &Platform) {
    sweep(platform).await;
    refresh_dataset(platform, nyc311(platform)).await.unwrap();
}

pub(super) async fn balance(platform: &Platform) -> Option<Balance> {
    let dataset = nyc311(platform);
    table_balance(platform, dataset, &dataset.tables[0]).await.unwrap()
}

/// Everything that must not depend on what happened in between; empty where nothing is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Result {
    silver: Rows,
    quarantine: Rows,
    marts: Vec<Rows>,
}

impl Result {
    pub(super) async fn of(platform: &Platform) -> Self {
        if balance(platform).await.is_none() {
            return Self { silver: Rows::new(), quarantine: Rows::new(), marts: Vec::new() };
        }
        let select = "SELECT rule, reason, source, line, raw FROM quarantine.nyc311_requests";
        let quarantine = rows(platform, select).await;
        let mut marts = Vec::new();
        for mart in MARTS {
            marts.push(rows(platform, &format!("SELECT * FROM gold.nyc311_{mart}")).await);
        }
        let silver = rows(platform, "SELECT * FROM silver.nyc311_requests").await;
        Self { silver, quarantine, marts }
    }
}

/// Requires all tables, the balance and what is published to be as the oracle has them.
pub(super) async fn assert_as_the_oracle_says(platform: &Platform, world: &World) {
    let oracle = Oracle::over(world, world.files.len());
    let Some(balance) = balance(platform).await else {
        assert_eq!(oracle.bronze, 0, "there are rows but no silver table");
        return;
    };
    assert_eq!(counts(&balance), expected_counts(&oracle, &oracle), "the final balance");
    let silver = format!("SELECT {SILVER_COLUMNS} FROM silver.nyc311_requests");
    assert_eq!(rows(platform, &silver).await, oracle.silver(), "silver");
    let quarantine = "SELECT rule, source, line FROM quarantine.nyc311_requests";
    assert_eq!(rows(platform, quarantine).await, oracle.quarantine, "quarantine");
    let dataset = nyc311(platform);
    for name in MARTS {
        let gold = rows(platform, &format!("SELECT * FROM gold.nyc311_{name}")).await;
        assert_eq!(gold, oracle.mart(name), "mart {name}");
        let id = dataset.gold_id(&name.parse().unwrap());
        let (latest, rows) = published(platform, &id).await.expect("it is published");
        let newest = platform.lake.table(id).unwrap().require_snapshot().await.unwrap();
        assert_eq!(latest.version, newest.version(), "what is published of {name}");
        assert_eq!(rows, gold, "what is published of {name}");
    }
}

/// Bronze, silver, superseded, deleted, refused, rows in quarantine, bronze rows that wait.
pub(super) type Counts = [u64; 7];

pub(super) fn counts(balance: &Balance) -> Counts {
    [
        balance.bronze,
        balance.silver,
        balance.superseded,
        balance.deleted,
        balance.quarantined,
        balance.in_quarantine,
        balance.waiting,
    ]
}

/// The counts when silver follows some files and bronze has some more.
pub(super) fn expected_counts(followed: &Oracle, ingested: &Oracle) -> Counts {
    [
        followed.bronze,
        followed.silver_count(),
        followed.superseded,
        0,
        followed.refused(),
        followed.refused(),
        ingested.bronze - followed.bronze,
    ]
}
