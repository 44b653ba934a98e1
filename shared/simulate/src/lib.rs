//! Seeded, deterministic source data, together with the truth about it.
//!
//! A simulation writes files as a source system would deliver them: late versions, duplicates,
//! dirt and planted anomalies included. Beside them it writes a truth file that says exactly what
//! a correct pipeline must find. The same settings and the same seed give the same bytes, on every
//! machine and in every later version of the program.
//!
//! One module per dataset.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
pub mod nyc311;
mod random;

pub use error::SimulateError;
pub use nyc311::Truth;
