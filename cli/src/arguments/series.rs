use std::path::PathBuf;

use clap::{Args, ValueEnum};
use smelt_domain::{Holiday, KOfN};
use smelt_forecast::{Frequency, MAX_WINDOWS, Settings};

use super::output_format::Formats;

pub(crate) const FORECAST_EXAMPLES: &str = "\
Examples:
  smelt forecast --input sales.csv --horizon 14
  smelt forecast --input sales.csv.gz --horizon 14
  smelt forecast --input load.parquet --horizon 24 --freq h --season 24,168 --output next.parquet
  smelt forecast --input sales.csv --horizon 14 --holidays 01-01,12-25 --holidays sale=2025-11-28,2026-11-27
  smelt query \"SELECT borough AS unique_id, date AS ds, requests AS y FROM gold.nyc311_borough_daily\" \\
    --format csv | smelt forecast --input - --horizon 14

The file has unique_id, ds and y; the answer unique_id, ds, y_hat, the bounds of each level, and the
model that was chosen. Series of one file learn from each other. Times that are missing are gaps.
ds are days, times or numbers of steps; times with an offset are told in UTC, and seconds since 1970
need --freq. A series of one value is left out: one does not say how far others may be.
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
is_anomaly is true as long as an incident goes on, also where the value is between lo and hi.
Before the first value nothing is expected, and lo and hi are empty. Rows are judged in their order in
the file, which has to be that of time; several series are refused.
Timestamps are written as they were read. JSON says what was expected and why as well.";

/// Series, and how they are to be forecast.
#[derive(Debug, Args)]
pub(crate) struct SeriesArguments {
    /// CSV (plain, .gz or .zst) or Parquet in long format: unique_id, ds, y; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Steps to forecast.
    #[arg(long, value_name = "N", value_parser = horizon)]
    pub(crate) horizon: usize,
    /// Time between two steps: h, D, W, M, Q, Y, or such as 15min; found in the file if not given. One far
    /// finer than that of the rows is refused.
    #[arg(long)]
    pub(crate) freq: Option<Frequency>,
    /// Levels of the intervals in per cent.
    #[arg(long, value_delimiter = ',', default_value = "80,95", value_parser = level)]
    pub(crate) level: Vec<f64>,
    /// Lengths of seasons in steps, such as 24,168; by the frequency, or found, if not given.
    #[arg(long, value_delimiter = ',', value_parser = season)]
    pub(crate) season: Vec<f64>,
    /// Days that are other, such as 12-25,2026-11-26; of one kind with its name: christmas=12-25.
    #[arg(long, value_name = "[NAME=]DAY,…")]
    pub(crate) holidays: Vec<Holiday>,
}

fn horizon(text: &str) -> Result<usize, String> {
    whole_from_one(text, Settings::MAX_HORIZON)
}

fn windows(text: &str) -> Result<usize, String> {
    whole_from_one(text, MAX_WINDOWS)
}

fn whole_from_one(text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse::<usize>().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from 1 to {most}"))
}

fn level(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(level) if (1.0..100.0).contains(&level) => Ok(level),
        // A share, as other tools have it, would be a very narrow interval.
        Ok(share) if share > 0.0 && share < 1.0 => {
            let percent = (share * 10_000.0).round() / 100.0;
            Err(format!("levels are in per cent: write {percent} for {percent} %"))
        }
        _ => Err("a level in per cent, from 1 and below 100".to_owned()),
    }
}

fn season(text: &str) -> Result<f64, String> {
    let season = text.trim().parse::<f64>().ok();
    season
        .filter(|season| (2.0..=Settings::MAX_SEASON as f64).contains(season))
        .ok_or_else(|| format!("a number of steps from 2 to {}", Settings::MAX_SEASON))
}

/// What an answer about series is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeriesFormat {
    Csv,
    Json,
    /// By the name of a file only.
    #[value(skip)]
    Parquet,
}

const TABLES: Formats<SeriesFormat> = Formats {
    endings: &[("csv", SeriesFormat::Csv), ("parquet", SeriesFormat::Parquet)],
    usual: SeriesFormat::Csv,
    argument: None,
};

const JUDGEMENTS: Formats<SeriesFormat> = Formats {
    endings: &[
        ("csv", SeriesFormat::Csv),
        ("json", SeriesFormat::Json),
        ("parquet", SeriesFormat::Parquet),
    ],
    usual: SeriesFormat::Csv,
    argument: Some("--format"),
};

#[derive(Debug, Args)]
pub(crate) struct ForecastArguments {
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// File to write, .csv or .parquet; standard output if not given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl ForecastArguments {
    pub(crate) fn format(&self) -> Result<SeriesFormat, String> {
        TABLES.choose(None, self.output.as_deref())
    }
}

#[derive(Debug, Args)]
pub(crate) struct BacktestArguments {
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// Origins to forecast from, a horizon apart.
    #[arg(long, value_name = "K", value_parser = windows)]
    pub(crate) windows: usize,
    #[arg(long, default_value = "table")]
    pub(crate) format: BacktestFormat,
    /// File to write the accuracy of each series to, .csv or .parquet.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl BacktestArguments {
    /// Of the file; what is printed has a format of its own.
    pub(crate) fn format_of_file(&self) -> Result<SeriesFormat, String> {
        TABLES.choose(None, self.output.as_deref())
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BacktestFormat {
    Table,
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct DetectArguments {
    /// CSV (plain, .gz or .zst) or Parquet with timestamp and value; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// How many of the last values have to be part of an anomaly before it is reported.
    #[arg(long, value_name = "K of N", default_value = "1 of 1")]
    pub(crate) k_of_n: KOfN,
    /// Days that are other, such as 12-25,2026-11-26; of one kind with its name: christmas=12-25.
    #[arg(long, value_name = "[NAME=]DAY,…")]
    pub(crate) holidays: Vec<Holiday>,
    /// CSV if not given, or what the ending of --output says.
    #[arg(long)]
    format: Option<SeriesFormat>,
    /// File to write, .csv, .json or .parquet; standard output if not given.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl DetectArguments {
    pub(crate) fn format(&self) -> Result<SeriesFormat, String> {
        JUDGEMENTS.choose(self.format, self.output.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_in_per_cent() {
        assert_eq!(level("97.5"), Ok(97.5));
        assert_eq!(level("1"), Ok(1.0));
        assert!(level("0.9").unwrap_err().ends_with("write 90 for 90 %"));
        for wrong in ["100", "0", "-5", "NaN", "inf", "many"] {
            assert!(level(wrong).unwrap_err().contains("below 100"), "{wrong}");
        }
    }

    #[test]
    fn numbers_of_steps_have_bounds() {
        assert_eq!(horizon("10000"), Ok(10_000));
        assert!(horizon("10001").unwrap_err().contains("1 to 10000"));
        assert_eq!(season("30.4"), Ok(30.4));
        for wrong in ["1", "NaN", "inf", "week"] {
            season(wrong).unwrap_err();
        }
    }
}
