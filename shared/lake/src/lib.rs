//! The lake: object storage and Delta tables behind a small port of our own.
//!
//! Nothing outside this crate names delta-rs. What the rest of smelt sees:
//!
//! - [`Lake`]: one storage root (a folder, an `s3://` URL or memory) that holds every table.
//! - [`Table`]: one Delta table: load a [`Snapshot`], read the [`Changes`] since a version, commit.
//! - [`Commit`]: what one commit does; it lands as exactly the next version or not at all.
//! - [`DataFileWriter`]: Parquet files with statistics, streamed to the store.
//! - [`FilesTable`]: a chosen set of a table's files as a DataFusion table.
//! - [`published`]: immutable whole-mart snapshots for plain Parquet readers.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod changes;
mod commit;
mod data_file;
mod error;
mod files_table;
mod guarded_store;
mod history;
mod lake;
mod listing;
mod log_actions;
mod parquet_statistics;
pub mod published;
mod reader;
mod snapshot;
mod table;
mod table_schema;
mod upkeep;
mod writer;

#[cfg(feature = "test-support")]
pub mod conformance;
#[cfg(feature = "test-support")]
pub mod faults;

pub use changes::Changes;
pub use commit::{Commit, CommitError};
pub use data_file::{Arrival, DataFile, FileStatistics, PartitionValues};
pub use error::LakeError;
pub use files_table::{FilesTable, ORDINAL_COLUMN};
pub use lake::{Lake, Level};
pub use listing::Listed;
pub use snapshot::Snapshot;
pub use table::Table;
pub use table_schema::arrow_type;
pub use upkeep::{LONGEST_RETENTION, Vacuumed};
pub use writer::{DataFileWriter, FileLayout};
