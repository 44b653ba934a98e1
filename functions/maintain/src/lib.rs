//! Keeps the tables small, and makes missed wake-ups good.

mod context;
mod error;
mod handler;

pub use context::MaintainContext;
pub use error::MaintainError;
