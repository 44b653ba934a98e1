//! What happened in a dataset in a period, on one page: as HTML that needs nothing else, or as Markdown.
//!
//! A [`Report`] is content: numbers and texts that somebody gathered. [`to_html`] and
//! [`to_markdown`] say it; neither makes up a number: what is not known is `—`.
//! Nothing here does I/O.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod content;
mod html;
mod markdown;
mod number;
mod period;
mod summary;
mod svg;
mod words;

pub use content::{
    Accuracy, Anomalies, Anomaly, Balance, Band, Breakdown, Chart, Figure, ForecastStep, Forecasts,
    Group, Listed, Mark, Measure, Others, Point, Report, Rule, SeriesSection, TableVersion,
};
pub use html::to_html;
pub use markdown::to_markdown;
pub use period::{Length, Period, PeriodError};
pub use summary::sentences as summary;
