//! Compaction: small files of a table become larger ones, with the same rows in the same order of
//! arrival.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use futures::TryStreamExt;
use serde_json::{Map, json};
use smelt_domain::{StageName, StepReport};
use smelt_lake::{Commit, DataFile, DataFileWriter, FileLayout, Snapshot, Table};
use uuid::Uuid;

use crate::bronze::{ORDER, grown_schema};
use crate::follow::{Attempt, Follower, follow};
use crate::ingest::{other_tags, tag_contents};
use crate::observer::Unit;
use crate::{Platform, StageError};

/// Compacts the files of a table that arrived up to a version, each group to at most so many bytes.
///
/// Rows keep their order: only files that arrived one after the other are put together, and only
/// those of one partition and with the same tags.
pub(super) async fn compact(
    platform: &Platform,
    table: &Table,
    up_to: u64,
    target_bytes: u64,
    rows: RowOrder,
) -> Result<Vec<StepReport>, StageError> {
    let mut compaction = Compaction { platform, table, up_to, target_bytes, rows };
    follow(table, platform, &mut compaction).await
}

/// Whether a compacted file has to remember the order of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowOrder {
    /// As a column: lines begin anew with every source file.
    Kept,
    /// It does not matter.
    Free,
}

struct Compaction<'a> {
    platform: &'a Platform,
    table: &'a Table,
    up_to: u64,
    target_bytes: u64,
    rows: RowOrder,
}

impl Follower for Compaction<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let Some(base) = self.table.snapshot().await? else { return Ok(Attempt::UpToDate) };
        let groups = groups(base.arrived(None, self.up_to), self.target_bytes);
        let total = groups.iter().flatten().map(DataFile::rows).sum();
        let observer = &self.platform.observer;
        let ticket = observer.start(StageName::Compact, self.table.id(), Unit::Rows, Some(total));
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for group in groups {
            // What is there is committed; the next run goes on with the others.
            if self.platform.is_past_deadline() {
                break;
            }
            let compacted = self.rewrite(&base, &group).await?;
            ticket.advance(compacted.rows());
            add.push(compacted);
            remove.extend(group);
        }
        if add.is_empty() {
            return Ok(Attempt::UpToDate);
        }
        let ordered = [ORDER.to_owned()];
        let commit = Commit {
            operation: "COMPACT",
            schema: match self.rows {
                RowOrder::Kept => grown_schema(base.schema(), &ordered),
                RowOrder::Free => None,
            },
            partition_columns: base.partition_columns().to_vec(),
            add,
            remove,
            only_rearranges: true,
            info: Map::from_iter([("runId".to_owned(), json!(self.platform.run_id))]),
            ..Commit::default()
        };
        let report = StepReport {
            rows_in: Some(commit.remove.iter().map(DataFile::rows).sum()),
            rows_out: Some(commit.add.iter().map(DataFile::rows).sum()),
            partitions: Some(
                commit.add.iter().map(DataFile::folder).collect::<BTreeSet<_>>().len() as u64,
            ),
            files_added: Some(commit.add.len() as u64),
            files_removed: Some(commit.remove.len() as u64),
            bytes_written: Some(commit.add.iter().map(|file| file.size).sum()),
            ..crate::steps::step(StageName::Compact, self.table.id(), started)
        };
        Ok(Attempt::Commit { base: Some(base), commit, report })
    }
}

impl Compaction<'_> {
    /// One file with the rows of all, which takes the place of the last of them.
    async fn rewrite(&self, base: &Snapshot, group: &[DataFile]) -> Result<DataFile, StageError> {
        let failed = |error: ArrowError| {
            StageError::engine(format!("compacting {}", self.table.id()), error.into())
        };
        let Some(last) = group.last() else { return Err(self.unbalanced(0, 0)) };
        let schema = self.file_schema(base);
        let folder = last.folder().map(|folder| format!("{folder}/")).unwrap_or_default();
        let path = format!("{folder}compacted-{}.parquet", Uuid::now_v7().simple());
        let mut writer = DataFileWriter::new(
            self.table,
            path,
            last.partition.clone(),
            Arc::clone(&schema),
            &FileLayout::Arrival,
        )?;
        let mut rows = 0;
        for file in group {
            let mut batches = self.table.read(file).await?;
            while let Some(batch) = batches.try_next().await? {
                writer.write(&conform(&batch, &schema, rows).map_err(failed)?).await?;
                rows += batch.num_rows() as u64;
            }
        }
        let expected = group.iter().map(DataFile::rows).sum();
        if rows != expected {
            return Err(self.unbalanced(expected, rows));
        }
        let mut compacted = writer.finish().await?;
        compacted.tags = last.tags.clone();
        tag_contents(&mut compacted, group);
        compacted.arrival = last.arrival;
        Ok(compacted)
    }

    /// The columns of a compacted file: all that the table has, but for the partition columns.
    fn file_schema(&self, base: &Snapshot) -> SchemaRef {
        let is_stored = |field: &&Arc<Field>| {
            !base.partition_columns().contains(field.name()) && field.name() != ORDER
        };
        let mut fields: Vec<Arc<Field>> =
            base.schema().fields().iter().filter(is_stored).cloned().collect();
        if self.rows == RowOrder::Kept {
            fields.push(Arc::new(Field::new(ORDER, DataType::Int64, true)));
        }
        Arc::new(Schema::new(fields))
    }

    fn unbalanced(&self, expected: u64, found: u64) -> StageError {
        StageError::Unbalanced { table: self.table.id().sql_name(), expected, found }
    }
}

/// The rows in these columns; those that the file does not have are null. `before` rows are in the
/// compacted file already.
fn conform(
    batch: &RecordBatch,
    schema: &SchemaRef,
    before: u64,
) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let first = i64::try_from(before).unwrap_or(i64::MAX);
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            _ if field.name() == ORDER => {
                Ok(Arc::new(Int64Array::from_iter_values((first..).take(rows))) as ArrayRef)
            }
            Some(column) => arrow::compute::cast(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), rows)),
        })
        .collect::<Result<_, ArrowError>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Neighbours in the order of arrival that fit into one file together.
fn groups(files: Vec<DataFile>, target_bytes: u64) -> Vec<Vec<DataFile>> {
    let mut groups: Vec<Vec<DataFile>> = Vec::new();
    for file in files {
        let fits = |group: &Vec<DataFile>| {
            let bytes: u64 = group.iter().map(|file| file.size).sum();
            let alike = group.last().is_some_and(|last| {
                last.partition == file.partition && other_tags(last) == other_tags(&file)
            });
            alike && bytes + file.size <= target_bytes
        };
        match groups.last_mut().filter(|group| fits(group)) {
            Some(group) => group.push(file),
            None => groups.push(vec![file]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use smelt_lake::Arrival;

    use super::*;

    fn file(name: &str, size: u64, day: &str, tag: Option<&str>) -> DataFile {
        let tags = tag.map(|tag| ("smelt.copy_of".to_owned(), tag.to_owned()));
        DataFile {
            path: name.to_owned(),
            size,
            partition: BTreeMap::from([("day".to_owned(), Some(day.to_owned()))]),
            statistics: Default::default(),
            arrival: Some(Arrival { version: 0, position: 0 }),
            tags: tags.into_iter().collect(),
        }
    }

    #[test]
    fn neighbours_of_one_partition_and_copy_that_fit_together() {
        let files = vec![
            file("a", 3, "1", None),
            file("b", 3, "1", None),
            file("c", 3, "1", None),
            file("d", 3, "2", None),
            file("e", 3, "1", None),
            file("f", 3, "1", Some("x")),
            file("g", 3, "1", Some("x")),
            file("h", 30, "1", Some("x")),
        ];
        let names: Vec<String> = groups(files, 8)
            .iter()
            .map(|group| group.iter().map(|file| file.path.as_str()).collect())
            .collect();
        assert_eq!(names, ["ab", "fg"]);
    }
}
