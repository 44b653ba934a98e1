//! What a correct pipeline must find in a simulated dataset.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::dataset_folder::DatasetFolder;
use crate::{Check, SimulateError};

/// The truth about a simulated dataset.
///
/// Rows are counted over distinct contents: a file that repeats another one's bytes adds nothing.
/// In every table, `rows_received` = `rows_silver` + `rows_superseded` + all of `rows_refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetTruth {
    /// The dataset's name.
    pub dataset: String,
    /// The seed it was simulated with.
    pub seed: u64,
    /// The first simulated day.
    pub first_day: NaiveDate,
    /// The last simulated day.
    pub last_day: NaiveDate,
    /// Rows of all distinct contents, by table.
    pub rows_received: BTreeMap<String, u64>,
    /// Rows that must not be accepted, by table and rule; rules that refuse nothing are not listed.
    pub rows_refused: BTreeMap<String, BTreeMap<String, u64>>,
    /// Accepted rows that are not the winning version of their key, by table.
    pub rows_superseded: BTreeMap<String, u64>,
    /// Winning versions, by table.
    pub rows_silver: BTreeMap<String, u64>,
    /// Questions to the lake with their answers.
    pub checks: Vec<Check>,
    /// The planted anomalies, a sentence each.
    pub anomalies: Vec<String>,
}

impl DatasetTruth {
    /// Writes `<out>/<dataset>/truth.json` about rows that lie in no files but are served.
    ///
    /// The truth of an earlier simulation gives way; a folder with other files is refused.
    pub fn write(&self, out: &Path) -> Result<(), SimulateError> {
        DatasetFolder::for_truth(out, &self.dataset, &[])?.write_truth(self)
    }

    /// A truth without any row.
    pub(crate) fn new(dataset: &str, seed: u64, first_day: NaiveDate, last_day: NaiveDate) -> Self {
        Self {
            dataset: dataset.to_owned(),
            seed,
            first_day,
            last_day,
            rows_received: BTreeMap::new(),
            rows_refused: BTreeMap::new(),
            rows_superseded: BTreeMap::new(),
            rows_silver: BTreeMap::new(),
            checks: Vec::new(),
            anomalies: Vec::new(),
        }
    }

    /// Enters the rows of a table, and the check that its silver holds them.
    pub(crate) fn enter(&mut self, table: &str, rows: &RowTally) {
        let refused: u64 = rows.refused.values().sum();
        let received = rows.silver + rows.superseded + refused;
        self.rows_received.insert(table.to_owned(), received);
        let refused = rows.refused.iter().map(|(rule, rows)| ((*rule).to_owned(), *rows));
        self.rows_refused.insert(table.to_owned(), refused.collect());
        self.rows_superseded.insert(table.to_owned(), rows.superseded);
        self.rows_silver.insert(table.to_owned(), rows.silver);
        self.checks.push(Check {
            what: format!("rows of silver {table}"),
            sql: format!("SELECT COUNT(*) FROM silver.{}_{table}", self.dataset),
            expected: rows.silver.to_string(),
        });
    }
}

/// The rows of one table, by what becomes of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RowTally {
    pub(crate) silver: u64,
    pub(crate) superseded: u64,
    pub(crate) refused: BTreeMap<&'static str, u64>,
}

impl RowTally {
    pub(crate) fn refuse(&mut self, rule: &'static str) {
        *self.refused.entry(rule).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_received_row_is_accounted_for() {
        let day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let mut truth = DatasetTruth::new("shop", 1, day, day);
        let mut rows = RowTally { silver: 5, superseded: 2, ..RowTally::default() };
        rows.refuse("a");
        rows.refuse("b");
        rows.refuse("a");
        truth.enter("orders", &rows);
        assert_eq!(truth.rows_received["orders"], 10);
        assert_eq!(truth.rows_refused["orders"]["a"], 2);
        assert_eq!(truth.checks[0].sql, "SELECT COUNT(*) FROM silver.shop_orders");
    }
}
