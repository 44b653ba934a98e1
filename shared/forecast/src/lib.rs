//! Forecasts, intervals and anomaly scores: numbers in, numbers out.
//!
//! No input or output, no clock but that of the deadline, no chance: the same data and settings give
//! the same numbers, on any number of threads.

pub mod metrics;

mod error;
mod frequency;
mod series;

pub use error::ForecastError;
pub use frequency::{Frequency, format_time, parse_time};
pub use series::{Holiday, NonNegative, Series, Settings, collect_series};
