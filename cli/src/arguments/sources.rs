//! Arguments of what is about the sources of a dataset.

use clap::Subcommand;
use smelt_domain::{DatasetName, SourceName};

use super::ReportFormat;

pub(crate) const SOURCES_EXAMPLES: &str = "\
Examples:
  smelt sources test nyc311
  smelt sources reconcile nyc311 && smelt refresh nyc311";

#[derive(Debug, Subcommand)]
pub(crate) enum SourcesCommand {
    /// Reachable? Which columns? How many rows, and how new?
    Test {
        /// The dataset.
        dataset: DatasetName,
        /// Only this source.
        source: Option<SourceName>,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Delete the rows that a source no longer has: counts by month tell where to look.
    Reconcile {
        /// The dataset.
        dataset: DatasetName,
        /// Only this source.
        source: Option<SourceName>,
    },
}
