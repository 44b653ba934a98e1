//! Arguments of what is about models, forecasts and anomalies in the lake.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use smelt_domain::{DatasetName, TableName};

use super::ReportFormat;

pub(crate) const TRAIN_EXAMPLES: &str = "\
Examples:
  smelt train                          what is due in every dataset
  smelt train nyc311 --refit           fit anew, due or not

A model is due when the last fit is a week old or had no time for all series, or the series in
dataset.yaml have changed. It is backtested, compared with the one in production on steps that
neither knows, and promoted if it is no worse; one without a backtest (too few values) never
replaces one that has one. Forecasts are made anew whenever there is a newer step.";

pub(crate) const ANOMALIES_EXAMPLES: &str = "\
Examples:
  smelt anomalies nyc311
  smelt anomalies --all --format json | jq '.[] | select(.severity == \"critical\")'

Without --all only what is or was to be told: no old, muted or withdrawn ones. `smelt refresh` finds them.";

pub(crate) const PREDICT_EXAMPLES: &str = "\
Examples:
  smelt predict spending high_payments --row vendor='Acme Inc.' --row department=Police
  smelt predict spending high_payments --input payments.csv --format csv
  smelt predict spending department_groups            which group each department is in

A file may have other columns as well; they are passed on.";

/// What a model is asked.
#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    /// The dataset.
    pub(crate) dataset: DatasetName,
    /// The model, as in dataset.yaml.
    pub(crate) model: TableName,
    /// A column of one row, as COLUMN=VALUE; may be repeated.
    #[arg(long, value_name = "COLUMN=VALUE")]
    pub(crate) row: Vec<String>,
    /// CSV (plain, .gz or .zst) or Parquet with many rows; - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "row")]
    pub(crate) input: Option<PathBuf>,
    #[arg(long, default_value = "table")]
    pub(crate) format: PredictFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PredictFormat {
    Table,
    Csv,
    Json,
}

/// The registry of models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// All versions, their stages and how good they are.
    List {
        /// Only this dataset.
        dataset: Option<DatasetName>,
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// What is known of a version, and what became of it.
    Show {
        /// The dataset.
        dataset: DatasetName,
        /// The model: a mart with series, or one of `models` in dataset.yaml.
        model: TableName,
        /// The version; the one in production if not given.
        version: Option<u64>,
    },
    /// Put a version into production.
    #[command(
        after_help = "Example:\n  smelt models promote nyc311 daily_requests 3 --reason 'looks right'"
    )]
    Promote {
        /// The dataset.
        dataset: DatasetName,
        /// The model: a mart with series, or one of `models` in dataset.yaml.
        model: TableName,
        /// The version.
        version: u64,
        /// Why, for the registry.
        #[arg(long, default_value = "promoted by hand")]
        reason: String,
    },
    /// Take the version in production out of it; the one before is again.
    #[command(
        after_help = "Example:\n  smelt models rollback nyc311 daily_requests --reason 'too high on Mondays'"
    )]
    Rollback {
        /// The dataset.
        dataset: DatasetName,
        /// The model: a mart with series, or one of `models` in dataset.yaml.
        model: TableName,
        /// Why, for the registry.
        #[arg(long, default_value = "rolled back by hand")]
        reason: String,
    },
}
