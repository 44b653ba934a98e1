//! Uploads and sources → bronze.

mod bronze_writer;
mod column_watch;
mod content_key;
mod contents;
mod copied_keys;
mod files;
mod meter;
mod pull;
mod recent_rows;
mod seen_columns;

use std::time::Instant;

use serde_json::{Map, Value, json};
use smelt_domain::{StageName, StepReport};
use smelt_lake::{Commit, DataFile, Snapshot, Table};

pub(crate) use self::bronze_writer::{BronzeWriter, Origin, Written};
pub use self::column_watch::ColumnDrift;
pub(crate) use self::contents::{arrivals_of_contents, known_contents, other_tags, tag_contents};
pub use self::files::{FileOutcome, Ingested, Upload, Verdict, ingest_files};
pub use self::meter::{UploadMeter, UploadPhase};
pub use self::pull::{PullEnding, PullFrom, Pulled, pull_source, pulled_columns, pulled_to};
use crate::Platform;
use crate::bronze::{self, bronze_schema, grown_schema};

/// The commit by which what was written arrives in bronze.
pub(crate) fn arrival(
    platform: &Platform,
    base: Option<&Snapshot>,
    written: &[&Written],
    sources: Value,
) -> Commit {
    let mut columns: Vec<String> = Vec::new();
    for column in written.iter().flat_map(|written| &written.columns) {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let schema = match base {
        Some(snapshot) => grown_schema(snapshot.schema(), &columns),
        None => Some(bronze_schema(columns.iter().map(String::as_str))),
    };
    Commit {
        operation: "INGEST",
        add: written.iter().flat_map(|written| written.files.clone()).collect(),
        schema,
        partition_columns: vec![bronze::INGESTION_DATE.to_owned()],
        info: Map::from_iter([
            ("runId".to_owned(), json!(platform.run_id)),
            ("sources".to_owned(), sources),
        ]),
        ..Commit::default()
    }
}

pub(crate) fn report(bronze: &Table, written: &[&Written], started: Instant) -> StepReport {
    let rows = written.iter().map(|written| written.rows).sum();
    let files = || written.iter().flat_map(|written| &written.files);
    StepReport {
        rows_in: Some(rows),
        rows_out: Some(rows),
        partitions: Some(1),
        files_added: Some(files().count() as u64),
        files_removed: Some(0),
        bytes_written: Some(files().map(|file: &DataFile| file.size).sum()),
        ..crate::steps::step(StageName::Ingest, bronze.id(), started)
    }
}
