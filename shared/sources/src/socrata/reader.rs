//! One page of rows, checked.

use std::sync::Arc;
use std::time::Instant;

use super::keyset::{Keyset, Place};
use super::portal::{Portal, Record, header};
use super::soql::Soql;
use crate::json::batch_of;
use crate::{SourceBatch, SourceError};

/// Reads pages and counts their rows.
#[derive(Debug)]
pub(super) struct PageReader {
    portal: Arc<Portal>,
    page_rows: u32,
    deadline: Option<Instant>,
    next_line: u64,
}

/// Rows in order.
#[derive(Debug)]
pub(super) struct ReadPage {
    pub(super) rows: SourceBatch,
    /// The place of the last row; `None` without rows.
    pub(super) last: Option<Place>,
    /// Whether there were as many rows as asked for, so that more follow. Fewer are no sign of the end:
    /// what stands between may give fewer than it is asked for.
    pub(super) full: bool,
}

impl PageReader {
    pub(super) fn new(portal: Arc<Portal>, page_rows: u32, deadline: Option<Instant>) -> Self {
        Self { portal, page_rows, deadline, next_line: 1 }
    }

    pub(super) async fn records(&self, soql: &Soql) -> Result<Vec<Record>, SourceError> {
        self.portal.records(soql, self.deadline).await
    }

    /// The next rows of the question in the order of the keyset, all behind `start`.
    pub(super) async fn read(
        &mut self,
        question: Soql,
        keyset: &Keyset,
        start: Option<&Place>,
    ) -> Result<ReadPage, SourceError> {
        let question = match start {
            Some(place) => question.only(keyset.behind(place)),
            None => question,
        };
        let question = question.order_by(keyset.order()).limit(self.page_rows);
        let body = self.portal.ask(&question, self.deadline).await?;
        let objects = self.portal.objects(&body)?;
        let count = objects.len() as u64;
        if count > u64::from(self.page_rows) {
            return Err(
                self.unsteady(format!("{count} rows came where {} were asked for", self.page_rows))
            );
        }
        let rows =
            batch_of(&objects, self.next_line, header).map_err(|detail| self.unsteady(detail))?;
        let last = keyset.check(&rows, start, self.portal.label())?;
        self.next_line += count;
        Ok(ReadPage { rows, last, full: count == u64::from(self.page_rows) })
    }

    fn unsteady(&self, detail: String) -> SourceError {
        SourceError::Unsteady { source_label: self.portal.label().to_owned(), detail }
    }
}
