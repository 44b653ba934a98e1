mod ingest;
mod models;
mod report;
mod series;
mod serve;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use smelt_domain::{DatasetName, PartitionBound, PartitionRange, SourceName};
use smelt_simulate::serve::{Drift, FaultRate, PlannedFault};
use smelt_stages::Stop;

pub(crate) use self::ingest::IngestArguments;
use self::models::{ANOMALIES_EXAMPLES, PREDICT_EXAMPLES, TRAIN_EXAMPLES};
pub(crate) use self::models::{ModelsCommand, PredictArguments, PredictFormat};
use self::report::REPORT_EXAMPLES;
pub(crate) use self::report::{PageFormat, ReportArguments};
pub(crate) use self::series::{
    BacktestArguments, BacktestFormat, DetectArguments, DetectFormat, ForecastArguments,
    SeriesArguments,
};
use self::serve::SERVE_EXAMPLES;
pub(crate) use self::serve::ServeArguments;
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
  130  stopped by Ctrl-C; nothing half-done is visible, the next run carries on";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  smelt simulate nyc311 --days 730 --rows-per-day 3000 --seed 7 --out simulated
  smelt simulate spending --serve --out simulated    a CKAN portal; nyc311: a Socrata portal
  smelt simulate restaurant --serve --out simulated  an SQLite order database
  smelt simulate nyc311 --serve --fault 429=2@3 --fault 503@5..8 --fault slow=2s@9
  smelt simulate nyc311 --serve --fault-rate 0.1 --seed 7
  smelt simulate nyc311 --serve --drift new-column=weather@2 --drift missing-column=borough@4

Writes OUT/<dataset>/<table>/* and OUT/<dataset>/truth.json; the same seed gives the same bytes.
With --serve, the truth is about what is served, together with the uploads that the dataset has
beside (spending); a database is to be empty before.

A served portal does what is asked of it to its callers. --fault FAULT@REQUEST or
FAULT@FIRST..LAST, counted from 1 over all requests; the answers that go wrong are said here:
  429         too many requests; 429=SECONDS asks to come again then
  STATUS      another status from 400 to 599, such as 503
  broken      the connection breaks in the middle of the answer
  early-end   the answer ends in its middle and says that this is all
  slow=TIME   the answer comes late, such as slow=2s or slow=500ms
--drift CHANGE=COLUMN@PAGE, counted from 1 over all answers with whole rows; from that page on
  new-column      there is a column more
  missing-column  the column is gone
  retyped-column  its values are objects
--drift CHANGE=COUNT@PAGE, for a page that changes under the caller: from that page on
  rows-come       so many rows are new, and come last
  rows-go         so many of the first rows are gone
  rows-move       so many of the first rows come last, as if they had just changed";

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
        if let Command::Ingest(ingest) = &arguments.command
            && let Err(contradiction) = ingest.check_window()
        {
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
    #[command(after_help = "\
Examples:
  smelt ingest nyc311 --file export.csv more/ day.jsonl.gz
  smelt ingest nyc311 --file snapshots/ && smelt refresh nyc311
  smelt ingest nyc311                              what is new at its sources
  smelt ingest nyc311 --days-back 7                the last seven days once more
  smelt ingest nyc311 --since 2026-01-01 --until 2026-02-01
  smelt ingest nyc311 --full                       everything once more

Without --file the dataset's sources are pulled, each from where its last pull ended. A window
(--since, --until, --days-back) is by the source's own time column and leaves that place alone.

CSV, JSON lines, JSON arrays and Parquet, plain, .gz or .zst; folders are searched. Content that is
in bronze already, under whatever name, changes nothing.")]
    Ingest(IngestArguments),
    /// Look at the sources of a dataset, or find what was deleted there.
    #[command(
        subcommand,
        after_help = "\
Examples:
  smelt sources test nyc311
  smelt sources reconcile nyc311 && smelt refresh nyc311"
    )]
    Sources(SourcesCommand),
    /// Correct single rows: put new values, or delete.
    #[command(
        subcommand,
        after_help = "\
Examples:
  smelt record put spending 1234567-1-1 amount=12.50 vendor='ACME INC'
  smelt record delete spending 1234567-1-1
  smelt refresh spending

A correction arrives in bronze like any other row; refresh carries it to silver and gold. The key's
values come in the order of the table's key. `column=` makes a column null. Columns that follow from
others (a month from its date) have to be set as well."
    )]
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
    #[command(after_help = "\
Examples:
  smelt plan nyc311 --from 2024-01 --to 2024-03
  smelt plan spending --from 2023                  fiscal years from 2023 on
  smelt plan events --from 2024-02-28 --to 2024-03-01 --format json")]
    Plan {
        #[command(flatten)]
        range: RangeArguments,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Compute partitions anew from bronze: silver, the marts that read them, published.
    #[command(after_help = "\
Examples:
  smelt backfill nyc311 --from 2024-01 --to 2024-03
  smelt backfill nyc311                            all of it, the quarantine as well
  smelt ingest nyc311 --since 2024-01-01 --until 2024-02-01 && smelt refresh nyc311
                                                   brings rows of a time anew from the source

Readers see the old version of each table until its new one is complete. `smelt plan` says before
what would be done. What waits in bronze is taken in first.")]
    Backfill {
        #[command(flatten)]
        range: RangeArguments,
    },
    /// Files in landing/: how far each has come, and what became of it.
    #[command(after_help = "\
Examples:
  smelt uploads nyc311
  watch smelt uploads nyc311 --format json

Stages: waiting, reading, interrupted, refused, bronze, silver, gold, published. A run that was
stopped, or gave no sign for a minute, has interrupted its reading; the next one takes it up again.")]
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
    /// What somebody should know: anomalies, runs that failed, data that is too old. Newest first.
    #[command(after_help = "\
Examples:
  smelt alerts
  smelt alerts nyc311 --check          look for new ones first, and tell them here

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
    #[command(after_help = "\
Examples:
  smelt forecast --input sales.csv --horizon 14
  smelt forecast --input load.parquet --horizon 24 --freq h --season 24,168 --output next.parquet
  smelt forecast --input sales.csv --horizon 14 --holidays 01-01,12-25 --holidays sale=2025-11-28,2026-11-27
  smelt query \"SELECT borough AS unique_id, date AS ds, requests AS y FROM gold.nyc311_borough_daily\" \\
    --format csv | smelt forecast --input - --horizon 14

The file has unique_id, ds and y; the answer unique_id, ds, y_hat, the bounds of each level, and the
model that was chosen. Series of one file learn from each other. Times that are missing are gaps.
Holidays of one name are taken to have one effect; 12-25 is that day of each year.")]
    Forecast(ForecastArguments),
    /// Tell how well the series of a file can be forecast: from earlier origins, by model and overall.
    #[command(after_help = "\
Examples:
  smelt backtest --input sales.csv --horizon 14 --windows 10
  smelt backtest --input sales.csv --horizon 14 --windows 10 --output by_series.csv

The first row is what smelt would have done, the others are the models that it chooses from. sMAPE, MASE
and OWA (against naive2) as the M4 competition defines them.")]
    Backtest(BacktestArguments),
    /// Judge observations as they come, each by the ones before it.
    #[command(after_help = "\
Examples:
  smelt detect --input cpu.csv
  smelt detect --input orders.csv --k-of-n '2 of 3' --holidays 12-25
  smelt detect --input cpu.csv --format json | jq -c '.[] | select(.is_anomaly) | [.timestamp, .reason]'

The file has timestamp and value; the answer timestamp, value, score (0 to 1), lo, hi and is_anomaly.
JSON says what was expected and why as well.")]
    Detect(DetectArguments),
    /// What a month on AWS costs, by what was measured.
    #[command(after_help = "\
Examples:
  smelt cost
  smelt cost --volumes mine.yaml                   infrastructure/cost/volumes.yaml with other numbers
  smelt cost --format json | jq .total

`make cost` measures the effort of one delivery of each dataset with the functions as they are
deployed. The volumes say how many deliveries a month has, the prices what AWS asks for.")]
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

/// Partitions of a dataset.
#[derive(Debug, Args)]
pub(crate) struct RangeArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// First partition: a day, a month, a year or a number, such as 2024-01.
    #[arg(long, value_name = "PARTITION")]
    pub(crate) from: Option<PartitionBound>,
    /// Last partition, which belongs to the range: 2024-03 ends on the last of March.
    #[arg(long, value_name = "PARTITION")]
    pub(crate) to: Option<PartitionBound>,
}

impl RangeArguments {
    pub(crate) fn range(&self) -> PartitionRange {
        PartitionRange { from: self.from, to: self.to }
    }
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum RecordCommand {
    /// Give columns of a row new values.
    Put {
        #[command(flatten)]
        row: RecordArguments,
    },
    /// Delete a row.
    Delete {
        #[command(flatten)]
        row: RecordArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// The table, where the dataset has several.
    #[arg(long)]
    pub(crate) table: Option<smelt_domain::TableName>,
    /// The values of the key, then (to put) `column=value` for each column.
    #[arg(required = true, value_name = "KEY [COLUMN=VALUE]")]
    pub(crate) values: Vec<String>,
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

#[derive(Debug, Clone, Args)]
pub(crate) struct SimulateArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// Days of data (for spending, in whole fiscal years).
    #[arg(long)]
    pub(crate) days: Option<u32>,
    /// Rows a day on average.
    #[arg(long)]
    pub(crate) rows_per_day: Option<u32>,
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of CSV files (nyc311).
    #[arg(long)]
    pub(crate) files: Option<u32>,
    /// Folder to write to; with --serve, for the truth and what the portal does not have.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Serve the dataset's source over its real protocol, on loopback, until Ctrl-C; or fill its
    /// database.
    #[arg(long)]
    pub(crate) serve: bool,
    /// Port to serve on; any that is free if not given.
    #[arg(long, default_value_t = 0, requires = "serve")]
    pub(crate) port: u16,
    /// Requests that go wrong, such as 503@3 or 429@5..8 (nyc311, spending); see below.
    #[arg(long = "fault", value_name = "FAULT@REQUEST", requires = "serve")]
    pub(crate) faults: Vec<PlannedFault>,
    /// Share of requests that go wrong in one way or another, by the seed.
    #[arg(long, value_name = "SHARE", requires = "serve")]
    pub(crate) fault_rate: Option<FaultRate>,
    /// Columns or rows that change in the middle of a load, such as new-column=weather@2 or
    /// rows-go=5@2; see below.
    #[arg(long = "drift", value_name = "CHANGE=WHAT@PAGE", requires = "serve")]
    pub(crate) drifts: Vec<Drift>,
    /// Database to fill (restaurant), such as mysql://user:password@127.0.0.1:3306/order_db.
    #[arg(long, value_name = "URL", requires = "serve")]
    pub(crate) database: Option<String>,
}

impl SimulateArguments {
    /// Whether nothing is asked for that befalls the callers of a portal.
    pub(crate) fn leaves_callers_alone(&self) -> bool {
        self.faults.is_empty() && self.fault_rate.is_none() && self.drifts.is_empty()
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArguments {
    /// Only these datasets.
    // An id of its own: `datasets` is the global option.
    #[arg(id = "only", value_name = "DATASET")]
    pub(crate) datasets: Vec<DatasetName>,
    /// Days of service requests.
    #[arg(long, default_value_t = 365)]
    pub(crate) days: u32,
    /// Service requests a day on average.
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
