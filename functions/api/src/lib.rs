//! Answers questions about the lake over HTTP.

mod access;
mod context;
mod counted;
mod error;
mod gateway;
mod handler;
mod queues;
mod secrets;
mod uploads;
mod variables;

pub use context::ApiContext;
pub use error::ApiError;
pub use uploads::PresignedUploads;
