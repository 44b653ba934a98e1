//! Who counts the runs of requests: the metrics that every function emits.

use smelt_domain::RunReport;
use smelt_runtime::{Fact, Metrics};
use smelt_web::RunCounter;

/// Emits what a run's report counts.
#[derive(Debug)]
pub(crate) struct Counted(pub(crate) Metrics);

impl RunCounter for Counted {
    fn run_ended(&self, report: &RunReport) {
        self.0.emit(&Fact::RunEnded(report));
    }
}
