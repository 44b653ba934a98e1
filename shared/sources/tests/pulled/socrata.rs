//! What comes from a Socrata portal that does nothing wrong.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;
use smelt_domain::SodaApi;
use smelt_simulate::serve::SodaSettings;
use smelt_sources::{PullRequest, PullScope, Secret, Source, SourceError, socrata};

use crate::portal::{
    RESOURCE, TOKEN, definition, hasty, keys, keys_once, last_cursor, open, pull, row, rows, serve,
    serve_with, since, values,
};

#[tokio::test]
async fn every_row_comes_once_in_both_interfaces() {
    let server = serve(rows(250, 40)).await;
    for api in [SodaApi::V2, SodaApi::V3] {
        let mut definition = definition(7, 0);
        definition.api = api;
        let pages = pull(&open(&server, &definition), since(None)).await.unwrap();
        assert_eq!(keys_once(&pages), (0..250).collect());
        assert!(pages.iter().all(|page| page.rows.line.len() <= 7));
        let lines: Vec<i64> =
            pages.iter().flat_map(|page| page.rows.line.values().to_vec()).collect();
        assert_eq!(lines, (1..=250).collect::<Vec<i64>>());
    }
    server.stop().await;
}

#[tokio::test]
async fn columns_of_the_portal_never_take_the_name_of_a_column_of_the_data() {
    let server = serve(rows(1, 1)).await;
    let source = open(&server, &definition(10, 0));
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(values(&pages, "id"), ["own-0"]);
    assert!(values(&pages, "socrata_id")[0].starts_with("row-"));
    assert_eq!(values(&pages, "updated_at"), ["2024-01-01T00:00:00.000Z"]);
    assert_eq!(values(&pages, "place"), [r#"{"latitude":"40.7","longitude":"-73.9"}"#]);
    let probe = source.probe().await.unwrap();
    for column in pages[0].rows.fields.schema().fields() {
        assert!(probe.columns.contains(column.name()), "{}", column.name());
    }
}

#[tokio::test]
async fn a_first_load_walks_through_windows_of_update_times() {
    let day = 24 * 60 * 60;
    let spread = (0..40).map(|number| row(number, (number / 4) as u32 * 9 * day)).collect();
    let server = serve(spread).await;
    let mut definition = definition(3, 0);
    definition.window_days = 10;
    let pages = pull(&open(&server, &definition), since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..40).collect());
}

#[tokio::test]
async fn pages_that_are_cut_short_lose_no_row() {
    let day = 24 * 60 * 60;
    let spread: Vec<_> = (0..40).map(|number| row(number, (number / 8) as u32 * 9 * day)).collect();
    for most_rows in [2, 3, 8, 40] {
        let settings = SodaSettings { most_rows: Some(most_rows), ..SodaSettings::default() };
        let server = serve_with(spread.clone(), settings).await;
        for (window_days, overlap_seconds) in [(10, 0), (1000, 0), (10, 60)] {
            // 40 rows are no whole number of pages, or nobody could tell that the last one is the last.
            let mut definition = definition(21, overlap_seconds);
            definition.window_days = window_days;
            let source = open(&server, &definition);
            let pages = pull(&source, since(None)).await.unwrap();
            assert_eq!(keys_once(&pages), (0..40).collect(), "{most_rows} of {window_days} days");
            for (index, page) in pages[..pages.len() - 1].iter().enumerate() {
                let rest = pull(&source, since(page.cursor.clone())).await.unwrap();
                assert_eq!(keys_once(&rest), keys_once(&pages[index + 1..]), "page {index}");
            }
            let last = last_cursor(&pages).unwrap();
            assert!(!source.place(&last).unwrap().ends_with("more follows"), "{last:?}");
        }
        let source = open(&server, &definition(20, 0));
        let scope = PullScope::Window { since: None, until: None };
        let pages = pull(&source, PullRequest { scope, ..PullRequest::default() }).await.unwrap();
        assert_eq!(keys_once(&pages).len(), 40);
    }
}

#[tokio::test]
async fn only_what_changed_comes_behind_a_cursor() {
    let server = serve(rows(20, 3)).await;
    let source = open(&server, &definition(6, 0));
    let first = pull(&source, since(None)).await.unwrap();
    let cursor = last_cursor(&first);
    assert!(pull(&source, since(cursor.clone())).await.unwrap().is_empty());
    server.update(RESOURCE, |rows| {
        rows[4] = row(4, 100);
        rows.push(row(20, 101));
    });
    let second = pull(&source, since(cursor)).await.unwrap();
    assert_eq!(keys(&second), ["4", "20"]);
}

#[tokio::test]
async fn every_pages_cursor_goes_on_right_behind_it() {
    let server = serve(rows(50, 20)).await;
    for overlap_seconds in [0, 3600] {
        let source = open(&server, &definition(4, overlap_seconds));
        let pages = pull(&source, since(None)).await.unwrap();
        for (index, page) in pages[..pages.len() - 1].iter().enumerate() {
            let rest = pull(&source, since(page.cursor.clone())).await.unwrap();
            let expected: BTreeSet<u64> = keys_once(&pages[index + 1..]);
            assert_eq!(keys_once(&rest), expected, "overlap {overlap_seconds}, page {index}");
        }
    }
}

#[tokio::test]
async fn an_overlap_brings_rows_that_became_visible_late() {
    let server = serve(rows(10, 1)).await;
    let source = open(&server, &definition(100, 5));
    let first = pull(&source, since(None)).await.unwrap();
    server.update(RESOURCE, |rows| rows.push(row(10, 6)));
    let second = pull(&source, since(last_cursor(&first))).await.unwrap();
    assert_eq!(keys_once(&second), BTreeSet::from([4, 5, 6, 7, 8, 9, 10]));
}

#[tokio::test]
async fn a_cursor_of_a_time_and_an_id_is_enough() {
    let server = serve(rows(10, 5)).await;
    let source = open(&server, &definition(100, 0));
    let id = smelt_simulate::serve::row_id(6);
    let cursor = json!({"updated_at": "2024-01-01T00:00:01.000Z", "id": id});
    let pages = pull(&source, since(Some(smelt_sources::Cursor(cursor)))).await.unwrap();
    assert_eq!(keys(&pages), ["7", "8", "9"]);
}

#[tokio::test]
async fn a_portal_that_refuses_row_ids_is_read_by_the_key() {
    let settings = SodaSettings { refuses_row_id: true, ..SodaSettings::default() };
    let server = serve_with(rows(30, 12), settings).await;
    let source = open(&server, &definition(5, 0));
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..30).collect());
    let rest = pull(&source, since(pages[2].cursor.clone())).await.unwrap();
    assert_eq!(keys(&rest), keys(&pages[3..]));
    let notes = source.probe().await.unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("key columns")), "{notes:?}");

    let mut without_key = definition(5, 0);
    without_key.key.clear();
    let error = pull(&open(&server, &without_key), since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Definition { .. }), "{error}");
}

#[tokio::test]
async fn a_window_holds_the_rows_of_its_time_and_moves_no_cursor() {
    let server = serve(rows(48, 5)).await;
    let source = open(&server, &definition(3, 0));
    let month = |month| NaiveDate::from_ymd_opt(2023, month, 1).unwrap().and_hms_opt(0, 0, 0);
    let scope = PullScope::Window { since: month(2), until: month(4) };
    let pages = pull(&source, PullRequest { scope, ..PullRequest::default() }).await.unwrap();
    let expected = (0..48).filter(|number| matches!(number % 12 + 1, 2 | 3)).collect();
    assert_eq!(keys_once(&pages), expected);
    assert!(pages.iter().all(|page| page.cursor.is_none()));
    let scope = PullScope::Window { since: None, until: None };
    let pages = pull(&source, PullRequest { scope, ..PullRequest::default() }).await.unwrap();
    assert_eq!(keys_once(&pages).len(), 48);
}

#[tokio::test]
async fn columns_may_come_go_and_change_their_type_between_pages() {
    let server = serve(rows(9, 1)).await;
    server.update(RESOURCE, |rows| {
        for row in &mut rows[4..] {
            row.remove("id");
            row.insert(
                "unique_key".to_owned(),
                row["unique_key"].as_str().unwrap().parse::<u64>().unwrap().into(),
            );
            row.insert("added".to_owned(), json!(true));
        }
    });
    let pages = pull(&open(&server, &definition(2, 0)), since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..9).collect());
    assert_eq!(values(&pages, "added")[3..5], ["~", "true"]);
    assert_eq!(values(&pages, "id")[3..5], ["own-3", "~"]);
}

#[tokio::test]
async fn a_probe_says_what_is_there() {
    let server = serve(rows(30, 10)).await;
    let probe = open(&server, &definition(10, 0)).probe().await.unwrap();
    assert_eq!(probe.rows, Some(30));
    assert_eq!(probe.newest.as_deref(), Some("2024-01-01T00:00:02.000Z"));
    assert_eq!(probe.columns[0], "socrata_id");
    assert!(probe.notes.is_empty());
    let url = Some(server.url().to_owned());
    let source = socrata::open(&definition(10, 0), "x".to_owned(), url, None, hasty()).unwrap();
    assert!(source.probe().await.unwrap().notes[0].contains("app token"));
}

#[tokio::test]
async fn an_inventory_counts_months_and_names_their_keys() {
    let server = serve(rows(30, 10)).await;
    server.update(RESOURCE, |rows| {
        rows[0].remove("created_date");
    });
    let source = open(&server, &definition(2, 0));
    let inventory = source.inventory().unwrap();
    let months = inventory.rows_by_month().await.unwrap();
    assert_eq!((months[""], months["2023-01"], months["2023-02"]), (1, 2, 3));
    assert_eq!(months.values().sum::<u64>(), 30);
    for (month, count) in months {
        let mut pages = inventory.keys_of_month(&month).await.unwrap();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await.unwrap() {
            all.push(page);
        }
        assert_eq!(keys_once(&all).len() as u64, count, "{month}");
    }
}

#[tokio::test]
async fn definitions_that_cannot_work_are_refused() {
    let server = serve(rows(1, 1)).await;
    let url = Some(server.url().to_owned());
    for page_rows in [0, 50_001] {
        let definition = definition(page_rows, 0);
        let error =
            socrata::open(&definition, "x".to_owned(), url.clone(), None, hasty()).unwrap_err();
        assert!(error.to_string().contains("50000"), "{error}");
    }
    let mut soda_3 = definition(1, 0);
    soda_3.api = SodaApi::V3;
    let error = socrata::open(&soda_3, "x".to_owned(), url, None, hasty()).unwrap_err();
    assert!(error.to_string().ends_with("set SOCRATA_APP_TOKEN"), "{error}");
    let mut elsewhere = definition(1, 0);
    elsewhere.resource = "gone-gone".to_owned();
    let error = pull(&open(&server, &elsewhere), since(None)).await.unwrap_err();
    assert!(error.to_string().contains("Cannot find view"), "{error}");
}

#[tokio::test]
async fn a_token_is_sent_and_never_seen() {
    let settings = SodaSettings { app_token: Some(TOKEN.to_owned()), ..SodaSettings::default() };
    let server = serve_with(rows(3, 1), settings).await;
    let source = open(&server, &definition(10, 0));
    assert_eq!(pull(&source, since(None)).await.unwrap().len(), 1);
    assert!(!format!("{source:?}").contains(TOKEN));

    let wrong = Some(Secret::new("another-token"));
    let url = Some(server.url().to_owned());
    let source = socrata::open(&definition(10, 0), "x".to_owned(), url, wrong, hasty()).unwrap();
    let error = pull(&source, since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Refused { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("another-token"));
}
