//! Tells once what somebody should know.

mod context;
mod error;
mod handler;
mod topic;

pub use context::AlertContext;
pub use error::AlertError;
