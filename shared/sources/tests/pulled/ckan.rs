//! Whole copies and new rows of a CKAN portal.

use serde_json::{Value, json};
use smelt_domain::{Ckan, CkanFetch, CkanLoad, CkanResources};
use smelt_simulate::serve::{
    CkanResource, CkanServer, CkanSettings, Column, ColumnKind, Fault, Faults, Row,
};
use smelt_sources::ckan::{self, CkanAccess, CkanSource};
use smelt_sources::{
    CopyProgress, Cursor, Page, PullRequest, PullScope, Secret, Source, SourceError,
};

use crate::portal::{TOKEN, hasty, keys, keys_once, last_cursor, pull, since, values};

pub(crate) const PAGES: CkanLoad = CkanLoad::Snapshot(CkanFetch::Pages);
pub(crate) const DUMP: CkanLoad = CkanLoad::Snapshot(CkanFetch::Dump);

pub(crate) fn row(number: u64) -> Row {
    let Value::Object(row) = json!({
        "unique_key": number.to_string(),
        "open_dt": format!("2024-01-{:02}T00:00:00", number / 3 % 28 + 1),
        "id": format!("own-{number}"),
    }) else {
        unreachable!("a literal object")
    };
    row
}

fn resource(id: &str, numbers: std::ops::Range<u64>) -> CkanResource {
    CkanResource {
        id: id.to_owned(),
        columns: vec![
            Column::new("unique_key", ColumnKind::Text),
            Column::new("open_dt", ColumnKind::Time),
            Column::new("id", ColumnKind::Text),
        ],
        rows: numbers.map(row).collect(),
        last_modified: "2024-02-01T00:00:00".to_owned(),
        hash: String::new(),
        is_loading: false,
    }
}

pub(crate) async fn serve(settings: CkanSettings) -> CkanServer {
    CkanServer::start([resource("r1", 0..10), resource("r2", 10..25)], settings).await.unwrap()
}

pub(crate) fn definition(load: CkanLoad) -> Ckan {
    Ckan {
        url: "https://nowhere.invalid".to_owned(),
        resources: CkanResources::Listed(vec!["r1".to_owned(), "r2".to_owned()]),
        load,
        page_rows: 4,
        token: Some("PORTAL_TOKEN".to_owned()),
    }
}

pub(crate) fn access(server: &CkanServer) -> CkanAccess {
    CkanAccess {
        url: Some(server.url().to_owned()),
        token: None,
        scratch: std::env::temp_dir(),
        http: hasty(),
    }
}

pub(crate) fn open(server: &CkanServer, load: CkanLoad) -> CkanSource {
    ckan::open(&definition(load), "portal".to_owned(), access(server)).unwrap()
}

pub(crate) fn by(cursor: &str, overlap_seconds: u32) -> CkanLoad {
    CkanLoad::Incremental { cursor: cursor.to_owned(), overlap_seconds }
}

fn by_time() -> CkanLoad {
    by("open_dt", 0)
}

#[tokio::test]
async fn a_snapshot_holds_every_row_of_every_resource_once() {
    let server = serve(CkanSettings::default()).await;
    let pages = pull(&open(&server, PAGES), since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..25).collect());
    let parts: Vec<(&str, bool)> = pages
        .iter()
        .map(|page| {
            page.snapshot.as_ref().map(|part| (part.of.as_str(), part.is_complete())).unwrap()
        })
        .collect();
    let expected = [
        ("r1", false),
        ("r1", false),
        ("r1", true),
        ("r2", false),
        ("r2", false),
        ("r2", false),
        ("r2", true),
    ];
    assert_eq!(parts, expected);
    assert_eq!(values(&pages, "id")[10], "own-10");
    assert_eq!(values(&pages, "ckan_id")[10], "1");
}

#[tokio::test]
async fn what_did_not_change_brings_no_page() {
    let server = serve(CkanSettings::default()).await;
    let source = open(&server, PAGES);
    let cursor = last_cursor(&pull(&source, since(None)).await.unwrap());
    assert!(pull(&source, since(cursor.clone())).await.unwrap().is_empty());
    server.update("r2", |resource| {
        resource.rows.truncate(3);
        resource.last_modified = "2024-03-01T00:00:00".to_owned();
    });
    let pages = pull(&source, since(cursor)).await.unwrap();
    assert_eq!(keys(&pages), ["10", "11", "12"]);
    assert!(pages[0].snapshot.as_ref().unwrap().is_complete());
}

#[tokio::test]
async fn a_resource_that_became_empty_is_an_empty_copy() {
    let server = serve(CkanSettings::default()).await;
    server.update("r1", |resource| resource.rows.clear());
    let pages = pull(&open(&server, PAGES), since(None)).await.unwrap();
    assert_eq!(pages[0].rows.line.len(), 0);
    assert!(pages[0].snapshot.as_ref().unwrap().is_complete());
    assert_eq!(keys_once(&pages), (10..25).collect());
}

#[tokio::test]
async fn every_pages_cursor_goes_on_right_behind_it() {
    let server = serve(CkanSettings::default()).await;
    for load in [PAGES, DUMP, by_time()] {
        let source = open(&server, load);
        let pages = pull(&source, since(None)).await.unwrap();
        for (index, page) in pages.iter().enumerate() {
            let rest = pull(&source, since(page.cursor.clone())).await.unwrap();
            assert_eq!(keys(&rest), keys(&pages[index + 1..]), "page {index}");
        }
    }
}

#[tokio::test]
async fn a_resource_that_changed_between_two_pulls_starts_anew() {
    let server = serve(CkanSettings::default()).await;
    let source = open(&server, PAGES);
    let pages = pull(&source, since(None)).await.unwrap();
    server.update("r1", |resource| resource.hash = "other".to_owned());
    let rest = pull(&source, since(pages[1].cursor.clone())).await.unwrap();
    assert_eq!(keys_once(&rest), (0..25).collect());
}

#[tokio::test]
async fn a_copy_whose_rows_have_shifted_is_begun_anew() {
    for load in [PAGES, DUMP] {
        let server = serve(CkanSettings::default()).await;
        let source = open(&server, load);
        let pages = pull(&source, since(None)).await.unwrap();
        assert!(!pages[1].snapshot.as_ref().unwrap().is_complete());
        server.update("r1", |resource| drop(resource.rows.remove(0)));
        let rest = pull(&source, since(pages[1].cursor.clone())).await.unwrap();
        assert_eq!(keys_once(&rest), (1..25).collect());
    }
}

#[tokio::test]
async fn a_resource_that_changes_while_it_is_read_is_unsteady() {
    let changes: [fn(&mut CkanResource); 3] = [
        |resource| drop(resource.rows.pop()),
        |resource| resource.rows.push(row(99)),
        |resource| resource.last_modified = "2024-03-01T00:00:00".to_owned(),
    ];
    for change in changes {
        let server = serve(CkanSettings::default()).await;
        let source = open(&server, PAGES);
        let mut pages = source.pull(since(None)).await.unwrap();
        pages.next().await.unwrap();
        server.update("r1", change);
        let error = loop {
            match pages.next().await {
                Ok(page) => assert!(!page.unwrap().snapshot.unwrap().is_complete()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, SourceError::Unsteady { .. }), "{error}");
    }
}

#[tokio::test]
async fn rows_exchanged_for_others_under_way_are_unsteady() {
    let server = serve(CkanSettings::default()).await;
    let source = open(&server, PAGES);
    let mut pages = source.pull(since(None)).await.unwrap();
    pages.next().await.unwrap();
    // The first four rows move to the end: as many as before, but one of them was read already.
    server.update("r1", |resource| {
        for (row, number) in resource.rows.iter_mut().zip([4_u64, 5, 6, 7, 1, 2, 3, 8, 9, 10]) {
            row.insert("_id".to_owned(), number.into());
        }
        resource.rows.remove(9);
        resource.rows.push(Row::from_iter([("_id".to_owned(), Value::from(0))]));
    });
    let error = pages.next().await.unwrap_err();
    assert!(matches!(error, SourceError::Unsteady { .. }), "{error}");
}

#[tokio::test]
async fn only_rows_behind_the_greatest_value_come_again() {
    let server = serve(CkanSettings::default()).await;
    let source = open(&server, by_time());
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..25).collect());
    assert!(pages.iter().all(|page| page.snapshot.is_none()));
    let cursor = last_cursor(&pages);
    server.update("r1", |resource| {
        let mut same_time = row(9);
        same_time.insert("unique_key".to_owned(), json!("50"));
        resource.rows.extend([same_time, row(60), row(1)]);
    });
    assert_eq!(keys(&pull(&source, since(cursor)).await.unwrap()), ["50", "60"]);
}

#[tokio::test]
async fn a_time_in_the_future_stops_nothing() {
    let server = serve(CkanSettings::default()).await;
    let at = |number: u64, time: &str| {
        let mut row = row(number);
        row.insert("open_dt".to_owned(), json!(time));
        row
    };
    // More rows of the future than a page has.
    server.update("r1", |resource| {
        resource.rows.extend((50..56).map(|number| at(number, "2099-01-01T00:00:00")));
    });
    let source = open(&server, by_time());
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..25).chain(50..56).collect());
    let cursor = last_cursor(&pages);
    server.update("r1", |resource| resource.rows.push(at(60, "2024-02-01T00:00:00")));
    let pages = pull(&source, since(cursor)).await.unwrap();
    assert_eq!(keys(&pages), ["60", "50", "51", "52", "53", "54", "55"]);
    let cursor = last_cursor(&pages);
    let again = pull(&source, since(cursor.clone())).await.unwrap();
    assert_eq!(keys(&again), ["50", "51", "52", "53", "54", "55"]);
    assert_eq!(last_cursor(&again), cursor);
    // A cursor of a time when this went unnoticed.
    let Cursor(mut stuck) = cursor.unwrap();
    stuck["r1"]["value"] = json!("2099-01-01T00:00:00");
    let pages = pull(&source, since(Some(Cursor(stuck)))).await.unwrap();
    assert_eq!(keys_once(&pages), (0..10).chain(50..56).chain([60]).collect());

    let probe = source.probe().await.unwrap();
    assert_eq!(probe.newest.as_deref(), Some("2099-01-01T00:00:00"));
    assert!(probe.notes[1].contains("`open_dt` lies in the future"), "{:?}", probe.notes);
    server.update("r1", |resource| resource.rows.truncate(10));
    let probe = source.probe().await.unwrap();
    assert_eq!(probe.newest.as_deref(), Some("2024-01-09T00:00:00"));
    assert_eq!(probe.notes.len(), 1, "{:?}", probe.notes);
}

#[tokio::test]
async fn a_portal_without_sql_is_told() {
    let settings = CkanSettings { refuses_sql: true, ..CkanSettings::default() };
    let server = serve(settings).await;
    let error = pull(&open(&server, by_time()), since(None)).await.unwrap_err();
    assert!(error.to_string().contains("switched off"), "{error}");
    let error = open(&server, by_time()).probe().await.unwrap_err();
    assert!(error.to_string().contains("switched off"), "{error}");
    let elsewhere = by("closed_dt", 0);
    let error = pull(&open(&server, elsewhere), since(None)).await.unwrap_err();
    assert!(error.to_string().contains("no column `closed_dt`"), "{error}");
}

#[tokio::test]
async fn a_window_is_refused() {
    let server = serve(CkanSettings::default()).await;
    let source = open(&server, PAGES);
    let scope = PullScope::Window { since: None, until: None };
    let result = source.pull(PullRequest { scope, ..PullRequest::default() }).await;
    assert!(matches!(result.map(|_| ()), Err(SourceError::Definition { .. })));
}

#[tokio::test]
async fn a_probe_says_what_is_there() {
    let server = serve(CkanSettings::default()).await;
    let probe = open(&server, PAGES).probe().await.unwrap();
    assert_eq!(probe.columns, ["ckan_id", "unique_key", "open_dt", "id"]);
    assert_eq!(probe.rows, Some(25));
    assert_eq!(probe.newest.as_deref(), Some("2024-02-01T00:00:00"));
}

#[tokio::test]
async fn faults_that_pass_are_waited_out() {
    for fault in [Fault::Status(502), Fault::BrokenConnection, Fault::EarlyEnd] {
        let faults = Faults::none().and_at(3, fault.clone());
        let server = serve(CkanSettings { faults, ..CkanSettings::default() }).await;
        let pages = pull(&open(&server, PAGES), since(None)).await.unwrap();
        assert_eq!(keys_once(&pages), (0..25).collect(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_token_is_sent_and_never_seen() {
    let private = CkanSettings { token: Some(TOKEN.to_owned()), ..CkanSettings::default() };
    let server = serve(private).await;
    let opened = |load, token: Option<&str>| {
        let access = CkanAccess { token: token.map(Secret::new), ..access(&server) };
        ckan::open(&definition(load), "portal".to_owned(), access).unwrap()
    };
    for load in [PAGES, DUMP, by_time()] {
        let source = opened(load, Some(TOKEN));
        assert_eq!(keys_once(&pull(&source, since(None)).await.unwrap()), (0..25).collect());
        assert!(!format!("{source:?}").contains(TOKEN));
    }
    for (token, advice) in [
        (None, "set PORTAL_TOKEN to a token that may read it"),
        (Some("another-token"), "check the token in PORTAL_TOKEN"),
    ] {
        let error = opened(DUMP, token).probe().await.unwrap_err();
        assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(advice), "{error}");
        assert!(!format!("{error} {error:?}").contains("another-token"));
    }
}

#[tokio::test]
async fn a_token_that_nobody_asks_for_is_not_missed() {
    let server = serve(CkanSettings::default()).await;
    let notes = open(&server, PAGES).probe().await.unwrap().notes;
    assert!(notes.iter().all(|note| !note.contains("token")), "{notes:?}");
}

/// A source of all resources of the package, and what it brings when bronze has these copies.
async fn pull_package(server: &CkanServer, copies: &[&str], cursor: Option<Cursor>) -> Vec<Page> {
    let resources = CkanResources::OfPackage("payments".to_owned());
    let definition = Ckan { resources, ..definition(PAGES) };
    let source = ckan::open(&definition, "portal".to_owned(), access(server)).unwrap();
    let copies = copies.iter().map(|copy| (*copy).to_owned()).collect();
    pull(&source, PullRequest { copies, ..since(cursor) }).await.unwrap()
}

/// What became of each copy, except that it is underway.
fn settled(pages: &[Page]) -> Vec<(&str, CopyProgress)> {
    let parts = pages.iter().filter_map(|page| page.snapshot.as_ref());
    let settled = parts.filter(|part| part.progress != CopyProgress::Underway);
    settled.map(|part| (part.of.as_str(), part.progress)).collect()
}

#[tokio::test]
async fn what_left_its_package_is_gone_after_what_came_instead() {
    use CopyProgress::{Complete, Gone};
    let settings = CkanSettings { package: "payments".to_owned(), ..CkanSettings::default() };
    let server = serve(settings).await;
    let cursor = last_cursor(&pull_package(&server, &[], None).await);
    // On its way into the datastore, it is still in the package.
    server.update("r1", |resource| resource.is_loading = true);
    assert!(pull_package(&server, &["r1", "r2"], cursor.clone()).await.is_empty());
    server.remove("r1");
    server.add(resource("r3", 0..9));
    let pages = pull_package(&server, &["r1", "r2"], cursor.clone()).await;
    assert_eq!(settled(&pages), [("r3", Complete), ("r1", Gone)]);
    assert_eq!(pages.last().unwrap().rows.line.len(), 0);
    let cursor = last_cursor(&pages);
    assert!(pull_package(&server, &["r2", "r3"], cursor.clone()).await.is_empty());
    // A load from the beginning knows no cursor, but what bronze has.
    let pages = pull_package(&server, &["r1", "r2", "r3"], None).await;
    assert_eq!(settled(&pages), [("r2", Complete), ("r3", Complete), ("r1", Gone)]);
    server.add(resource("r1", 0..10));
    let pages = pull_package(&server, &["r2", "r3"], cursor).await;
    assert_eq!(settled(&pages), [("r1", Complete)]);
}
