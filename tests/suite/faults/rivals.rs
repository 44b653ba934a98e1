//! Two workers at one lake: one held up at every write while the other does the same work, and two
//! processes side by side.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use smelt_lake::Lake;
use smelt_lake::faults::{Fault, Hold};

use super::child::{self, RETRYABLE, Work};
use super::{Scenario, anonymous, pipeline, round};
use crate::support::{Contents, Input, assert_balanced, platform, say};

const ROUNDS: u32 = 20;
const LONGEST: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn held_up_at_every_write_while_another_does_the_work() {
    let scenario = Arc::new(Scenario::new().await);
    let points = scenario.writes.len();
    let tried = scenario.every_write(&[Fault::Hold(Hold::default())], one_hold).await;
    assert_eq!(tried, points);
    say(&format!(
        "rivals: held up at {points} write points while another works, all {tried} tried"
    ));
}

async fn one_hold(scenario: Arc<Scenario>, write: usize, _: Fault) {
    let what = format!("held up at write {write} ({})", anonymous(&scenario.writes[write]));
    let hold = Hold::default();
    let trial = scenario.in_memory(write, Fault::Hold(hold.clone()));
    let meanwhile = async {
        tokio::time::timeout(LONGEST, hold.arrived()).await.expect("the write is never reached");
        pipeline(&trial.healthy, &scenario.input.files).await.unwrap();
        scenario.check(trial.healthy.clone(), &format!("{what}, before it goes on")).await;
        hold.release();
    };
    // The latecomer, which knows of its own round only, finds its work done by another, and more: it
    // must neither fail nor do it twice, nor leave anything old in place of the new.
    let (late, ()) = tokio::join!(round(&trial.faulty, trial.files), meanwhile);
    late.expect(&what);
    trial.assert_met(&what);
    scenario.check(trial.healthy.clone(), &what).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_at_one_lake() {
    let input = Input::simulate(40, 40, ROUNDS);
    let alone = tempfile::tempdir().unwrap();
    let shared = tempfile::tempdir().unwrap();
    let mut healed = 0;
    for (round, file) in input.files.iter().enumerate() {
        land(file, alone.path());
        child::landing(Lake::open_folder(alone.path()).unwrap()).await.unwrap();

        land(file, shared.path());
        let one = || child::start(shared.path(), input.folder(), &Work::Landing);
        let (left, right) = tokio::join!(one(), one());
        for ended in [left, right] {
            if !ended.status.success() {
                assert!(ended.errors.contains(RETRYABLE), "round {round}: {}", ended.errors);
                let again = one().await;
                assert!(again.status.success(), "round {round}: {}", again.errors);
                healed += 1;
            }
        }
        assert_balanced(&platform(Lake::open_folder(shared.path()).unwrap(), 1)).await;
    }
    let expected = Contents::read(&platform(Lake::open_folder(alone.path()).unwrap(), 1)).await;
    let found = Contents::read(&platform(Lake::open_folder(shared.path()).unwrap(), 1)).await;
    assert_eq!(found.difference(&expected), None);
    say(&format!(
        "rivals: two processes at one lake, {} rounds, {healed} ended in contention and were healed \
         by running again",
        input.files.len()
    ));
}

/// Puts a file into the lake's landing folder, whole at once as an upload would.
fn land(file: &Path, lake: &Path) {
    let landing = lake.join("landing/nyc311/requests");
    std::fs::create_dir_all(&landing).unwrap();
    std::fs::copy(file, landing.join(file.file_name().unwrap())).unwrap();
}
