//! What holds for every database.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::json;
use smelt_domain::Sql;
use smelt_sources::{Cursor, PullRequest, PullScope, Source, SourceError};

use crate::database::{
    Database, Fields, definition, failure, keeps_its_secret, new_rows, pages, rows_of,
};

pub(crate) async fn all(database: &Database) {
    all_rows_come_once_whatever_the_page_size(database).await;
    a_pull_goes_on_exactly_behind_each_page(database).await;
    a_pull_goes_on_although_the_rest_was_deleted(database).await;
    late_commits_are_found_within_the_overlap(database).await;
    whole_numbers_that_commit_late_are_found_within_the_overlap(database).await;
    a_time_in_the_future_stops_nothing(database).await;
    a_writer_does_not_disturb_a_pull(database).await;
    a_window_takes_its_rows_and_leaves_the_cursor(database).await;
    questions_that_make_no_sense_are_refused(database).await;
    rows_that_cannot_be_told_apart_are_refused(database).await;
    slow_statements_are_given_up(database).await;
    a_deadline_ends_a_pull(database).await;
    a_probe_tells_what_is_there(database).await;
}

/// Ten rows: without cursor value, with ties, and with keys that collations take for equal.
async fn fill(database: &Database, table: &str) -> BTreeSet<Fields> {
    database
        .execute(&format!(
            "CREATE TABLE {table} (id VARCHAR(20), at DATETIME, amount INT);
             INSERT INTO {table} VALUES
                ('b', NULL, 1), ('A', NULL, NULL), (NULL, NULL, 3),
                ('a', '2024-05-01 10:00:00', 4), ('A', '2024-05-01 10:00:00', 5),
                ('a ', '2024-05-01 10:00:00', 6), ('é', '2024-05-01 10:00:00', 7),
                ('e', '2024-05-01 10:00:00', 8), (NULL, '2024-05-01 10:00:01', 9),
                ('it''s \"x\"', '2024-05-02 00:00:00', 10);"
        ))
        .await;
    let row = |id: &str, at: &str, amount: &str| [id, at, amount].map(str::to_owned).to_vec();
    let tie = "2024-05-01 10:00:00";
    BTreeSet::from([
        row("b", "~", "1"),
        row("A", "~", "~"),
        row("~", "~", "3"),
        row("a", tie, "4"),
        row("A", tie, "5"),
        row("a ", tie, "6"),
        row("é", tie, "7"),
        row("e", tie, "8"),
        row("~", "2024-05-01 10:00:01", "9"),
        row("it's \"x\"", "2024-05-02 00:00:00", "10"),
    ])
}

/// The rows as a set, none of them twice.
fn once(rows: Vec<Fields>) -> BTreeSet<Fields> {
    let count = rows.len();
    let set: BTreeSet<Fields> = rows.into_iter().collect();
    assert_eq!(set.len(), count, "a row came twice: {set:?}");
    set
}

async fn all_rows_come_once_whatever_the_page_size(database: &Database) {
    let expected = fill(database, "paged").await;
    for page_rows in 1..=11 {
        let source = database.source(Sql { page_rows, ..definition("paged") });
        let pages = pages(&source, PullScope::default()).await.unwrap();
        assert_eq!(pages.len(), 10_usize.div_ceil(page_rows as usize));
        let lines: Vec<i64> =
            pages.iter().flat_map(|page| page.rows.line.values().to_vec()).collect();
        assert_eq!(lines, (1..=10).collect::<Vec<i64>>());
        assert_eq!(once(pages.iter().flat_map(rows_of).collect()), expected);
    }
}

async fn a_pull_goes_on_exactly_behind_each_page(database: &Database) {
    let expected = fill(database, "resumed").await;
    for page_rows in 1..=9 {
        let source = database.source(Sql { page_rows, ..definition("resumed") });
        let pages = pages(&source, PullScope::default()).await.unwrap();
        for read in 1..pages.len() {
            let mut rows: Vec<Fields> = pages[..read].iter().flat_map(rows_of).collect();
            let (rest, cursor) = new_rows(&source, pages[read - 1].cursor.clone()).await;
            rows.extend(rest);
            assert_eq!(once(rows), expected, "{page_rows} rows, {read} pages");
            assert_eq!(cursor, pages[pages.len() - 1].cursor);
        }
    }
}

async fn a_pull_goes_on_although_the_rest_was_deleted(database: &Database) {
    fill(database, "cut").await;
    let source = database.source(Sql { page_rows: 9, ..definition("cut") });
    let cursor = pages(&source, PullScope::default()).await.unwrap()[0].cursor.clone();
    database.execute("DELETE FROM cut WHERE amount = 10").await;
    // The newest was the deleted one, so nothing is from it on.
    assert_eq!(new_rows(&source, cursor.clone()).await, (vec![], None));
    let late = "INSERT INTO cut VALUES ('late', '2024-05-01 23:59:00', 11)";
    database.execute(late).await;
    let source = database.source(Sql { overlap_seconds: 60, ..definition("cut") });
    let (rows, cursor) = new_rows(&source, cursor).await;
    assert_eq!(rows, [["late", "2024-05-01 23:59:00", "11"]]);
    assert_eq!(cursor.unwrap().0.get("after"), None);
}

async fn late_commits_are_found_within_the_overlap(database: &Database) {
    fill(database, "late").await;
    let source = |overlap_seconds| database.source(Sql { overlap_seconds, ..definition("late") });
    let (_, cursor) = new_rows(&source(0), None).await;
    let newest = ["it's \"x\"", "2024-05-02 00:00:00", "10"].map(str::to_owned).to_vec();
    assert_eq!(new_rows(&source(0), cursor.clone()).await, (vec![newest.clone()], cursor.clone()));
    database.execute("INSERT INTO late VALUES ('slow', '2024-05-01 23:55:00', 11)").await;
    assert_eq!(new_rows(&source(299), cursor.clone()).await.0, std::slice::from_ref(&newest));
    let late = ["slow", "2024-05-01 23:55:00", "11"].map(str::to_owned).to_vec();
    assert_eq!(new_rows(&source(300), cursor).await.0, [late, newest]);
}

async fn whole_numbers_that_commit_late_are_found_within_the_overlap(database: &Database) {
    database
        .execute(
            "CREATE TABLE numbered (id INT, at BIGINT);
             INSERT INTO numbered VALUES (1, 9), (2, 10), (3, 100)",
        )
        .await;
    let source = database.source(Sql { overlap_seconds: 60, ..definition("numbered") });
    let (rows, cursor) = new_rows(&source, None).await;
    assert_eq!(rows, [["1", "9"], ["2", "10"], ["3", "100"]]);
    database.execute("INSERT INTO numbered VALUES (2, 100), (4, 99), (5, 1000)").await;
    let (rows, _) = new_rows(&source, cursor).await;
    assert_eq!(rows, [["4", "99"], ["2", "100"], ["3", "100"], ["5", "1000"]]);
}

async fn a_time_in_the_future_stops_nothing(database: &Database) {
    database
        .execute(
            "CREATE TABLE ahead (id INT, at DATETIME);
             INSERT INTO ahead VALUES (1, '2024-05-01 10:00:00'), (2, '2099-01-01 00:00:00'),
                (3, '2099-01-01 00:00:00')",
        )
        .await;
    let ids = |rows: Vec<Fields>| -> Vec<String> {
        rows.into_iter().map(|mut row| row.swap_remove(0)).collect()
    };
    let mut next_id = 4;
    for page_rows in 1..=4 {
        let source = database.source(Sql { page_rows, ..definition("ahead") });
        let (_, cursor) = new_rows(&source, None).await;
        let newest = next_id.to_string();
        let day = next_id - 2;
        database
            .execute(&format!("INSERT INTO ahead VALUES ({newest}, '2024-05-{day:02} 00:00:00')"))
            .await;
        next_id += 1;
        let (rows, cursor) = new_rows(&source, cursor).await;
        assert_eq!(ids(rows)[1..], [newest.as_str(), "2", "3"], "{page_rows} rows");
        assert_eq!(ids(new_rows(&source, cursor.clone()).await.0), [newest.as_str(), "2", "3"]);
        // A cursor of a time when this went unnoticed.
        let Cursor(mut stuck) = cursor.unwrap();
        stuck["newest"]["text"] = json!("2099-01-01 00:00:00");
        let (rows, cursor) = new_rows(&source, Some(Cursor(stuck))).await;
        assert_eq!(rows.len(), next_id - 1);
        assert_eq!(ids(new_rows(&source, cursor).await.0), [newest.as_str(), "2", "3"]);
    }
    let source = database.source(definition("ahead"));
    let notes = source.probe().await.unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("`at` lies in the future")), "{notes:?}");
    let until = NaiveDate::from_ymd_opt(2024, 5, 2).and_then(|day| day.and_hms_opt(0, 0, 0));
    let window = PullScope::Window { since: None, until };
    let rows: Vec<Fields> =
        pages(&source, window).await.unwrap().iter().flat_map(rows_of).collect();
    assert_eq!(ids(rows), ["1"]);
    database.execute("DELETE FROM ahead WHERE at < '2025-01-01'").await;
    let (rows, cursor) = new_rows(&source, None).await;
    assert_eq!(ids(rows), ["2", "3"]);
    assert_eq!(cursor.as_ref().unwrap().0["newest"], json!(null));
    assert_eq!(ids(new_rows(&source, cursor).await.0), ["2", "3"]);
}

async fn a_writer_does_not_disturb_a_pull(database: &Database) {
    let expected = fill(database, "written").await;
    let source = database.source(Sql { page_rows: 2, ..definition("written") });
    let mut pull = source.pull(PullRequest::default()).await.unwrap();
    let mut rows = rows_of(&pull.next().await.unwrap().unwrap());
    database
        .execute(
            "UPDATE written SET at = '2024-05-03 00:00:00' WHERE amount = 4;
             UPDATE written SET amount = 0 WHERE amount = 5;
             DELETE FROM written WHERE amount = 8;
             INSERT INTO written VALUES ('new', '2024-05-01 10:00:00', 12);",
        )
        .await;
    while let Some(page) = pull.next().await.unwrap() {
        rows.extend(rows_of(&page));
    }
    assert_eq!(once(rows), expected);
    assert!(pull.next().await.unwrap().is_none());
}

async fn a_window_takes_its_rows_and_leaves_the_cursor(database: &Database) {
    fill(database, "windowed").await;
    let source = database.source(definition("windowed"));
    let time = |day, hour| -> Option<NaiveDateTime> {
        NaiveDate::from_ymd_opt(2024, 5, day)?.and_hms_opt(hour, 0, 0)
    };
    for (since, until, count) in [
        (time(1, 10), time(2, 0), 6),
        (time(1, 11), time(2, 0), 0),
        (time(2, 0), None, 1),
        (None, time(1, 10), 0),
        (None, time(3, 0), 7),
        (None, None, 10),
    ] {
        let pages = pages(&source, PullScope::Window { since, until }).await.unwrap();
        assert!(pages.iter().all(|page| page.cursor.is_none()));
        let rows = once(pages.iter().flat_map(rows_of).collect());
        assert_eq!(rows.len(), count, "{since:?} to {until:?}");
    }
    let source = database.source(Sql { cursor: "amount".to_owned(), ..definition("windowed") });
    let window = PullScope::Window { since: time(1, 0), until: None };
    let error = pages(&source, window).await.unwrap_err();
    assert!(matches!(error, SourceError::Definition { .. }), "{error}");
}

async fn questions_that_make_no_sense_are_refused(database: &Database) {
    fill(database, "asked").await;
    let refused = async |definition: Sql, naming: &str| {
        let error = failure(&database.source(definition)).await;
        assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
        assert!(error.to_string().contains(naming), "{error}");
    };
    let query = |query: &str| Sql { query: query.to_owned(), ..definition("asked") };
    refused(query("SELECT id, nothing FROM asked"), "nothing").await;
    refused(query("SELECT id FORM asked"), "asked").await;
    refused(Sql { cursor: "updated".to_owned(), ..definition("asked") }, "id, at, amount").await;
    refused(Sql { key: "number".to_owned(), ..definition("asked") }, "`number`").await;
    let source = database.source(definition("asked"));
    for json in [json!("x"), json!({"newest": {"kind": "time", "text": "1' OR '1"}})] {
        let error = pages(&source, PullScope::New(Some(Cursor(json)))).await.unwrap_err();
        assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
    }
    database.source(definition("asked")).probe().await.unwrap();
    // A comment and a semicolon at the end do no harm.
    let source = database.source(query("SELECT * FROM asked; -- all of it"));
    assert!(pages(&source, PullScope::default()).await.is_err());
    let source = database.source(query("SELECT * FROM asked -- all of it\n;\n"));
    assert_eq!(new_rows(&source, None).await.0.len(), 10);
}

async fn rows_that_cannot_be_told_apart_are_refused(database: &Database) {
    database
        .execute(
            "CREATE TABLE twins (id INT, at DATETIME, amount INT);
             INSERT INTO twins VALUES (1, '2024-05-01 00:00:00', 1), (1, '2024-05-01 00:00:00', 2)",
        )
        .await;
    for page_rows in 1..=3 {
        let error = failure(&database.source(Sql { page_rows, ..definition("twins") })).await;
        assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
        assert!(error.to_string().contains("`at` and `id`"), "{error}");
    }
}

async fn slow_statements_are_given_up(database: &Database) {
    let values: Vec<String> = (0..400).map(|number| format!("({number})")).collect();
    database
        .execute(&format!(
            "CREATE TABLE digits (id INT); INSERT INTO digits VALUES {}",
            values.join(",")
        ))
        .await;
    let source = database.source(Sql {
        query: "SELECT COUNT(*) AS at, MAX(a.id + b.id + c.id * d.id) AS id \
                FROM digits a, digits b, digits c, digits d"
            .to_owned(),
        timeout_seconds: 1,
        ..definition("digits")
    });
    let error = failure(&source).await;
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("timeout_seconds"), "{error}");
}

async fn a_deadline_ends_a_pull(database: &Database) {
    fill(database, "timed").await;
    let source = database.source(definition("timed"));
    let deadline = Some(Instant::now() - Duration::from_secs(1));
    let mut pull = source
        .pull(PullRequest { scope: PullScope::default(), deadline, ..PullRequest::default() })
        .await
        .unwrap();
    let error = pull.next().await.unwrap_err();
    assert!(error.retryable(), "{error:?}");
    // It does not look as if it had ended.
    assert!(pull.next().await.unwrap_err().retryable());
}

async fn a_probe_tells_what_is_there(database: &Database) {
    fill(database, "probed").await;
    let probe = database.source(definition("probed")).probe().await.unwrap();
    assert_eq!(probe.columns, ["id", "at", "amount"]);
    assert_eq!(probe.rows, Some(10));
    assert_eq!(probe.newest.as_deref(), Some("2024-05-02 00:00:00"));
    assert_eq!(probe.notes.len(), 2, "{:?}", probe.notes);
    assert!(probe.notes[0].starts_with("3 rows have no value in `at`"), "{:?}", probe.notes);
    assert_eq!(probe.notes[1], "rows that are deleted in the database are not noticed");
    let error = database.source(definition("nowhere")).probe().await.unwrap_err();
    assert!(matches!(error, SourceError::Definition { .. } | SourceError::Refused { .. }));
    keeps_its_secret(&error);
}
