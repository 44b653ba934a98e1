//! Which columns of a CKAN portal new rows can be found by, and which rows are not found by them.

use serde_json::{Value, json};
use smelt_simulate::serve::{CkanServer, CkanSettings, Column, ColumnKind, Row};
use smelt_sources::{Cursor, Page, Source, SourceError};

use crate::ckan::{by, open, row, serve};
use crate::portal::{keys, keys_once, last_cursor, pull, since};

/// A portal whose only rows, of the resource `r1`, have these texts in `entered`; null is `~`.
async fn with_texts(texts: &[&str]) -> CkanServer {
    let server = serve(CkanSettings::default()).await;
    server.update("r2", |resource| resource.rows.clear());
    for id in ["r1", "r2"] {
        server.update(id, |resource| {
            resource.columns.push(Column::new("entered", ColumnKind::Text));
        });
    }
    let rows: Vec<Row> = (0..).zip(texts).map(|(number, text)| entered(number, text)).collect();
    server.update("r1", |resource| resource.rows = rows);
    server
}

fn entered(number: u64, text: &str) -> Row {
    let mut row = row(number);
    if text != "~" {
        row.insert("entered".to_owned(), json!(text));
    }
    row
}

fn add(server: &CkanServer, number: u64, text: &str) {
    server.update("r1", |resource| resource.rows.push(entered(number, text)));
}

async fn cursor_of(source: &dyn Source) -> Option<Cursor> {
    last_cursor(&pull(source, since(None)).await.unwrap())
}

#[tokio::test]
async fn a_cursor_of_texts_that_are_no_iso_times_is_refused() {
    let server = with_texts(&["7/4/2024", "9/9/2024"]).await;
    let source = open(&server, by("entered", 3600));
    for error in [pull(&source, since(None)).await.unwrap_err(), source.probe().await.unwrap_err()]
    {
        assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
        let told = error.to_string();
        assert!(told.contains("in r1, `entered` is a column of text with `"), "{told}");
        assert!(told.contains("/2024` in it, which is no ISO time"), "{told}");
        assert!(told.ends_with("or write `load: snapshot`"), "{told}");
    }
    // A number as text sorts as text as well.
    let error = pull(&open(&server, by("unique_key", 0)), since(None)).await.unwrap_err();
    assert!(error.to_string().contains("`unique_key` is a column of text"), "{error}");
}

#[tokio::test]
async fn iso_times_as_text_are_a_cursor_until_one_is_none() {
    let server = with_texts(&["2024-07-04", "2024-09-09"]).await;
    let source = open(&server, by("entered", 0));
    assert_eq!(source.probe().await.unwrap().newest.as_deref(), Some("2024-09-09"));
    let cursor = cursor_of(&source).await;
    add(&server, 2, "2024-12-01T10:00:00");
    let pages = pull(&source, since(cursor)).await.unwrap();
    assert_eq!(keys(&pages), ["2"]);
    let cursor = last_cursor(&pages);
    // It sorts before everything that was read, and would never come.
    add(&server, 3, "12/2/2024");
    let error = pull(&source, since(cursor)).await.unwrap_err();
    assert!(error.to_string().contains("with `12/2/2024` in it"), "{error}");
}

#[tokio::test]
async fn texts_of_times_that_run_backwards_are_refused() {
    let server = with_texts(&["2024-05-01 23:00", "2024-05-01T01:00"]).await;
    let error = pull(&open(&server, by("entered", 0)), since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
    assert!(error.to_string().contains("`2024-05-01T01:00` sorts behind"), "{error}");
}

#[tokio::test]
async fn rows_without_a_cursor_are_told() {
    let server = with_texts(&["2024-07-04", "~", "2024-09-09", "~"]).await;
    let source = open(&server, by("entered", 0));
    let mut pages = source.pull(since(None)).await.unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().rows.line.len(), 2);
    assert!(pages.next().await.unwrap().is_none());
    let told = "2 of 4 rows have no value in `entered` and are never pulled";
    assert_eq!(pages.notes(), [format!("r1: {told}")]);
    let notes = source.probe().await.unwrap().notes;
    assert!(notes.iter().any(|note| note == told), "{notes:?}");
    let all = open(&server, by("open_dt", 0));
    assert!(all.probe().await.unwrap().notes.iter().all(|note| !note.contains("never pulled")));
}

fn at(number: u64, minute: u32) -> Row {
    let mut row = row(number);
    let time = format!("2024-03-01T{:02}:{:02}:00", minute / 60, minute % 60);
    row.insert("open_dt".to_owned(), json!(time));
    row
}

/// A portal with so many rows, one a minute.
async fn one_a_minute(rows: u32) -> CkanServer {
    let server = serve(CkanSettings::default()).await;
    server.update("r2", |resource| resource.rows.clear());
    server.update("r1", |resource| {
        resource.rows = (0..rows).map(|number| at(number.into(), number)).collect();
    });
    server
}

/// The cursor of a page, as it is kept.
fn kept(page: &Page) -> Value {
    page.cursor.clone().unwrap().0["r1"].clone()
}

#[tokio::test]
async fn an_overlap_brings_rows_that_became_visible_late() {
    let server = one_a_minute(10).await;
    let source = open(&server, by("open_dt", 120));
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..10).collect());
    let (last, before) = pages.split_last().unwrap();
    // The end is known only behind the last row.
    assert_eq!(last.rows.line.len(), 0);
    assert_eq!(kept(last), json!({"value": "2024-03-01T00:09:00", "id": 10}));
    assert!(before.iter().all(|page| kept(page)["unfinished"] == true), "{before:?}");
    server.update("r1", |resource| resource.rows.push(at(20, 8)));
    let pages = pull(&source, since(last.cursor.clone())).await.unwrap();
    assert_eq!(keys(&pages), ["7", "8", "20", "9"]);
    assert_eq!(last_cursor(&pages), last.cursor);
}

#[tokio::test]
async fn a_pull_that_was_cut_short_goes_on_right_behind_it_and_looks_back_at_its_end() {
    let server = one_a_minute(10).await;
    let source = open(&server, by("open_dt", 120));
    let mut pages = source.pull(since(None)).await.unwrap();
    let first = pages.next().await.unwrap().unwrap();
    let second = pages.next().await.unwrap().unwrap();
    drop(pages);
    // Before where it stands, and behind what was the newest row when it began.
    server.update("r1", |resource| resource.rows.extend([at(20, 6), at(21, 60)]));
    let rest = pull(&source, since(second.cursor.clone())).await.unwrap();
    assert_eq!(keys(&rest), ["8", "9", "21"]);
    let cursor = last_cursor(&rest);
    let kept = &cursor.as_ref().unwrap().0["r1"];
    assert_eq!(kept["began_at"], "2024-03-01T00:09:00");
    assert_eq!(keys(&pull(&source, since(cursor)).await.unwrap()), ["7", "8", "9", "21"]);
    // Nothing behind it: it had come to its end without knowing.
    server.update("r1", |resource| resource.rows.truncate(8));
    let late = pull(&source, since(second.cursor)).await.unwrap();
    assert_eq!(keys(&late), ["5", "6", "7"]);
    assert_eq!(keys(&[first]), ["0", "1", "2", "3"]);
}

#[tokio::test]
async fn numbers_have_no_overlap() {
    let server = serve(CkanSettings::default()).await;
    for (id, first) in [("r1", 0), ("r2", 10)] {
        server.update(id, |resource| {
            resource.columns.push(Column::new("number", ColumnKind::Number));
            for (number, row) in (first..).zip(&mut resource.rows) {
                row.insert("number".to_owned(), json!(number));
            }
        });
    }
    let source = open(&server, by("number", 3600));
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..25).collect());
    assert!(pull(&source, since(last_cursor(&pages))).await.unwrap().is_empty());
    // The portal's own number of a row is one as well.
    let source = open(&server, by("_id", 3600));
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..25).collect());
    server.update("r1", |resource| resource.rows.push(row(60)));
    assert_eq!(keys(&pull(&source, since(last_cursor(&pages))).await.unwrap()), ["60"]);
}
