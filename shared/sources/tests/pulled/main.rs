//! Pulled sources against simulated portals, over real HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ckan;
mod ckan_cursor;
mod ckan_dump;
mod failing;
mod moved;
mod portal;
mod socrata;
mod socrata_ties;
