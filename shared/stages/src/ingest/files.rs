//! Files → bronze: each file once, recognised by its content, in the order of arrival.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::Array;
use arrow::datatypes::Schema;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use smelt_domain::{Dataset, StageName, StepReport, Table as TableDefinition, TableId};
use smelt_lake::{Commit, Snapshot, Table};
use smelt_sources::{
    FileError, FileFormat, Inspection, Progress, ReadOptions, SinkClosed, SourceBatch, inspect,
    read,
};
use tokio::sync::mpsc;

use super::bronze_writer::{BronzeWriter, Origin, Written};
use super::contents::known_contents;
use super::meter::{UploadMeter, UploadPhase};
use super::{arrival, report};
use crate::follow::{Attempt, Follower, follow};
use crate::observer::{Ticket, Unit};
use crate::parallel::in_parallel;
use crate::{Platform, StageError, boxed};

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
    /// Tells how far its reading has come.
    pub meter: Arc<UploadMeter>,
}

impl Upload {
    /// A file at `path` that is called `name`.
    pub fn new(path: PathBuf, name: String) -> Self {
        Self { path, name, meter: Arc::default() }
    }

    /// A local file, called by its file name.
    pub fn local(path: PathBuf) -> Self {
        let name = path
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        Self::new(path, name)
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
    /// It was refused before, and neither the file nor what it is judged by has changed since.
    RefusedBefore {
        /// Why, as it was said then.
        problem: String,
    },
}

/// Names of columns that are listed; more are counted.
const LISTED: usize = 12;

impl FileOutcome {
    /// Why the file was refused as a whole; `None` if it was not.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Foreign { found, expected } => Some(format!(
                "none of its columns is one that the dataset reads, so nothing of it was loaded; it \
                 has {}; expected are columns such as {}",
                listed(found),
                listed(expected)
            )),
            Self::Unreadable(error) => Some(error.to_string()),
            Self::RefusedBefore { problem } => Some(problem.clone()),
            Self::Loaded { .. } | Self::AlreadyLoaded | Self::NoRows => None,
        }
    }

    /// The same of a file that is called otherwise, see [`FileError::called`].
    pub(crate) fn called(self, name: &str) -> Self {
        match self {
            Self::Unreadable(error) => Self::Unreadable(error.called(name)),
            other => other,
        }
    }
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    match (shown.is_empty(), more) {
        (true, _) => "no columns".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What an ingest did.
#[derive(Debug, Default)]
pub struct Ingested {
    /// Every file with what became of it, in the order of arrival.
    pub files: Vec<(String, FileOutcome)>,
    /// The commits; none if none was needed.
    pub steps: Vec<StepReport>,
    /// Why files are missing here: what became of the others is settled all the same, and has to be told.
    pub failed: Option<StageError>,
}

/// What of an ingest somebody has to hear of.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Files that were refused as a whole, with the reason.
    pub refused: Vec<String>,
    /// The first of the files that this machine failed to read, or that are still being written.
    pub unread: Option<FileError>,
}

impl Verdict {
    /// The verdict on files, by what became of each.
    pub fn of(files: Vec<(String, FileOutcome)>) -> Self {
        let mut verdict = Self::default();
        for (name, outcome) in files {
            match outcome {
                FileOutcome::Unreadable(error) if !error.is_of_the_content() => {
                    verdict.unread = verdict.unread.or(Some(error));
                }
                outcome => {
                    let problem = outcome.problem();
                    verdict.refused.extend(problem.map(|problem| format!("{name}: {problem}")));
                }
            }
        }
        verdict
    }
}

/// Loads files into the bronze table of `table`, all in one commit.
///
/// The order of `uploads` is the order of arrival. A file that cannot be read does not hold up the
/// others.
#[boxed]
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
            Ok(file) if file.written.rows == 0 => outcomes[position].1 = Some(FileOutcome::NoRows),
            Ok(file) => files.push((position, file)),
            Err(refusal) => outcomes[position].1 = Some(refusal),
        }
    }

    let (step, lost_to_others) = commit_files(platform, &bronze, &files, started).await?;
    for (position, file) in files {
        outcomes[position].1 = Some(if lost_to_others.contains(&file.content) {
            FileOutcome::AlreadyLoaded
        } else {
            FileOutcome::Loaded { rows: file.written.rows, malformed: file.malformed }
        });
    }
    let files = outcomes
        .into_iter()
        .filter_map(|(name, outcome)| outcome.map(|outcome| (name, outcome)))
        .collect();
    Ok(Ingested { files, steps: step.into_iter().collect(), failed: None })
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
            upload.meter.enter(UploadPhase::Inspecting);
            let stop = StopOnDrop(upload.meter.inspecting.clone());
            let progress = stop.0.clone();
            let inspection = tokio::task::spawn_blocking(move || inspect(&path, &progress))
                .await
                .map_err(|error| panicked(&upload.path, &error))?;
            ticket.advance(stop.0.done());
            if let Ok(inspection) = &inspection {
                upload.meter.note_content(inspection.content_sha256.to_string());
            }
            Ok((upload, inspection))
        }
    });
    in_parallel(platform.engine.parallelism(), jobs).await
}

/// Stops the blocking reader when the future that waits for it is dropped.
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

/// A file whose rows are written but not committed.
#[derive(Debug)]
struct LoadedFile {
    content: String,
    name: String,
    malformed: u64,
    written: Written,
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
    let table = Arc::new(table.clone());
    let jobs = files.into_iter().map(|(position, upload, inspection)| {
        let load = FileLoad {
            bronze: bronze.clone(),
            upload,
            inspection,
            expected: expected.clone(),
            table: Arc::clone(&table),
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
    table: Arc<TableDefinition>,
    upload: Upload,
    inspection: Inspection,
    expected: BTreeSet<String>,
    ingested_at: DateTime<Utc>,
    run_id: String,
}

impl FileLoad {
    async fn run(self, ticket: &dyn Ticket) -> Result<Result<LoadedFile, FileOutcome>, StageError> {
        let (sender, mut receiver) = mpsc::channel::<SourceBatch>(BATCHES_IN_FLIGHT);
        let meter = Arc::clone(&self.upload.meter);
        meter.enter(UploadPhase::Loading);
        let stop = StopOnDrop(meter.loading.clone());
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

        let mut writer = BronzeWriter::new(&self.bronze, &self.table, self.origin());
        let mut reported = 0;
        let mut first_malformed = None;
        while let Some(batch) = receiver.recv().await {
            // Objects of JSON may bring their columns later; a header has said all.
            let said_all = matches!(self.inspection.format, FileFormat::Csv | FileFormat::Parquet);
            if said_all && writer.rows() == 0 && self.is_foreign(batch.fields.schema_ref()) {
                let found = column_names(batch.fields.schema_ref());
                return Ok(Err(self.foreign(found)));
            }
            first_malformed = first_malformed.or_else(|| malformed_record(&batch));
            writer.write(&batch).await?;
            meter.note_rows(writer.rows());
            let done = stop.0.done();
            ticket.advance(done - reported);
            reported = done;
        }
        let summary = match reader.await.map_err(|error| panicked(&self.upload.path, &error))? {
            Ok(summary) => summary,
            Err(error) => return Ok(Err(FileOutcome::Unreadable(error))),
        };
        if let Some(record) = first_malformed.filter(|_| summary.columns.is_empty()) {
            return Ok(Err(FileOutcome::Unreadable(self.no_object(record))));
        }
        if !summary.columns.iter().any(|column| self.expected.contains(column)) {
            return Ok(Err(self.foreign(summary.columns)));
        }
        let written = writer.finish().await?;
        Ok(Ok(LoadedFile {
            content: self.inspection.content_sha256.to_string(),
            name: self.upload.name.clone(),
            malformed: summary.malformed,
            written,
        }))
    }

    fn origin(&self) -> Origin {
        Origin {
            source: self.upload.name.clone(),
            stem: self.inspection.content_sha256.to_string(),
            ingested_at: self.ingested_at,
            run_id: self.run_id.clone(),
        }
    }

    /// A JSON file without a single object has no columns that could be foreign.
    fn no_object(&self, MalformedRecord { line, reason }: MalformedRecord) -> FileError {
        let kind = if self.inspection.format == FileFormat::JsonArray { "element" } else { "line" };
        FileError::Corrupt {
            path: self.upload.path.clone(),
            detail: format!("{kind} {line} is no JSON object, nor is any other ({reason})"),
        }
    }

    fn is_foreign(&self, schema: &Schema) -> bool {
        !schema.fields().iter().any(|field| self.expected.contains(field.name()))
    }

    fn foreign(&self, found: Vec<String>) -> FileOutcome {
        FileOutcome::Foreign { found, expected: self.expected.iter().cloned().collect() }
    }
}

/// A record that could not be read.
struct MalformedRecord {
    line: i64,
    reason: String,
}

/// The first record of a batch that could not be read.
fn malformed_record(batch: &SourceBatch) -> Option<MalformedRecord> {
    let row = (0..batch.line.len()).find(|row| batch.malformed.is_valid(*row))?;
    let reason = batch.malformed.value(row).to_owned();
    Some(MalformedRecord { line: batch.line.value(row), reason })
}

fn column_names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
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
    let steps = follow(bronze, platform, &mut arrival).await?;
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
        let is_ours = |file: &LoadedFile| {
            file.written.files.iter().any(|data| live.contains(data.path.as_str()))
        };
        self.brought_by_others =
            there.iter().filter(|file| !is_ours(file)).map(|file| file.content.clone()).collect();
        if missing.is_empty() {
            return Ok(Attempt::UpToDate);
        }
        let commit = bronze_commit(self.platform, base.as_ref(), &missing);
        let written: Vec<&Written> = missing.iter().map(|file| &file.written).collect();
        let report = report(self.bronze, &written, self.started);
        Ok(Attempt::Commit { base, commit, report })
    }
}

fn bronze_commit(platform: &Platform, base: Option<&Snapshot>, files: &[&LoadedFile]) -> Commit {
    let sources: Vec<_> = files
        .iter()
        .map(|file| json!({ "name": file.name, "sha256": file.content, "rows": file.written.rows }))
        .collect();
    let written: Vec<&Written> = files.iter().map(|file| &file.written).collect();
    arrival(platform, base, &written, json!(sources))
}
