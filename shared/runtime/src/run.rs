//! One run within an invocation: a platform of its own, and afterwards its report, its metrics and,
//! if it failed, word to whoever watches.

use std::sync::Arc;

use smelt_domain::{DatasetName, FailureKind, Outcome, RunOrigin, RunReport};
use smelt_stages::{Ended, Observer, Platform, Recorder, StageError, write_failure, write_report};

use crate::context::FunctionContext;
use crate::invocation::Invocation;
use crate::metrics::Fact;

/// A run that is going on.
#[derive(Debug)]
pub struct Run<'a> {
    context: &'a FunctionContext,
    command: String,
    dataset: Option<DatasetName>,
    recorder: Arc<Recorder>,
    /// What the stages work with.
    pub platform: Platform,
}

/// How the work of a run ended.
#[derive(Debug, Default)]
pub struct Done {
    /// What was refused of the data, in words; nothing if all is well.
    pub refused: Vec<String>,
    /// Why part of the work has to come again; the rest is done.
    pub failed: Option<StageError>,
}

impl<'a> Run<'a> {
    /// Starts a run for an invocation. `command` says what it does, such as `silver nyc311 requests`.
    pub fn start(
        context: &'a FunctionContext,
        invocation: &Invocation,
        command: String,
        dataset: Option<DatasetName>,
    ) -> Self {
        let recorder = Arc::new(Recorder::default());
        let observer = Arc::clone(&recorder) as Arc<dyn Observer>;
        let datasets = context.datasets.to_vec();
        let mut platform =
            Platform::new(context.lake.clone(), context.engine.clone(), datasets, observer);
        platform.deadline = invocation.work_until;
        platform.origin = RunOrigin {
            function: Some(context.function.name.to_owned()),
            request_id: Some(invocation.request_id.clone()),
            trace_id: invocation.trace.as_ref().map(|trace| trace.trace_id.clone()),
        };
        Self { context, command, dataset, recorder, platform }
    }

    /// Ends the run: says what went wrong to whoever watches, writes its report, unless there was nothing
    /// to do, and counts it.
    ///
    /// That the report cannot be written is logged and no failure of the work. What was refused is
    /// settled for good, so that nobody could be told of it is a failure: the work has to come again.
    pub async fn end(self, ended: Result<Done, StageError>) -> Result<RunReport, StageError> {
        let (refused, mut error) = match ended {
            Ok(done) => (done.refused, done.failed),
            Err(error) => (Vec::new(), Some(error)),
        };
        let (outcome, failure) = match &error {
            None if refused.is_empty() => (Outcome::Succeeded, None),
            // What passes by itself is not worth a word beside what was refused.
            None => (Outcome::Refused, Some((FailureKind::Refused, refused.join("\n")))),
            Some(error) if error.retryable() && !refused.is_empty() => {
                (Outcome::Refused, Some((FailureKind::Refused, refused.join("\n"))))
            }
            Some(error) => {
                let told: Vec<String> = std::iter::once(error.to_string()).chain(refused).collect();
                (Outcome::Failed, Some((error.failure_kind(), told.join("\n"))))
            }
        };
        let steps = self.recorder.steps();
        let idle = steps.is_empty() && outcome == Outcome::Succeeded;
        let report = Ended {
            command: self.command.clone(),
            dataset: self.dataset.clone(),
            outcome,
            failure,
            steps,
        };
        let report = report.into_report(&self.platform);
        if let Err(untold) = self.pass_on(&report).await {
            tracing::error!(error = %untold, "the failure was not passed on");
            error = error.or(Some(untold));
        }
        log(&report, error.as_ref());
        // A run that found nothing to do is no fact: a metric costs for every hour in which it comes.
        if !idle {
            self.context.metrics.emit(&Fact::RunEnded(&report));
            self.write(&report).await;
        }
        match error {
            Some(error) => Err(error),
            None => Ok(report),
        }
    }

    /// Lets whoever watches know of a run that somebody has to look at.
    async fn pass_on(&self, report: &RunReport) -> Result<(), StageError> {
        if !self.context.function.writes.contains(&"failures") {
            return Ok(());
        }
        write_failure(&self.platform, report).await
    }

    async fn write(&self, report: &RunReport) {
        if let Err(error) = write_report(&self.platform, report).await {
            tracing::error!(%error, "the report of the run was not written");
        }
    }
}

fn log(report: &RunReport, error: Option<&StageError>) {
    let retryable = error.is_some_and(StageError::retryable);
    match report.outcome {
        Outcome::Succeeded | Outcome::Running => {
            tracing::info!(commits = report.steps.len(), "run ended");
        }
        Outcome::Refused => {
            tracing::warn!(error = report.error, "data was refused");
        }
        Outcome::Failed => {
            tracing::error!(error = report.error, retryable, "run failed");
        }
    }
}
