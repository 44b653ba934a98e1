//! Groups of rows and a classifier of payments: numbers and texts in, numbers out.
//!
//! No input or output, no clock, no chance but a seeded one: the same rows, settings and seed give the
//! same model, on any number of threads and in any order of the rows.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod classify;
pub mod cluster;

mod error;
mod random;

pub use error::LearnError;
