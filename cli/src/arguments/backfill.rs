//! Arguments of what computes partitions anew.

use clap::Args;
use smelt_domain::{DatasetName, PartitionBound, PartitionRange};

pub(crate) const PLAN_EXAMPLES: &str = "\
Examples:
  smelt plan nyc311 --from 2024-01 --to 2024-03
  smelt plan spending --from 2023                  fiscal years from 2023 on
  smelt plan events --from 2024-02-28 --to 2024-03-01 --format json";

pub(crate) const BACKFILL_EXAMPLES: &str = "\
Examples:
  smelt backfill nyc311 --from 2024-01 --to 2024-03
  smelt backfill nyc311                            all of it, the quarantine as well
  smelt ingest nyc311 --since 2024-01-01 --until 2024-02-01 && smelt refresh nyc311
                                                   brings rows of a time anew from the source

Readers see the old version of each table until its new one is complete. `smelt plan` says before
what would be done. What waits in bronze is taken in first.";

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
