//! Reads files as they are found (CSV, JSON lines, JSON arrays, Parquet; plain, gzip or zstd) as a
//! stream of Arrow batches in which every field is a string, in bounded memory.
//!
//! Two calls per file: [`inspect`] looks over all bytes once (content hash, format, encoding, whether
//! the file is whole) before anything is loaded, then [`read`] hands the rows to a sink, batch by
//! batch. A row that cannot be read is never dropped: it arrives as a malformed row with the reason
//! and its raw text.
//!
//! What is not a file is a [`Source`]: it is pulled page by page, each page with the cursor that
//! goes on behind it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod batch;
pub mod ckan;
mod content;
mod csv;
mod error;
pub mod files;
mod format;
mod http;
mod inspect;
mod json;
mod moment;
mod names;
mod open;
mod parquet_rows;
mod present;
mod progress;
mod pull;
mod read;
pub mod socrata;
mod source_error;
pub mod sql;
#[cfg(test)]
mod testing;
mod window;

pub use batch::SourceBatch;
pub use content::unpack;
pub use error::{FileError, SinkClosed};
pub use files::find_files;
pub use format::{Compression, FileFormat};
pub use http::{Backoff, HttpSettings, RetryListener};
pub use inspect::{ContentHash, Encoding, Inspection, inspect};
pub use names::column_name;
pub use open::{SourceSettings, open_inventoried, open_source};
pub use progress::Progress;
pub use pull::{
    CopyProgress, Cursor, Inventory, Page, Pages, Probe, PullRequest, PullScope, Secret,
    SnapshotPart, Source,
};
pub use read::{ReadOptions, ReadSummary, read};
pub use source_error::SourceError;
