use std::path::PathBuf;

use clap::{Args, ValueEnum};
use smelt_domain::{Holiday, KOfN};
use smelt_forecast::Frequency;

pub(crate) const FORECAST_EXAMPLES: &str = "\
Examples:
  smelt forecast --input sales.csv --horizon 14
  smelt forecast --input load.parquet --horizon 24 --freq h --season 24,168 --output next.parquet
  smelt forecast --input sales.csv --horizon 14 --holidays 01-01,12-25 --holidays sale=2025-11-28,2026-11-27
  smelt query \"SELECT borough AS unique_id, date AS ds, requests AS y FROM gold.nyc311_borough_daily\" \\
    --format csv | smelt forecast --input - --horizon 14

The file has unique_id, ds and y; the answer unique_id, ds, y_hat, the bounds of each level, and the
model that was chosen. Series of one file learn from each other. Times that are missing are gaps.
ds are days, times or numbers of steps; times with an offset are told in UTC, and seconds since 1970
need --freq. A series of one row has the frequency of the others, or that of --freq.
Holidays of one name are taken to have one effect; 12-25 is that day of each year.";

pub(crate) const BACKTEST_EXAMPLES: &str = "\
Examples:
  smelt backtest --input sales.csv --horizon 14 --windows 10
  smelt backtest --input sales.csv --horizon 14 --windows 10 --output by_series.csv

The first row is what smelt would have done, the others are the models that it chooses from. sMAPE, MASE
and OWA (against naive2) as the M4 competition defines them.";

pub(crate) const DETECT_EXAMPLES: &str = "\
Examples:
  smelt detect --input cpu.csv
  smelt detect --input orders.csv --k-of-n '2 of 3' --holidays 12-25
  smelt detect --input cpu.csv --format json | jq -c '.[] | select(.is_anomaly) | [.timestamp, .reason]'

The file has timestamp and value; the answer timestamp, value, score (0 to 1), lo, hi and is_anomaly.
Timestamps are written as they were read. JSON says what was expected and why as well.";

/// Series, and how they are to be forecast.
#[derive(Debug, Args)]
pub(crate) struct SeriesArguments {
    /// CSV or Parquet in long format: unique_id, ds, y; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Steps to forecast.
    #[arg(long, value_name = "N", value_parser = whole_from_one)]
    pub(crate) horizon: usize,
    /// Time between two steps: h, D, W, M, Q, Y, or such as 15min; found in the file if not given. One far
    /// finer than that of the rows is refused.
    #[arg(long)]
    pub(crate) freq: Option<Frequency>,
    /// Levels of the intervals in per cent.
    #[arg(long, value_delimiter = ',', default_value = "80,95")]
    pub(crate) level: Vec<f64>,
    /// Lengths of seasons in steps, such as 24,168; by the frequency, or found, if not given.
    #[arg(long, value_delimiter = ',')]
    pub(crate) season: Vec<f64>,
    /// Days that are other, such as 12-25,2026-11-26; of one kind with its name: christmas=12-25.
    #[arg(long, value_name = "[NAME=]DAY,…")]
    pub(crate) holidays: Vec<Holiday>,
}

fn whole_from_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[derive(Debug, Args)]
pub(crate) struct ForecastArguments {
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// File to write, CSV or .parquet; standard output if not given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BacktestArguments {
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// Origins to forecast from, a horizon apart.
    #[arg(long, value_name = "K", value_parser = whole_from_one)]
    pub(crate) windows: usize,
    #[arg(long, default_value = "table")]
    pub(crate) format: BacktestFormat,
    /// File to write the accuracy of each series to, CSV or .parquet.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BacktestFormat {
    Table,
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct DetectArguments {
    /// CSV or Parquet with timestamp and value; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// How many of the last values have to be part of an anomaly before it is reported.
    #[arg(long, value_name = "K of N", default_value = "1 of 1")]
    pub(crate) k_of_n: KOfN,
    /// Days that are other, such as 12-25,2026-11-26; of one kind with its name: christmas=12-25.
    #[arg(long, value_name = "[NAME=]DAY,…")]
    pub(crate) holidays: Vec<Holiday>,
    #[arg(long, default_value = "csv")]
    pub(crate) format: DetectFormat,
    /// File to write; standard output if not given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DetectFormat {
    Csv,
    Json,
}
