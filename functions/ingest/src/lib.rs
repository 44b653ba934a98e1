//! Brings landed files and what is new at the sources into bronze.

mod context;
mod error;
mod handler;

pub use context::IngestContext;
pub use error::IngestError;
