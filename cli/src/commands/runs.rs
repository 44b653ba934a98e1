use anyhow::Result;
use smelt_domain::{RunReport, StageName};
use smelt_stages::last_reports;

use crate::arguments::{Global, ReportFormat};
use crate::data_size::count_text;
use crate::exit::Ending;
use crate::output::print;
use crate::session::open_lake;
use crate::table_text::{Align, TextTable};

pub(crate) async fn run(global: &Global, last: usize, format: ReportFormat) -> Result<Ending> {
    let reports = last_reports(&open_lake(global)?, last).await?;
    match format {
        ReportFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&reports)?))?,
        ReportFormat::Table => print(&text(&reports))?,
    }
    Ok(Ending::Fine)
}

fn text(reports: &[RunReport]) -> String {
    let mut table = TextTable::new(&[
        ("STARTED (UTC)", Align::Left),
        ("SECONDS", Align::Right),
        ("OUTCOME", Align::Left),
        ("INGESTED", Align::Right),
        ("REFUSED", Align::Right),
        ("COMMITS", Align::Right),
        ("WOKEN BY", Align::Left),
    ]);
    for report in reports {
        let seconds = report
            .finished_at
            .map(|finished| (finished - report.started_at).num_milliseconds() as f64 / 1000.0);
        table.row(vec![
            report.started_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            seconds.map(|seconds| format!("{seconds:.2}")).unwrap_or_default(),
            report.outcome.to_string(),
            sum(report, |step| step.rows_in.filter(|_| step.stage == StageName::Ingest)),
            sum(report, |step| step.rows_rejected),
            report.steps.len().to_string(),
            report.command.clone(),
        ]);
    }
    table.to_string()
}

/// The sum over the steps that know the number; nothing where none does.
fn sum(report: &RunReport, rows: impl Fn(&smelt_domain::StepReport) -> Option<u64>) -> String {
    let known: Vec<u64> = report.steps.iter().filter_map(rows).collect();
    if known.is_empty() { String::new() } else { count_text(known.iter().sum()) }
}
