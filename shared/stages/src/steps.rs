use std::collections::BTreeMap;
use std::time::Instant;

use smelt_domain::{StageName, StepReport, TableId};

/// A step of which nothing is known yet but what it is and how long it took.
pub(crate) fn step(stage: StageName, table: &TableId, started: Instant) -> StepReport {
    StepReport {
        stage,
        table: table.clone(),
        upstream: Vec::new(),
        version: None,
        definition_hash: None,
        rows_in: None,
        rows_out: None,
        rows_rejected: None,
        rows_warned: BTreeMap::new(),
        rows_superseded: None,
        partitions: None,
        files_added: None,
        files_removed: None,
        bytes_written: None,
        conflicts: 0,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}
