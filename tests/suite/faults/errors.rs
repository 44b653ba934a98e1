//! Faults that the process survives: an error, a lie or a wait at every write.

use std::sync::Arc;
use std::time::Duration;

use smelt_lake::faults::Fault;

use super::{Scenario, anonymous, faulty_memory, pipeline};
use crate::support::say;

#[tokio::test(flavor = "multi_thread")]
async fn every_error_at_every_write_ends_in_the_same_lake() {
    let faults = [
        Fault::FailBefore,
        Fault::LostAnswer,
        Fault::Conflict409,
        Fault::Precondition412,
        Fault::Unavailable503,
        Fault::Stall(Duration::from_millis(20)),
    ];
    let scenario = Arc::new(Scenario::new().await);
    let points = scenario.writes.len();
    let tried = scenario.every_write(&faults, one_error).await;
    assert_eq!(tried, points * faults.len());
    say(&format!("faults: {points} write points × {} kinds, all {tried} tried", faults.len()));
}

async fn one_error(scenario: Arc<Scenario>, write: usize, fault: Fault) {
    let what = format!("{fault:?} at write {write} ({})", anonymous(&scenario.writes[write]));
    let (store, faulty, healthy) = faulty_memory(write, fault);
    let first = pipeline(&faulty, &scenario.input.files).await;
    let met: Vec<String> = store.writes()[..=write].iter().map(anonymous).collect();
    let expected: Vec<String> = scenario.writes[..=write].iter().map(anonymous).collect();
    assert_eq!(met, expected, "{what}: the run did not come to the same write");
    if let Err(error) = first {
        assert!(error.retryable(), "{what}: {error}");
        pipeline(&healthy, &scenario.input.files).await.unwrap();
    }
    scenario.check(healthy, &what).await;
}
