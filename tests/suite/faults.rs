//! Every write of the whole pipeline meets every fault, and the lake ends up the same.
//!
//! The pipeline (two rounds of ingest and refresh, so that incremental silver, quarantine, gold and
//! publishing are all passed) first runs without a fault. That gives the numbered list of its
//! writes and the contents to end with. Then every number is tried with every fault.

mod checkpoints;
mod child;
mod errors;
mod kills;
mod rivals;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use smelt_domain::Outcome;
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore, Write};
use smelt_stages::{Ended, FileOutcome, StageError, ingest_files, refresh_dataset, write_report};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::support::{Contents, Input, nyc311, platform, uploads};

/// Files that are ingested and refreshed before the others arrive.
const FIRST_ROUND: usize = 2;

/// Every fault that the process survives; a stall takes this long.
fn survivable(stall: Duration) -> [Fault; 6] {
    [
        Fault::FailBefore,
        Fault::LostAnswer,
        Fault::Conflict409,
        Fault::Precondition412,
        Fault::Unavailable503,
        Fault::Stall(stall),
    ]
}

/// What the pipeline runs on, and how a run without faults goes.
struct Scenario {
    input: Input,
    /// The writes of a run without faults, by their numbers.
    writes: Vec<Write>,
    /// How many of these belong to the first round.
    first_writes: usize,
    /// A lake in memory after the first round.
    half_way: InMemory,
    contents: Contents,
}

impl Scenario {
    async fn new() -> Self {
        let input = Input::simulate(45, 40, 4);
        let memory = Arc::new(InMemory::new());
        let store = FaultyStore::new(memory.clone(), FaultPlan::none());
        let lake = Lake::with_store(Arc::new(store.clone()), "memory");
        round(&lake, &input.files[..FIRST_ROUND]).await.unwrap();
        let first_writes = store.writes().len();
        let half_way = memory.fork();
        round(&lake, &input.files[FIRST_ROUND..]).await.unwrap();
        let writes = store.writes();
        let contents = Contents::read(&platform(lake, 1)).await;
        assert!(contents.rows("quarantine").len() > 10, "the input is dirty");
        Self { input, writes, first_writes, half_way, contents }
    }

    /// A lake in memory in which one write meets a fault, and the same lake without it. Where the
    /// write belongs to the second round, the first one is done already.
    fn in_memory(&self, write: usize, fault: Fault) -> Trial<'_> {
        let (memory, done, files) = if write < self.first_writes {
            (InMemory::new(), 0, &self.input.files[..FIRST_ROUND])
        } else {
            (self.half_way.fork(), self.first_writes, &self.input.files[FIRST_ROUND..])
        };
        let memory: Arc<dyn ObjectStore> = Arc::new(memory);
        let store = FaultyStore::new(Arc::clone(&memory), FaultPlan::at(write - done, fault));
        Trial {
            faulty: Lake::with_store(Arc::new(store.clone()), "memory"),
            store,
            healthy: Lake::with_store(memory, "memory"),
            expected_writes: &self.writes[done..=write],
            files,
        }
    }

    /// Requires the contents of the run without faults.
    async fn check(&self, lake: Lake, what: &str) {
        let found = Contents::read(&platform(lake, 1)).await;
        if let Some(difference) = found.difference(&self.contents) {
            panic!("{what}: {difference}");
        }
    }

    /// Runs one trial for every write and every fault, two at a time; returns how many.
    async fn every_write<T: Future<Output = ()>>(
        self: &Arc<Self>,
        faults: &[Fault],
        trial: impl Fn(Arc<Self>, usize, Fault) -> T + Copy + Send + 'static,
    ) -> usize {
        let trials = (0..self.writes.len())
            .flat_map(|write| faults.iter().map(move |fault| (write, fault.clone())))
            .map(|(write, fault)| {
                let (scenario, runtime) = (Arc::clone(self), Handle::current());
                spawn_blocking(move || runtime.block_on(trial(scenario, write, fault)))
            });
        // Lazily, so that a trial starts only when one before it has ended.
        let ended = futures::stream::iter(trials).buffer_unordered(2);
        ended.map(|ended| ended.unwrap()).count().await
    }
}

/// One write and one fault, on a lake in memory.
struct Trial<'a> {
    store: FaultyStore,
    faulty: Lake,
    healthy: Lake,
    /// The writes up to the faulty one, as they go without a fault.
    expected_writes: &'a [Write],
    /// The files of the round that the write belongs to.
    files: &'a [PathBuf],
}

impl Trial<'_> {
    /// Requires that the fault was met at the write that was meant.
    fn assert_met(&self, what: &str) {
        let expected: Vec<String> = self.expected_writes.iter().map(anonymous).collect();
        let met: Vec<String> =
            self.store.writes().iter().take(expected.len()).map(anonymous).collect();
        assert_eq!(met, expected, "{what}: the run came to other writes");
    }
}

/// Two rounds, so that the second one finds tables that exist. On a lake that has some of it
/// already, it does the rest.
async fn pipeline(lake: &Lake, files: &[PathBuf]) -> Result<(), StageError> {
    round(lake, &files[..FIRST_ROUND]).await?;
    round(lake, &files[FIRST_ROUND..]).await
}

/// Ingest, refresh and run report, as one process does it.
async fn round(lake: &Lake, files: &[PathBuf]) -> Result<(), StageError> {
    let platform = platform(lake.clone(), 1);
    let dataset = nyc311(&platform);
    let ingested = ingest_files(&platform, dataset, &dataset.tables[0], uploads(files)).await?;
    for (name, outcome) in &ingested.files {
        let is_in = matches!(outcome, FileOutcome::Loaded { .. } | FileOutcome::AlreadyLoaded);
        assert!(is_in, "{name}: {outcome:?}");
    }
    let mut steps: Vec<_> = ingested.steps;
    steps.extend(refresh_dataset(&platform, dataset).await?.steps);
    let (command, dataset) = ("run".to_owned(), Some(dataset.name.clone()));
    let outcome = Outcome::Succeeded;
    let ended = Ended { command, dataset, outcome, failure: None, steps };
    write_report(&platform, &ended.into_report(&platform)).await?;
    Ok(())
}

/// A write with its random and dated names left out, so that two runs' writes can be compared.
fn anonymous(write: &Write) -> String {
    // 32 digits of a random name, or the 16 of a snapshot's identity, which tells two lakes apart.
    let is_random =
        |word: &str| matches!(word.len(), 16 | 32) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = write.path.split_inclusive(['/', '-', '.']).map(|word| {
        let bare = word.trim_end_matches(['/', '-', '.']);
        if is_random(bare) { word.replace(bare, "*") } else { word.to_owned() }
    });
    let path: String = words.collect();
    let path = if path.starts_with("runs/") { "runs/*".to_owned() } else { path };
    format!("{} {path}", write.kind)
}
