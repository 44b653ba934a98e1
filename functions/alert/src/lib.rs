//! Tells once what somebody should know.

mod context;
mod error;
mod handler;
mod topic;
mod watch;

pub use context::AlertContext;
pub use error::AlertError;
pub use watch::watch;
