//! Pulls that end early, meet each other, or lose their answers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use smelt_lake::Lake;
use smelt_sources::{
    CopyProgress, Cursor, Page, Pages, Probe, PullRequest, PullScope, SnapshotPart, Source,
    SourceBatch, SourceError,
};
use smelt_stages::{
    Platform, PullEnding, PullFrom, Pulled, StageError, pull_source, refresh_dataset,
};

use super::{batch, platform, tables};

/// Items of the numbered source, one a page.
const ITEMS: [&str; 4] = ["apples", "pears", "plums", "figs"];

/// A source of which page n has item n; the cursor is the number of pages read.
#[derive(Debug, Default)]
struct Numbered {
    /// Breaks off before this page.
    fails_before: Option<usize>,
    /// Waits so long before each page.
    pace: Duration,
    pages_given: AtomicU64,
}

#[async_trait]
impl Source for Numbered {
    fn label(&self) -> &str {
        "shop.numbered"
    }

    async fn probe(&self) -> Result<Probe, SourceError> {
        let (cursor, notes) = (String::new(), Vec::new());
        Ok(Probe { columns: Vec::new(), rows: None, cursor, newest: None, notes })
    }

    fn place(&self, cursor: &Cursor) -> Option<String> {
        Some(cursor.0.to_string())
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pages>, SourceError> {
        let from = match request.scope {
            PullScope::New(Some(Cursor(cursor))) => cursor.as_u64().unwrap() as usize,
            PullScope::New(None) => 0,
            PullScope::Window { .. } => panic!("no windows here"),
        };
        let mut line = 1;
        let pages = ITEMS.iter().enumerate().skip(from).map(|(number, item)| {
            if self.fails_before == Some(number) {
                return Err(SourceError::Unavailable {
                    source_label: "shop.numbered".to_owned(),
                    detail: "the line went dead".to_owned(),
                });
            }
            self.pages_given.fetch_add(1, Ordering::Relaxed);
            Ok(Page {
                rows: batch(&[(item, number as i64)], &mut line),
                cursor: Some(Cursor((number + 1).into())),
                snapshot: None,
            })
        });
        Ok(Box::new(Paced(pages.collect(), self.pace)))
    }
}

struct Paced(VecDeque<Result<Page, SourceError>>, Duration);

#[async_trait]
impl Pages for Paced {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        tokio::time::sleep(self.1).await;
        self.0.pop_front().transpose()
    }
}

async fn pull(
    platform: &Platform,
    source: &dyn Source,
    from: PullFrom,
) -> Result<Pulled, StageError> {
    let dataset = &platform.datasets[0];
    let definition = &dataset.sources[0];
    let table = dataset.table(&definition.table).unwrap();
    pull_source(platform, dataset, table, definition, source, &from).await
}

async fn stock(platform: &Platform) -> Vec<String> {
    refresh_dataset(platform, &platform.datasets[0]).await.unwrap();
    tables(platform).await["stock"].iter().map(|row| row[0].clone()).collect()
}

async fn bronze_rows(platform: &Platform) -> u64 {
    let dataset = &platform.datasets[0];
    let id = dataset.bronze_id(&dataset.sources[0].table);
    platform.lake.table(id).unwrap().require_snapshot().await.unwrap().rows()
}

#[tokio::test]
async fn at_its_deadline_a_pull_keeps_what_it_has_and_the_next_one_goes_on() {
    let mut platform = platform(&Lake::in_memory());
    // The first page is asked for long before the deadline, and comes just after it.
    let time = Duration::from_secs(3);
    let slow = Numbered { pace: time, ..Numbered::default() };
    platform.deadline = Some(Instant::now() + time);
    let first = pull(&platform, &slow, PullFrom::default()).await.unwrap();
    platform.deadline = None;
    assert_eq!(first.ending, PullEnding::Deadline);
    assert_eq!(first.rows, 1, "{first:?}");
    let second = pull(&platform, &Numbered::default(), PullFrom::default()).await.unwrap();
    assert_eq!(second.ending, PullEnding::Complete);
    assert_eq!(first.rows + second.rows, ITEMS.len() as u64, "no page came twice");
    assert_eq!(stock(&platform).await, ["apples", "figs", "pears", "plums"]);
}

#[tokio::test]
async fn a_pull_that_breaks_off_keeps_the_pages_before() {
    let platform = platform(&Lake::in_memory());
    let broken = Numbered { fails_before: Some(2), ..Numbered::default() };
    let error = pull(&platform, &broken, PullFrom::default()).await.unwrap_err();
    assert!(error.retryable(), "{error}");
    assert_eq!(bronze_rows(&platform).await, 2, "what came before is kept");
    let rest = pull(&platform, &Numbered::default(), PullFrom::default()).await.unwrap();
    assert_eq!(rest.rows, 2);
    assert_eq!(stock(&platform).await, ["apples", "figs", "pears", "plums"]);
}

#[tokio::test]
async fn pulls_that_meet_bring_every_row_once() {
    let platform = platform(&Lake::in_memory());
    let source = Numbered { pace: Duration::from_millis(5), ..Numbered::default() };
    let pulls = (0..3).map(|_| pull(&platform, &source, PullFrom::default()));
    let pulled = futures::future::join_all(pulls).await;
    let endings: Vec<PullEnding> =
        pulled.into_iter().map(|pulled| pulled.unwrap().ending).collect();
    assert!(endings.contains(&PullEnding::Complete), "{endings:?}");
    assert_eq!(bronze_rows(&platform).await, ITEMS.len() as u64, "{endings:?}");
    assert_eq!(stock(&platform).await, ["apples", "figs", "pears", "plums"]);
}

#[tokio::test]
async fn a_pull_without_news_commits_nothing_and_a_full_one_changes_nothing() {
    let platform = platform(&Lake::in_memory());
    let source = Numbered::default();
    pull(&platform, &source, PullFrom::default()).await.unwrap();
    let again = pull(&platform, &source, PullFrom::default()).await.unwrap();
    assert!(again.steps.is_empty() && again.rows == 0, "{again:?}");
    assert_eq!(
        pull(&platform, &source, PullFrom::Beginning).await.unwrap().rows,
        ITEMS.len() as u64
    );
    assert_eq!(stock(&platform).await, ["apples", "figs", "pears", "plums"]);
}

/// A copy of four payments, three of them equal, in pages of two; the cursor is the number of pages read.
#[derive(Debug, Default)]
struct Ledger {
    /// Breaks off before this page.
    fails_before: Option<usize>,
}

#[async_trait]
impl Source for Ledger {
    fn label(&self) -> &str {
        "shop.ledger"
    }

    async fn probe(&self) -> Result<Probe, SourceError> {
        let (cursor, notes) = (String::new(), Vec::new());
        Ok(Probe { columns: Vec::new(), rows: None, cursor, newest: None, notes })
    }

    fn place(&self, cursor: &Cursor) -> Option<String> {
        Some(cursor.0.to_string())
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pages>, SourceError> {
        let from = match request.scope {
            PullScope::New(Some(Cursor(cursor))) => cursor.as_u64().unwrap() as usize,
            _ => 0,
        };
        let vendors = [["Acme", "Acme"], ["Acme", "Other"]];
        let pages = vendors.iter().enumerate().skip(from).map(|(number, vendors)| {
            if self.fails_before == Some(number) {
                return Err(SourceError::Unavailable {
                    source_label: "shop.ledger".to_owned(),
                    detail: "the line went dead".to_owned(),
                });
            }
            let is_last = number == 1;
            Ok(Page {
                rows: payments(vendors, 2 * number as i64 + 1),
                cursor: Some(Cursor((number + 1).into())),
                snapshot: Some(SnapshotPart {
                    of: "ledger".to_owned(),
                    state: "as it is".to_owned(),
                    progress: if is_last { CopyProgress::Complete } else { CopyProgress::Underway },
                }),
            })
        });
        Ok(Box::new(Paced(pages.collect(), Duration::ZERO)))
    }
}

/// One payment to each of these vendors, all on one day and of one amount.
fn payments(vendors: &[&str], first_line: i64) -> SourceBatch {
    let rows = vendors.len();
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Arc::new(Schema::new(["day", "vendor", "amount"].map(text).to_vec()));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["2024-01-05"; rows])),
        Arc::new(StringArray::from(vendors.to_vec())),
        Arc::new(StringArray::from(vec!["5"; rows])),
    ];
    SourceBatch {
        fields: RecordBatch::try_new(schema, columns).unwrap(),
        line: Int64Array::from_iter_values(first_line..first_line + rows as i64),
        malformed: StringArray::new_null(rows),
        raw: StringArray::new_null(rows),
    }
}

/// Nothing but their content tells them apart, and the copy is in bronze in two commits.
#[tokio::test]
async fn equal_rows_of_a_copy_that_breaks_off_are_all_counted() {
    let platform = platform(&Lake::in_memory());
    let dataset = &platform.datasets[0];
    let definition = dataset.source(&"ledger".parse().unwrap()).unwrap();
    let table = dataset.table(&definition.table).unwrap();
    let pull = async |source: &Ledger| {
        pull_source(&platform, dataset, table, definition, source, &PullFrom::Cursor).await
    };
    pull(&Ledger { fails_before: Some(1) }).await.unwrap_err();
    assert_eq!(pull(&Ledger::default()).await.unwrap().rows, 2);
    refresh_dataset(&platform, dataset).await.unwrap();
    let vendors: Vec<String> =
        tables(&platform).await["payments"].iter().map(|row| row[1].clone()).collect();
    assert_eq!(vendors, ["Acme", "Acme", "Acme", "Other"]);
}

/// Ensures that the source is asked from its cursor on, not from the beginning.
#[tokio::test]
async fn the_cursor_is_where_the_last_pull_ended() {
    let platform = platform(&Lake::in_memory());
    let source = Arc::new(Numbered { fails_before: Some(3), ..Numbered::default() });
    pull(&platform, source.as_ref(), PullFrom::default()).await.unwrap_err();
    let rest = Numbered::default();
    pull(&platform, &rest, PullFrom::default()).await.unwrap();
    assert_eq!(rest.pages_given.load(Ordering::Relaxed), 1);
}
