//! End-to-end suites: the stages on real stores, and the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod alerts;
mod backfill;
mod command_line;
mod faults;
mod functions;
mod infrastructure;
mod keys;
mod learning;
mod order_and_repetition;
mod published;
mod report;
mod series;
mod shop;
mod support;
mod upkeep;
mod uploads;
mod web;
