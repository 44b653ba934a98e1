//! How good forecasts and detections are, by the definitions of public benchmarks.

mod accuracy;
mod nab;
mod naive2;

pub use accuracy::{coverage, mae, mase, mase_scale, msis, owa, smape};
pub use nab::{NabFile, NabProfile, NabResult, nab_best_threshold, nab_normalised, nab_score};
pub use naive2::naive2;
