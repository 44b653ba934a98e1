//! What goes wrong on the way, and what becomes of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use smelt_simulate::serve::{Fault, Faults, SodaSettings};
use smelt_sources::{HttpSettings, PullRequest, PullScope, Secret, Source, SourceError, socrata};

use crate::moved;
use crate::portal::{
    RESOURCE, TOKEN, definition, failing, hasty, keys_once, open, pull, row, rows, serve,
    serve_with, since,
};

#[tokio::test]
async fn faults_that_pass_are_waited_out() {
    for fault in [
        Fault::TooManyRequests { retry_after: Some("0".to_owned()) },
        Fault::TooManyRequests { retry_after: None },
        Fault::Status(500),
        Fault::Status(503),
        Fault::BrokenConnection,
        Fault::EarlyEnd,
        Fault::Slow(Duration::from_millis(20)),
    ] {
        let server =
            serve_with(rows(20, 4), failing(Faults::none().and_at(4, fault.clone()))).await;
        let pages = pull(&open(&server, &definition(6, 0)), since(None)).await.unwrap();
        assert_eq!(keys_once(&pages), (0..20).collect(), "{fault:?}");
        // A row id, the bounds, four pages and what is behind them, and once more what went wrong.
        let repeated = u64::from(!matches!(fault, Fault::Slow(_)));
        assert_eq!(server.requests(), 7 + repeated, "{fault:?}");
    }
}

#[tokio::test]
async fn faults_that_stay_end_the_pull_as_retryable() {
    let faults = Faults::none().and_during(4..=99, &Fault::Status(503));
    let server = serve_with(rows(20, 4), failing(faults)).await;
    let error = pull(&open(&server, &definition(6, 0)), since(None)).await.unwrap_err();
    assert!(error.retryable());
    assert!(error.to_string().contains("503 Service Unavailable (tried 4 times)"), "{error}");
    assert_eq!(server.requests(), 3 + 4);
}

#[tokio::test]
async fn a_page_that_failed_can_be_asked_for_again() {
    let faults = Faults::none().and_during(4..=7, &Fault::Status(503));
    let server = serve_with(rows(20, 4), failing(faults)).await;
    let source = open(&server, &definition(6, 0));
    let mut pages = source.pull(since(None)).await.unwrap();
    let mut all = vec![pages.next().await.unwrap().unwrap()];
    pages.next().await.unwrap_err();
    while let Some(page) = pages.next().await.unwrap() {
        all.push(page);
    }
    assert_eq!(keys_once(&all), (0..20).collect());
}

#[tokio::test]
async fn a_wait_beyond_all_patience_ends_the_pull_at_once() {
    let fault = Fault::TooManyRequests { retry_after: Some("3600".to_owned()) };
    let server = serve_with(rows(3, 1), failing(Faults::none().and_at(1, fault))).await;
    let error = pull(&open(&server, &definition(6, 0)), since(None)).await.unwrap_err();
    assert!(error.to_string().contains("come again in 3600 s"), "{error}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn no_wait_goes_beyond_the_deadline() {
    let fault = Fault::TooManyRequests { retry_after: Some("4".to_owned()) };
    let server = serve_with(rows(3, 1), failing(Faults::none().and_at(1, fault))).await;
    // Its own waits, of at most 5 ms, would end before: it is the portal's wait that does not.
    let deadline = Some(Instant::now() + Duration::from_secs(2));
    let request = PullRequest { scope: PullScope::New(None), deadline, ..PullRequest::default() };
    let error = pull(&open(&server, &definition(6, 0)), request).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }));
    assert!(error.to_string().contains("no time is left"), "{error}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn no_answer_is_waited_for_beyond_the_deadline() {
    let fault = Fault::Slow(Duration::from_secs(600));
    let server = serve_with(rows(3, 1), failing(Faults::none().and_at(1, fault))).await;
    let deadline = Some(Instant::now() + Duration::from_millis(200));
    let request = PullRequest { scope: PullScope::New(None), deadline, ..PullRequest::default() };
    let error = pull(&open(&server, &definition(6, 0)), request).await.unwrap_err();
    assert!(error.to_string().contains("before the deadline"), "{error}");
}

#[tokio::test]
async fn a_portal_that_is_not_there_is_unavailable() {
    let server = serve(rows(3, 1)).await;
    let source = open(&server, &definition(6, 0));
    server.stop().await;
    let error = pull(&source, since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
}

/// Asks a portal that cannot answer, with a token; each attempt that is made again must be told in words that
/// start like this.
async fn assert_attempts_are_told(url: &str, start: &str) {
    let told = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = Arc::clone(&told);
    let settings = HttpSettings {
        on_retry: Some(Arc::new(move |what: &str| heard.lock().unwrap().push(what.to_owned()))),
        ..hasty()
    };
    let (label, token) = ("portal".to_owned(), Some(Secret::new(TOKEN)));
    let source =
        socrata::open(&definition(6, 0), label, Some(url.to_owned()), token, settings).unwrap();
    let error = pull(&source, since(None)).await.unwrap_err().to_string();
    assert!(!error.contains(TOKEN), "{error}");
    let told = told.lock().unwrap().clone();
    for (what, attempt) in told.iter().zip(2..) {
        assert!(what.starts_with(start), "{what}");
        assert!(what.ends_with(&format!(" s ({attempt} of 4)")), "{what}");
        assert!(!what.contains(TOKEN) && !what.contains(RESOURCE), "{what}");
    }
    assert_eq!(told.len(), 3, "{told:?}");
}

#[tokio::test]
async fn each_attempt_that_is_made_again_is_told_and_no_secret_with_it() {
    let server = serve(rows(3, 1)).await;
    let url = server.url().to_owned();
    server.stop().await;
    let start = format!("portal: no connection to {}: ", url.trim_start_matches("http://"));
    assert_attempts_are_told(&url, &start).await;

    // One that says back what it was asked.
    let body = format!("/resource/{RESOURCE}.json with x-app-token: {TOKEN}");
    let (url, requests) = moved::server(format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ));
    assert_attempts_are_told(&url, "portal: it answers 503 Service Unavailable; ").await;
    let asked: Vec<String> = requests.try_iter().collect();
    assert_eq!(asked.len(), 4);
    for request in asked {
        assert!(request.contains(TOKEN) && request.contains(RESOURCE), "{request}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_taken() {
    let server = serve(rows(100, 1)).await;
    let settings = HttpSettings { max_body_bytes: 1000, ..hasty() };
    let url = Some(server.url().to_owned());
    let source = socrata::open(&definition(100, 0), "x".to_owned(), url, None, settings).unwrap();
    let error = pull(&source, since(None)).await.unwrap_err();
    assert!(error.to_string().contains("lower `page_rows`"), "{error}");
}

#[tokio::test]
async fn a_question_that_is_not_understood_names_the_portals_reason() {
    let server = serve_with(rows(3, 1), SodaSettings::default()).await;
    let mut definition = definition(6, 0);
    definition.time = "no_such_column".parse().unwrap();
    let source = open(&server, &definition);
    let since = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_hms_opt(0, 0, 0);
    let scope = PullScope::Window { since, until: None };
    let error = pull(&source, PullRequest { scope, ..PullRequest::default() }).await.unwrap_err();
    assert!(matches!(error, SourceError::Definition { .. }));
    assert!(error.to_string().contains("No such column: no_such_column"), "{error}");
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn rows_that_come_and_go_between_pages_shift_nothing() {
    let server = serve(rows(30, 3)).await;
    let source = open(&server, &definition(4, 0));
    let mut pages = source.pull(since(None)).await.unwrap();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        all.push(page);
        if all.len() == 3 {
            server.update(RESOURCE, |rows| {
                rows.drain(..5);
                rows.insert(0, row(100, 0));
                rows.push(row(101, 50));
            });
        }
    }
    assert_eq!(keys_once(&all), (0..30).chain([101]).collect());
}
