//! Simulated open-data portals: real HTTP servers on loopback that answer from rows in memory.
//!
//! They understand what real portals understand of the queries that a careful client sends, and
//! refuse everything else with a portal's own kind of error, so that a wrong query fails instead of
//! being answered kindly. [`Fault`]s make single requests go wrong in the ways in which real ones do,
//! [`Drift`]s change the columns in the middle of a load.

mod ckan;
mod ckan_dump;
mod drift;
mod evaluate;
mod fault_text;
mod faults;
mod order_db;
mod query;
mod row_id;
mod server;
mod soda;
mod value;

pub use self::ckan::{CkanResource, CkanServer, CkanSettings};
pub use self::drift::{Change, Drift};
pub use self::fault_text::NotUnderstood;
pub use self::faults::{Fault, FaultRate, Faults, PlannedFault};
pub use self::order_db::{NoOrderDbUrl, OrderDbUrl, fill_order_db};
pub use self::row_id::row_id;
pub use self::soda::{SodaResource, SodaServer, SodaSettings};
pub use self::value::{Column, ColumnKind, Row};
