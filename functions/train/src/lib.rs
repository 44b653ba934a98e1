//! Fits the models that forecasts are made with.

mod context;
mod error;
mod handler;

pub use context::TrainContext;
pub use error::TrainError;
