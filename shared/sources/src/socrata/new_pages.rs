//! What came since a cursor: rows by update time, window after window.

use async_trait::async_trait;
use smelt_domain::Socrata;

use super::EVERYTHING;
use super::cursor::SodaCursor;
use super::keyset::{Keyset, Place, UPDATED_AT};
use super::portal::Record;
use super::reader::{PageReader, ReadPage};
use super::soql::{Soql, literal};
use super::update_time::UpdateTime;
use crate::{Page, Pages, SourceError};

/// The pages of a pull of what is new.
#[derive(Debug)]
pub(super) struct NewPages {
    reader: PageReader,
    tie: Vec<String>,
    keyset: Keyset,
    overlap_seconds: u32,
    window_days: u32,
    cursor: Option<SodaCursor>,
    state: State,
    /// What was read and is not given yet.
    ahead: Option<ReadPage>,
}

#[derive(Debug, Clone)]
enum State {
    /// Rows are looked for from here on.
    Starting(Start),
    Reading(Windows),
    Ended,
}

/// Where rows are looked for.
#[derive(Debug, Clone)]
enum Start {
    Beginning,
    /// From this moment on.
    From(UpdateTime),
    /// Behind this row.
    Behind(Place),
}

/// A walk over windows of update times.
#[derive(Debug, Clone)]
struct Windows {
    start: Start,
    /// The end of the current window; `None` for the last one, which takes whatever else comes.
    until: Option<UpdateTime>,
    /// The newest update time when the walk began.
    newest: UpdateTime,
    /// The same for the whole pull, which an earlier call may have begun.
    began_at: String,
    delivered: bool,
}

impl NewPages {
    pub(super) fn new(
        reader: PageReader,
        definition: &Socrata,
        tie: Vec<String>,
        cursor: Option<SodaCursor>,
    ) -> Self {
        let mut pages = Self {
            reader,
            keyset: Keyset::by_update(&tie),
            tie,
            overlap_seconds: definition.overlap_seconds,
            window_days: definition.window_days.max(1),
            cursor,
            state: State::Ended,
            ahead: None,
        };
        pages.state = State::Starting(pages.start());
        pages
    }

    fn start(&self) -> Start {
        let Some(cursor) = &self.cursor else { return Start::Beginning };
        if cursor.unfinished || self.overlap_seconds == 0 {
            match cursor.tie(&self.tie) {
                Some(tie) => Start::Behind(place(&cursor.updated_at, tie)),
                None => self.overlapping(0),
            }
        } else {
            self.overlapping(self.overlap_seconds)
        }
    }

    fn overlapping(&self, seconds: u32) -> Start {
        let time = self.cursor.as_ref().and_then(|cursor| cursor.earliest_unseen(seconds));
        time.map_or(Start::Beginning, Start::From)
    }

    /// The windows from `start` to the newest row; `None` when there is no row.
    async fn windows(&self, start: &Start) -> Result<Option<Windows>, SourceError> {
        let question = format!("min({UPDATED_AT}) AS first, max({UPDATED_AT}) AS last");
        let question = match start {
            Start::Behind(place) => Soql::select(question).only(self.keyset.behind(place)),
            other => other.limit(Soql::select(question)),
        };
        let records = self.reader.records(&question).await?;
        let (Some(first), Some(newest)) = (time_in(&records, "first"), time_in(&records, "last"))
        else {
            return Ok(None);
        };
        let unfinished = self.cursor.as_ref().filter(|cursor| cursor.unfinished);
        let began_at = unfinished.and_then(|cursor| cursor.began_at.clone());
        let start = match start {
            Start::Behind(_) => start.clone(),
            Start::Beginning | Start::From(_) => Start::From(first),
        };
        let mut windows = Windows {
            start,
            until: None,
            newest,
            began_at: began_at.unwrap_or_else(|| newest.text()),
            delivered: false,
        };
        windows.until = windows.end_from(first, self.window_days);
        Ok(Some(windows))
    }

    /// What follows when nothing more is found: a pull that went on behind an earlier one and found
    /// nothing there still has to look for rows that became visible late.
    fn after_end(&mut self, delivered: bool) -> State {
        let unfinished = self.cursor.as_ref().is_some_and(|cursor| cursor.unfinished);
        if unfinished && !delivered && self.overlap_seconds > 0 {
            if let Some(cursor) = &mut self.cursor {
                cursor.unfinished = false;
            }
            return State::Starting(self.start());
        }
        State::Ended
    }

    /// Reads the next rows, and whether more of their window follow.
    async fn read(&mut self, windows: &Windows) -> Result<(ReadPage, bool), SourceError> {
        let read = match self.ahead.take() {
            Some(read) => read,
            None => {
                let start = windows.start.place();
                self.reader.read(windows.question(), &self.keyset, start).await?
            }
        };
        match &read.last {
            // What a short page leaves of a window comes with the next window; behind the last one
            // there is none, so that somebody has to look.
            Some(last) if !read.full && windows.until.is_none() => {
                let behind = Windows { start: Start::Behind(last.clone()), ..windows.clone() };
                let start = behind.start.place();
                match self.reader.read(behind.question(), &self.keyset, start).await {
                    Ok(next) => {
                        self.ahead = next.last.is_some().then_some(next);
                        Ok((read, self.ahead.is_some()))
                    }
                    Err(error) => {
                        self.ahead = Some(read);
                        Err(error)
                    }
                }
            }
            _ => {
                let more = read.full;
                Ok((read, more))
            }
        }
    }

    /// The page of what was read, if there are rows, and the move to what follows it.
    fn take(&mut self, mut windows: Windows, read: ReadPage, more: bool) -> Option<Page> {
        let page = read.last.clone().map(|last| {
            let page = self.page(&windows, read, &last, more);
            windows.delivered = true;
            windows.start = Start::Behind(last);
            page
        });
        self.state = match windows.until {
            _ if more => State::Reading(windows),
            Some(until) => {
                if page.is_none() {
                    windows.start = Start::From(until);
                }
                windows.until = windows.end_from(until, self.window_days);
                State::Reading(windows)
            }
            None => self.after_end(windows.delivered),
        };
        page
    }

    fn page(&self, windows: &Windows, read: ReadPage, last: &Place, more: bool) -> Page {
        let unfinished = more || windows.until.is_some();
        let cursor = last.split_first().and_then(|(updated_at, tie)| {
            SodaCursor::behind(updated_at, &self.tie, tie, &windows.began_at, unfinished).write()
        });
        Page { rows: read.rows, cursor, snapshot: None }
    }
}

#[async_trait]
impl Pages for NewPages {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        loop {
            match self.state.clone() {
                State::Ended => return Ok(None),
                State::Starting(start) => {
                    self.state = match self.windows(&start).await? {
                        Some(windows) => State::Reading(windows),
                        None => self.after_end(false),
                    };
                }
                State::Reading(windows) => {
                    let (read, more) = self.read(&windows).await?;
                    if let Some(page) = self.take(windows, read, more) {
                        return Ok(Some(page));
                    }
                }
            }
        }
    }
}

impl Start {
    /// The place that rows are asked for behind.
    fn place(&self) -> Option<&Place> {
        match self {
            Self::Behind(place) => Some(place),
            Self::Beginning | Self::From(_) => None,
        }
    }

    /// The question, for rows from this moment on.
    fn limit(&self, question: Soql) -> Soql {
        match self {
            Self::From(time) => question.only(format!("{UPDATED_AT} >= {}", literal(&time.text()))),
            Self::Beginning | Self::Behind(_) => question,
        }
    }
}

impl Windows {
    /// All rows of the current window from its start on.
    fn question(&self) -> Soql {
        let question = self.start.limit(Soql::select(EVERYTHING));
        match self.until {
            Some(until) => question.only(format!("{UPDATED_AT} < {}", literal(&until.text()))),
            None => question,
        }
    }

    /// The end of the window from a moment on; `None` when the newest row lies in it.
    fn end_from(&self, from: UpdateTime, days: u32) -> Option<UpdateTime> {
        from.days_later(days).filter(|end| *end <= self.newest)
    }
}

fn place(updated_at: &str, tie: Vec<String>) -> Place {
    std::iter::once(updated_at.to_owned()).chain(tie).collect()
}

fn time_in(records: &[Record], name: &str) -> Option<UpdateTime> {
    records.first()?.get(name)?.as_deref().and_then(UpdateTime::read)
}
