//! What only SQLite has: types of values, and a file.

use smelt_domain::Sql;
use smelt_sources::{PullScope, Secret, Source, SourceError, sql};

use crate::database::{Database, definition, failure, new_rows, pages};

#[tokio::test]
async fn every_type_arrives_as_it_is_shown() {
    let database = Database::sqlite().await;
    database
        .execute(
            "CREATE TABLE types (id, at, value);
             INSERT INTO types VALUES
                (1, 1, 9223372036854775807), (2, 1, 0.1), (3, 1, 1e300), (4, 1, 2.0), (5, 1, ''),
                (6, 1, x'00FF'), (7, 1, 'ü'), (8, 1, NULL), (9, 1, true), (10, 1, CAST(x'FF' AS TEXT));",
        )
        .await;
    let (rows, _) = new_rows(&database.source(definition("types")), None).await;
    let values: Vec<&str> = rows.iter().map(|row| row[2].as_str()).collect();
    let expected =
        ["9223372036854775807", "0.1", "1e300", "2.0", "", "0x00FF", "ü", "~", "1", "0xFF"];
    assert_eq!(values, expected);
}

#[tokio::test]
async fn keys_of_mixed_types_are_told_apart() {
    let database = Database::sqlite().await;
    database
        .execute(
            "CREATE TABLE mixed (id, at);
             INSERT INTO mixed VALUES (1, 1), (1.5, 1), ('1', 1), (x'31', 1), (NULL, 1), (2, 'x'), (0.1, 0.1)",
        )
        .await;
    for page_rows in 1..=7 {
        let source = database.source(Sql { page_rows, ..definition("mixed") });
        let (rows, _) = new_rows(&source, None).await;
        let ids: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(ids, ["0.1", "~", "1", "1.5", "1", "0x31", "2"]);
    }
}

#[tokio::test]
async fn times_of_other_spellings_are_overlapped() {
    let database = Database::sqlite().await;
    database
        .execute(
            "CREATE TABLE iso (id INTEGER, at TEXT);
             INSERT INTO iso VALUES (1, '2024-05-01T23:59:29.999Z'), (2, '2024-05-01T23:59:30.000Z'),
                (3, '2024-05-02T00:00:00.000Z')",
        )
        .await;
    let source = database.source(Sql { overlap_seconds: 30, ..definition("iso") });
    let (_, cursor) = new_rows(&source, None).await;
    let (rows, _) = new_rows(&source, cursor).await;
    assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["2", "3"]);
    let until =
        chrono::NaiveDate::from_ymd_opt(2024, 5, 2).and_then(|day| day.and_hms_opt(0, 0, 0));
    let window = PullScope::Window { since: None, until };
    let rows: usize =
        pages(&source, window).await.unwrap().iter().map(|page| page.rows.line.len()).sum();
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn nothing_is_written_even_when_asked_to() {
    let database = Database::sqlite().await;
    database.execute("CREATE TABLE safe (id, at); INSERT INTO safe VALUES (1, 1)").await;
    for query in [
        "DELETE FROM safe RETURNING id, at",
        "SELECT 1 AS id, 1 AS at) AS t; DELETE FROM safe; SELECT * FROM (SELECT 1 AS id, 1 AS at",
    ] {
        let source = database.source(Sql { query: query.to_owned(), ..definition("safe") });
        let outcome = pages(&source, PullScope::default()).await;
        assert!(outcome.is_err(), "{query}");
    }
    let (rows, _) = new_rows(&database.source(definition("safe")), None).await;
    assert_eq!(rows, [["1", "1"]]);
}

#[tokio::test]
async fn a_missing_file_is_a_matter_of_the_setting_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.db");
    let url = Secret::new(format!("sqlite://{}?mode=rwc", file.display()));
    let source = sql::open(&definition("t"), "shop".to_owned(), url).unwrap();
    let error = failure(&source).await;
    assert!(matches!(error, SourceError::Setting { .. }), "{error:?}");
    assert!(error.to_string().contains("SHOP_URL"), "{error}");
    assert!(!file.exists());
    assert_eq!(source.label(), "shop");
}

#[test]
fn urls_that_cannot_be_used_are_a_matter_of_the_setting() {
    for url in ["", "postgres://u:hunter2@h/d", "mysql://u:hunter2@h:no/d"] {
        let error = sql::open(&definition("t"), "shop".to_owned(), Secret::new(url)).unwrap_err();
        assert!(matches!(error, SourceError::Setting { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
