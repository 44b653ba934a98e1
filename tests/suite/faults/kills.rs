//! The process dies at every write: a real process, on a real folder, started again afterwards.

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;

use smelt_lake::Lake;
use smelt_lake::faults::Fault;

use super::{Scenario, anonymous, child};
use crate::support::say;

const SIGABRT: i32 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_write_and_started_again() {
    let faults = [Fault::KillBefore, Fault::KillAfter];
    let scenario = Arc::new(Scenario::new().await);
    let points = scenario.writes.len();
    let tried = scenario.every_write(&faults, one_kill).await;
    assert_eq!(tried, points * faults.len());
    say(&format!("kills: {points} write points × before and after, all {tried} tried"));
}

async fn one_kill(scenario: Arc<Scenario>, write: usize, fault: Fault) {
    let what = format!("{fault:?} at write {write} ({})", anonymous(&scenario.writes[write]));
    let folder = tempfile::tempdir().unwrap();
    let first = child::Work::Pipeline { kill: Some((write, fault)) };
    let ended = child::start(folder.path(), scenario.input.folder(), &first).await;
    assert_eq!(ended.status.signal(), Some(SIGABRT), "{what}: {}", ended.errors);

    let second = child::Work::Pipeline { kill: None };
    let ended = child::start(folder.path(), scenario.input.folder(), &second).await;
    assert!(ended.status.success(), "{what}: {}", ended.errors);
    scenario.check(Lake::open_folder(folder.path()).unwrap(), &what).await;
}
