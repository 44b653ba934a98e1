use std::path::PathBuf;

use clap::{Args, ValueEnum};
use smelt_domain::{Holiday, KOfN};
use smelt_forecast::Frequency;

/// Series, and how they are to be forecast.
#[derive(Debug, Args)]
pub(crate) struct SeriesArguments {
    /// CSV or Parquet in long format: unique_id, ds, y; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Steps to forecast.
    #[arg(long, value_name = "N", value_parser = whole_from_one)]
    pub(crate) horizon: usize,
    /// Time between two steps: h, D, W, M, Q, Y, or such as 15min; found in the file if not given.
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
