//! Working off an inbox: each group of things in a run of its own, until the time is over.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smelt_domain::{DatasetName, RunReport, TableId};
use smelt_stages::{Panic, Platform, StageError};
use tracing::Instrument;

use crate::context::FunctionContext;
use crate::failure::FunctionError;
use crate::inbox::{Inbox, Refusal};
use crate::invocation::Invocation;
use crate::metrics::Fact;
use crate::run::{Done, Run};

/// Why an invocation failed as a whole. Messages of a queue fail one by one instead.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// What it asks for is nothing that can be done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A run failed.
    #[error(transparent)]
    Stage(#[from] StageError),
}

impl FunctionError for WorkError {
    fn retryable(&self) -> bool {
        match self {
            Self::Refused(refusal) => FunctionError::retryable(refusal),
            Self::Stage(error) => FunctionError::retryable(error),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => FunctionError::kind(refusal),
            Self::Stage(error) => FunctionError::kind(error),
        }
    }
}

/// How a function works: what belongs into one run, and what a run does.
pub trait Working: Sync {
    /// A thing to do, as a message asks for it.
    type Work: Ord + Clone + Send + Sync;
    /// What is done in one run: all things of one table, so that there is one commit.
    type Group: Ord + Clone + Send + Sync;

    /// The run that a thing belongs to.
    fn group(&self, work: &Self::Work) -> Self::Group;

    /// What the run does, in words (`silver nyc311 requests`), and the dataset that it is about;
    /// `None` for several.
    fn command(&self, group: &Self::Group) -> (String, Option<DatasetName>);

    /// The table that the run brings up to date; `None` for several.
    fn table(&self, _group: &Self::Group) -> Option<TableId> {
        None
    }

    /// Does all of a group.
    fn run(
        &self,
        platform: &Platform,
        group: &Self::Group,
        works: &[Self::Work],
    ) -> impl Future<Output = Result<Done, StageError>> + Send;
}

/// Does what the inbox asks for and answers: which messages have to come again, or what was done.
///
/// When four fifths of the time are over nothing more is taken up; what was not done comes again.
pub async fn work_off<F: Working>(
    function: &F,
    context: &FunctionContext,
    invocation: &Invocation,
    mut inbox: Inbox<F::Work>,
) -> Result<Value, WorkError> {
    refuse(context, &inbox);
    let mut groups: BTreeMap<F::Group, Vec<F::Work>> = BTreeMap::new();
    for work in inbox.works() {
        groups.entry(function.group(&work)).or_default().push(work);
    }
    let (mut reports, mut unfinished, mut first_error) = (Vec::new(), false, None);
    for (group, works) in groups {
        let ended = if invocation.is_past_work_time() {
            None
        } else {
            Some(one_run(function, context, invocation, &group, &works).await)
        };
        // A run that came to its deadline may have left something; the next one sees to it.
        let is_done = matches!(ended, Some(Ok(_))) && !invocation.is_past_work_time();
        if !is_done {
            unfinished |= !matches!(ended, Some(Err(_)));
            works.iter().for_each(|work| inbox.not_done(work));
        }
        match ended {
            Some(Ok(report)) => reports.push(report),
            Some(Err(error)) => first_error = first_error.or(Some(error)),
            None => {}
        }
    }
    if unfinished {
        tracing::warn!("the time was over before the work; what is left comes again");
    }
    if inbox.from_queue() {
        return Ok(inbox.batch_answer());
    }
    if let Some(refusal) = inbox.refusals().first() {
        return Err(refusal.clone().into());
    }
    match first_error {
        Some(error) => Err(error.into()),
        None => Ok(answer(&reports, unfinished)),
    }
}

fn refuse<W: Ord + Clone>(context: &FunctionContext, inbox: &Inbox<W>) {
    for refusal in inbox.refusals() {
        tracing::error!(kind = refusal.kind(), error = %refusal, "message refused");
        context.metrics.emit(&Fact::Refused { kind: refusal.kind() });
    }
    if inbox.come_again() > 0 {
        context.metrics.emit(&Fact::Retries { messages: inbox.come_again() });
    }
}

async fn one_run<F: Working>(
    function: &F,
    context: &FunctionContext,
    invocation: &Invocation,
    group: &F::Group,
    works: &[F::Work],
) -> Result<RunReport, StageError> {
    let (command, dataset) = function.command(group);
    // What is logged says which run it belongs to, and within which invocation.
    let span = tracing::info_span!(
        "run",
        run_id = tracing::field::Empty,
        dataset = dataset.as_ref().map(DatasetName::as_str),
        table = function.table(group).map(|table| table.sql_name()),
        command,
    );
    let run = Run::start(context, invocation, command.clone(), dataset);
    span.record("run_id", run.platform.run_id.to_string());
    span.in_scope(|| tracing::info!("run started"));
    // In a box: as a part of all the futures around it, its type is more than the compiler bears.
    let work = Box::pin(function.run(&run.platform, group, works)).instrument(span.clone());
    // A panic fails this run, and is told as any other failure; the groups beside it have theirs.
    let done = Panic::contain(&command, work).await;
    run.end(done).instrument(span).await
}

/// What was done, for whoever asked by hand.
fn answer(reports: &[RunReport], unfinished: bool) -> Value {
    let runs: Vec<Value> = reports
        .iter()
        .map(|report| {
            let steps: Vec<Value> = report
                .steps
                .iter()
                .map(|step| {
                    json!({
                        "stage": step.stage,
                        "table": step.table.sql_name(),
                        "version": step.version,
                        "rows_in": step.rows_in,
                        "rows_out": step.rows_out,
                        "rows_rejected": step.rows_rejected,
                    })
                })
                .collect();
            json!({
                "run_id": report.run_id,
                "command": report.command,
                "outcome": report.outcome,
                "error": report.error,
                "steps": steps,
            })
        })
        .collect();
    json!({ "runs": runs, "unfinished": unfinished })
}
