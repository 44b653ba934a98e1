//! The heart of smelt: a table follows the log of the table before it.
//!
//! ```text
//!            ┌──────────────────────────────────────────────────────────┐
//!            ▼                                                          │
//!   look: mine = how far my log says I follow        conflict, or the answer was lost:
//!         theirs = upstream's newest version         wait a little, decide anew from the logs
//!            │                                                          │
//!   mine = theirs ──▶ up to date, done                                  │
//!            │                                                          │
//!   compute my replacement for what changed ──▶ commit as exactly ──────┤
//!            ▲                                  my next version         │
//!            └────────────── landed: look again ◀───────────────────────┘
//! ```
//!
//! Whoever wakes this up, and how often, makes no difference: the logs alone say what is to do.

use std::future::Future;
use std::time::Duration;

use smelt_domain::StepReport;
use smelt_lake::{Commit, CommitError, LakeError, Snapshot, Table};

use crate::platform::entropy;
use crate::{Platform, StageError};

const MAX_SETBACKS: u32 = 16;
const FIRST_WAIT: Duration = Duration::from_millis(4);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What one look at the logs led to. There is one such value at a time: boxing it would gain nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Attempt {
    /// There is nothing left to do.
    UpToDate,
    /// This is to be committed onto `base`; `report` says what it is.
    Commit { base: Option<Snapshot>, commit: Commit, report: StepReport },
}

/// What a table does at each look.
pub(crate) trait Follower: Send {
    /// Looks at the logs and computes what is to be committed.
    fn look(&mut self) -> impl Future<Output = Result<Attempt, StageError>> + Send;
}

/// Looks, computes and commits until there is nothing left to do, or it is too late for more. Every
/// commit is told to the observer when it has landed, whatever happens afterwards.
pub(crate) async fn follow(
    table: &Table,
    platform: &Platform,
    follower: &mut impl Follower,
) -> Result<Vec<StepReport>, StageError> {
    let mut steps = Vec::new();
    let mut setbacks = 0;
    let mut landed = |report: StepReport, version: u64, setbacks: u32| {
        let step = StepReport { version: Some(version), conflicts: u64::from(setbacks), ..report };
        platform.observer.committed(&step);
        steps.push(step);
    };
    // A commit whose answer was lost; if the next look finds nothing to do, it had landed.
    let mut unanswered: Option<(u64, StepReport)> = None;
    loop {
        let setback = match follower.look().await {
            Ok(Attempt::UpToDate) => {
                if let Some((version, report)) = unanswered {
                    landed(report, version, setbacks);
                }
                return Ok(steps);
            }
            Ok(Attempt::Commit { base, commit, report }) => {
                let version = base.as_ref().map_or(0, |snapshot| snapshot.version() + 1);
                match table.commit(base.as_ref(), &commit).await {
                    Ok(version) => {
                        landed(report, version, setbacks);
                        unanswered = None;
                        setbacks = 0;
                        if platform.is_past_deadline() {
                            return Ok(steps);
                        }
                        continue;
                    }
                    Err(CommitError::Failed(error)) => return Err(error.into()),
                    Err(CommitError::Unknown(error)) => {
                        unanswered = Some((version, report));
                        StageError::from(error)
                    }
                    Err(CommitError::Conflict { .. }) => {
                        unanswered = None;
                        let table = table.id().sql_name();
                        LakeError::Contended { table, attempts: setbacks + 1 }.into()
                    }
                }
            }
            Err(error) if error.retryable() => error,
            Err(error) => return Err(error),
        };
        setbacks += 1;
        if setbacks >= MAX_SETBACKS {
            return Err(setback);
        }
        tracing::debug!(table = %table.id(), setbacks, error = %setback, "trying again");
        tokio::time::sleep(wait(setbacks)).await;
    }
}

/// Exponential back-off with full jitter, so that rivals do not stay in step.
fn wait(setbacks: u32) -> Duration {
    let ceiling = FIRST_WAIT.saturating_mul(1 << setbacks.min(12)).min(LONGEST_WAIT);
    let fraction = (entropy() % 1024) as u32;
    ceiling.saturating_mul(fraction + 1) / 1024
}
