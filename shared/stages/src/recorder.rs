use std::sync::{Arc, Mutex, PoisonError};

use smelt_domain::{StageName, StepReport, TableId};

use crate::{Observer, Silent, Ticket, Unit};

/// Keeps every commit for the report of its run, and logs it: a run that fails half-way tells both.
#[derive(Debug, Default)]
pub struct Recorder {
    steps: Mutex<Vec<StepReport>>,
}

impl Recorder {
    /// What was committed so far.
    pub fn steps(&self) -> Vec<StepReport> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Recorder {
    fn start(&self, _: StageName, _: &TableId, _: Unit, _: Option<u64>) -> Arc<dyn Ticket> {
        Arc::new(Silent)
    }

    fn committed(&self, step: &StepReport) {
        tracing::info!(
            stage = %step.stage,
            dataset = %step.table.dataset,
            table = %step.table.sql_name(),
            version = step.version,
            rows_in = step.rows_in,
            rows_out = step.rows_out,
            rows_rejected = step.rows_rejected,
            rows_superseded = step.rows_superseded,
            partitions = step.partitions,
            files_added = step.files_added,
            files_removed = step.files_removed,
            bytes_written = step.bytes_written,
            conflicts = step.conflicts,
            duration_ms = step.duration_ms,
            "committed"
        );
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step.clone());
    }

    fn failed(&self, problem: &str) {
        tracing::error!(problem, "part of the work failed");
    }
}
