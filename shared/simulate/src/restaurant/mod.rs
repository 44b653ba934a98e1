//! The order database of a restaurant: orders whose status changes, and their items.
//!
//! There is no database here, only its rows, in two states: in the middle of an evening, and some
//! days later, when orders of the first state have been served, cancelled or refunded. A source
//! that pulls changes has to be pulled in both.
//!
//! Amounts are whole cents here; the marts are expected to hold them in the currency's unit.
//!
//! ```
//! use smelt_simulate::restaurant::Restaurant;
//!
//! let simulated = Restaurant { days: 30, ..Restaurant::default() }.generate()?;
//! let first_night = simulated.orders_on_first_night();
//! assert!(first_night.orders.len() < simulated.orders_at_the_end().orders.len());
//! # Ok::<(), smelt_simulate::SimulateError>(())
//! ```

mod history;
mod kitchen;
mod marts;
mod menu;
mod opening;
mod orders;
mod truth;

use std::path::Path;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use serde::Serialize;

use crate::dataset_folder::DatasetFolder;
use crate::{DatasetTruth, SimulateError};
use history::OrderHistory;
use opening::{Season, is_open};
pub use orders::{Order, OrderDatabase, OrderItem, OrderStatus};

const DATASET: &str = "restaurant";

/// Ten years: enough for one restaurant.
const MOST_DAYS: u32 = 3_660;

/// When the first state is looked at: dinner is being served.
const FIRST_NIGHT: NaiveTime = NaiveTime::from_hms_opt(20, 10, 0).unwrap();
/// When the second state is looked at, on the last day: the last guests are not served yet.
const THE_END: NaiveTime = NaiveTime::from_hms_opt(21, 40, 0).unwrap();

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct Restaurant {
    /// The first day.
    pub first_day: NaiveDate,
    /// How many days, days of rest included; at least 28.
    pub days: u32,
    /// Orders per day on average.
    pub rows_per_day: u32,
    /// The same settings with the same seed give the same rows.
    pub seed: u64,
    /// What becomes of orders.
    pub rates: RestaurantRates,
}

/// Shares of all orders.
#[derive(Debug, Clone, PartialEq)]
pub struct RestaurantRates {
    /// Orders that are cancelled before they are served.
    pub cancelled: f64,
    /// Orders whose money is given back, hours or days after they were served.
    pub refunded: f64,
    /// Orders whose total is less than the sum of their items.
    pub discounted: f64,
}

impl Default for Restaurant {
    fn default() -> Self {
        Self {
            first_day: NaiveDate::from_ymd_opt(2024, 3, 1).unwrap_or_default(),
            days: 120,
            rows_per_day: 90,
            seed: 1,
            rates: RestaurantRates::default(),
        }
    }
}

impl Default for RestaurantRates {
    fn default() -> Self {
        Self { cancelled: 0.03, refunded: 0.015, discounted: 0.06 }
    }
}

/// All that ever happened to the orders, and the truth about them.
#[derive(Debug, Clone)]
pub struct SimulatedRestaurant {
    /// What must be found when everything up to the last state has been pulled. Rows are counted
    /// as one pull of the last state delivers them.
    pub truth: DatasetTruth,
    histories: Vec<OrderHistory>,
    first_night: NaiveDateTime,
    the_end: NaiveDateTime,
}

impl SimulatedRestaurant {
    /// The rows in the middle of dinner on an open day, about two thirds through the days.
    pub fn orders_on_first_night(&self) -> OrderDatabase {
        history::database_as_of(&self.histories, self.first_night)
    }

    /// The rows on the last evening.
    pub fn orders_at_the_end(&self) -> OrderDatabase {
        history::database_as_of(&self.histories, self.the_end)
    }
}

impl Restaurant {
    /// Simulates the orders. Fails only for settings out of range.
    pub fn generate(&self) -> Result<SimulatedRestaurant, SimulateError> {
        self.check()?;
        let season = Season::plan(self);
        let histories = kitchen::histories(self, &season);
        let the_end = self.day(self.days - 1).and_time(THE_END);
        let at_the_end = history::database_as_of(&histories, the_end);
        Ok(SimulatedRestaurant {
            truth: truth::truth(self, &season, &at_the_end),
            histories,
            first_night: self.first_night(),
            the_end,
        })
    }

    /// Writes the rows of both states as JSON lines and `truth.json` into `<out>/restaurant`, for
    /// reference, and returns the truth.
    ///
    /// `progress` is told how many rows have been written. A folder with files is refused.
    pub fn write(
        &self,
        out: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<DatasetTruth, SimulateError> {
        let simulated = self.generate()?;
        let folder = DatasetFolder::create(out, DATASET, &[])?;
        let mut rows = 0;
        for (state, database) in [
            ("first_night", simulated.orders_on_first_night()),
            ("the_end", simulated.orders_at_the_end()),
        ] {
            folder.write(&format!("orders_{state}.jsonl"), &json_lines(&database.orders)?)?;
            folder.write(&format!("order_items_{state}.jsonl"), &json_lines(&database.items)?)?;
            rows += (database.orders.len() + database.items.len()) as u64;
            progress(rows);
        }
        folder.write_truth(&simulated.truth)?;
        Ok(simulated.truth)
    }

    fn check(&self) -> Result<(), SimulateError> {
        let rates = [self.rates.cancelled, self.rates.refunded, self.rates.discounted];
        let last_day = self.first_day.checked_add_days(Days::new(u64::from(self.days) + 60));
        let problem = if !(28..=MOST_DAYS).contains(&self.days) {
            format!("days must be from 28 to {MOST_DAYS}")
        } else if last_day.is_none() {
            "the days leave the calendar".to_owned()
        } else if self.rows_per_day == 0 {
            "rows_per_day must be at least 1".to_owned()
        } else if rates.iter().any(|rate| !(0.0..=0.3).contains(rate)) {
            "rates must be from 0 to 0.3".to_owned()
        } else {
            return Ok(());
        };
        Err(SimulateError::Settings(problem))
    }

    /// The simulated day with this number, from 0; the settings were checked to stay within the
    /// calendar.
    fn day(&self, number: u32) -> NaiveDate {
        self.first_day.checked_add_days(Days::new(u64::from(number))).unwrap_or(self.first_day)
    }

    fn first_night(&self) -> NaiveDateTime {
        let open = (0..=self.days * 2 / 3).rev().map(|day| self.day(day)).find(|day| is_open(*day));
        open.unwrap_or(self.first_day).and_time(FIRST_NIGHT)
    }
}

fn json_lines<T: Serialize>(rows: &[T]) -> Result<Vec<u8>, SimulateError> {
    let mut bytes = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut bytes, row)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
