//! Forecasts, intervals and anomaly scores: numbers in, numbers out.
//!
//! No input or output, no clock but that of the deadline, no chance: the same data and settings give
//! the same numbers, on any number of threads.

pub mod metrics;

mod backtest;
mod choice;
mod decompose;
mod detect;
mod error;
mod fitted;
mod forecast;
mod frequency;
mod gaps;
mod holidays;
mod intervals;
mod linear;
mod models;
mod outliers;
mod power;
mod seasons;
mod series;
mod simplex;
mod table;
mod widths;

pub use backtest::{Accuracy, Backtest, CHOICE, MAX_WINDOWS, SeriesAccuracy, backtest};
pub use choice::FittedSeries;
pub use detect::{Detector, DetectorSettings, Judgement, Severity, detect};
pub use error::ForecastError;
pub use fitted::{Fitted, fit, holdout};
pub use forecast::{Forecast, Interval, Part, Trials, forecast};
pub use frequency::{Frequency, format_time, parse_time};
pub use series::{Holiday, NonNegative, Series, Settings, collect_series};
pub use table::{
    Column, Table, accuracy_table, forecast_table, judgement_table, series_accuracy_table,
};
