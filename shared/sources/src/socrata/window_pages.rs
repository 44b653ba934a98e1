//! Rows that are chosen by a condition, and read once.

use async_trait::async_trait;
use chrono::NaiveDateTime;
use smelt_domain::ColumnName;

use super::EVERYTHING;
use super::keyset::{Keyset, Place};
use super::reader::PageReader;
use super::soql::{Soql, literal};
use crate::{Page, Pages, SourceError};

/// All rows of one question; its pages carry no cursor.
#[derive(Debug)]
pub(super) struct QuestionPages {
    reader: PageReader,
    question: Soql,
    keyset: Keyset,
    place: Option<Place>,
}

impl QuestionPages {
    pub(super) fn new(reader: PageReader, question: Soql, keyset: Keyset) -> Self {
        Self { reader, question, keyset, place: None }
    }
}

/// Rows with `since ≤ time < until`.
pub(super) fn window_pages(
    reader: PageReader,
    time: &ColumnName,
    keyset: Keyset,
    since: Option<NaiveDateTime>,
    until: Option<NaiveDateTime>,
) -> QuestionPages {
    let mut question = Soql::select(EVERYTHING);
    if let Some(since) = since {
        question = question.only(format!("{time} >= {}", floating(since)));
    }
    if let Some(until) = until {
        question = question.only(format!("{time} < {}", floating(until)));
    }
    QuestionPages::new(reader, question, keyset)
}

/// A literal of a time without a zone.
pub(super) fn floating(time: NaiveDateTime) -> String {
    literal(&time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string())
}

#[async_trait]
impl Pages for QuestionPages {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        let page =
            self.reader.read(self.question.clone(), &self.keyset, self.place.as_ref()).await?;
        // Only an empty answer is the end.
        let Some(last) = page.last else { return Ok(None) };
        self.place = Some(last);
        Ok(Some(Page { rows: page.rows, cursor: None, snapshot: None }))
    }
}
