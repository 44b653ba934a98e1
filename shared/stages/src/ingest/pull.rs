//! A source that is pulled → bronze: rows and the cursor behind them land in one commit.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::json;
use smelt_domain::{
    ColumnName, Dataset, SourceDefinition, StageName, StepReport, Table as TableDefinition,
};
use smelt_lake::{Commit, Snapshot, Table};
use smelt_sources::{
    CopyProgress, Cursor, Page, PullRequest, PullScope, SnapshotPart, Source, SourceError,
};
use uuid::Uuid;

use super::bronze_writer::{BronzeWriter, Origin, Written};
use super::column_watch::{ColumnDrift, ColumnWatch};
use super::copied_keys::go_on_behind_copy;
use super::recent_rows::RecentRows;
use super::seen_columns::SeenColumns;
use super::{arrival, report};
use crate::follow::{Attempt, Follower, follow};
use crate::observer::{Ticket, Unit};
use crate::{Platform, StageError, boxed, snapshots};

/// Rows after which a pull is committed, so that one that breaks off has not been for nothing.
const ROWS_PER_COMMIT: u64 = 500_000;

/// Where a pull starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PullFrom {
    /// Where the last one ended; at the beginning the first time.
    #[default]
    Cursor,
    /// At the beginning, whatever was pulled before.
    Beginning,
    /// At a window of the source's time column; the cursor stays where it is.
    Window {
        /// The first moment; `None` from the beginning.
        since: Option<chrono::NaiveDateTime>,
        /// The moment behind the last; `None` to the end.
        until: Option<chrono::NaiveDateTime>,
    },
}

/// What a pull did.
#[derive(Debug)]
pub struct Pulled {
    /// Rows that are new in bronze.
    pub rows: u64,
    /// The commits.
    pub steps: Vec<StepReport>,
    /// What was copied and is gone at the source: its rows do not count any more.
    pub gone: Vec<String>,
    /// Columns that were not the same in all pages, or not as in the pulls before.
    pub drifts: Vec<ColumnDrift>,
    /// What the source says of its rows beside, a sentence each.
    pub notes: Vec<String>,
    /// How it ended.
    pub ending: PullEnding,
}

/// How a pull ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullEnding {
    /// There is nothing more at the source.
    Complete,
    /// At its deadline; the next one goes on.
    Deadline,
    /// Another pull of this source was faster; the next one goes on from there.
    Overtaken,
}

/// Pulls a source into the bronze table of its table.
#[boxed]
pub async fn pull_source(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    definition: &SourceDefinition,
    source: &dyn Source,
    from: &PullFrom,
) -> Result<Pulled, StageError> {
    let bronze = platform.lake.table(dataset.bronze_id(&table.name))?;
    let puller = Puller { platform, bronze: &bronze, table, definition, source };
    let mut watch = ColumnWatch::new(table);
    let pulled = puller.run(from, &mut watch).await;
    let drifts = watch.drifts();
    for drift in &drifts {
        tracing::warn!(source = source.label(), "{drift}");
    }
    let pulled = pulled?;
    for note in &pulled.notes {
        tracing::warn!(source = source.label(), "{note}");
    }
    Ok(Pulled { drifts, ..pulled })
}

/// Where the last pull of a source ended; `None` before the first.
#[boxed]
pub async fn pulled_to(
    platform: &Platform,
    dataset: &Dataset,
    definition: &SourceDefinition,
) -> Result<Option<Cursor>, StageError> {
    let bronze = platform.lake.table(dataset.bronze_id(&definition.table))?;
    let bronze = bronze.snapshot().await?;
    let noted = bronze.as_ref().and_then(|bronze| bronze.property(&cursor_name(definition)));
    Ok(noted.and_then(|text| serde_json::from_str(text).ok()).map(Cursor))
}

/// The declared columns that pulls of a source had so far; `None` before the first.
#[boxed]
pub async fn pulled_columns(
    platform: &Platform,
    dataset: &Dataset,
    definition: &SourceDefinition,
) -> Result<Option<BTreeSet<ColumnName>>, StageError> {
    let bronze = platform.lake.table(dataset.bronze_id(&definition.table))?;
    let Some(bronze) = bronze.snapshot().await? else { return Ok(None) };
    let seen = SeenColumns::parse(bronze.property(&columns_name(definition)));
    Ok((!seen.is_empty()).then(|| seen.declared().into_iter().cloned().collect()))
}

/// The property of the bronze table that holds what was seen of a source's columns.
fn columns_name(definition: &SourceDefinition) -> String {
    format!("smelt.columns.{}", definition.name)
}

/// The property of the bronze table that holds a source's cursor.
fn cursor_name(definition: &SourceDefinition) -> String {
    format!("smelt.cursor.{}", definition.name)
}

struct Puller<'a> {
    platform: &'a Platform,
    bronze: &'a Table,
    table: &'a TableDefinition,
    definition: &'a SourceDefinition,
    source: &'a dyn Source,
}

impl Puller<'_> {
    async fn run(
        &self,
        from: &PullFrom,
        watch: &mut ColumnWatch<'_>,
    ) -> Result<Pulled, StageError> {
        let base = self.bronze.snapshot().await?;
        let before = base.as_ref().and_then(|base| base.property(&self.cursor_name()));
        let mut position = before.map(str::to_owned);
        let recent = base.as_ref().and_then(|base| base.property(&self.recent_name()));
        let mut recent = match from {
            PullFrom::Cursor => Some(RecentRows::parse(recent)),
            PullFrom::Beginning => Some(RecentRows::default()),
            PullFrom::Window { .. } => None,
        };
        let copies = base.as_ref().map(|base| snapshots::counting(base, &self.definition.name));
        let request = PullRequest {
            scope: scope(from, before),
            deadline: self.platform.deadline,
            copies: copies.unwrap_or_default(),
        };
        let seen = base.as_ref().and_then(|base| base.property(&columns_name(self.definition)));
        watch.compare_with(SeenColumns::parse(seen));
        if before.is_none() && !matches!(from, PullFrom::Window { .. }) {
            let there = base.as_ref().map(|base| base.schema().fields());
            let there = there.into_iter().flatten().map(|field| field.name().clone());
            let columns = self.table.source_columns.iter().map(|column| &column.name);
            let of_others = columns.filter(|column| !self.definition.has_column(column));
            watch.expect_all_but(there.chain(of_others.map(ToString::to_string)).collect());
        }
        let mut pages = self.source.pull(request).await?;
        let ticket = self.ticket();
        let mut pulled = Pulled {
            rows: 0,
            steps: Vec::new(),
            gone: Vec::new(),
            drifts: Vec::new(),
            notes: Vec::new(),
            ending: PullEnding::Complete,
        };
        loop {
            let load = self.load(&mut *pages, recent.as_mut(), watch, &*ticket).await?;
            let mut arrival = ArrivalOfRows {
                puller: self,
                load: &load,
                recent: recent.as_ref().map(RecentRows::to_text),
                columns: watch.remembered().to_text(),
                position: position.clone(),
                overtaken: false,
            };
            let steps = follow(self.bronze, self.platform, &mut arrival).await?;
            let overtaken = arrival.overtaken;
            pulled.steps.extend(steps);
            if overtaken {
                pulled.ending = PullEnding::Overtaken;
                return Ok(pulled);
            }
            pulled.rows += load.written.rows;
            let gone = load.settled.into_iter().filter(|part| part.progress == CopyProgress::Gone);
            pulled.gone.extend(gone.map(|part| part.of));
            position = load.cursor.map(|cursor| cursor.0.to_string()).or(position);
            if let Some(ending) = load.ended {
                pulled.ending = ending?;
                pulled.notes = pages.notes();
                return Ok(pulled);
            }
        }
    }

    fn ticket(&self) -> std::sync::Arc<dyn Ticket> {
        self.platform.observer.start(StageName::Ingest, self.bronze.id(), Unit::Rows, None)
    }

    /// Writes pages until there are enough for a commit, or none any more, or no more time.
    async fn load(
        &self,
        pages: &mut dyn smelt_sources::Pages,
        mut recent: Option<&mut RecentRows>,
        watch: &mut ColumnWatch<'_>,
        ticket: &dyn Ticket,
    ) -> Result<Load, StageError> {
        let started = Instant::now();
        let mut writer = self.writer();
        let mut load = Load {
            written: Written::default(),
            cursor: None,
            settled: Vec::new(),
            ended: None,
            started,
        };
        let mut part: Option<SnapshotPart> = None;
        while load.written.rows + writer.rows() < ROWS_PER_COMMIT {
            if self.platform.is_past_deadline() {
                load.ended = Some(Ok(PullEnding::Deadline));
                break;
            }
            let Page { rows, cursor, snapshot } = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => {
                    load.ended = Some(Ok(PullEnding::Complete));
                    break;
                }
                // The pages before are sound and stay; the next pull goes on behind them.
                Err(error) => {
                    // Waits and retries end at the deadline as well.
                    let at_deadline = error.retryable() && self.platform.is_past_deadline();
                    let ended = if at_deadline { Ok(PullEnding::Deadline) } else { Err(error) };
                    load.ended = Some(ended);
                    break;
                }
            };
            ticket.advance(rows.line.len() as u64);
            let copy = snapshot.as_ref().map_or("", |part| part.of.as_str());
            match snapshot.as_ref().map(|part| part.progress) {
                Some(CopyProgress::Gone) => watch.lose(copy),
                _ => watch.see(copy, &rows.fields),
            }
            // Files are tagged with the copy that they belong to: each has its own.
            if part.as_ref().map(|part| (&part.of, &part.state))
                != snapshot.as_ref().map(|part| (&part.of, &part.state))
            {
                let former = std::mem::replace(&mut writer, self.writer());
                self.close(former, part.take(), &mut load).await?;
                if let (Some(keys), Some(copied)) = (writer.content_keys(), &snapshot) {
                    let (platform, source) = (self.platform, &self.definition.name);
                    go_on_behind_copy(platform, self.bronze, source, copied, keys).await?;
                }
                part = snapshot.clone();
            }
            let rows = match recent.as_deref_mut().filter(|_| snapshot.is_none()) {
                Some(recent) => recent.only_news(rows).map_err(|error| {
                    StageError::engine(format!("reading {}", self.source.label()), error.into())
                })?,
                None => rows,
            };
            if !rows.line.is_empty() {
                writer.write(&rows).await?;
            }
            load.cursor = cursor.or(load.cursor);
            load.settled.extend(snapshot.filter(|part| part.progress != CopyProgress::Underway));
        }
        self.close(writer, part, &mut load).await?;
        Ok(load)
    }

    fn writer(&self) -> BronzeWriter {
        let origin = Origin {
            source: self.source.label().to_owned(),
            stem: format!("{}{}", self.definition.name, Uuid::now_v7().simple()),
            ingested_at: self.platform.started_at,
            run_id: self.platform.run_id.to_string(),
        };
        BronzeWriter::new(self.bronze, self.table, origin)
    }

    async fn close(
        &self,
        writer: BronzeWriter,
        part: Option<SnapshotPart>,
        load: &mut Load,
    ) -> Result<(), StageError> {
        let mut written = writer.finish().await?;
        if let Some(part) = &part {
            let files = written.files.iter_mut();
            files.for_each(|file| snapshots::tag(file, &self.definition.name, part));
        }
        load.written.add(written);
        Ok(())
    }

    fn cursor_name(&self) -> String {
        cursor_name(self.definition)
    }

    fn recent_name(&self) -> String {
        format!("smelt.recent.{}", self.definition.name)
    }
}

fn scope(from: &PullFrom, cursor: Option<&str>) -> PullScope {
    match from {
        // A cursor that cannot be read is as none: everything comes again and is the same.
        PullFrom::Cursor => {
            PullScope::New(cursor.and_then(|text| serde_json::from_str(text).ok()).map(Cursor))
        }
        PullFrom::Beginning => PullScope::New(None),
        PullFrom::Window { since, until } => PullScope::Window { since: *since, until: *until },
    }
}

/// Pages that are written but not committed.
struct Load {
    written: Written,
    /// The cursor behind the last page; `None` leaves it where it is.
    cursor: Option<Cursor>,
    /// Copies that are complete with this load, or gone.
    settled: Vec<SnapshotPart>,
    /// How the pull ended, if it did.
    ended: Option<Result<PullEnding, SourceError>>,
    started: Instant,
}

/// A load on its way into the log.
struct ArrivalOfRows<'a> {
    puller: &'a Puller<'a>,
    load: &'a Load,
    recent: Option<String>,
    /// What was seen of the columns so far.
    columns: Option<String>,
    /// The cursor that this pull went on from: another one there means that another pull ran.
    position: Option<String>,
    overtaken: bool,
}

impl Follower for ArrivalOfRows<'_> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let puller = self.puller;
        let base = puller.bronze.snapshot().await?;
        let cursor = self.load.cursor.as_ref().map(|cursor| cursor.0.to_string());
        let there = base.as_ref().and_then(|base| base.property(&puller.cursor_name()));
        let has_rows = !self.load.written.files.is_empty();
        let is_noted = cursor.is_none() || cursor.as_deref() == there;
        let is_there = match has_rows {
            // Ours are there after a commit whose answer was lost.
            true => self.rows_are_live(base.as_ref()),
            false => is_noted && self.copies_are_settled(base.as_ref()),
        };
        if is_there {
            return Ok(Attempt::UpToDate);
        }
        if cursor.is_some() && there != self.position.as_deref() {
            self.overtaken = has_rows || !is_noted;
            return Ok(Attempt::UpToDate);
        }
        let written = [&self.load.written];
        let sources = json!([{
            "name": puller.source.label(),
            "source": puller.definition.name,
            "rows": self.load.written.rows,
        }]);
        let mut commit = arrival(puller.platform, base.as_ref(), &written, sources);
        self.note_position(&mut commit, cursor);
        let report = report(puller.bronze, &written, self.load.started);
        Ok(Attempt::Commit { base, commit, report })
    }
}

impl ArrivalOfRows<'_> {
    fn rows_are_live(&self, base: Option<&Snapshot>) -> bool {
        let live = base.map_or(&[][..], |base| base.files());
        let is_live = |path: &str| live.iter().any(|file| file.path == path);
        self.load.written.files.iter().all(|file| is_live(&file.path))
    }

    fn copies_are_settled(&self, base: Option<&Snapshot>) -> bool {
        self.load.settled.iter().all(|part| {
            let (name, state) = snapshots::completion(&self.puller.definition.name, part);
            base.and_then(|base| base.property(&name)) == Some(state.as_str())
        })
    }

    fn note_position(&self, commit: &mut Commit, cursor: Option<String>) {
        let puller = self.puller;
        if let Some(cursor) = cursor {
            commit.properties.push((puller.cursor_name(), cursor));
            if let Some(recent) = &self.recent {
                commit.properties.push((puller.recent_name(), recent.clone()));
            }
            if let Some(columns) = &self.columns {
                commit.properties.push((columns_name(puller.definition), columns.clone()));
            }
        }
        let settled = self.load.settled.iter();
        commit
            .properties
            .extend(settled.map(|part| snapshots::completion(&puller.definition.name, part)));
    }
}
