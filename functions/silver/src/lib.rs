//! Brings silver and quarantine up to date with bronze.

mod context;
mod error;
mod handler;

pub use context::SilverContext;
pub use error::SilverError;
