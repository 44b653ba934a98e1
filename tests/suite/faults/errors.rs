//! Faults that the process survives: an error, a lie or a wait at every write.

use std::sync::Arc;
use std::time::Duration;

use smelt_lake::faults::Fault;

use super::{FIRST_ROUND, Scenario, anonymous, round, survivable};
use crate::support::say;

#[tokio::test(flavor = "multi_thread")]
async fn every_error_at_every_write_ends_in_the_same_lake() {
    let faults = survivable(Duration::from_millis(20));
    let scenario = Arc::new(Scenario::new().await);
    let points = scenario.writes.len();
    let tried = scenario.every_write(&faults, one_error).await;
    assert_eq!(tried, points * faults.len());
    say(&format!("faults: {points} write points × {} kinds, all {tried} tried", faults.len()));
}

async fn one_error(scenario: Arc<Scenario>, write: usize, fault: Fault) {
    let what = format!("{fault:?} at write {write} ({})", anonymous(&scenario.writes[write]));
    let trial = scenario.in_memory(write, fault);
    let first = round(&trial.faulty, trial.files).await;
    trial.assert_met(&what);
    if let Err(error) = first {
        assert!(error.retryable(), "{what}: {error}");
        round(&trial.healthy, trial.files).await.unwrap();
    }
    if trial.files != &scenario.input.files[FIRST_ROUND..] {
        round(&trial.healthy, &scenario.input.files[FIRST_ROUND..]).await.unwrap();
    }
    scenario.check(trial.healthy, &what).await;
}
