//! Arguments of `smelt report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use smelt_domain::DatasetName;
use smelt_report::Period;

pub(crate) const REPORT_EXAMPLES: &str = "\
Examples:
  smelt report nyc311 --period 2026-10 --output october.html
  smelt report restaurant --period 2026-W40 --format md
  smelt report spending --period 2026-Q3 > q3.html
  smelt report nyc311 --period 2026-10 --publish         to published/reports/nyc311/2026-10.html

A period is a year (2026), quarter (2026-Q3), month (2026-10), week (2026-W40, from Monday on) or day
(2026-10-05). Figures stand beside the period before and the same one a year before; of a period that
is not over only the steps that are, beside the same part of the others. The page needs no other file.";

/// What is reported, and where to.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// The time that the report is about, such as 2026-10, 2026-Q3 or 2026-W40.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) period: Period,
    #[arg(long, default_value = "html")]
    pub(crate) format: PageFormat,
    /// Where to write it; standard output if not given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write it to published/reports/ in the lake instead, and point latest.json there at it.
    #[arg(long, conflicts_with_all = ["output", "format"])]
    pub(crate) publish: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    Html,
    Md,
}
