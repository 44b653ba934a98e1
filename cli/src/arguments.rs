use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use smelt_domain::DatasetName;

use crate::data_size::DataSize;

const EXAMPLES: &str = "\
Examples:
  smelt demo                                       simulate, run everything, check it, look around
  smelt ingest nyc311 --file export.csv            load a file into bronze
  smelt refresh                                    bring silver, gold and published up to date
  smelt run                                        ingest what lies in landing/, then refresh
  smelt status                                     where every table stands, and the balance
  smelt query \"SELECT * FROM gold.nyc311_borough_daily LIMIT 5\"

Exit codes:
  0  fine
  1  failed; the message says what, where and the remedy
  2  usage: an argument is wrong
  3  data refused: a file with foreign columns, or more rows in quarantine than the dataset allows
  130  stopped by Ctrl-C; nothing half-done is visible, the next run carries on";

/// Raw files in, clean tables and marts out: a medallion data platform on a folder or on S3.
#[derive(Debug, Parser)]
#[command(name = "smelt", version, about, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Where the tables are: a folder, or s3://bucket/prefix.
    #[arg(
        long,
        global = true,
        default_value = "./lake",
        env = "SMELT_LAKE",
        value_name = "DIR|URL"
    )]
    pub(crate) lake: String,
    /// The folder with one folder per dataset.
    #[arg(
        long,
        global = true,
        default_value = "./datasets",
        env = "SMELT_DATASETS",
        value_name = "DIR"
    )]
    pub(crate) datasets: PathBuf,
    /// Memory that may be used, such as 512M or 2G; what does not fit is spilled to disk.
    #[arg(long, global = true, default_value = "512M", env = "SMELT_MEMORY", value_name = "SIZE")]
    pub(crate) memory: DataSize,
    /// Say nothing but results and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Log as JSON lines on standard error instead of progress for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load files into bronze.
    #[command(after_help = "\
Examples:
  smelt ingest nyc311 --file export.csv more/ day.jsonl.gz
  smelt ingest nyc311 --file snapshots/ && smelt refresh nyc311

CSV, JSON lines, JSON arrays and Parquet, plain, .gz or .zst; folders are searched. Content that is
in bronze already, under whatever name, changes nothing.")]
    Ingest(IngestArguments),
    /// Bring silver, quarantine, gold and published up to date.
    #[command(after_help = "Example:\n  smelt refresh nyc311")]
    Refresh {
        /// Only this dataset.
        dataset: Option<DatasetName>,
    },
    /// Ingest what lies in landing/, then refresh.
    #[command(after_help = "\
Example:
  cp export.csv lake/landing/nyc311/requests/ && smelt run")]
    Run {
        /// Only this dataset.
        dataset: Option<DatasetName>,
    },
    /// Where every table stands, and whether every row is accounted for.
    Status {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Ask in SQL over every table.
    #[command(after_help = "\
Examples:
  smelt query \"SELECT borough, SUM(requests) FROM gold.nyc311_borough_daily GROUP BY borough\"
  smelt query \"SELECT * FROM silver.nyc311_requests\" --format parquet --output requests.parquet
  smelt query \"SELECT rule, COUNT(*) FROM quarantine.nyc311_requests GROUP BY rule\" --format csv

Tables: bronze.<dataset>_<table>, quarantine.<dataset>_<table>, silver.<dataset>_<table>,
gold.<dataset>_<mart>. `SHOW TABLES` lists them.")]
    Query(QueryArguments),
    /// Refused rows by rule, with examples.
    #[command(after_help = "\
Examples:
  smelt quarantine nyc311
  smelt quarantine nyc311 --replay     after the definition was mended: judge all rows anew")]
    Quarantine {
        /// The dataset.
        dataset: DatasetName,
        /// Examples shown per rule.
        #[arg(long, default_value_t = 3)]
        examples: usize,
        /// Judge all bronze rows by the definition as it is now.
        #[arg(long)]
        replay: bool,
    },
    /// Validate all dataset folders, their SQL included.
    Check,
    /// The last runs: when, what woke them, rows in and out.
    Runs {
        /// How many.
        #[arg(long, short = 'n', default_value_t = 20)]
        last: usize,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Write simulated source data with a file that tells the truth about it.
    #[command(after_help = "\
Example:
  smelt simulate nyc311 --days 730 --rows-per-day 3000 --seed 7 --out simulated

Writes OUT/nyc311/requests/*.csv and OUT/nyc311/truth.json; the same seed gives the same bytes.")]
    Simulate(SimulateArguments),
    /// Simulate, run everything, compare with the truth, and show what came out.
    Demo(DemoArguments),
    /// Print a completion script for a shell.
    #[command(
        after_help = "Example:\n  smelt completions bash > ~/.local/share/bash-completion/completions/smelt"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct IngestArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// The table, where the dataset has several.
    #[arg(long)]
    pub(crate) table: Option<smelt_domain::TableName>,
    /// Files or folders, in the order of arrival.
    #[arg(long = "file", required = true, num_args = 1.., value_name = "PATH")]
    pub(crate) files: Vec<PathBuf>,
}

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

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// Days of data.
    #[arg(long, default_value_t = 90)]
    pub(crate) days: u32,
    /// Rows a day on average.
    #[arg(long, default_value_t = 1000)]
    pub(crate) rows_per_day: u32,
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of CSV files.
    #[arg(long)]
    pub(crate) files: Option<u32>,
    /// Folder to write to.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArguments {
    /// Days of data.
    #[arg(long, default_value_t = 365)]
    pub(crate) days: u32,
    /// Rows a day on average.
    #[arg(long, default_value_t = 1000)]
    pub(crate) rows_per_day: u32,
    /// Same seed, same data.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Table,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryFormat {
    Table,
    Csv,
    Json,
    Parquet,
}
