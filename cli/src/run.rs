//! Runs of commands: each leaves a report, and of those that failed whoever watches over the lake is told.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use smelt_domain::{Dataset, DatasetName, FailureKind, Outcome, StageName, StepReport, TableId};
use smelt_stages::{
    Ended, Observer, Platform, StageError, Ticket, Unit, write_failure, write_report,
};

use crate::arguments::Global;
use crate::exit::{Ending, told};
use crate::output::say;

/// A run that is going on.
#[derive(Debug)]
pub(crate) struct Run {
    command: String,
    /// The dataset that it is about; `None` where nobody else has to hear that it failed.
    watched: Option<DatasetName>,
    recorder: Arc<Recorder>,
    /// What the stages work with.
    pub(crate) platform: Platform,
}

impl Run {
    /// Starts a run about one dataset. If it fails, `alert` and `smelt alerts --check` tell it, as they do of a
    /// function's: where a scheduler calls, nobody reads the terminal.
    pub(crate) fn about(platform: &Platform, dataset: &Dataset, command: String) -> Self {
        Self::start(platform, Some(dataset.name.clone()), command)
    }

    /// Starts a run of which only its report tells.
    pub(crate) fn unwatched(platform: &Platform, command: String) -> Self {
        Self::start(platform, None, command)
    }

    fn start(platform: &Platform, watched: Option<DatasetName>, command: String) -> Self {
        let mut platform = platform.next_run();
        let recorder = Arc::new(Recorder {
            heard_by: platform.observer,
            steps: Mutex::default(),
            problems: Mutex::default(),
        });
        platform.observer = Arc::clone(&recorder) as Arc<dyn Observer>;
        Self { command, watched, recorder, platform }
    }

    /// Whether nothing was committed.
    pub(crate) fn is_idle(&self) -> bool {
        self.recorder.steps().is_empty()
    }

    /// Writes the report, says to whoever watches what went wrong, and passes the outcome on. A run that found
    /// nothing to do leaves none.
    pub(crate) async fn end(self, ended: Result<Ending>) -> Result<Ending> {
        let Self { command, watched, recorder, platform } = self;
        let (outcome, failure) = recorder.outcome(&ended);
        let steps = recorder.steps();
        if steps.is_empty() && outcome == Outcome::Succeeded {
            return ended;
        }
        let is_watched = watched.is_some() && !ended.as_ref().is_err_and(is_misuse);
        let dataset = watched.or_else(|| only_dataset(&steps));
        let report = Ended { command, dataset, outcome, failure, steps }.into_report(&platform);
        let passed_on = match is_watched {
            true => write_failure(&platform, &report).await,
            false => Ok(()),
        };
        let written = write_report(&platform, &report).await;
        match (ended, passed_on.and(written)) {
            (Ok(_), Err(error)) => Err(error.into()),
            (Err(error), Err(unwritten)) => {
                // As a rule for the same reason, which is said.
                tracing::warn!(error = %unwritten, "the report of the run was not written");
                Err(error)
            }
            (ended, Ok(())) => ended,
        }
    }
}

/// Whether the command itself was wrong, which only whoever gave it can mend. What is no error of a stage is one
/// of the arguments, or of the terminal.
fn is_misuse(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StageError>().is_none_or(|error| {
        matches!(error, StageError::UnknownDataset { .. } | StageError::Range(_))
    })
}

/// The dataset of all steps, if it is the same.
fn only_dataset(steps: &[StepReport]) -> Option<DatasetName> {
    let first = &steps.first()?.table.dataset;
    steps.iter().all(|step| step.table.dataset == *first).then(|| first.clone())
}

/// The runs of a command, one for each dataset: what fails in one keeps no other from its turn.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    ending: Ending,
    failed: Option<anyhow::Error>,
    did_anything: bool,
}

impl Runs {
    /// Ends one of them.
    pub(crate) async fn end(&mut self, run: Run, ended: Result<Ending, StageError>) {
        self.did_anything |= !run.is_idle();
        self.add(run.end(ended.map_err(anyhow::Error::from)).await);
    }

    /// Adds how something ended. What fails first is said when all are over, what fails after it at once.
    pub(crate) fn add(&mut self, ended: Result<Ending>) {
        match ended {
            Ok(ending) => self.ending = self.ending.or_worse(ending),
            Err(error) if self.failed.is_none() => self.failed = Some(error),
            Err(error) => say(&format!("error: {}", told(&error))),
        }
    }

    /// How they ended; `idle` is said where there was nothing to do.
    pub(crate) fn ended(self, global: &Global, idle: &str) -> Result<Ending> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if !self.did_anything && !global.quiet && !global.json {
            say(idle);
        }
        Ok(self.ending)
    }
}

/// Keeps every step that is committed, and what failed: a run that fails half-way reports both.
#[derive(Debug)]
struct Recorder {
    heard_by: Arc<dyn Observer>,
    steps: Mutex<Vec<StepReport>>,
    problems: Mutex<Vec<String>>,
}

impl Recorder {
    fn steps(&self) -> Vec<StepReport> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How a run ended; why it failed, and what was refused meanwhile, in words.
    fn outcome(&self, ended: &Result<Ending>) -> (Outcome, Option<(FailureKind, String)>) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (outcome, kind) = match ended {
            Ok(Ending::Fine) => return (Outcome::Succeeded, None),
            Ok(Ending::Failed) => (Outcome::Failed, FailureKind::Lasting),
            Ok(Ending::Refused) => (Outcome::Refused, FailureKind::Refused),
            Err(error) => {
                problems.insert(0, told(error));
                (Outcome::Failed, kind_of(error))
            }
        };
        (outcome, (!problems.is_empty()).then(|| (kind, problems.join("\n"))))
    }
}

fn kind_of(error: &anyhow::Error) -> FailureKind {
    match error.downcast_ref::<StageError>() {
        Some(error) => error.failure_kind(),
        None => FailureKind::Lasting,
    }
}

impl Observer for Recorder {
    fn start(
        &self,
        stage: StageName,
        table: &TableId,
        unit: Unit,
        total: Option<u64>,
    ) -> Arc<dyn Ticket> {
        self.heard_by.start(stage, table, unit, total)
    }

    fn committed(&self, step: &StepReport) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step.clone());
        self.heard_by.committed(step);
    }

    fn waiting(&self, what: &str) {
        self.heard_by.waiting(what);
    }

    /// Said whatever was asked for: errors are never quiet.
    fn failed(&self, problem: &str) {
        say(&format!("error: {problem}"));
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem.to_owned());
    }
}
