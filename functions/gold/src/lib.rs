//! Brings marts and their published snapshots up to date with silver.

mod context;
mod error;
mod handler;

pub use context::GoldContext;
pub use error::GoldError;
