//! What two cities pay to whom.
//!
//! Boston offers a table per fiscal year on an open-data portal, the oldest one with columns of an
//! older generation. Phoenix uploads a CSV file per month, in whatever shape the month's program
//! left it.
//!
//! ```
//! use smelt_simulate::spending::Spending;
//!
//! let simulated = Spending { rows_per_day: 4, ..Spending::default() }.generate()?;
//! assert_eq!(simulated.boston.len(), 3);
//! assert_eq!(simulated.phoenix.len(), 3 * 12 + 1);
//! # Ok::<(), smelt_simulate::SimulateError>(())
//! ```

mod boston;
mod cities;
mod concentration;
mod demand;
mod marts;
mod money;
mod outliers;
mod payment;
mod phoenix;
mod truth;

use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::dataset_folder::DatasetFolder;
use crate::truth::RowTally;
use crate::upload::UploadFile;
use crate::{DatasetTruth, SimulateError};
use payment::City;

const DATASET: &str = "spending";
const TABLE: &str = "payments";
const AMOUNT_RULE: &str = "amount_is_number";
const DATE_RULE: &str = "payment_date_is_readable";

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct Spending {
    /// The first fiscal year, named by its end: 2022 begins on 2021-07-01.
    pub first_fiscal_year: i32,
    /// How many fiscal years; at least 3.
    pub fiscal_years: u32,
    /// Payments per day on average, of both cities together.
    pub rows_per_day: u32,
    /// The same settings with the same seed give the same bytes.
    pub seed: u64,
    /// What is wrong with the rows.
    pub dirt: SpendingDirt,
}

/// Shares of all rows.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendingDirt {
    /// Amounts that are no number.
    pub unreadable_amounts: f64,
    /// Boston's dates that are none; Phoenix's lie in its total rows.
    pub unreadable_dates: f64,
    /// Phoenix's payments that were made twice, to the letter, and count twice.
    pub exact_repeats: f64,
    /// Blanks around vendors and behind amounts, which mean nothing.
    pub padding: f64,
}

impl Default for Spending {
    fn default() -> Self {
        Self {
            first_fiscal_year: 2022,
            fiscal_years: 3,
            rows_per_day: 40,
            seed: 1,
            dirt: SpendingDirt::default(),
        }
    }
}

impl Default for SpendingDirt {
    fn default() -> Self {
        Self {
            unreadable_amounts: 0.001,
            unreadable_dates: 0.000_5,
            exact_repeats: 0.004,
            padding: 0.03,
        }
    }
}

/// A table of a CKAN portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CkanTable {
    /// The portal's id of it.
    pub resource_id: String,
    /// What the portal calls it.
    pub name: String,
    /// The columns.
    pub fields: Vec<String>,
    /// A value per column; `None` where the portal has null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// The two cities' data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedSpending {
    /// A table per fiscal year, the oldest first.
    pub boston: Vec<CkanTable>,
    /// The files in the order of their arrival.
    pub phoenix: Vec<UploadFile>,
    /// What must be found when all of both has been loaded.
    pub truth: DatasetTruth,
}

impl SimulatedSpending {
    /// Writes what [`Spending::write`] writes.
    pub fn write(&self, out: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), SimulateError> {
        let folder = DatasetFolder::create(out, DATASET, &[TABLE])?;
        let mut rows = 0;
        for table in &self.boston {
            let json = serde_json::to_vec(table)?;
            folder.write(&format!("ckan_{}.json", table.resource_id), &json)?;
            rows += table.rows.len() as u64;
            progress(rows);
        }
        for file in &self.phoenix {
            folder.write(&file.relative_path(), &file.bytes)?;
        }
        folder.write_truth(&self.truth)?;
        progress(self.truth.rows_received.values().sum());
        Ok(())
    }
}

impl Spending {
    /// Simulates both cities. Fails only for settings out of range.
    pub fn generate(&self) -> Result<SimulatedSpending, SimulateError> {
        self.check()?;
        let mut rows = RowTally::default();
        let mut demand = demand::payments(self, City::Boston);
        let mut planted = demand.planted;
        let (boston, mut payments) = boston::tables(self, demand.payments, &mut rows);
        demand = demand::payments(self, City::Phoenix);
        planted.extend(demand.planted);
        let (phoenix, accepted) = phoenix::files(self, demand.payments, &mut rows);
        payments.extend(accepted);
        let truth = truth::truth(self, &payments, &rows, planted);
        Ok(SimulatedSpending { boston, phoenix, truth })
    }

    /// Writes Phoenix's files to `<out>/spending/payments`, Boston's tables for reference as
    /// `<out>/spending/ckan_<resource id>.json`, and `truth.json`; returns the truth.
    ///
    /// `progress` is told how many rows have been written. A folder with files is refused.
    pub fn write(
        &self,
        out: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<DatasetTruth, SimulateError> {
        let simulated = self.generate()?;
        simulated.write(out, progress)?;
        Ok(simulated.truth)
    }

    /// The fiscal years, by their ends.
    fn years(&self) -> std::ops::Range<i32> {
        self.first_fiscal_year..self.first_fiscal_year + self.fiscal_years as i32
    }

    fn check(&self) -> Result<(), SimulateError> {
        let dirt = &self.dirt;
        let rates =
            [dirt.unreadable_amounts, dirt.unreadable_dates, dirt.exact_repeats, dirt.padding];
        let problem = if !(1901..=2200).contains(&self.first_fiscal_year) {
            "first_fiscal_year must be from 1901 to 2200"
        } else if !(3..=50).contains(&self.fiscal_years) {
            "fiscal_years must be from 3 to 50"
        } else if self.rows_per_day == 0 {
            "rows_per_day must be at least 1"
        } else if rates.iter().any(|rate| !(0.0..=0.3).contains(rate)) {
            "dirt rates must be from 0 to 0.3"
        } else {
            return Ok(());
        };
        Err(SimulateError::Settings(problem.to_owned()))
    }
}

/// The first day of a fiscal year.
fn first_day(fiscal_year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(fiscal_year - 1, 7, 1).unwrap_or_default()
}
