//! Who uses which language model, and what it costs: users and their transactions, as CSV files.
//!
//! The first transactions arrive before any user does, some users arrive later still, some are
//! corrected afterwards, and some never arrive.
//!
//! ```
//! use smelt_simulate::llm_usage::LlmUsage;
//!
//! let simulated = LlmUsage { days: 40, rows_per_day: 20, ..LlmUsage::default() }.generate()?;
//! assert_eq!(simulated.files[0].name, "transactions_0001.csv");
//! assert_eq!(simulated.files[1].name, "users_0002.csv");
//! # Ok::<(), smelt_simulate::SimulateError>(())
//! ```

mod delivery;
mod demand;
mod marts;
mod transactions;
mod truth;
mod users;

use std::path::Path;

use chrono::{Days, NaiveDate};

use crate::dataset_folder::DatasetFolder;
use crate::upload::UploadFile;
use crate::{DatasetTruth, SimulateError};
use users::Directory;

const DATASET: &str = "llm_usage";
const TRANSACTIONS: &str = "transactions";
const USERS: &str = "users";

/// Ten years: transactions are kept in memory.
const MOST_DAYS: u32 = 3_660;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmUsage {
    /// The first day.
    pub first_day: NaiveDate,
    /// How many days; at least 30. A file of transactions has ten.
    pub days: u32,
    /// Transactions per day on average.
    pub rows_per_day: u32,
    /// How many users there are: 20 to 10,000.
    pub users: u32,
    /// The same settings with the same seed give the same bytes.
    pub seed: u64,
    /// What is wrong with the rows.
    pub dirt: LlmUsageDirt,
}

/// Shares of all transactions, or of all users.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmUsageDirt {
    /// Transactions that are delivered again, to the letter, in the same file or in the next one.
    pub duplicates: f64,
    /// Transactions that arrive in the file after their own.
    pub late: f64,
    /// Transactions with token counts below zero.
    pub negative_tokens: f64,
    /// Transactions whose time cannot be read.
    pub unreadable_dates: f64,
    /// Transactions without an id; users' files have one row without an id each, if there are any.
    pub missing_ids: f64,
    /// Users that arrive in a later file.
    pub late_users: f64,
    /// Users that never arrive.
    pub missing_users: f64,
    /// Users that are corrected in a later file.
    pub corrected_users: f64,
}

impl Default for LlmUsage {
    fn default() -> Self {
        Self {
            first_day: NaiveDate::from_ymd_opt(2024, 1, 15).unwrap_or_default(),
            days: 90,
            rows_per_day: 250,
            users: 80,
            seed: 1,
            dirt: LlmUsageDirt::default(),
        }
    }
}

impl Default for LlmUsageDirt {
    fn default() -> Self {
        Self {
            duplicates: 0.01,
            late: 0.005,
            negative_tokens: 0.001,
            unreadable_dates: 0.001,
            missing_ids: 0.001,
            late_users: 0.15,
            missing_users: 0.05,
            corrected_users: 0.1,
        }
    }
}

/// The files and the truth about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedUsage {
    /// The files in the order of their arrival, which the numbers in their names tell, too.
    pub files: Vec<UploadFile>,
    /// What must be found when all of them have been loaded.
    pub truth: DatasetTruth,
}

impl LlmUsage {
    /// Simulates users and transactions. Fails only for settings out of range.
    pub fn generate(&self) -> Result<SimulatedUsage, SimulateError> {
        self.check()?;
        let directory = Directory::new(self);
        let demand = demand::Demand::of(self, &directory);
        let delivered = delivery::deliver(self, &directory, demand.transactions);
        let truth = truth::truth(self, &directory, &delivered, demand.anomalies);
        Ok(SimulatedUsage { files: delivered.files, truth })
    }

    /// Writes `<out>/llm_usage/<table>/*.csv` and `truth.json`, and returns the truth.
    ///
    /// `progress` is told how many rows there are when all are written. A folder with files is
    /// refused.
    pub fn write(
        &self,
        out: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<DatasetTruth, SimulateError> {
        let simulated = self.generate()?;
        let folder = DatasetFolder::create(out, DATASET, &[TRANSACTIONS, USERS])?;
        for file in &simulated.files {
            folder.write(&file.relative_path(), &file.bytes)?;
        }
        folder.write_truth(&simulated.truth)?;
        progress(simulated.truth.rows_received.values().sum());
        Ok(simulated.truth)
    }

    /// The simulated day with this number, from 0; the settings were checked to stay within the
    /// calendar.
    fn day(&self, number: u32) -> NaiveDate {
        self.first_day.checked_add_days(Days::new(u64::from(number))).unwrap_or(self.first_day)
    }

    fn check(&self) -> Result<(), SimulateError> {
        let dirt = &self.dirt;
        let rates = [
            dirt.duplicates,
            dirt.late,
            dirt.negative_tokens,
            dirt.unreadable_dates,
            dirt.missing_ids,
            dirt.late_users,
            dirt.missing_users,
            dirt.corrected_users,
        ];
        let last_day = self.first_day.checked_add_days(Days::new(u64::from(self.days)));
        let problem = if !(30..=MOST_DAYS).contains(&self.days) {
            format!("days must be from 30 to {MOST_DAYS}")
        } else if last_day.is_none() {
            "the days leave the calendar".to_owned()
        } else if self.rows_per_day == 0 {
            "rows_per_day must be at least 1".to_owned()
        } else if !(20..=10_000).contains(&self.users) {
            "users must be from 20 to 10000".to_owned()
        } else if rates.iter().any(|rate| !(0.0..=0.3).contains(rate)) {
            "dirt rates must be from 0 to 0.3".to_owned()
        } else {
            return Ok(());
        };
        Err(SimulateError::Settings(problem))
    }
}
