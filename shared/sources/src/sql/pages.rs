//! A pull: pages in the order of cursor and key, all from one state of the database.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use chrono::NaiveDateTime;

use super::mark::{Mark, Position};
use super::page_rows::{PageEnd, PageRows, PageShape};
use super::session::{Connection, Origin};
use super::statement::{OrderColumn, OrderedRows, Selection};
use super::value::{Value, ValueKind};
use crate::batch::text_schema;
use crate::moment::{Moment, SPACE};
use crate::names::UniqueNames;
use crate::{Page, PullScope, SourceError};

/// The pages of one pull of a SQL source.
pub(super) struct SqlPages {
    plan: Plan,
    state: State,
}

/// What is pulled from where, and until when.
struct Plan {
    origin: Arc<Origin>,
    deadline: Option<Instant>,
    scope: Scope,
}

/// Which rows are pulled, with the cursor read.
enum Scope {
    New(Option<Mark>),
    Window { since: Option<NaiveDateTime>, until: Option<NaiveDateTime> },
}

enum State {
    Unopened,
    Reading(Box<Reading>),
    Finished,
    Broken,
}

struct Reading {
    connection: Connection,
    rows: OrderedRows,
    shape: PageShape,
    selection: Selection,
    progress: Progress,
    rows_before: u64,
    /// What came behind the last page.
    end: PageEnd,
}

/// What pages say about how far the source was read.
enum Progress {
    /// Nothing: the rows of a window.
    Silent,
    /// The newest value when the pull began, or when the pulls before it did that it completes.
    From(Option<Value>),
}

impl SqlPages {
    pub(super) fn new(
        origin: &Arc<Origin>,
        scope: &PullScope,
        deadline: Option<Instant>,
    ) -> Result<Self, SourceError> {
        let scope = match scope {
            PullScope::New(None) => Scope::New(None),
            PullScope::New(Some(cursor)) => {
                let mark = Mark::read(cursor).ok_or_else(|| origin.failures.foreign_cursor())?;
                Scope::New(Some(mark))
            }
            PullScope::Window { since, until } => Scope::Window { since: *since, until: *until },
        };
        let plan = Plan { origin: Arc::clone(origin), deadline, scope };
        Ok(Self { plan, state: State::Unopened })
    }
}

#[async_trait]
impl crate::Pages for SqlPages {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        // Broken until the page is there: also when the caller stops waiting for it.
        let mut reading = match std::mem::replace(&mut self.state, State::Broken) {
            State::Unopened => Box::new(self.plan.open().await?),
            State::Reading(reading) => reading,
            State::Finished => {
                self.state = State::Finished;
                return Ok(None);
            }
            State::Broken => return Err(self.plan.origin.failures.broken_off()),
        };
        let page = self.plan.page(&mut reading).await?;
        self.state = match reading.end {
            PageEnd::MoreRows => State::Reading(reading),
            _ => {
                reading.connection.close().await;
                State::Finished
            }
        };
        Ok(page)
    }
}

impl Plan {
    /// Connects and decides where to start.
    async fn open(&self) -> Result<Reading, SourceError> {
        let mut connection = Connection::open(&self.origin, self.deadline).await?;
        let (columns, rows) = connection.ordered_rows().await?;
        let (selection, progress) = match &self.scope {
            Scope::New(None) => {
                (Selection::default(), Progress::From(connection.newest(&rows).await?))
            }
            Scope::New(Some(mark)) => {
                self.check_kinds(mark, &rows)?;
                let mark = believed(mark, &mut connection).await?;
                let start = self.start(&mark);
                match mark.after {
                    Some(after) => {
                        let selection = Selection { after: Some(after), ..Selection::default() };
                        (selection, Progress::From(mark.newest))
                    }
                    None => (start, Progress::From(connection.newest(&rows).await?)),
                }
            }
            Scope::Window { since, until } => {
                let greatest = connection.greatest(&rows).await?;
                let bound = |time: &Option<NaiveDateTime>| {
                    let bound = |time| self.bound(time, greatest.as_ref());
                    time.map(bound).transpose()
                };
                let (since, until) = (bound(since)?, bound(until)?);
                (Selection { since, until, after: None }, Progress::Silent)
            }
        };
        let shape = self.shape(&columns, &rows);
        Ok(Reading {
            connection,
            rows,
            shape,
            selection,
            progress,
            rows_before: 0,
            end: PageEnd::MoreRows,
        })
    }

    fn start(&self, mark: &Mark) -> Selection {
        let since = mark.start(self.origin.definition.overlap_seconds);
        Selection { since, ..Selection::default() }
    }

    /// A mark of another type of column would be compared in surprising ways.
    fn check_kinds(&self, mark: &Mark, rows: &OrderedRows) -> Result<(), SourceError> {
        let fits = |value: Option<&Value>, column: &OrderColumn| match (value, column.kind) {
            (Some(value), Some(kind)) => value.kind == kind,
            _ => true,
        };
        let after = mark.after.as_ref();
        let fits = fits(mark.newest.as_ref(), &rows.cursor)
            && fits(after.and_then(|after| after.cursor.as_ref()), &rows.cursor)
            && fits(after.and_then(|after| after.key.as_ref()), &rows.key);
        if fits { Ok(()) } else { Err(self.origin.failures.foreign_cursor()) }
    }

    /// The moment as a value of the cursor column, written as the column writes its greatest one.
    fn bound(&self, time: NaiveDateTime, greatest: Option<&Value>) -> Result<Value, SourceError> {
        let (kind, separator) = match greatest {
            None => (ValueKind::Time, SPACE),
            Some(Value { kind: ValueKind::Time | ValueKind::Instant, .. }) => {
                (ValueKind::Time, SPACE)
            }
            Some(value) => match (value.kind, Moment::read(&value.text)) {
                (ValueKind::Text, Some(moment)) => (ValueKind::Text, moment.separator),
                _ => {
                    let cursor = &self.origin.definition.cursor;
                    return Err(self.origin.failures.cursor_without_time(cursor));
                }
            },
        };
        Ok(Value { kind, text: Moment { time, separator }.bound() })
    }

    fn shape(&self, columns: &[OrderColumn], rows: &OrderedRows) -> PageShape {
        let names = column_names(columns);
        PageShape {
            schema: text_schema(names.iter().map(String::as_str)),
            page_rows: usize::try_from(self.origin.definition.page_rows.max(1)).unwrap_or(1),
            cursor: rows.cursor.clone(),
            key: rows.key.clone(),
        }
    }

    /// Reads the next page of an open pull; `None` at its end.
    async fn page(&self, reading: &mut Reading) -> Result<Option<Page>, SourceError> {
        let page = self.page_of_selection(reading).await?;
        // What was left of a pull that was cut short is gone: on with what came since.
        if let (None, 0, Scope::New(Some(mark @ Mark { after: Some(_), .. }))) =
            (&page, reading.rows_before, &self.scope)
        {
            let mark = believed(mark, &mut reading.connection).await?;
            let newest = reading.connection.newest(&reading.rows).await?;
            reading.selection = self.start(&mark);
            reading.progress = Progress::From(newest);
            return self.page_of_selection(reading).await;
        }
        Ok(page)
    }

    async fn page_of_selection(&self, reading: &mut Reading) -> Result<Option<Page>, SourceError> {
        let failures = &self.origin.failures;
        let Reading { connection, rows, shape, selection, rows_before, .. } = reading;
        let statement = rows.page(selection, shape.page_rows as u64 + 1);
        let mut page = PageRows::new(shape, *rows_before, selection.after.clone());
        connection.rows(&statement, &mut |row| page.push(row)).await?;
        reading.end = page.end;
        match page.end {
            PageEnd::Nothing | PageEnd::MoreRows => {}
            PageEnd::RepeatedPlace => {
                return Err(failures.repeated_key(&rows.cursor.name, &rows.key.name));
            }
            PageEnd::UnorderedPlace => {
                return Err(failures.unordered_column("cursor and key", &rows.cursor.name));
            }
        }
        if page.rows() == 0 {
            return Ok(None);
        }
        *rows_before += page.rows() as u64;
        let more = page.end == PageEnd::MoreRows;
        selection.after = page.last.clone();
        let cursor = reading.progress.mark(more, page.last.clone()).and_then(|mark| mark.cursor());
        let rows = page
            .finish()
            .map_err(|error| failures.unfit_rows(format!("its rows form no table ({error})")))?;
        Ok(Some(Page { rows, cursor, snapshot: None }))
    }
}

/// The mark without a time in the future: nothing would ever be newer, so it goes from the
/// beginning once more. None is written any more, unless a clock is wrong.
async fn believed(mark: &Mark, connection: &mut Connection) -> Result<Mark, SourceError> {
    let mut mark = mark.clone();
    if connection.end_of_present(mark.newest.as_ref()).await?.is_some() {
        mark.newest = None;
    }
    Ok(mark)
}

impl Progress {
    fn mark(&self, more: bool, last: Option<Position>) -> Option<Mark> {
        match self {
            Self::Silent => None,
            Self::From(newest) => {
                Some(Mark { newest: newest.clone(), after: last.filter(|_| more) })
            }
        }
    }
}

/// The names that bronze gives the columns.
pub(super) fn column_names(columns: &[OrderColumn]) -> Vec<String> {
    let mut names = UniqueNames::default();
    let numbered = columns.iter().zip(1..);
    numbered.map(|(column, position)| names.name(&column.name, position)).collect()
}
