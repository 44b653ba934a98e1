//! New York 311 service requests: what the city's inhabitants report to their city.
//!
//! ```no_run
//! use smelt_simulate::nyc311::Nyc311;
//!
//! let settings = Nyc311 { days: 90, rows_per_day: 1_000, seed: 7, ..Nyc311::default() };
//! let truth = settings.write("landing".as_ref(), &mut |_rows| {})?;
//! println!("{truth}");
//! # Ok::<(), smelt_simulate::SimulateError>(())
//! ```

mod anomalies;
mod calendar;
mod csv_file;
mod demand;
mod details;
mod dirt;
mod keys;
mod kinds;
mod ledger;
mod lifecycle;
mod places;
mod profile;
mod rhythm;
mod rows;
mod shape;
mod simulation;
mod truth;

use std::fs;
use std::path::Path;

use chrono::NaiveDate;

use crate::SimulateError;
pub use anomalies::Anomaly;
pub use dirt::DirtRates;
pub use shape::Shape;
use simulation::Simulation;
pub use truth::{
    Counts, FileTruth, HourlyCounts, LaterVersions, Marts, MonthlyCounts, Refused, Truth, Warned,
};

/// A hundred years: enough, and moments stay within their range.
const MOST_DAYS: u32 = 36_500;

/// Files have four digits.
const MOST_FILES: u32 = 9_999;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct Nyc311 {
    /// How many days.
    pub days: u32,
    /// Rows per day on average, over all versions and all dirt, copies of whole files excepted.
    pub rows_per_day: u32,
    /// The same settings with the same seed give the same bytes.
    pub seed: u64,
    /// How many CSV files; one per 30 days where nothing is said. At most one per day.
    pub files: Option<u32>,
    /// The first day.
    pub first_day: NaiveDate,
    /// What is wrong with the rows.
    pub dirt: DirtRates,
    /// The patterns that the requests follow.
    pub shape: Shape,
}

impl Default for Nyc311 {
    fn default() -> Self {
        Self {
            days: 90,
            rows_per_day: 1_000,
            seed: 1,
            files: None,
            first_day: NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default(),
            dirt: DirtRates::default(),
            shape: Shape::default(),
        }
    }
}

impl Nyc311 {
    /// Writes `nyc311/requests/*.csv` and `nyc311/truth.json` into `out`, and returns the truth.
    ///
    /// `progress` is told from time to time how many rows have been written. The order of the
    /// files' names is the order of their arrival; the last arrival of a key wins. A folder that
    /// holds simulated files already is refused.
    pub fn write(&self, out: &Path, progress: &mut dyn FnMut(u64)) -> Result<Truth, SimulateError> {
        self.check()?;
        let dataset = out.join("nyc311");
        let folder = dataset.join("requests");
        fs::create_dir_all(&folder).map_err(SimulateError::at(&folder))?;
        refuse_simulated_files(&folder)?;
        let truth = Simulation::new(self, progress)?.run(&folder)?;
        let path = dataset.join("truth.json");
        let mut json = serde_json::to_vec_pretty(&truth)?;
        json.push(b'\n');
        fs::write(&path, json).map_err(SimulateError::at(&path))?;
        Ok(truth)
    }

    /// How many CSV files there will be, a copy not counted.
    pub fn file_count(&self) -> u32 {
        self.files.unwrap_or(self.days / 30).clamp(1, self.days.clamp(1, MOST_FILES))
    }

    fn check(&self) -> Result<(), SimulateError> {
        let problem = if self.days == 0 || self.days > MOST_DAYS {
            format!("days must be from 1 to {MOST_DAYS}")
        } else if self.rows_per_day == 0 {
            "rows_per_day must be at least 1".to_owned()
        } else if !(0.0..=0.5).contains(&self.shape.late_closings) {
            "late_closings must be from 0 to 0.5".to_owned()
        } else if !(-0.5..=10.0).contains(&self.shape.growth) {
            "growth must be from -0.5 to 10".to_owned()
        } else {
            return Ok(());
        };
        Err(SimulateError::Settings(problem))
    }
}

/// Files of an earlier simulation would mix with the new ones, and the truth would be wrong.
fn refuse_simulated_files(folder: &Path) -> Result<(), SimulateError> {
    for entry in fs::read_dir(folder).map_err(SimulateError::at(folder))? {
        let entry = entry.map_err(SimulateError::at(folder))?;
        if entry.file_name().to_string_lossy().starts_with("requests_") {
            return Err(SimulateError::NotEmpty(folder.to_owned()));
        }
    }
    Ok(())
}
