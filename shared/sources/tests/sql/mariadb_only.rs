//! What only a server has: types of columns, users, and outages.

use std::process::Command;
use std::time::{Duration, Instant};

use smelt_domain::{Sql, Tls};
use smelt_sources::{PullRequest, PullScope, Secret, Source, SourceError, sql};

use crate::database::{
    Database, PASSWORD, definition, failure, keeps_its_secret, new_rows, pages, rows_of,
};
use crate::mariadb::MariaDb;

fn server_of(database: &Database) -> &MariaDb {
    match database {
        Database::MariaDb(server) => server,
        Database::Sqlite(_) => panic!("no server"),
    }
}

#[tokio::test]
async fn every_type_arrives_as_the_server_shows_it() {
    let Some(server) = MariaDb::start() else { return };
    let database = Database::mariadb(server);
    all_types_arrive(&database).await;
    keys_of_every_kind_are_paged(&database).await;
    times_are_not_shifted(&database).await;
    instants_are_believed_up_to_the_servers_clock(&database).await;
    zero_dates_do_no_harm(&database).await;
}

#[tokio::test]
async fn the_hour_that_summer_time_repeats_is_read_once() {
    let Some(server) = MariaDb::start() else { return };
    let database = Database::mariadb(server);
    // Every ten minutes from 01:00 in summer to 02:00 in winter; 13 rows.
    let rows: Vec<String> = (0..13)
        .map(|row| format!("({row}, FROM_UNIXTIME({}.5))", 1_730_610_000 + row * 600))
        .collect();
    database
        .execute(&format!(
            "CREATE TABLE hours (id INT, at TIMESTAMP(3) NULL, INDEX (at, id));
             SET time_zone = '+00:00'; INSERT INTO hours VALUES {}, (13, NULL)",
            rows.join(", ")
        ))
        .await;
    for page_rows in 1..=14 {
        let source = database.source(Sql { page_rows, ..definition("hours") });
        let pages = pages(&source, PullScope::default()).await.unwrap();
        let rows: Vec<_> = pages.iter().flat_map(rows_of).collect();
        let ids: Vec<i32> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
        assert_eq!(ids, [13, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "{page_rows}");
        assert_eq!(rows[1][1], "2024-11-03 01:00:00.500");
        assert_eq!(rows[7][1], "2024-11-03 01:00:00.500");
    }
    let source = |overlap_seconds| database.source(Sql { overlap_seconds, ..definition("hours") });
    let (_, cursor) = new_rows(&source(0), None).await;
    assert_eq!(new_rows(&source(0), cursor.clone()).await.0.len(), 1);
    assert_eq!(new_rows(&source(1800), cursor).await.0.len(), 4);
    let probe = source(0).probe().await.unwrap();
    assert_eq!(probe.newest.as_deref(), Some("2024-11-03 02:00:00.500"));
    let day = chrono::NaiveDate::from_ymd_opt(2024, 11, 3).and_then(|day| day.and_hms_opt(0, 0, 0));
    let window = PullScope::Window { since: day, until: None };
    let rows: usize =
        pages(&source(0), window).await.unwrap().iter().map(|page| page.rows.line.len()).sum();
    assert_eq!(rows, 13);
}

async fn all_types_arrive(database: &Database) {
    let columns = [
        ("TINYINT(1)", "1", "1"),
        ("TINYINT", "-128", "-128"),
        ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"),
        ("INT(5) ZEROFILL", "42", "00042"),
        (
            "DECIMAL(38,10)",
            "1234567890123456789012345678.0123456789",
            "1234567890123456789012345678.0123456789",
        ),
        ("DECIMAL(5,2)", "1.5", "1.50"),
        ("DOUBLE", "0.1e0", "0.1"),
        ("DOUBLE", "1.7976931348623157e308", "1.7976931348623157e308"),
        ("FLOAT", "0.1", "0.1"),
        ("BIT(1)", "b'1'", "1"),
        ("BIT(12)", "b'100000000001'", "2049"),
        ("BOOLEAN", "FALSE", "0"),
        ("DATE", "'2024-02-29'", "2024-02-29"),
        ("DATETIME", "'2024-02-29 23:59:59'", "2024-02-29 23:59:59"),
        ("DATETIME(6)", "'2024-02-29 23:59:59.000001'", "2024-02-29 23:59:59.000001"),
        ("DATETIME(3)", "'2024-02-29 23:59:59'", "2024-02-29 23:59:59.000"),
        ("DATE", "'0000-00-00'", "0000-00-00"),
        ("TIME", "'-838:59:59'", "-838:59:59"),
        ("TIME(3)", "'12:00:00.5'", "12:00:00.500"),
        ("YEAR", "2024", "2024"),
        ("CHAR(5)", "'ab'", "ab"),
        ("VARCHAR(10) CHARACTER SET latin1", "'Größe'", "Größe"),
        ("VARCHAR(10) COLLATE utf8mb4_bin", "'bin🐎'", "bin🐎"),
        ("LONGTEXT", "'a\\nb'", "a\nb"),
        ("TEXT COLLATE utf8mb4_bin", "''", ""),
        ("JSON", "'{\"a\": [1, 2.50]}'", "{\"a\": [1, 2.50]}"),
        ("ENUM('x','y')", "'y'", "y"),
        ("SET('x','y')", "'x,y'", "x,y"),
        ("BLOB", "x'00FF'", "0x00FF"),
        ("BINARY(3)", "x'01'", "0x010000"),
        ("VARBINARY(4)", "'ab'", "0x6162"),
        ("UUID", "'123e4567-e89b-12d3-a456-426655440000'", "123e4567-e89b-12d3-a456-426655440000"),
        ("POINT", "NULL", "~"),
        ("INT", "NULL", "~"),
    ];
    let numbered = || columns.iter().enumerate();
    let declared: Vec<String> =
        numbered().map(|(number, (kind, ..))| format!("c{number} {kind} NULL")).collect();
    let values: Vec<&str> = columns.iter().map(|(_, value, _)| *value).collect();
    database
        .execute(&format!(
            "SET SESSION sql_mode = ''; CREATE TABLE types (id INT, at INT, {});
             INSERT INTO types VALUES (1, 1, {})",
            declared.join(", "),
            values.join(", ")
        ))
        .await;
    let (rows, _) = new_rows(&database.source(definition("types")), None).await;
    for (number, (kind, value, shown)) in numbered() {
        assert_eq!(rows[0][number + 2], *shown, "{kind} {value}");
    }
}

async fn keys_of_every_kind_are_paged(database: &Database) {
    for (kind, values) in [
        ("BIGINT UNSIGNED", ["0", "9223372036854775808", "18446744073709551615"]),
        ("DECIMAL(30,2)", ["-1.00", "0.10", "1234567890123456789012345678.01"]),
        ("DOUBLE", ["-1e-20", "0.1", "1e300"]),
        ("DATE", ["1999-12-31", "2024-02-29", "2024-03-01"]),
        (
            "DATETIME(6)",
            [
                "2024-02-29 00:00:00.000001",
                "2024-02-29 00:00:00.000002",
                "2024-03-01 00:00:00.000000",
            ],
        ),
        ("VARCHAR(9) CHARACTER SET latin1", ["A", "a", "ä"]),
        ("VARCHAR(9) COLLATE utf8mb4_bin", ["a", "a ", "ä"]),
        ("VARBINARY(9)", ["0x61", "0x6120", "0xFF"]),
        ("BIT(9)", ["0", "255", "256"]),
        ("ENUM('z','a','B')", ["B", "a", "z"]),
    ] {
        let bare = ["BIGINT", "DECIMAL", "DOUBLE", "VARBINARY", "BIT"];
        let bare = bare.iter().any(|number| kind.starts_with(number));
        let literal = |value: &&str| if bare { (*value).to_owned() } else { format!("'{value}'") };
        let literals: Vec<String> = values.iter().map(literal).collect();
        let rows: Vec<String> = literals
            .iter()
            .flat_map(|value| [format!("({value}, 1)"), format!("({value}, 2)")])
            .collect();
        database
            .execute(&format!(
                "DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (id {kind}, at INT); INSERT INTO kinds VALUES {}",
                rows.join(", ")
            ))
            .await;
        for (cursor, key) in [("at", "id"), ("id", "at")] {
            for page_rows in 1..=6 {
                let (cursor, key) = (cursor.to_owned(), key.to_owned());
                let source = database.source(Sql { page_rows, cursor, key, ..definition("kinds") });
                let (rows, newest) = new_rows(&source, None).await;
                assert_eq!(rows.len(), 6, "{kind} {rows:?}");
                let mut found: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
                found.dedup();
                assert!(found == values || found == [values, values].concat(), "{kind} {found:?}");
                // From the newest value on: its ties.
                assert!(!new_rows(&source, newest).await.0.is_empty(), "{kind}");
            }
        }
    }
    database
        .execute("CREATE TABLE inexact (id FLOAT, at INT); INSERT INTO inexact VALUES (0.1, 1)")
        .await;
    let error = failure(&database.source(definition("inexact"))).await;
    assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
}

async fn times_are_not_shifted(database: &Database) {
    database
        .execute(
            "SET GLOBAL time_zone = '+05:30'; SET time_zone = '+05:30';
             CREATE TABLE clocks (id INT, at DATETIME, stamp TIMESTAMP NULL);
             INSERT INTO clocks VALUES (1, '2024-05-01 12:00:00', '2024-05-01 12:00:00');",
        )
        .await;
    let (rows, _) = new_rows(&database.source(definition("clocks")), None).await;
    assert_eq!(rows, [["1", "2024-05-01 12:00:00", "2024-05-01 12:00:00"]]);
}

async fn instants_are_believed_up_to_the_servers_clock(database: &Database) {
    database
        .execute(
            "CREATE TABLE instants (id INT, at TIMESTAMP(3) NULL);
             INSERT INTO instants VALUES (1, NOW(3) - INTERVAL 1 MINUTE), (2, NOW(3) + INTERVAL 1 HOUR)",
        )
        .await;
    let source = database.source(definition("instants"));
    let ids = |rows: Vec<Vec<String>>| rows.into_iter().map(|mut row| row.swap_remove(0));
    let (_, cursor) = new_rows(&source, None).await;
    database.execute("INSERT INTO instants VALUES (3, NOW(3) - INTERVAL 10 SECOND)").await;
    let (rows, cursor) = new_rows(&source, cursor).await;
    assert_eq!(ids(rows).skip(1).collect::<Vec<_>>(), ["3", "2"]);
    let (rows, _) = new_rows(&source, cursor).await;
    assert_eq!(ids(rows).collect::<Vec<_>>(), ["3", "2"]);
    let notes = source.probe().await.unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("in the future")), "{notes:?}");
}

async fn zero_dates_do_no_harm(database: &Database) {
    database
        .execute(
            "SET GLOBAL sql_mode = 'TRADITIONAL'; SET SESSION sql_mode = '';
             CREATE TABLE zeroes (id INT, at DATETIME NOT NULL);
             INSERT INTO zeroes VALUES (1, '0000-00-00'), (2, '0000-00-00'), (3, '2024-05-01');",
        )
        .await;
    let source = database.source(Sql { page_rows: 1, overlap_seconds: 9, ..definition("zeroes") });
    let (rows, _) = new_rows(&source, None).await;
    let zero = "0000-00-00 00:00:00";
    assert_eq!(rows, [["1", zero], ["2", zero], ["3", "2024-05-01 00:00:00"]]);
}

#[tokio::test]
async fn nothing_is_ever_written() {
    let Some(server) = MariaDb::start() else { return };
    let database = Database::mariadb(server);
    let server = server_of(&database);
    server.execute(
        "shop",
        "CREATE TABLE safe (id INT, at INT); INSERT INTO safe VALUES (1, 1), (2, 2), (3, 2);
         DELIMITER //
         CREATE FUNCTION intrude() RETURNS INT MODIFIES SQL DATA
         BEGIN INSERT INTO safe VALUES (9, 9); RETURN 1; END //
         DELIMITER ;
         CREATE USER owner@'%' IDENTIFIED BY 'owner'; GRANT ALL ON *.* TO owner@'%';
         SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON;",
    );
    let before = server.execute("shop", "CHECKSUM TABLE safe");
    let (rows, _) = new_rows(&database.source(definition("safe")), None).await;
    assert_eq!(rows.len(), 3);
    let probe = database.source(definition("safe")).probe().await.unwrap();
    assert_eq!(probe.notes, ["rows that are deleted in the database are not noticed"]);

    let owner = |query: &str| {
        let url = Secret::new(server.url("owner", "owner", "shop"));
        let definition = Sql { query: query.to_owned(), ..definition("safe") };
        sql::open(&definition, "shop".to_owned(), url).unwrap()
    };
    for query in [
        "SELECT intrude() AS id, 1 AS at",
        "SELECT 1 AS id, 1 AS at) AS t; COMMIT; DELETE FROM safe; SELECT * FROM (SELECT 1 AS id, 1 AS at",
    ] {
        let error = failure(&owner(query)).await;
        assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
    }
    let probe = owner("SELECT * FROM safe").probe().await.unwrap();
    assert!(probe.notes.concat().contains("ALL PRIVILEGES"), "{:?}", probe.notes);

    assert_eq!(server.execute("shop", "CHECKSUM TABLE safe"), before);
    let log = server.execute(
        "mysql",
        "SET GLOBAL general_log = OFF;
         SELECT DISTINCT REPLACE(argument, '\n', ' ') FROM general_log
         WHERE command_type IN ('Query', 'Execute') AND user_host NOT LIKE 'root%'",
    );
    let reads = ["SELECT", "SET ", "START TRANSACTION", "SHOW GRANTS"];
    let others: Vec<&str> =
        log.lines().filter(|line| !reads.iter().any(|read| line.starts_with(read))).collect();
    assert!(log.contains("rows_of_source") && others.is_empty(), "{others:?}");
}

#[tokio::test]
async fn outages_and_refusals_say_what_to_do() {
    let Some(server) = MariaDb::start() else { return };
    let mut database = Database::mariadb(server);
    let numbers: Vec<String> = (0..100).map(|number| format!("({number}, 1)")).collect();
    database
        .execute(&format!(
            "CREATE TABLE numbers (id INT, at INT); INSERT INTO numbers VALUES {}",
            numbers.join(", ")
        ))
        .await;
    refusals(&database).await;

    let source = database.source(Sql { page_rows: 10, ..definition("numbers") });
    let mut pull = source.pull(PullRequest::default()).await.unwrap();
    pull.next().await.unwrap().unwrap();
    if let Database::MariaDb(server) = &mut database {
        server.kill();
    }
    for error in [pull.next().await.unwrap_err(), failure(&source).await] {
        assert!(matches!(error, SourceError::Unavailable { .. }), "{error:?}");
        keeps_its_secret(&error);
    }
}

#[tokio::test]
async fn certificates_are_checked_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    make_certificate(&file("request.cnf"), &file("certificate.pem"), &file("key.pem"));
    let arguments = [
        format!("--ssl-cert={}", file("certificate.pem")),
        format!("--ssl-key={}", file("key.pem")),
        // Answers nobody who does not encrypt.
        "--require-secure-transport=ON".to_owned(),
    ];
    let Some(server) = MariaDb::start_with(&arguments) else { return };
    let database = Database::mariadb(server);
    database.execute("CREATE TABLE safe (id INT, at INT); INSERT INTO safe VALUES (1, 1)").await;
    let source = |url: String, tls| {
        let definition = Sql { tls, ..definition("safe") };
        sql::open(&definition, "shop".to_owned(), Secret::new(url)).unwrap()
    };
    let by_address = database.url();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let trusted = |url: &str| format!("{url}?ssl-ca={}", file("certificate.pem"));
    for (url, tls) in [(by_address.clone(), Tls::Required), (trusted(&by_name), Tls::Verified)] {
        assert_eq!(new_rows(&source(url, tls), None).await.0, [["1", "1"]]);
    }
    for url in [by_name, trusted(&by_address)] {
        let error = failure(&source(url, Tls::Verified)).await;
        assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(!failure(&source(by_address, Tls::Off)).await.retryable());
}

/// A certificate for `localhost` that only itself vouches for, and its key.
fn make_certificate(request: &str, certificate: &str, key: &str) {
    let wanted = "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = more\n\
                  [name]\nCN = localhost\n\
                  [more]\nbasicConstraints = CA:FALSE\nsubjectAltName = DNS:localhost\n";
    std::fs::write(request, wanted).unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
        .args(["-config", request, "-out", certificate, "-keyout", key])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_at_the_deadline() {
    let Some(server) = MariaDb::start() else { return };
    let database = Database::mariadb(server);
    let numbers: Vec<String> = (0..1000).map(|number| format!("({number}, 1)")).collect();
    database
        .execute(&format!(
            "CREATE TABLE many (id INT, at INT); INSERT INTO many VALUES {}",
            numbers.join(", ")
        ))
        .await;
    let source = database.source(Sql { page_rows: 1, ..definition("many") });
    let deadline = Some(Instant::now() + Duration::from_secs(2));
    let request = PullRequest { scope: PullScope::default(), deadline, ..PullRequest::default() };
    let mut begun = source.pull(request.clone()).await.unwrap();
    begun.next().await.unwrap().unwrap();
    server_of(&database).hang();
    let mut unbegun = source.pull(request).await.unwrap();
    for pull in [&mut begun, &mut unbegun] {
        let error = loop {
            // Some more pages may come until all of the server's threads hang.
            match pull.next().await {
                Ok(page) => assert!(page.is_some()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, SourceError::Unavailable { .. }), "{error:?}");
        keeps_its_secret(&error);
    }
}

async fn refusals(database: &Database) {
    let server = server_of(database);
    let opened = |url: String, tls| {
        let definition = Sql { tls, ..definition("numbers") };
        sql::open(&definition, "shop".to_owned(), Secret::new(url)).unwrap()
    };
    let wrong = format!("wrong-{PASSWORD}");
    let error = failure(&opened(server.url("reader", &wrong, "shop"), Tls::Off)).await;
    assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("SHOP_URL"), "{error}");
    let error = failure(&opened(server.url("reader", PASSWORD, "mysql"), Tls::Off)).await;
    assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
    let error = failure(&opened(server.url("root", "", "nowhere"), Tls::Off)).await;
    assert!(
        matches!(error, SourceError::Refused { .. } | SourceError::Setting { .. }),
        "{error:?}"
    );
    for tls in [Tls::Required, Tls::Verified] {
        let error = failure(&opened(server.url("reader", PASSWORD, "shop"), tls)).await;
        assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
        assert!(error.to_string().contains("`tls`"), "{error}");
    }
    let source = database.source(definition("numbers"));
    assert_eq!(pages(&source, PullScope::default()).await.unwrap().len(), 34);
}
