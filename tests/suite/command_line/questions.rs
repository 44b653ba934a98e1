//! Query, quarantine, help and completions.

use std::fs;
use std::io::{BufRead, BufReader, Read};

use super::{Home, assert_holds, csv_of_keys};

fn with_three_requests() -> Home {
    let home = Home::new();
    home.write("lake/landing/nyc311/requests/a.csv", csv_of_keys(1..=3));
    home.fine(&["run"]);
    home
}

#[test]
fn alerts_are_told_once_and_in_the_format_that_was_asked_for() {
    let home = with_three_requests();
    let json = |arguments: &[&str]| -> Vec<serde_json::Value> {
        let told = home.fine(&[&["alerts", "nyc311", "--format", "json"], arguments].concat());
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
    };
    assert!(json(&[]).is_empty());
    // The rows are far older than they promise to be.
    let told = json(&["--check"]);
    assert!(!told.is_empty());
    let ids = |alerts: &[serde_json::Value]| {
        let ids = alerts.iter().map(|alert| alert["alert_id"].as_str().unwrap().to_owned());
        ids.collect::<std::collections::BTreeSet<_>>()
    };
    assert!(told.iter().all(|alert| alert["subject"].is_string() && alert["details"].is_object()));
    assert_eq!(ids(&json(&[])), ids(&told));
    assert_eq!(home.fine(&["alerts", "nyc311", "--check", "--format", "json"]), "[]\n");
}

#[test]
fn a_query_answers_in_every_format() {
    let home = with_three_requests();
    let sql = "SELECT unique_key, borough, closed_at FROM silver.nyc311_requests \
               ORDER BY unique_key LIMIT 2";
    assert_eq!(
        home.fine(&["query", sql]),
        "+------------+----------+-----------+\n\
         | unique_key | borough  | closed_at |\n\
         +------------+----------+-----------+\n\
         | 1          | BROOKLYN |           |\n\
         | 2          | BROOKLYN |           |\n\
         +------------+----------+-----------+\n"
    );
    let csv = "unique_key,borough,closed_at\n1,BROOKLYN,\n2,BROOKLYN,\n";
    assert_eq!(home.fine(&["query", sql, "--format", "csv"]), csv);
    let json = "{\"unique_key\":1,\"borough\":\"BROOKLYN\"}\n{\"unique_key\":2,\"borough\":\"BROOKLYN\"}\n";
    assert_eq!(home.fine(&["query", sql, "--format", "json"]), json);

    assert_eq!(home.fine(&["query", sql, "--format", "csv", "--output", "answer.csv"]), "");
    assert_eq!(fs::read_to_string(home.path("answer.csv")).unwrap(), csv);
    home.fine(&["query", sql, "--format", "parquet", "--output", "answer.parquet"]);
    assert!(fs::read(home.path("answer.parquet")).unwrap().starts_with(b"PAR1"));
    // A pipe is no terminal.
    let piped = home.command(&["query", sql, "--format", "parquet"]).output().unwrap();
    assert!(piped.status.success(), "{piped:?}");
    assert_eq!(piped.stdout, fs::read(home.path("answer.parquet")).unwrap());
    // Without a format the name of the file says what is in it.
    for (name, begin) in [
        ("q.csv", "unique_key,borough"),
        ("q.jsonl", "{\"unique_key\""),
        ("q.parquet", "PAR1"),
        ("q.txt", "+---"),
    ] {
        home.fine(&["query", sql, "--output", name]);
        assert!(fs::read(home.path(name)).unwrap().starts_with(begin.as_bytes()), "{name}");
    }

    // Nothing found is an answer as well, with its columns.
    let nothing = "SELECT unique_key FROM silver.nyc311_requests WHERE unique_key > 9";
    assert_eq!(home.fine(&["query", nothing, "--format", "csv"]), "unique_key\n");
    assert_eq!(home.fine(&["query", nothing, "--format", "json"]), "");
}

#[test]
fn a_report_is_a_page_on_standard_output_or_in_a_file() {
    let home = Home::new();
    let requests = csv_of_keys(1..=3).replace("2026-02-14", "2024-02-14");
    home.write("lake/landing/nyc311/requests/a.csv", requests);
    home.fine(&["run"]);
    let page = home.fine(&["report", "nyc311", "--period", "2024-02"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("February 2024"), "{page}");
    let text = home.fine(&["report", "nyc311", "--period", "2024", "--format", "md"]);
    assert!(text.starts_with("# nyc311: 2024\n") && text.contains("Requests: 3."), "{text}");
    assert_eq!(home.fine(&["report", "nyc311", "--period", "2024-02", "-o", "february.html"]), "");
    let written = fs::read_to_string(home.path("february.html")).unwrap();
    assert_eq!(written.matches("<h1>").count(), 1);

    let none = home.refused(1, &["report", "nyc311", "--period", "2019-05", "-o", "none.html"]);
    assert!(none.contains("nyc311 has no data of May 2019"), "{none}");
    assert!(!home.path("none.html").exists());
    let malformed = home.refused(2, &["report", "nyc311", "--period", "2024-13"]);
    assert!(malformed.contains("write a year (2026), quarter (2026-Q3)"), "{malformed}");
    let unknown = home.refused(1, &["report", "nobody", "--period", "2024"]);
    assert!(unknown.contains("there is no dataset `nobody`"), "{unknown}");
}

#[test]
fn every_layer_can_be_asked_and_tables_are_listed() {
    let home = with_three_requests();
    for (table, rows) in [
        ("bronze.nyc311_requests", "3"),
        ("quarantine.nyc311_requests", "0"),
        ("silver.nyc311_requests", "3"),
        ("gold.nyc311_daily_requests", "1"),
    ] {
        assert_eq!(home.select(&format!("SELECT COUNT(*) FROM {table}")), [rows], "{table}");
        assert_eq!(
            home.select(&format!("SELECT * FROM {table} ORDER BY 1")).len().to_string(),
            rows
        );
    }
    let listed = home.fine(&["query", "SHOW TABLES", "--format", "csv"]);
    assert_holds(&listed, &["silver,nyc311_requests", "gold,nyc311_agency_monthly"]);
}

#[test]
fn a_wrong_query_is_explained() {
    let home = with_three_requests();
    for (sql, parts) in [
        ("SELEC 1", &["error: ", "SELEC"][..]),
        ("SELECT nope FROM silver.nyc311_requests", &["nope", "unique_key"]),
        (
            "SELECT * FROM silver.nyc311_request",
            &["there is no table silver.nyc311_request in this lake", "SHOW TABLES"],
        ),
        (
            "SELECT * FROM gold.nyc311_requests",
            &["there is no table gold.nyc311_requests in this lake", "SHOW TABLES"],
        ),
    ] {
        let error = home.refused(1, &["query", sql]);
        assert_holds(&error, parts);
    }
    // Nothing can be changed by a query.
    for sql in [
        "DROP TABLE silver.nyc311_requests",
        "CREATE TABLE a AS SELECT 1",
        "INSERT INTO silver.nyc311_requests SELECT * FROM silver.nyc311_requests",
        "COPY silver.nyc311_requests TO 'stolen.csv'",
        "SET datafusion.execution.batch_size = 1",
    ] {
        assert_holds(&home.refused(1, &["query", sql]), &["error: a query only reads"]);
    }
    assert!(!home.path("stolen.csv").exists());
    assert_eq!(home.balance(), [3, 3, 0, 0, 0]);
}

/// `smelt … | head -1` ends as soon as `head` does, without a word.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    home.write("lake/landing/nyc311/requests/a.csv", csv_of_keys(1..=30_000));
    home.fine(&["run", "--quiet"]);
    let all = "SELECT * FROM silver.nyc311_requests";
    for arguments in [
        &["query", all, "--format", "csv"][..],
        &["query", all, "--format", "json"],
        &["query", all],
        &["completions", "bash"],
        &["quarantine", "nyc311"],
    ] {
        let mut child = home.start(arguments);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        drop(output);
        let status = child.wait().unwrap();
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!((status.code(), errors.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(!first.is_empty());
    }
}

#[test]
fn where_nothing_was_refused_that_is_said() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=40));
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    assert_eq!(
        home.fine(&["quarantine", "nyc311"]),
        "quarantine.nyc311_requests: nothing was refused yet\n"
    );
}

#[test]
fn refused_rows_are_shown_by_rule_with_examples() {
    let home = Home::new();
    let rows = csv_of_keys(1..=40)
        + "x-1,2026-02-14T12:00:00.000,Noise,BRONX\n\
           x-2,2026-02-14T12:00:00.000,Noise,BRONX\n\
           41,yesterday,Noise,BRONX\n\
           42,2026-02-14T12:00:00.000\n";
    home.write("a.csv", rows);
    let ingested = home.run(&["ingest", "nyc311", "--file", "a.csv"]);
    assert_holds(&ingested.err, &["a.csv: 44 rows, 1 of them malformed\n"]);
    home.fine(&["refresh"]);
    assert_eq!(home.balance(), [44, 40, 0, 4, 0]);
    let fields = |key: &str, date: &str| {
        format!(
            "{{\"unique_key\":\"{key}\",\"created_date\":\"{date}\",\"complaint_type\":\"Noise\",\
             \"borough\":\"BRONX\"}}"
        )
    };
    let noon = "2026-02-14T12:00:00.000";
    assert_eq!(
        home.fine(&["quarantine", "nyc311", "--examples", "1"]),
        format!(
            "unique_key_is_integer: 2 rows (unique_key is not an integer)\n    a.csv:42  {}\n\
             created_date_is_readable: 1 row (created_date is missing or not a date)\n    \
             a.csv:44  {}\n\
             malformed: 1 row (4 fields expected, 2 found)\n    a.csv:45  42,{noon}\n",
            fields("x-1", noon),
            fields("41", "yesterday"),
        )
    );
}

#[test]
fn completions_help_and_version() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.fine(&["completions", shell]);
        assert_holds(&script, &["smelt", "quarantine", "replay"]);
    }
    let help = home.fine(&["--help"]);
    assert_holds(&help, &["Examples:", "Exit codes:", "--lake", "--memory", "[env: SMELT_LAKE"]);
    for command in ["ingest", "refresh", "run", "query", "quarantine", "simulate", "completions"] {
        assert_holds(&home.fine(&[command, "--help"]), &["Example", "--quiet"]);
    }
    assert_holds(&home.fine(&["--version"]), &["smelt 0."]);
}

#[test]
fn wrong_arguments_end_with_2_and_say_what_is_right() {
    let home = Home::new();
    for (arguments, parts) in [
        (&["frobnicate"][..], &["frobnicate", "Usage:"][..]),
        (&["quary", "SELECT 1"], &["quary", "similar subcommand", "query"]),
        (&["ingest", "nyc311", "--file", "a.csv", "--full"], &["--file", "--full"]),
        (&["ingest", "nyc311", "--since", "May"], &["a day such as 2026-01-31"]),
        (&["status", "--memory", "1M"], &["`1M` is too little; 128M is the least"]),
        (&["status", "--memory", "much"], &["`much` is not a size; write 512M or 2G"]),
        (&["query", "SELECT 1", "--format", "xml"], &["xml", "table, csv, json, parquet"]),
        (&["query", "SELECT 1", "-o", "q.xlsx"], &[".xlsx", ".csv", "--format"]),
        (&["query", "SELECT 1", "--format", "csv", "-o", "q.parquet"], &[".parquet", "--format"]),
        (&["query", "SELECT 1", "--format", "table", "-o", "q.csv"], &[".csv", "--format"]),
        (&["refresh", "New York"], &["New York"]),
    ] {
        assert_holds(&home.refused(2, arguments), parts);
    }
    assert!(!home.path("lake").exists(), "a wrong argument creates nothing");
}

#[test]
fn a_query_that_fails_leaves_the_former_result() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=20));
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    let good = "SELECT unique_key FROM bronze.nyc311_requests ORDER BY 1";
    let bad = "SELECT 1 / (CAST(unique_key AS BIGINT) - 20) FROM bronze.nyc311_requests";
    for format in ["csv", "json", "parquet", "table"] {
        let query = |sql| home.run(&["query", sql, "--format", format, "--output", "result"]);
        assert_eq!(query(good).code, Some(0));
        let before = std::fs::read(home.path("result")).unwrap();
        assert!(!before.is_empty());
        let failed = query(bad);
        assert_eq!(failed.code, Some(1), "{failed:?}");
        assert_eq!(std::fs::read(home.path("result")).unwrap(), before, "{format}");
    }
    let beside = std::fs::read_dir(home.path("")).unwrap().count();
    assert_eq!(beside, 3, "the input, the lake and the result");
    let out = home.fine(&["query", good, "--format", "csv", "--output", "/dev/stdout"]);
    assert_eq!(out.lines().count(), 21);
}
