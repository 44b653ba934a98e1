//! Forecasts, intervals and anomaly scores: numbers in, numbers out.
//!
//! No input or output, no clock but that of the deadline, no chance: the same data and settings give
//! the same numbers, on any number of threads.

pub mod metrics;

mod choice;
mod decompose;
mod error;
mod frequency;
mod gaps;
mod linear;
mod models;
mod power;
mod series;
mod simplex;

pub use error::ForecastError;
pub use frequency::{Frequency, format_time, parse_time};
pub use series::{Holiday, NonNegative, Series, Settings, collect_series};

#[doc(hidden)]
pub use choice::experiment;
