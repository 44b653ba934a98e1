//! Whole copies of the resources that changed.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::Int64Array;
use async_trait::async_trait;
use smelt_domain::CkanFetch;

use super::cursor::{CkanCursor, Reached};
use super::dump::Dump;
use super::portal::{Portal, SearchResult, row_numbers};
use crate::{CopyProgress, Page, Pages, SnapshotPart, SourceBatch, SourceError};

/// The pages of all resources that changed, one resource after the other.
#[derive(Debug)]
pub(super) struct SnapshotPages {
    portal: Arc<Portal>,
    settings: SnapshotSettings,
    deadline: Option<Instant>,
    resources: ResourcesToCopy,
    cursor: CkanCursor,
    copy: Option<Copy>,
    /// The dump that the next rows of the copy are in.
    dump: Option<Dump>,
    next_line: u64,
}

/// The resources that are still to be looked at.
#[derive(Debug)]
pub(super) struct ResourcesToCopy {
    pub(super) waiting: VecDeque<String>,
    /// Those that were copied and are not there any more. They come last: what took the place of
    /// one shall be copied before it stops to count.
    pub(super) gone: VecDeque<String>,
}

/// How the rows of a copy come.
#[derive(Debug)]
pub(super) struct SnapshotSettings {
    pub(super) fetch: CkanFetch,
    pub(super) page_rows: u32,
    /// The folder that dumps are kept in until they are read.
    pub(super) scratch: PathBuf,
}

/// A resource that is being copied.
#[derive(Debug, Clone)]
struct Copy {
    resource: String,
    state: Option<String>,
    /// When it was begun, which tells it from other copies of the same state.
    started: String,
    rows: u64,
    last_id: Option<i64>,
    /// Rows that the portal counts, as soon as it said so.
    total: Option<u64>,
}

impl SnapshotPages {
    pub(super) fn new(
        portal: Arc<Portal>,
        settings: SnapshotSettings,
        resources: ResourcesToCopy,
        cursor: CkanCursor,
        deadline: Option<Instant>,
    ) -> Self {
        Self { portal, settings, deadline, resources, cursor, copy: None, dump: None, next_line: 1 }
    }

    /// The copy of the resource to be made; `None` when the copy that was made is of its state.
    async fn copy_of(&self, resource: &str) -> Result<Option<Copy>, SourceError> {
        let state = self.portal.metadata(resource, self.deadline).await?.fingerprint();
        let anew = Copy {
            resource: resource.to_owned(),
            state,
            started: chrono::Utc::now().to_rfc3339(),
            rows: 0,
            last_id: None,
            total: None,
        };
        let Some(Reached::Copy { state: known, started, rows, last_id, complete }) =
            self.cursor.resources.get(resource)
        else {
            return Ok(Some(anew));
        };
        Ok(match (*known == anew.state, complete) {
            (true, false) if self.goes_on(resource, *rows, *last_id).await? => {
                let (started, rows, last_id) = (started.clone(), *rows, *last_id);
                Some(Copy { started, rows, last_id, ..anew })
            }
            // Whether anything changed is not known where the portal tells nothing.
            (true, true) => known.is_none().then_some(anew),
            (true, false) | (false, _) => Some(anew),
        })
    }

    /// Whether the last row of an unfinished copy is still where it was: rows before it may have come
    /// or gone without a word in the metadata, and those behind it would be others.
    async fn goes_on(
        &self,
        resource: &str,
        rows: u64,
        last_id: Option<i64>,
    ) -> Result<bool, SourceError> {
        let Some(before_last) = rows.checked_sub(1) else { return Ok(true) };
        let body = self.portal.search(resource, before_last, 1, self.deadline).await?;
        let answer: SearchResult<'_> = self.portal.result(&body)?;
        let there = self.portal.batch(&answer.records, self.next_line)?;
        Ok(row_numbers(&there).first().copied().flatten() == last_id)
    }

    async fn read(&mut self, mut copy: Copy) -> Result<(Copy, SourceBatch, bool), SourceError> {
        // Put back only when nothing failed: after an error the rows are asked for once more.
        let mut dump = self.dump.take();
        let (rows, total) = match self.settings.fetch {
            CkanFetch::Pages => self.page_behind(&copy).await?,
            CkanFetch::Dump => self.dumped_behind(&copy, &mut dump).await?,
        };
        self.check_total(&copy, total)?;
        copy.total = Some(total);
        copy.last_id = self.check_order(&copy, &rows)?;
        copy.rows += rows.line.len() as u64;
        if copy.rows > total || (rows.line.is_empty() && copy.rows < total) {
            return Err(self.portal.unsteady(format!(
                "{} gave {} rows and counts {total}",
                copy.resource, copy.rows
            )));
        }
        let complete = copy.rows == total;
        if complete {
            if let Some(dump) = dump {
                self.check_end(&copy, dump).await?;
            }
            self.check_state(&copy).await?;
        } else {
            self.dump = dump;
        }
        self.next_line += rows.line.len() as u64;
        Ok((copy, rows, complete))
    }

    /// The page behind the rows that were read, and how many rows the portal counts.
    async fn page_behind(&self, copy: &Copy) -> Result<(SourceBatch, u64), SourceError> {
        let (portal, rows) = (&self.portal, self.settings.page_rows);
        let body = portal.search(&copy.resource, copy.rows, rows, self.deadline).await?;
        let answer: SearchResult<'_> = portal.result(&body)?;
        let total = portal.counted(&copy.resource, &answer)?;
        Ok((portal.batch(&answer.records, self.next_line)?, total))
    }

    /// The same out of the dump that is being read, or out of the next one: a portal may give no
    /// more than so many rows in one dump.
    async fn dumped_behind(
        &self,
        copy: &Copy,
        dump: &mut Option<Dump>,
    ) -> Result<(SourceBatch, u64), SourceError> {
        let (portal, rows) = (&self.portal, self.settings.page_rows);
        let read = match dump {
            Some(dump) => dump.next(portal, rows).await?.map(|rows| (rows, dump.total)),
            None => None,
        };
        let (batch, total) = match read {
            Some(read) => read,
            None => {
                let scratch = &self.settings.scratch;
                let next =
                    Dump::fetch(portal, &copy.resource, copy.rows, scratch, self.deadline).await?;
                let next = dump.insert(next);
                let none = portal.batch(&[], self.next_line)?;
                (next.next(portal, rows).await?.unwrap_or(none), next.total)
            }
        };
        let lines = (self.next_line..).take(batch.line.len()).map(|line| line as i64);
        Ok((SourceBatch { line: Int64Array::from_iter_values(lines), ..batch }, total))
    }

    fn check_total(&self, copy: &Copy, total: u64) -> Result<(), SourceError> {
        match copy.total {
            Some(before) if before != total => Err(self
                .portal
                .unsteady(format!("{} had {before} rows and now has {total}", copy.resource))),
            _ => Ok(()),
        }
    }

    /// A dump says nothing of how many rows there are: it must end where the count ends, and the
    /// count must still be the same.
    async fn check_end(&self, copy: &Copy, mut dump: Dump) -> Result<(), SourceError> {
        if dump.next(&self.portal, 1).await?.is_some() {
            return Err(self.portal.unsteady(format!(
                "the dump of {} goes on behind the {} rows that it counts",
                copy.resource, copy.rows
            )));
        }
        let body = self.portal.search(&copy.resource, 0, 0, self.deadline).await?;
        let answer: SearchResult<'_> = self.portal.result(&body)?;
        self.check_total(copy, self.portal.counted(&copy.resource, &answer)?)
    }

    /// The number of the last row, when numbers strictly increase.
    fn check_order(&self, copy: &Copy, rows: &SourceBatch) -> Result<Option<i64>, SourceError> {
        let mut last = copy.last_id;
        for number in row_numbers(rows) {
            if number.is_none() || number <= last {
                let name =
                    |number: Option<i64>| number.map_or("none".to_owned(), |n| n.to_string());
                return Err(self.portal.unsteady(format!(
                    "in {} the row _id {} came behind the row _id {}",
                    copy.resource,
                    name(number),
                    name(last)
                )));
            }
            last = number;
        }
        Ok(last)
    }

    /// A page without rows for the next resource that is gone.
    fn next_gone(&mut self) -> Result<Option<Page>, SourceError> {
        let Some(of) = self.resources.gone.pop_front() else { return Ok(None) };
        // Should it come back, it is copied again.
        self.cursor.resources.remove(&of);
        let state = format!("gone since {}", chrono::Utc::now().to_rfc3339());
        let rows = self.portal.batch(&[], self.next_line)?;
        let snapshot = Some(SnapshotPart { of, state, progress: CopyProgress::Gone });
        Ok(Some(Page { rows, cursor: self.cursor.write(), snapshot }))
    }

    /// A resource that was uploaded again underway may have as many rows as before.
    async fn check_state(&self, copy: &Copy) -> Result<(), SourceError> {
        let state = self.portal.metadata(&copy.resource, self.deadline).await?.fingerprint();
        if state == copy.state {
            return Ok(());
        }
        Err(self.portal.unsteady(format!("{} changed while it was read", copy.resource)))
    }
}

#[async_trait]
impl Pages for SnapshotPages {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        let copy = loop {
            if let Some(copy) = self.copy.clone() {
                break copy;
            }
            let Some(resource) = self.resources.waiting.front().cloned() else {
                return self.next_gone();
            };
            self.copy = self.copy_of(&resource).await?;
            self.resources.waiting.pop_front();
        };
        let (copy, rows, complete) = self.read(copy).await?;
        self.cursor.resources.insert(
            copy.resource.clone(),
            Reached::Copy {
                state: copy.state.clone(),
                started: copy.started.clone(),
                rows: copy.rows,
                last_id: copy.last_id,
                complete,
            },
        );
        let snapshot = SnapshotPart {
            of: copy.resource.clone(),
            state: format!("{} of {}", copy.state.as_deref().unwrap_or("unknown"), copy.started),
            progress: if complete { CopyProgress::Complete } else { CopyProgress::Underway },
        };
        self.copy = (!complete).then_some(copy);
        Ok(Some(Page { rows, cursor: self.cursor.write(), snapshot: Some(snapshot) }))
    }
}
