//! Arguments of corrections.

use clap::{Args, Subcommand};
use smelt_domain::{DatasetName, TableName};

pub(crate) const RECORD_EXAMPLES: &str = "\
Examples:
  smelt record put spending 1234567-1-1 amount=12.50 vendor='ACME INC'
  smelt record delete spending 1234567-1-1
  smelt refresh spending

A correction arrives in bronze like any other row; refresh carries it to silver and gold. The key's
values come in the order of the table's key. `column=` makes a column null. Columns that follow from
others (a month from its date) have to be set as well.";

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
    pub(crate) table: Option<TableName>,
    /// The values of the key, then (to put) `column=value` for each column.
    #[arg(required = true, value_name = "KEY [COLUMN=VALUE]")]
    pub(crate) values: Vec<String>,
}
