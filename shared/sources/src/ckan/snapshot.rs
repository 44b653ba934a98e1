//! Whole copies of the resources that changed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::cursor::{CkanCursor, Reached};
use super::portal::{Portal, SearchResult, row_numbers};
use crate::{Page, Pages, SnapshotPart, SourceBatch, SourceError};

/// The pages of all resources that changed, one resource after the other.
#[derive(Debug)]
pub(super) struct SnapshotPages {
    portal: Arc<Portal>,
    page_rows: u32,
    deadline: Option<Instant>,
    waiting: VecDeque<String>,
    cursor: CkanCursor,
    copy: Option<Copy>,
    next_line: u64,
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
        page_rows: u32,
        resources: Vec<String>,
        cursor: CkanCursor,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            portal,
            page_rows,
            deadline,
            waiting: resources.into(),
            cursor,
            copy: None,
            next_line: 1,
        }
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
            (true, false) => {
                let (started, rows, last_id) = (started.clone(), *rows, *last_id);
                Some(Copy { started, rows, last_id, ..anew })
            }
            // Whether anything changed is not known where the portal tells nothing.
            (true, true) => known.is_none().then_some(anew),
            (false, _) => Some(anew),
        })
    }

    async fn read(&mut self, mut copy: Copy) -> Result<(Copy, SourceBatch, bool), SourceError> {
        let portal = &self.portal;
        let body = portal.search(&copy.resource, copy.rows, self.page_rows, self.deadline).await?;
        let answer: SearchResult<'_> = portal.result(&body)?;
        let total = answer.total.ok_or_else(|| {
            portal.unsteady(format!("it does not count the rows of {}", copy.resource))
        })?;
        if copy.total.is_some_and(|before| before != total) {
            return Err(portal.unsteady(format!(
                "{} had {} rows and now has {total}",
                copy.resource,
                copy.total.unwrap_or_default()
            )));
        }
        copy.total = Some(total);
        let rows = portal.batch(&answer.records, self.next_line)?;
        copy.last_id = self.check_order(&copy, &rows)?;
        copy.rows += rows.line.len() as u64;
        if copy.rows > total || (rows.line.is_empty() && copy.rows < total) {
            return Err(portal.unsteady(format!(
                "{} gave {} rows and counts {total}",
                copy.resource, copy.rows
            )));
        }
        let complete = copy.rows == total;
        if complete {
            self.check_state(&copy).await?;
        }
        self.next_line += rows.line.len() as u64;
        Ok((copy, rows, complete))
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
            let Some(resource) = self.waiting.front().cloned() else { return Ok(None) };
            self.copy = self.copy_of(&resource).await?;
            self.waiting.pop_front();
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
            complete,
        };
        self.copy = (!complete).then_some(copy);
        Ok(Some(Page { rows, cursor: self.cursor.write(), snapshot: Some(snapshot) }))
    }
}
