//! Arguments of what is about models, forecasts and anomalies in the lake.

use clap::Subcommand;
use smelt_domain::{DatasetName, TableName};

use super::ReportFormat;

pub(crate) const TRAIN_EXAMPLES: &str = "\
Examples:
  smelt train                          what is due in every dataset
  smelt train nyc311 --refit           fit anew, due or not

A model is due when the last fit is a week old, or the series in dataset.yaml have changed. It is
backtested, compared with the one in production on the newest steps, and promoted if it is no worse.
Forecasts are made anew whenever there is a newer step.";

pub(crate) const ANOMALIES_EXAMPLES: &str = "\
Examples:
  smelt anomalies nyc311
  smelt anomalies --all --format json | jq '.[] | select(.severity == \"critical\")'

Without --all only what is or was to be told: no old, muted or withdrawn ones. `smelt refresh` finds them.";

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
        /// The model: the mart of its series.
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
        /// The model: the mart of its series.
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
        /// The model: the mart of its series.
        model: TableName,
        /// Why, for the registry.
        #[arg(long, default_value = "rolled back by hand")]
        reason: String,
    },
}
