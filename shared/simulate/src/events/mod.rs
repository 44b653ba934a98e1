//! A shop's stream of events: what visitors do, as JSON lines, one file per day of arrival.
//!
//! Files are written day by day, so that millions of events need no more memory than a day's. Only
//! the truth's checks hold all events in memory, and can be left out.
//!
//! ```no_run
//! use smelt_simulate::events::Events;
//!
//! let settings = Events { days: 30, rows_per_day: 170_000, truth: false, ..Events::default() };
//! let truth = settings.write("landing".as_ref(), &mut |_rows| {})?;
//! assert!(truth.checks.len() <= 1);
//! # Ok::<(), smelt_simulate::SimulateError>(())
//! ```

mod delivery;
mod event;
mod funnel;
mod marts;
mod moment;
mod properties;
mod traffic;
mod truth;
mod visits;
mod windows;

use std::path::Path;

use chrono::{Days, NaiveDate};

use crate::dataset_folder::DatasetFolder;
use crate::{DatasetTruth, SimulateError};
use delivery::Courier;
use traffic::Traffic;

const DATASET: &str = "events";
const TABLE: &str = "events";

const MOST_DAYS: u32 = 3_660;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// The first day, in UTC.
    pub first_day: NaiveDate,
    /// How many days.
    pub days: u32,
    /// Events per day on average, about.
    pub rows_per_day: u32,
    /// The same settings with the same seed give the same bytes.
    pub seed: u64,
    /// Whether the truth tells about the marts; all accepted events are kept in memory for that,
    /// about 40 bytes each and some more for the counting.
    pub truth: bool,
    /// What is wrong with the rows.
    pub dirt: EventsDirt,
}

/// Shares of all events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsDirt {
    /// Properties that are missing or of the wrong type.
    pub schema_violations: f64,
    /// Times that cannot be read.
    pub unreadable_times: f64,
    /// Lines that break off.
    pub malformed: f64,
    /// Events that arrive again, to the letter, half of them in the next day's file.
    pub duplicates: f64,
    /// Events that arrive hours after they occurred, many of them in a later day's file.
    pub late: f64,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            first_day: NaiveDate::from_ymd_opt(2024, 5, 6).unwrap_or_default(),
            days: 7,
            rows_per_day: 5_000,
            seed: 1,
            truth: true,
            dirt: EventsDirt::default(),
        }
    }
}

impl Default for EventsDirt {
    fn default() -> Self {
        Self {
            schema_violations: 0.003,
            unreadable_times: 0.000_5,
            malformed: 0.000_5,
            duplicates: 0.01,
            late: 0.01,
        }
    }
}

impl Events {
    /// Writes `<out>/events/events/events_<day>.jsonl` and `truth.json`, and returns the truth.
    ///
    /// Late events and duplicates of the last day lie in one or two more files. `progress` is told
    /// after each file how many rows have been written. A folder with files is refused.
    pub fn write(
        &self,
        out: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<DatasetTruth, SimulateError> {
        self.check()?;
        let folder = DatasetFolder::create(out, DATASET, &[TABLE])?;
        let mut traffic = Traffic::new(self);
        let mut courier = Courier::new(self, &folder, progress);
        for number in 0..self.days {
            for event in traffic.events_of_visits_from(number) {
                courier.accept(&event)?;
            }
            courier.finish_day(self.day(number))?;
        }
        let delivered = courier.finish()?;
        let truth = truth::truth(self, delivered, traffic.anomalies());
        folder.write_truth(&truth)?;
        Ok(truth)
    }

    /// The simulated day with this number, from 0; the settings were checked to stay within the
    /// calendar.
    fn day(&self, number: u32) -> NaiveDate {
        self.first_day.checked_add_days(Days::new(u64::from(number))).unwrap_or(self.first_day)
    }

    fn check(&self) -> Result<(), SimulateError> {
        let dirt = &self.dirt;
        let rates = [
            dirt.schema_violations,
            dirt.unreadable_times,
            dirt.malformed,
            dirt.duplicates,
            dirt.late,
        ];
        let years = NaiveDate::from_ymd_opt(1970, 1, 1)..NaiveDate::from_ymd_opt(2200, 1, 1);
        let problem = if !(1..=MOST_DAYS).contains(&self.days) {
            format!("days must be from 1 to {MOST_DAYS}")
        } else if !years.contains(&Some(self.first_day)) {
            "first_day must be from 1970 to 2199".to_owned()
        } else if self.rows_per_day == 0 {
            "rows_per_day must be at least 1".to_owned()
        } else if rates.iter().any(|rate| !(0.0..=0.15).contains(rate)) {
            "dirt rates must be from 0 to 0.15".to_owned()
        } else {
            return Ok(());
        };
        Err(SimulateError::Settings(problem))
    }
}
