//! Files → bronze: each file once, recognised by its content, in the order of arrival.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, json};
use smelt_domain::{Dataset, StageName, StepReport, Table as TableDefinition, TableId};
use smelt_lake::{Commit, DataFile, DataFileWriter, FileLayout, LakeError, Snapshot, Table};
use smelt_sources::{
    FileError, FileFormat, Inspection, Progress, ReadOptions, SinkClosed, SourceBatch, inspect,
    read,
};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::bronze::{self, bronze_schema, grown_schema, origin_fields};
use crate::follow::{Attempt, Follower, follow};
use crate::observer::{Ticket, Unit};
use crate::parallel::in_parallel;
use crate::{Platform, StageError};

/// Batches that may wait between the reader and the writer of a file.
const BATCHES_IN_FLIGHT: usize = 2;

/// A file to ingest.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Where its bytes are.
    pub path: PathBuf,
    /// What it is called in `_source`: never a path of the machine, only the file's own name or
    /// its key in the lake.
    pub name: String,
}

impl Upload {
    /// A local file, called by its file name.
    pub fn local(path: PathBuf) -> Self {
        let name = path
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        Self { path, name }
    }
}

/// What became of one file.
#[derive(Debug)]
pub enum FileOutcome {
    /// Its rows are in bronze.
    Loaded {
        /// Records, malformed ones included.
        rows: u64,
        /// Records that could not be read; they are in bronze too, and go to quarantine.
        malformed: u64,
    },
    /// The same content was loaded before, under this or another name.
    AlreadyLoaded,
    /// It has a header but no records.
    NoRows,
    /// Nothing in it is a column that the dataset reads; nothing was loaded.
    Foreign {
        /// The columns that it has.
        found: Vec<String>,
        /// The columns that the dataset reads.
        expected: Vec<String>,
    },
    /// It cannot be read; nothing of it was loaded.
    Unreadable(FileError),
}

/// What an ingest did.
#[derive(Debug)]
pub struct Ingested {
    /// Every file with what became of it, in the order of arrival.
    pub files: Vec<(String, FileOutcome)>,
    /// The commit, if one was needed.
    pub step: Option<StepReport>,
}

/// Loads files into the bronze table of `table`, all in one commit.
///
/// The order of `uploads` is the order of arrival. A file that cannot be read does not hold up the
/// others.
pub async fn ingest_files(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    uploads: Vec<Upload>,
) -> Result<Ingested, StageError> {
    let started = Instant::now();
    let id = dataset.bronze_id(&table.name);
    let bronze = platform.lake.table(id.clone())?;
    let inspected = inspect_all(platform, &id, uploads).await?;

    let known = known_contents(bronze.snapshot().await?.as_ref());
    let mut seen = known.clone();
    let mut outcomes: Vec<(String, Option<FileOutcome>)> = Vec::new();
    let mut to_load = Vec::new();
    for (upload, inspection) in inspected {
        let outcome = match inspection {
            Err(error) => Some(FileOutcome::Unreadable(error)),
            Ok(inspection) if !seen.insert(inspection.content_sha256.to_string()) => {
                Some(FileOutcome::AlreadyLoaded)
            }
            Ok(inspection) => {
                to_load.push((outcomes.len(), upload.clone(), inspection));
                None
            }
        };
        outcomes.push((upload.name, outcome));
    }

    let loaded = load_all(platform, &bronze, table, to_load).await?;
    let mut files = Vec::new();
    for (position, outcome) in loaded {
        match outcome {
            Ok(file) if file.rows == 0 => outcomes[position].1 = Some(FileOutcome::NoRows),
            Ok(file) => files.push((position, file)),
            Err(refusal) => outcomes[position].1 = Some(refusal),
        }
    }

    let (step, lost_to_others) = commit_files(platform, &bronze, &files, started).await?;
    for (position, file) in files {
        outcomes[position].1 = Some(if lost_to_others.contains(&file.content) {
            FileOutcome::AlreadyLoaded
        } else {
            FileOutcome::Loaded { rows: file.rows, malformed: file.malformed }
        });
    }
    let files = outcomes
        .into_iter()
        .filter_map(|(name, outcome)| outcome.map(|outcome| (name, outcome)))
        .collect();
    Ok(Ingested { files, step })
}

/// Reads every file once to know its content's hash, format and encoding.
async fn inspect_all(
    platform: &Platform,
    id: &TableId,
    uploads: Vec<Upload>,
) -> Result<Vec<(Upload, Result<Inspection, FileError>)>, StageError> {
    let total =
        uploads.iter().filter_map(|u| std::fs::metadata(&u.path).ok()).map(|m| m.len()).sum();
    let ticket = platform.observer.start(StageName::Ingest, id, Unit::Bytes, Some(total));
    let jobs = uploads.into_iter().map(|upload| {
        let ticket = Arc::clone(&ticket);
        async move {
            let path = upload.path.clone();
            let stop = StopOnDrop::default();
            let progress = stop.0.clone();
            let inspection = tokio::task::spawn_blocking(move || inspect(&path, &progress))
                .await
                .map_err(|error| panicked(&upload.path, &error))?;
            ticket.advance(stop.0.done());
            Ok((upload, inspection))
        }
    });
    in_parallel(platform.engine.parallelism(), jobs).await
}

/// Stops the blocking reader when the future that waits for it is dropped.
#[derive(Default)]
struct StopOnDrop(Progress);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn panicked(path: &Path, error: &tokio::task::JoinError) -> StageError {
    StageError::File(FileError::Io {
        path: path.to_owned(),
        source: std::io::Error::other(error.to_string()),
    })
}

/// Contents that the table holds, by the hash that starts the names of their files.
fn known_contents(snapshot: Option<&Snapshot>) -> HashSet<String> {
    let files = snapshot.map_or(&[][..], |snapshot| snapshot.files());
    files.iter().filter_map(|file| content_of(&file.path)).map(str::to_owned).collect()
}

fn content_of(path: &str) -> Option<&str> {
    let (_, name) = path.rsplit_once('/')?;
    name.split_once('-').map(|(content, _)| content)
}

/// A file whose rows are written but not committed.
#[derive(Debug)]
struct LoadedFile {
    content: String,
    name: String,
    rows: u64,
    malformed: u64,
    columns: Vec<String>,
    data: Vec<DataFile>,
}

/// Writes the rows of all files, some at a time, keeping their order.
async fn load_all(
    platform: &Platform,
    bronze: &Table,
    table: &TableDefinition,
    files: Vec<(usize, Upload, Inspection)>,
) -> Result<Vec<(usize, Result<LoadedFile, FileOutcome>)>, StageError> {
    let total = files.iter().map(|(_, _, inspection)| inspection.bytes).sum();
    let ticket = platform.observer.start(StageName::Ingest, bronze.id(), Unit::Bytes, Some(total));
    let expected = expected_columns(table);
    let (started_at, run_id) = (platform.started_at, platform.run_id.to_string());
    let jobs = files.into_iter().map(|(position, upload, inspection)| {
        let load = FileLoad {
            bronze: bronze.clone(),
            upload,
            inspection,
            expected: expected.clone(),
            // One microsecond apart, so that the time alone tells the order of arrival.
            ingested_at: started_at + TimeDelta::microseconds(position as i64),
            run_id: run_id.clone(),
        };
        let ticket = Arc::clone(&ticket);
        async move { Ok((position, load.run(ticket.as_ref()).await?)) }
    });
    in_parallel(platform.engine.parallelism(), jobs).await
}

/// Every name under which the dataset would find one of its columns.
fn expected_columns(table: &TableDefinition) -> BTreeSet<String> {
    table
        .source_columns
        .iter()
        .flat_map(|column| std::iter::once(&column.name).chain(&column.aliases))
        .map(ToString::to_string)
        .collect()
}

/// The loading of one file.
struct FileLoad {
    bronze: Table,
    upload: Upload,
    inspection: Inspection,
    expected: BTreeSet<String>,
    ingested_at: DateTime<Utc>,
    run_id: String,
}

impl FileLoad {
    async fn run(self, ticket: &dyn Ticket) -> Result<Result<LoadedFile, FileOutcome>, StageError> {
        let (sender, mut receiver) = mpsc::channel::<SourceBatch>(BATCHES_IN_FLIGHT);
        let stop = StopOnDrop::default();
        let reader = {
            let path = self.upload.path.clone();
            let inspection = self.inspection.clone();
            let progress = stop.0.clone();
            tokio::task::spawn_blocking(move || {
                read(&path, &inspection, &ReadOptions::default(), &progress, &mut |batch| {
                    sender.blocking_send(batch).map_err(|_| SinkClosed)
                })
            })
        };

        let mut chunks = Chunks::new(&self);
        let mut reported = 0;
        while let Some(batch) = receiver.recv().await {
            // Objects of JSON may bring their columns later; a header has said all.
            let said_all = matches!(self.inspection.format, FileFormat::Csv | FileFormat::Parquet);
            if said_all && chunks.is_first() && self.is_foreign(batch.fields.schema_ref()) {
                let found = column_names(batch.fields.schema_ref());
                return Ok(Err(self.foreign(found)));
            }
            chunks.write(&batch).await?;
            let done = stop.0.done();
            ticket.advance(done - reported);
            reported = done;
        }
        let summary = match reader.await.map_err(|error| panicked(&self.upload.path, &error))? {
            Ok(summary) => summary,
            Err(error) => return Ok(Err(FileOutcome::Unreadable(error))),
        };
        if !summary.columns.iter().any(|column| self.expected.contains(column)) {
            return Ok(Err(self.foreign(summary.columns)));
        }
        let data = chunks.finish().await?;
        Ok(Ok(LoadedFile {
            content: self.inspection.content_sha256.to_string(),
            name: self.upload.name.clone(),
            rows: summary.rows,
            malformed: summary.malformed,
            columns: summary.columns,
            data,
        }))
    }

    fn is_foreign(&self, schema: &Schema) -> bool {
        !schema.fields().iter().any(|field| self.expected.contains(field.name()))
    }

    fn foreign(&self, found: Vec<String>) -> FileOutcome {
        FileOutcome::Foreign { found, expected: self.expected.iter().cloned().collect() }
    }
}

fn column_names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// The bronze data files of one source file: a new one begins where new columns appear.
struct Chunks<'a> {
    load: &'a FileLoad,
    current: Option<(SchemaRef, DataFileWriter)>,
    done: Vec<DataFile>,
    started: usize,
}

impl<'a> Chunks<'a> {
    fn new(load: &'a FileLoad) -> Self {
        Self { load, current: None, done: Vec::new(), started: 0 }
    }

    fn is_first(&self) -> bool {
        self.started == 0
    }

    async fn write(&mut self, batch: &SourceBatch) -> Result<(), StageError> {
        let rows = self.rows(batch)?;
        if self.current.as_ref().is_some_and(|(schema, _)| *schema != rows.schema()) {
            self.close().await?;
        }
        let (_, writer) = match &mut self.current {
            Some(current) => current,
            none => none.insert((rows.schema(), self.load.writer(self.started, rows.schema())?)),
        };
        self.started = self.done.len() + 1;
        writer.write(&rows).await?;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), StageError> {
        if let Some((_, writer)) = self.current.take() {
            self.done.push(writer.finish().await?);
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<DataFile>, StageError> {
        self.close().await?;
        Ok(self.done)
    }

    /// The batch with the columns that say where its rows came from.
    fn rows(&self, batch: &SourceBatch) -> Result<RecordBatch, StageError> {
        let rows = batch.line.len();
        let text = |value: &str| Arc::new(StringArray::from(vec![value; rows])) as ArrayRef;
        let ingested_at = self.load.ingested_at.timestamp_micros();
        let mut fields: Vec<Arc<Field>> =
            batch.fields.schema_ref().fields().iter().cloned().collect();
        fields.extend(origin_fields().into_iter().map(Arc::new));
        let mut columns: Vec<ArrayRef> = batch.fields.columns().to_vec();
        columns.extend([
            text(&self.load.upload.name),
            Arc::new(batch.line.clone()) as ArrayRef,
            Arc::new(TimestampMicrosecondArray::from_value(ingested_at, rows)),
            text(&self.load.run_id),
            Arc::new(batch.malformed.clone()),
            Arc::new(batch.raw.clone()),
        ]);
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| {
            StageError::engine(format!("preparing rows of {}", self.load.upload.name), error.into())
        })
    }
}

impl FileLoad {
    fn writer(&self, chunk: usize, schema: SchemaRef) -> Result<DataFileWriter, LakeError> {
        let date = self.ingested_at.format("%Y-%m-%d").to_string();
        let content = &self.inspection.content_sha256;
        // The unique end keeps two tries of the same file from overwriting each other's bytes.
        let path = format!(
            "{}={date}/{content}-{chunk:04}-{}.parquet",
            bronze::INGESTION_DATE,
            Uuid::now_v7().simple()
        );
        let partition = BTreeMap::from([(bronze::INGESTION_DATE.to_owned(), Some(date))]);
        DataFileWriter::new(&self.bronze, path, partition, schema, &FileLayout::Arrival)
    }
}

/// Commits what was written, leaving out what others have committed in the meantime; returns the
/// step and the contents that others brought.
async fn commit_files(
    platform: &Platform,
    bronze: &Table,
    files: &[(usize, LoadedFile)],
    started: Instant,
) -> Result<(Option<StepReport>, HashSet<String>), StageError> {
    let mut arrival =
        ArrivalOfFiles { platform, bronze, files, started, brought_by_others: HashSet::new() };
    let steps = follow(bronze, platform.observer.as_ref(), &mut arrival).await?;
    let step = steps.into_iter().next();
    Ok((step, arrival.brought_by_others))
}

/// Files whose rows are written, on their way into the log.
struct ArrivalOfFiles<'a> {
    platform: &'a Platform,
    bronze: &'a Table,
    files: &'a [(usize, LoadedFile)],
    started: Instant,
    /// Contents that others have committed.
    brought_by_others: HashSet<String>,
}

impl Follower for ArrivalOfFiles<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let base = self.bronze.snapshot().await?;
        let known = known_contents(base.as_ref());
        let (there, missing): (Vec<&LoadedFile>, Vec<&LoadedFile>) =
            self.files.iter().map(|(_, file)| file).partition(|file| known.contains(&file.content));
        // Ours may be there as well: a commit whose answer was lost.
        let live = base.as_ref().map_or(&[][..], |base| base.files());
        let live: HashSet<&str> = live.iter().map(|file| file.path.as_str()).collect();
        let is_ours =
            |file: &LoadedFile| file.data.iter().any(|data| live.contains(data.path.as_str()));
        self.brought_by_others =
            there.iter().filter(|file| !is_ours(file)).map(|file| file.content.clone()).collect();
        if missing.is_empty() {
            return Ok(Attempt::UpToDate);
        }
        let commit = bronze_commit(self.platform, base.as_ref(), &missing);
        let report = report(self.bronze, &missing, self.started);
        Ok(Attempt::Commit { base, commit, report })
    }
}

fn bronze_commit(platform: &Platform, base: Option<&Snapshot>, files: &[&LoadedFile]) -> Commit {
    let mut columns: Vec<String> = Vec::new();
    for file in files {
        for column in &file.columns {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
    }
    let schema = match base {
        Some(snapshot) => grown_schema(snapshot.schema(), &columns),
        None => Some(bronze_schema(columns.iter().map(String::as_str))),
    };
    let sources: Vec<_> = files
        .iter()
        .map(|file| json!({ "name": file.name, "sha256": file.content, "rows": file.rows }))
        .collect();
    Commit {
        operation: "INGEST",
        add: files.iter().flat_map(|file| file.data.clone()).collect(),
        schema,
        partition_columns: vec![bronze::INGESTION_DATE.to_owned()],
        info: Map::from_iter([
            ("runId".to_owned(), json!(platform.run_id)),
            ("sources".to_owned(), json!(sources)),
        ]),
        ..Commit::default()
    }
}

fn report(bronze: &Table, files: &[&LoadedFile], started: Instant) -> StepReport {
    let rows = files.iter().map(|file| file.rows).sum();
    let data = || files.iter().flat_map(|file| &file.data);
    StepReport {
        rows_in: Some(rows),
        rows_out: Some(rows),
        partitions: Some(1),
        files_added: Some(data().count() as u64),
        files_removed: Some(0),
        bytes_written: Some(data().map(|file| file.size).sum()),
        ..crate::steps::step(StageName::Ingest, bronze.id(), started)
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;

    #[test]
    fn content_is_the_start_of_the_name() {
        assert_eq!(content_of("ingestion_date=2026-11-22/ab12-0000-x.parquet"), Some("ab12"));
        assert_eq!(content_of("ab12"), None);
    }

    #[test]
    fn data_type_of_dates_is_a_date() {
        let schema = bronze_schema(["a"]);
        assert_eq!(
            schema.field_with_name("ingestion_date").unwrap().data_type(),
            &DataType::Date32
        );
    }
}
