//! `smelt plan` and `smelt backfill`.

use anyhow::Result;
use smelt_domain::{Dataset, PartitionBound, PartitionRange};
use smelt_stages::{PlannedTable, Platform, StageError, backfill_dataset, plan_backfill};

use super::refresh::ending;
use crate::arguments::{Global, RangeArguments, ReportFormat};
use crate::data_size::{count_text, counted};
use crate::exit::Ending;
use crate::output::{print, say};
use crate::run::Run;
use crate::session::open_existing;

/// Characters of a line of partitions.
const LINE: usize = 100;

pub(crate) async fn plan(
    global: &Global,
    range: &RangeArguments,
    format: ReportFormat,
) -> Result<Ending> {
    let platform = open_existing(global)?;
    let dataset = platform.dataset(&range.dataset)?;
    let planned = plan_backfill(&platform, dataset, range.range()).await?;
    match format {
        ReportFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&planned)?))?,
        ReportFormat::Table => print(&planned.iter().map(text).collect::<String>())?,
    }
    Ok(Ending::Fine)
}

pub(crate) async fn run(global: &Global, range: &RangeArguments) -> Result<Ending> {
    let platform = open_existing(global)?;
    let dataset = platform.dataset(&range.dataset)?;
    let run = Run::about(&platform, dataset, command(range));
    let ended = backfill(&run.platform, dataset, range.range()).await;
    if ended.is_ok() && run.is_idle() && !global.quiet && !global.json {
        say("nothing to compute: no partition of the dataset lies in this range");
    }
    run.end(ended.map_err(anyhow::Error::from)).await
}

/// Computes partitions of a dataset anew.
pub(crate) async fn backfill(
    platform: &Platform,
    dataset: &Dataset,
    range: PartitionRange,
) -> Result<Ending, StageError> {
    ending(platform, backfill_dataset(platform, dataset, range).await)
}

fn command(range: &RangeArguments) -> String {
    let end = |option: &str, bound: &Option<PartitionBound>| {
        bound.map(|bound| format!(" --{option} {bound}")).unwrap_or_default()
    };
    format!("backfill {}{}{}", range.dataset, end("from", &range.from), end("to", &range.to))
}

/// A table with its partitions, the column named once: `created_month: 2024-01, 2024-02`.
fn text(planned: &PlannedTable) -> String {
    let mut text = format!(
        "{:<36} {} of {}, {}\n",
        planned.table.sql_name(),
        count_text(planned.partitions.len() as u64),
        counted(planned.of, "partition"),
        counted(planned.rows, "row"),
    );
    if planned.waiting > 0 {
        text += &format!(
            "    {} in bronze {} taken in first, which may touch other partitions\n",
            counted(planned.waiting, "row"),
            if planned.waiting == 1 { "is" } else { "are" },
        );
    }
    let mut line = String::new();
    let mut column = "";
    for folder in &planned.partitions {
        let (of, value) = folder.split_once('=').unwrap_or(("", folder));
        let cell = if of == column { value.to_owned() } else { format!("{of}: {value}") };
        column = of;
        if line.len() + cell.len() > LINE {
            text += &format!("    {line},\n");
            line.clear();
        }
        if !line.is_empty() {
            line += ", ";
        }
        line += &cell;
    }
    if !line.is_empty() {
        text += &format!("    {line}\n");
    }
    text
}
