//! A process of its own: this test binary, started again for one piece of work.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use smelt_lake::Lake;
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_stages::{StageError, refresh_dataset, sweep_landing};

use super::pipeline;
use crate::support::{files_in, nyc311, platform};

const LAKE: &str = "SMELT_SUITE_LAKE";
const INPUT: &str = "SMELT_SUITE_INPUT";
const WORK: &str = "SMELT_SUITE_WORK";

/// Printed before an error that the same call may not meet again.
pub(super) const RETRYABLE: &str = "retryable:";

/// What a child does.
pub(super) enum Work {
    /// The scenario's pipeline, killed at a write or not.
    Pipeline { kill: Option<(usize, Fault)> },
    /// Takes in what lies in `landing/` and refreshes, as `smelt run` does.
    Landing,
}

/// How a child ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) errors: String,
}

impl Work {
    fn to_text(&self) -> String {
        match self {
            Self::Landing => "landing".to_owned(),
            Self::Pipeline { kill: None } => "pipeline".to_owned(),
            Self::Pipeline { kill: Some((write, Fault::KillBefore)) } => format!("before {write}"),
            Self::Pipeline { kill: Some((write, _)) } => format!("after {write}"),
        }
    }

    fn from_text(text: &str) -> Self {
        let at = |write: &str, fault| Some((write.parse().unwrap(), fault));
        match text.split_once(' ') {
            Some(("before", write)) => Self::Pipeline { kill: at(write, Fault::KillBefore) },
            Some(("after", write)) => Self::Pipeline { kill: at(write, Fault::KillAfter) },
            _ if text == "pipeline" => Self::Pipeline { kill: None },
            _ => Self::Landing,
        }
    }
}

/// Starts a child on a lake's folder and waits for its end.
pub(super) async fn start(lake: &Path, input: &Path, work: &Work) -> Ended {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "faults::child::run", "--ignored", "--nocapture"])
        .env(LAKE, lake)
        .env(INPUT, input)
        .env(WORK, work.to_text());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    Ended { status: output.status, errors: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// The child's side.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "work of a child process that other tests start"]
async fn run() {
    let Some(lake) = std::env::var_os(LAKE) else { return };
    let input = std::env::var_os(INPUT).unwrap();
    let done = match Work::from_text(&std::env::var(WORK).unwrap()) {
        Work::Pipeline { kill } => {
            let plan = kill.map_or_else(FaultPlan::none, |(at, fault)| FaultPlan::at(at, fault));
            let folder = LocalFileSystem::new_with_prefix(&lake).unwrap();
            let store = FaultyStore::new(Arc::new(folder), plan);
            pipeline(&Lake::with_store(Arc::new(store), "folder"), &files_in(input.as_ref())).await
        }
        Work::Landing => landing(Lake::open_folder(lake.as_ref()).unwrap()).await,
    };
    if let Err(error) = done {
        let kind = if error.retryable() { RETRYABLE } else { "final:" };
        panic!("{kind} {error}");
    }
}

/// As `smelt run` does it, on both cores.
pub(super) async fn landing(lake: Lake) -> Result<(), StageError> {
    let platform = platform(lake, 2);
    let dataset = nyc311(&platform);
    sweep_landing(&platform, dataset, &dataset.tables[0]).await?;
    refresh_dataset(&platform, dataset).await?;
    Ok(())
}
