//! Answers questions about the lake over HTTP.

mod context;
mod error;
mod handler;
mod router;

pub use context::ApiContext;
pub use error::ApiError;
