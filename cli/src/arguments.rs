//! What the command line takes: each command with what is said about it. Arguments of commands that take many
//! are in the modules below.

mod backfill;
mod cost;
mod ingest;
mod models;
mod output_format;
mod query;
mod record;
mod report;
mod series;
mod serve;
mod simulate;
mod sources;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use smelt_domain::DatasetName;
use smelt_stages::Stop;

pub(crate) use self::backfill::RangeArguments;
use self::backfill::{BACKFILL_EXAMPLES, PLAN_EXAMPLES};
use self::cost::COST_EXAMPLES;
pub(crate) use self::cost::CostArguments;
use self::ingest::INGEST_EXAMPLES;
pub(crate) use self::ingest::IngestArguments;
use self::models::{ANOMALIES_EXAMPLES, PREDICT_EXAMPLES, TRAIN_EXAMPLES};
pub(crate) use self::models::{ModelsCommand, PredictArguments, PredictFormat};
use self::query::QUERY_EXAMPLES;
pub(crate) use self::query::{QueryArguments, QueryFormat};
use self::record::RECORD_EXAMPLES;
pub(crate) use self::record::{RecordArguments, RecordCommand};
use self::report::REPORT_EXAMPLES;
pub(crate) use self::report::{PageFormat, ReportArguments};
use self::series::{BACKTEST_EXAMPLES, DETECT_EXAMPLES, FORECAST_EXAMPLES};
pub(crate) use self::series::{
    BacktestArguments, BacktestFormat, DetectArguments, ForecastArguments, SeriesArguments,
    SeriesFormat,
};
use self::serve::SERVE_EXAMPLES;
pub(crate) use self::serve::ServeArguments;
use self::simulate::SIMULATE_EXAMPLES;
pub(crate) use self::simulate::{DemoArguments, SimulateArguments};
use self::sources::SOURCES_EXAMPLES;
pub(crate) use self::sources::SourcesCommand;
use crate::data_size::DataSize;

const EXAMPLES: &str = "\
Examples:
  smelt demo                                       simulate, run everything, check it, look around
  smelt ingest nyc311 --file export.csv            load a file into bronze
  smelt ingest nyc311                              pull what is new at its sources
  smelt refresh                                    bring silver, gold and published up to date
  smelt run                                        ingest what lies in landing/, then refresh
  smelt status                                     where every table stands, and the balance
  smelt serve                                      the dashboard and the API of the lake
  smelt query \"SELECT * FROM gold.nyc311_borough_daily LIMIT 5\"

Exit codes:
  0  fine
  1  failed; the message says what, where and the remedy
  2  usage: an argument is wrong
  3  data refused: a file with foreign columns, or more rows in quarantine than the dataset allows
  130  stopped by Ctrl-C (143: by SIGTERM); nothing half-done is visible, the next run carries on";

/// Raw files in, clean tables and marts out: a medallion data platform on a folder or on S3.
#[derive(Debug, Parser)]
#[command(name = "smelt", version, about, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// The arguments of this process, which ends here where one is wrong, or where they contradict
    /// each other.
    pub(crate) fn read() -> Self {
        let arguments = Self::parse();
        let checked = match &arguments.command {
            Command::Ingest(ingest) => ingest.check_window(),
            Command::Simulate(simulate) => simulate.check(),
            Command::Query(query) => query.format().map(drop),
            Command::Forecast(forecast) => forecast.format().map(drop),
            Command::Backtest(backtest) => backtest.format_of_file().map(drop),
            Command::Detect(detect) => detect.format().map(drop),
            _ => Ok(()),
        };
        if let Err(contradiction) = checked {
            Self::command().error(ErrorKind::ArgumentConflict, contradiction).exit();
        }
        arguments
    }
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
    /// By which Ctrl-C reaches what is under way; no argument.
    #[arg(skip)]
    pub(crate) stop: Stop,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load files, or what is new at the sources, into bronze.
    #[command(after_help = INGEST_EXAMPLES)]
    Ingest(IngestArguments),
    /// Look at the sources of a dataset, or find what was deleted there.
    #[command(subcommand, after_help = SOURCES_EXAMPLES)]
    Sources(SourcesCommand),
    /// Correct single rows: put new values, or delete.
    #[command(subcommand, after_help = RECORD_EXAMPLES)]
    Record(RecordCommand),
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
    /// Which partitions a backfill of a range would compute anew.
    #[command(after_help = PLAN_EXAMPLES)]
    Plan {
        #[command(flatten)]
        range: RangeArguments,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Compute partitions anew from bronze: silver, the marts that read them, published.
    #[command(after_help = BACKFILL_EXAMPLES)]
    Backfill {
        #[command(flatten)]
        range: RangeArguments,
    },
    /// Files in landing/: how far each has come, and what became of it.
    #[command(after_help = "\
Examples:
  smelt uploads nyc311
  watch smelt uploads nyc311 --format json

Stages: waiting, reading, interrupted, refused, bronze, silver, gold, published; or misplaced, which
lies in the folder of no table and is never taken in. A run that was stopped, or gave no sign for a
minute, has interrupted its reading; the next one takes it up again.")]
    Uploads {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Where every table stands, and whether every row is accounted for.
    Status {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Ask in SQL over every table.
    #[command(after_help = QUERY_EXAMPLES)]
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
    /// What somebody should know: anomalies, runs that failed, data that is too old. Newest first.
    #[command(after_help = "\
Examples:
  smelt alerts
  smelt alerts nyc311 --check          look for new ones first, and tell them here
  smelt alerts --check --format json   the same, as JSON

With --check new alerts are told on standard output, once: the function `alert` will not tell them
again. What is told where the functions run, this shows.")]
    Alerts {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        /// Look for new alerts first, and tell them.
        #[arg(long)]
        check: bool,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Fit the models of a dataset that are due, and forecast with those in production.
    #[command(after_help = TRAIN_EXAMPLES)]
    Train {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        /// Fit, even if nothing is due.
        #[arg(long)]
        refit: bool,
    },
    /// Look at the registry of models, and change what is in production.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Ask a model in production about rows.
    #[command(after_help = PREDICT_EXAMPLES)]
    Predict(PredictArguments),
    /// What happened in a period, on one page: figures, charts, anomalies, forecast, quality.
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArguments),
    /// Values in marts that were not as expected. Newest first.
    #[command(after_help = ANOMALIES_EXAMPLES)]
    Anomalies {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        /// Old, muted and withdrawn ones as well.
        #[arg(long)]
        all: bool,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Forecast the series of a file.
    #[command(after_help = FORECAST_EXAMPLES)]
    Forecast(ForecastArguments),
    /// Tell how well the series of a file can be forecast: from earlier origins, by model and overall.
    #[command(after_help = BACKTEST_EXAMPLES)]
    Backtest(BacktestArguments),
    /// Judge observations as they come, each by the ones before it.
    #[command(after_help = DETECT_EXAMPLES)]
    Detect(DetectArguments),
    /// What a month on AWS costs, by what was measured.
    #[command(after_help = COST_EXAMPLES)]
    Cost(CostArguments),
    /// Take in what was missed, put small files together, delete what no reader needs.
    #[command(after_help = "\
Examples:
  smelt maintain
  smelt maintain nyc311 --retention-hours 720 --target-size 256M

Files that were replaced, or never committed, stay for the retention: readers of older versions and
runs under way lose nothing. Bronze keeps every row.")]
    Maintain {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        /// Hours that replaced files stay, from 24 to 720: longer than any run takes, shorter than the
        /// logs remember.
        #[arg(long, default_value_t = 168, value_parser = clap::value_parser!(u64).range(24..=720))]
        retention_hours: u64,
        /// Size up to which files are put together.
        #[arg(long, default_value = "128M", value_name = "SIZE")]
        target_size: DataSize,
    },
    /// The last runs: when, what woke them, rows in and out.
    Runs {
        /// How many.
        #[arg(long, short = 'n', default_value_t = 20)]
        last: usize,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Write or serve simulated source data, with a file that tells the truth about it.
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArguments),
    /// Serve the dashboard and the API.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArguments),
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Table,
    Json,
}
