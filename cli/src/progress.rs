use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use smelt_domain::{StageName, StepReport, TableId};
use smelt_stages::{Observer, Ticket, Unit};

use crate::arguments::Global;
use crate::data_size::{bytes_text, count_text, counted};
use crate::output::say;

/// Work shorter than this shows no progress.
const SHOW_AFTER: Duration = Duration::from_secs(1);

/// A bar over the rows of a simulation; without a total it only counts.
pub(crate) fn simulating(global: &Global, rows: Option<u64>) -> ProgressBar {
    let bar = match (global.quiet || global.json, rows) {
        (true, _) => ProgressBar::hidden(),
        (false, Some(rows)) => ProgressBar::new(rows),
        (false, None) => ProgressBar::new_spinner(),
    };
    bar.with_message("simulating")
}

/// Says on a terminal that work begins which shows nothing until it is done.
pub(crate) fn begin(global: &Global, what: &str) {
    if !global.quiet && !global.json && std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        say(what);
    }
}

/// Progress for people: bars on a terminal, plain lines elsewhere.
#[derive(Debug)]
pub(crate) struct Progress {
    bars: MultiProgress,
    is_terminal: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let target =
            if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bars: MultiProgress::with_draw_target(target), is_terminal }
    }

    fn line(&self, text: &str) {
        if self.is_terminal {
            // Printing cannot fail in a way that matters to the work.
            let _ = self.bars.println(text);
        } else {
            say(text);
        }
    }
}

impl Observer for Progress {
    fn start(
        &self,
        stage: StageName,
        table: &TableId,
        unit: Unit,
        total: Option<u64>,
    ) -> Arc<dyn Ticket> {
        let bar = ProgressBar::new(total.unwrap_or(0)).with_message(format!("{stage} {table}"));
        Arc::new(Bar {
            bars: self.bars.clone(),
            bar: bar.with_style(style(unit)),
            started: Instant::now(),
            shown: AtomicU64::new(0),
        })
    }

    fn committed(&self, step: &StepReport) {
        self.line(&step_line(step));
    }

    fn waiting(&self, what: &str) {
        self.line(what);
    }
}

/// One line about a commit: what, how much, how long.
pub(crate) fn step_line(step: &StepReport) -> String {
    let mut parts = Vec::new();
    if let Some(rows) = step.rows_in.filter(|_| step.stage != StageName::Publish) {
        parts.push(format!("{} in", counted(rows, "row")));
    }
    if let Some(rows) = step.rows_out.filter(|_| step.stage != StageName::Ingest) {
        parts.push(format!("{} written", counted(rows, "row")));
    }
    if let Some(rows) = step.rows_rejected.filter(|rows| *rows > 0) {
        parts.push(format!("{} refused", count_text(rows)));
    }
    if let Some(partitions) = step.partitions.filter(|_| step.stage != StageName::Ingest) {
        parts.push(counted(partitions, "partition"));
    }
    if step.stage == StageName::Compact {
        let files = |count: Option<u64>| count_text(count.unwrap_or_default());
        parts.push(format!("{} files to {}", files(step.files_removed), files(step.files_added)));
    }
    if let Some(files) = step.files_removed.filter(|_| step.stage == StageName::Vacuum) {
        parts.push(format!("{} deleted", counted(files, "file")));
        if let Some(checkpoints) = step.files_added.filter(|checkpoints| *checkpoints > 0) {
            parts.push(format!("{} written", counted(checkpoints, "checkpoint")));
        }
    }
    if let Some(bytes) = step.bytes_written {
        parts.push(bytes_text(bytes));
    }
    let seconds = step.duration_ms as f64 / 1000.0;
    format!(
        "{:<8} {:<32} {} in {seconds:.2} s",
        step.stage,
        step.table.sql_name(),
        parts.join(", ")
    )
}

fn style(unit: Unit) -> ProgressStyle {
    let template = match unit {
        Unit::Bytes => "{msg:<40} {bar:24} {bytes}/{total_bytes} {eta}",
        Unit::Rows | Unit::Partitions | Unit::Series => {
            "{msg:<40} {bar:24} {human_pos}/{human_len} {eta}"
        }
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

struct Bar {
    bars: MultiProgress,
    bar: ProgressBar,
    started: Instant,
    shown: AtomicU64,
}

impl Ticket for Bar {
    fn advance(&self, amount: u64) {
        self.bar.inc(amount);
        if self.started.elapsed() >= SHOW_AFTER && self.shown.swap(1, Ordering::Relaxed) == 0 {
            self.bars.add(self.bar.clone());
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Commits as JSON log lines. Waits are logged where they are made.
#[derive(Debug)]
pub(crate) struct JsonLog;

impl Observer for JsonLog {
    fn start(&self, _: StageName, _: &TableId, _: Unit, _: Option<u64>) -> Arc<dyn Ticket> {
        Arc::new(smelt_stages::Silent)
    }

    fn committed(&self, step: &StepReport) {
        tracing::info!(
            stage = %step.stage,
            table = %step.table,
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
    }
}
