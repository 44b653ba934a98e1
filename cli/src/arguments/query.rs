//! Arguments of questions in SQL.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(crate) const QUERY_EXAMPLES: &str = "\
Examples:
  smelt query \"SELECT borough, SUM(requests) FROM gold.nyc311_borough_daily GROUP BY borough\"
  smelt query \"SELECT * FROM silver.nyc311_requests\" --format parquet --output requests.parquet
  smelt query \"SELECT rule, COUNT(*) FROM quarantine.nyc311_requests GROUP BY rule\" --format csv

Tables: bronze.<dataset>_<table>, quarantine.<dataset>_<table>, silver.<dataset>_<table>,
gold.<dataset>_<mart>. `SHOW TABLES` lists them.";

#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    /// The query.
    pub(crate) sql: String,
    #[arg(long, default_value = "table")]
    pub(crate) format: QueryFormat,
    /// Write to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryFormat {
    Table,
    Csv,
    Json,
    Parquet,
}
