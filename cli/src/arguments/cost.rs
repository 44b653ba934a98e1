//! Arguments of what is about the bill.

use std::path::PathBuf;

use clap::Args;

use super::ReportFormat;

pub(crate) const COST_EXAMPLES: &str = "\
Examples:
  smelt cost
  smelt cost --volumes mine.yaml                   infrastructure/cost/volumes.yaml with other numbers
  smelt cost --format json | jq .total

`make cost` measures the effort of one delivery of each dataset with the functions as they are
deployed. The volumes say how many deliveries a month has, the prices what AWS asks for.";

#[derive(Debug, Args)]
pub(crate) struct CostArguments {
    /// What one delivery takes, as `make cost` measured it; else what is built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) measured: Option<PathBuf>,
    /// What a month brings; else what is built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) volumes: Option<PathBuf>,
    /// What AWS asks for; else what is built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    #[arg(long, default_value = "table")]
    pub(crate) format: ReportFormat,
}
