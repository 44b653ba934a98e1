//! What every storage backend must do for a lake, as checks that its tests call.
//!
//! Each check is one idea. It works under names of its own, so that all of them may run on one
//! lake at the same time, and panics when the backend does something else.
// Test support: an assertion that fails here is a test that fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commits;
mod logs;
mod objects;
mod reading;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use arrow::util::pretty::pretty_format_batches;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::{SessionConfig, SessionContext};

pub use commits::{
    a_commit_lands_on_its_base_or_not_at_all, a_table_begins_with_its_first_commit,
    a_table_may_begin_while_others_look, racing_committers_lose_nothing,
};
pub use logs::{
    a_cleaned_log_means_everything_changed, changes_are_the_touched_partitions,
    odd_partition_values_come_back, state_survives_checkpoints,
};
pub use objects::{
    a_missing_object_reads_as_none, an_object_is_replaced, objects_are_listed_sorted,
    one_of_many_creators_wins,
};
pub use reading::{
    a_grown_schema_reads_old_files, a_large_file_is_uploaded_in_parts,
    a_table_may_gain_a_wall_clock, files_are_read_with_partitions_and_ordinals,
    latest_names_the_published_snapshot, statistics_tell_bounds_of_every_type,
};

use crate::{DataFile, DataFileWriter, FileLayout, FileStatistics, FilesTable, Lake, Table};

const PARTITION: &str = "month";

/// The handle of a table in a layer that no check shares with another.
fn table(lake: &Lake, name: &str) -> Table {
    lake.table(format!("silver/conformance/{name}").parse().unwrap()).unwrap()
}

fn partitioned_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::Int64, true),
        Field::new(PARTITION, DataType::Utf8, true),
    ]))
}

/// A file that only the log knows: enough where nobody reads it.
fn named_file(path: &str, month: Option<&str>, rows: u64) -> DataFile {
    DataFile {
        path: path.to_owned(),
        size: rows * 10,
        partition: BTreeMap::from([(PARTITION.to_owned(), month.map(str::to_owned))]),
        statistics: FileStatistics { rows, ..FileStatistics::default() },
        arrival: None,
        tags: Default::default(),
    }
}

/// Writes a real file of these columns.
async fn written_file(
    table: &Table,
    path: &str,
    partition: &[(&str, Option<&str>)],
    columns: Vec<(&str, ArrayRef)>,
    layout: &FileLayout,
) -> DataFile {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let partition = partition
        .iter()
        .map(|(column, value)| ((*column).to_owned(), value.map(str::to_owned)))
        .collect();
    let mut writer =
        DataFileWriter::new(table, path.to_owned(), partition, batch.schema(), layout).unwrap();
    writer.write(&batch).await.unwrap();
    writer.finish().await.unwrap()
}

fn keys(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

/// The engine over one set of files, called `files`.
fn session(lake: &Lake, files: FilesTable) -> SessionContext {
    let runtime = Arc::new(RuntimeEnv::default());
    lake.register(&runtime);
    let session = SessionContext::new_with_config_rt(SessionConfig::new(), runtime);
    session.register_table("files", Arc::new(files)).unwrap();
    session
}

/// The table that `SELECT * FROM files ORDER BY key` gives, as text.
async fn read(lake: &Lake, files: FilesTable) -> String {
    let rows = session(lake, files).sql("SELECT * FROM files ORDER BY key").await.unwrap();
    pretty_format_batches(&rows.collect().await.unwrap()).unwrap().to_string()
}

/// A text column in the order of `key`.
async fn column(lake: &Lake, files: FilesTable, name: &str) -> Vec<Option<String>> {
    let sql = format!("SELECT {name} FROM files ORDER BY key");
    let batches = session(lake, files).sql(&sql).await.unwrap().collect().await.unwrap();
    let texts = batches.iter().map(|batch| batch.column(0).as_string_view());
    texts.flat_map(|texts| texts.iter()).map(|text| text.map(str::to_owned)).collect()
}

async fn count(lake: &Lake, files: FilesTable) -> i64 {
    let rows = session(lake, files).sql("SELECT count(key) FROM files").await.unwrap();
    rows.collect().await.unwrap()[0].column(0).as_primitive::<Int64Type>().value(0)
}

/// Requires the lines of a table printed by [`read`], blanks around them left out.
fn assert_lines(found: &str, expected: &[&str]) {
    let found: Vec<&str> = found.lines().filter(|line| !line.starts_with('+')).collect();
    let tidy = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let found: Vec<String> = found.into_iter().map(tidy).collect();
    assert_eq!(found, expected);
}
