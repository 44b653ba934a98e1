//! Whole copies that come as dumps: the same rows as by pages, and nothing less.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use serde_json::{Value, json};
use smelt_domain::{Ckan, CkanLoad, CkanResources};
use smelt_simulate::serve::{
    CkanResource, CkanServer, CkanSettings, Column, ColumnKind, Fault, Faults, Row,
};
use smelt_sources::ckan::{self, CkanAccess, CkanSource};
use smelt_sources::{Page, PullRequest, PullScope, Source, SourceError};

use crate::ckan::{DUMP, PAGES, access, definition, open, row, serve};
use crate::portal::{keys, keys_once, pull, since};

/// The number of the request for the first dump: before it the state, and the count of rows.
const DUMP_REQUEST: u64 = 3;

fn failing(fault: Fault) -> CkanSettings {
    CkanSettings { faults: Faults::none().and_at(DUMP_REQUEST, fault), ..CkanSettings::default() }
}

/// Values of every kind, and what CSV makes hard to tell apart.
fn hard_resource() -> CkanResource {
    let kinds = [
        ("Name, in \"full\"", ColumnKind::Text),
        ("id", ColumnKind::Text),
        ("6 Digit", ColumnKind::Number),
        ("Größe", ColumnKind::Number),
        ("seen", ColumnKind::Time),
        ("changed", ColumnKind::ZonedTime),
        ("valid", ColumnKind::Boolean),
        ("tags", ColumnKind::List),
        ("nested", ColumnKind::Json),
        ("never there", ColumnKind::Text),
    ];
    let rows = [
        json!({"Name, in \"full\"": "", "id": " a ", "6 Digit": 123_456, "Größe": 12.5,
            "seen": "2024-05-01T12:30:00", "changed": "2024-05-01T12:30:00.25+02:00",
            "valid": true, "tags": ["Princess Anna", "a, \"b\""], "nested": {"a": ["b", null]}}),
        json!({"Name, in \"full\"": "two\r\nlines, \"quoted\"", "id": "null", "valid": false,
            "tags": [], "nested": "a text"}),
        json!({"Name, in \"full\"": "日本 \\. \t", "id": "\"", "6 Digit": -0.5, "Größe": 1e300,
            "changed": "2024-05-01T12:30:00-03:30", "nested": 7}),
        json!({}),
        json!({"Name, in \"full\"": ",", "id": "t", "tags": null, "nested": [1, {"k": true}]}),
    ];
    let row = |row: Value| row.as_object().cloned().unwrap();
    CkanResource {
        id: "hard".to_owned(),
        columns: kinds.map(|(name, kind)| Column::new(name, kind)).into(),
        rows: rows.into_iter().map(row).collect(),
        last_modified: "2024-02-01T00:00:00".to_owned(),
        hash: String::new(),
        is_loading: false,
    }
}

fn hard_source(server: &CkanServer, load: CkanLoad, page_rows: u32) -> CkanSource {
    let resources = CkanResources::Listed(vec!["hard".to_owned()]);
    let definition = Ckan { resources, page_rows, ..definition(load) };
    ckan::open(&definition, "portal".to_owned(), access(server)).unwrap()
}

/// Columns, rows with null as `None`, lines, and where the copy stands: all that bronze gets.
type Seen = (Vec<String>, Vec<Vec<Option<String>>>, Vec<i64>, String, bool);

fn seen(page: &Page) -> Seen {
    let fields = &page.rows.fields;
    let names = fields.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns: Vec<_> = fields.columns().iter().map(|column| column.as_string::<i32>()).collect();
    let text = |row: usize| {
        move |column: &&arrow::array::StringArray| {
            use arrow::array::Array;
            column.is_valid(row).then(|| column.value(row).to_owned())
        }
    };
    let rows = (0..fields.num_rows()).map(|row| columns.iter().map(text(row)).collect()).collect();
    let part = page.snapshot.as_ref().unwrap();
    (names, rows, page.rows.line.values().to_vec(), part.of.clone(), part.is_complete())
}

#[tokio::test]
async fn a_dump_gives_what_pages_give() {
    let server = CkanServer::start([hard_resource()], CkanSettings::default()).await.unwrap();
    for page_rows in 1..=6 {
        let of = async |load| {
            let pages = pull(&hard_source(&server, load, page_rows), since(None)).await.unwrap();
            pages.iter().map(seen).collect::<Vec<_>>()
        };
        let (by_pages, by_dump) = (of(PAGES).await, of(DUMP).await);
        assert_eq!(by_dump, by_pages, "{page_rows} rows");
        let rows: Vec<_> = by_pages.into_iter().flat_map(|page| page.1).collect();
        assert_eq!(rows[0][1].as_deref(), Some(""));
        assert_eq!(rows[3][1..], [const { None }; 10]);
        assert_eq!(rows[0][7].as_deref(), Some("true"));
    }
}

#[tokio::test]
async fn a_dump_is_one_request_and_goes_on_where_it_broke_off() {
    let server = serve(CkanSettings::default()).await;
    let source = open(&server, DUMP);
    let pages = pull(&source, since(None)).await.unwrap();
    assert_eq!(keys_once(&pages), (0..25).collect());
    assert_eq!(pages.len(), 3 + 4);
    // The state, the count and the dump; at the end the count and the state once more.
    assert_eq!(server.requests(), 2 * 5);
    // What was begun by pages may end as a dump, and the other way round.
    for (first, second) in [(PAGES, DUMP), (DUMP, PAGES)] {
        let begun = pull(&open(&server, first), since(None)).await.unwrap();
        let rest = pull(&open(&server, second), since(begun[0].cursor.clone())).await.unwrap();
        assert_eq!(keys(&rest), keys(&begun[1..]));
    }
}

#[tokio::test]
async fn faults_that_pass_are_waited_out() {
    for fault in [
        Fault::TooManyRequests { retry_after: Some("0".to_owned()) },
        Fault::Status(502),
        Fault::BrokenConnection,
        Fault::EarlyEnd,
        Fault::Slow(Duration::from_millis(20)),
    ] {
        let server = serve(failing(fault.clone())).await;
        let pages = pull(&open(&server, DUMP), since(None)).await.unwrap();
        assert_eq!(keys_once(&pages), (0..25).collect(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_dump_that_ends_at_the_end_of_a_row_is_not_taken_for_all_of_them() {
    for most in [1, 3, 4, 7] {
        let settings = CkanSettings { most_dump_rows: Some(most), ..CkanSettings::default() };
        let server = serve(settings).await;
        let pages = pull(&open(&server, DUMP), since(None)).await.unwrap();
        assert_eq!(keys_once(&pages), (0..25).collect(), "{most} at once");
        let complete = pages.iter().filter(|page| page.snapshot.as_ref().unwrap().is_complete());
        assert_eq!(complete.count(), 2);
    }
    let settings = CkanSettings { most_dump_rows: Some(0), ..CkanSettings::default() };
    let server = serve(settings).await;
    let error = pull(&open(&server, DUMP), since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Unsteady { .. }), "{error:?}");
    assert!(error.to_string().contains("gave 0 rows and counts 10"), "{error}");
}

#[tokio::test]
async fn a_dump_that_stays_cut_fails_and_leaves_no_copy() {
    let faults = Faults::none().and_during(DUMP_REQUEST..=99, &Fault::EarlyEnd);
    let server = serve(CkanSettings { faults, ..CkanSettings::default() }).await;
    let error = pull(&open(&server, DUMP), since(None)).await.unwrap_err();
    assert!(error.retryable(), "{error:?}");
    assert!(error.to_string().contains("its dump ends early, after"), "{error}");
}

#[tokio::test]
async fn a_resource_that_changes_meanwhile_is_unsteady() {
    let changes: [fn(&mut CkanResource); 3] = [
        |resource| drop(resource.rows.pop()),
        |resource| resource.rows.push(row(99)),
        |resource| resource.last_modified = "2024-03-01T00:00:00".to_owned(),
    ];
    for change in changes {
        let server = serve(CkanSettings::default()).await;
        let source = open(&server, DUMP);
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

/// Changes a resource of eight rows between the answer that counts them and the dump.
async fn changed_before_the_dump(change: fn(&mut CkanResource)) -> SourceError {
    let portal = Arc::new(OnceLock::<CkanServer>::new());
    let changed = Arc::clone(&portal);
    // A fault that is none: it is told when the answer is ready, before that is sent.
    let faults = Faults::none()
        .and_at(2, Fault::Slow(Duration::ZERO))
        .told_to(move |_, _| changed.get().unwrap().update("r1", change));
    let server = serve(CkanSettings { faults, ..CkanSettings::default() }).await;
    let server = portal.get_or_init(|| server);
    server.update("r1", |resource| resource.rows.truncate(8));
    let error = pull(&open(server, DUMP), since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Unsteady { .. }), "{error:?}");
    error
}

#[tokio::test]
async fn what_changed_between_the_count_and_the_dump_is_unsteady() {
    for (change, told) in [
        (
            (|resource| resource.columns.insert(0, Column::new("note", ColumnKind::Text)))
                as fn(&mut CkanResource),
            "its dump has _id, note, unique_key",
        ),
        // Two whole pages are as many rows as were counted.
        (|resource| resource.rows.extend([row(90), row(91)]), "goes on behind the 8 rows"),
        (
            |resource| {
                let again: Vec<Row> = resource.rows.clone();
                resource.rows.extend(again);
            },
            "came behind the row",
        ),
        (|resource| resource.rows.truncate(6), "had 8 rows and now has 6"),
    ] {
        let error = changed_before_the_dump(change).await.to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test]
async fn a_portal_without_dumps_is_told() {
    let server = serve(failing(Fault::Status(404))).await;
    let error = pull(&open(&server, DUMP), since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
    assert!(error.to_string().contains("asked for a dump of r1, it answers 404"), "{error}");
    assert!(error.to_string().ends_with("write `fetch: pages` in the source's definition"));
}

#[tokio::test]
async fn a_resource_that_became_empty_is_an_empty_copy() {
    let server = serve(CkanSettings::default()).await;
    server.update("r1", |resource| resource.rows.clear());
    let pages = pull(&open(&server, DUMP), since(None)).await.unwrap();
    assert_eq!(pages[0].rows.line.len(), 0);
    assert!(pages[0].snapshot.as_ref().unwrap().is_complete());
    assert_eq!(keys_once(&pages), (10..25).collect());
}

#[tokio::test]
async fn no_dump_is_waited_for_beyond_the_deadline() {
    let server = serve(failing(Fault::Slow(Duration::from_secs(600)))).await;
    let deadline = Some(Instant::now() + Duration::from_millis(300));
    let request = PullRequest { scope: PullScope::New(None), deadline, ..PullRequest::default() };
    let error = pull(&open(&server, DUMP), request).await.unwrap_err();
    assert!(error.retryable() && error.to_string().contains("before the deadline"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_told() {
    let server = serve(CkanSettings::default()).await;
    let access = CkanAccess { scratch: "/nowhere/at/all".into(), ..access(&server) };
    let source = ckan::open(&definition(DUMP), "portal".to_owned(), access).unwrap();
    let error = pull(&source, since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Scratch { .. }), "{error:?}");
    assert!(error.to_string().ends_with("set TMPDIR to a folder with free space"), "{error}");
}
