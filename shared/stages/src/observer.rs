use std::sync::Arc;

use smelt_domain::{StageName, StepReport, TableId};

/// What the amounts of a piece of work count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of source files.
    Bytes,
    /// Rows of a table.
    Rows,
    /// Partitions of a table.
    Partitions,
    /// Series of a mart.
    Series,
}

/// Someone who wants to hear how work goes on: a progress bar, a log, a test.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// A piece of work starts; the answer is told how it goes on and is dropped at its end.
    fn start(
        &self,
        stage: StageName,
        table: &TableId,
        unit: Unit,
        total: Option<u64>,
    ) -> Arc<dyn Ticket>;

    /// A step was committed.
    fn committed(&self, step: &StepReport);

    /// Work waits for something, such as a source that did not answer and is asked again.
    fn waiting(&self, _what: &str) {}

    /// Part of the work failed, or was refused; the rest goes on.
    fn failed(&self, _problem: &str) {}
}

/// One piece of work under way.
pub trait Ticket: Send + Sync {
    /// So much more is done.
    fn advance(&self, amount: u64);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn start(&self, _: StageName, _: &TableId, _: Unit, _: Option<u64>) -> Arc<dyn Ticket> {
        Arc::new(Self)
    }

    fn committed(&self, _: &StepReport) {}
}

impl Ticket for Silent {
    fn advance(&self, _: u64) {}
}
