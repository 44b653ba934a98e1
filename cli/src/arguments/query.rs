//! Arguments of questions in SQL.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output_format::Formats;

pub(crate) const QUERY_EXAMPLES: &str = "\
Examples:
  smelt query \"SELECT borough, SUM(requests) FROM gold.nyc311_borough_daily GROUP BY borough\"
  smelt query \"SELECT * FROM silver.nyc311_requests\" --output requests.parquet
  smelt query \"SELECT rule, COUNT(*) FROM quarantine.nyc311_requests GROUP BY rule\" --format csv

Tables: bronze.<dataset>_<table>, quarantine.<dataset>_<table>, silver.<dataset>_<table>,
gold.<dataset>_<mart>. `SHOW TABLES` lists them.";

#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    /// The query.
    pub(crate) sql: String,
    /// A table if not given, or what the ending of --output says.
    #[arg(long)]
    format: Option<QueryFormat>,
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

const FILES: Formats<QueryFormat> = Formats {
    endings: &[
        ("csv", QueryFormat::Csv),
        ("json", QueryFormat::Json),
        ("jsonl", QueryFormat::Json),
        ("ndjson", QueryFormat::Json),
        ("parquet", QueryFormat::Parquet),
        ("txt", QueryFormat::Table),
    ],
    usual: QueryFormat::Table,
    argument: Some("--format"),
};

impl QueryArguments {
    pub(crate) fn format(&self) -> Result<QueryFormat, String> {
        FILES.choose(self.format, self.output.as_deref())
    }
}
