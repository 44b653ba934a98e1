//! A run within a request: it is logged and counted, and leaves a report, as runs of the other functions do.

use std::future::Future;
use std::sync::Arc;

use smelt_domain::{DatasetName, Outcome, RunReport, StepReport, TableId};
use smelt_stages::{Ended, Observer, Platform, Recorder, StageError, write_report};
use tracing::{Instrument, Span};

use crate::api::Api;
use crate::origin::Origin;

/// A run that is going on.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    api: &'a Api,
    command: String,
    dataset: DatasetName,
    recorder: Arc<Recorder>,
    span: Span,
    /// What the stages work with.
    pub(crate) platform: Platform,
}

impl<'a> Run<'a> {
    /// Starts a run that changes a table. `command` says what it does, and never holds values.
    pub(crate) fn start(api: &'a Api, origin: Origin, command: String, table: &TableId) -> Self {
        let recorder = Arc::new(Recorder::default());
        let mut platform = api.platform();
        platform.observer = Arc::clone(&recorder) as Arc<dyn Observer>;
        platform.origin = origin.into_run();
        let span = tracing::info_span!(
            "run",
            run_id = %platform.run_id,
            dataset = %table.dataset,
            table = table.sql_name(),
            command,
        );
        Self { api, command, dataset: table.dataset.clone(), recorder, span, platform }
    }

    /// What is logged meanwhile names the run.
    pub(crate) fn logged<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.instrument(self.span.clone())
    }

    /// Ends a run that did this. Its step is reported even where nobody was told that it landed.
    pub(crate) async fn succeeded(self, step: &StepReport) {
        let told = self.recorder.steps();
        let steps = if told.is_empty() { vec![step.clone()] } else { told };
        self.span.in_scope(|| tracing::info!(commits = steps.len(), "run ended"));
        self.end(Outcome::Succeeded, None, steps).await;
    }

    /// Ends a run that failed for no fault of the caller's: somebody has to look at it.
    pub(crate) async fn failed(self, error: &StageError) {
        let retryable = error.retryable();
        self.span.in_scope(|| tracing::error!(%error, retryable, "run failed"));
        let steps = self.recorder.steps();
        self.end(Outcome::Failed, Some(error), steps).await;
    }

    /// That the report cannot be written is logged and no failure of the work: what was committed stays.
    async fn end(self, outcome: Outcome, error: Option<&StageError>, steps: Vec<StepReport>) {
        let failure = error.map(|error| (error.failure_kind(), error.to_string()));
        let Self { api, command, dataset, span, platform, .. } = self;
        let ended = Ended { command, dataset: Some(dataset), outcome, failure, steps };
        let report: RunReport = ended.into_report(&platform);
        if let Some(counter) = &api.settings().counter {
            counter.run_ended(&report);
        }
        if let Err(error) = write_report(&platform, &report).instrument(span.clone()).await {
            span.in_scope(|| tracing::error!(%error, "the report of the run was not written"));
        }
    }
}
