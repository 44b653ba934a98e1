//! Files in, tables and marts out; again, and nothing changes.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{HEADER, Home, assert_holds, csv_of_keys};

#[test]
fn simulated_files_become_marts_as_the_truth_has_them() {
    let home = Home::new();
    let (files, truth) = home.simulate(40, 150, 4);
    home.land(&files);
    home.fine(&["run"]);

    let count = |name: &str| truth[name].as_u64().unwrap();
    let refused: u64 = truth["rows_refused"]
        .as_object()
        .unwrap()
        .values()
        .map(|rows| rows.as_u64().unwrap())
        .sum();
    let [received, silver, superseded] =
        ["rows_received", "rows_silver", "rows_superseded"].map(count);
    assert_eq!(home.balance(), [received, silver, superseded, refused, 0]);
    for (mart, numbers) in truth["marts"].as_object().unwrap() {
        let sql = format!("SELECT COUNT(*), SUM(requests) FROM gold.nyc311_{mart}");
        let expected = format!("{},{}", numbers["rows"], numbers["requests"]);
        assert_eq!(home.select(&sql), [expected], "{mart}");
    }

    let before = home.versions();
    let again = home.run(&["run"]);
    assert_eq!((again.code, again.err.as_str()), (Some(0), "up to date\n"));
    assert_eq!(home.versions(), before);
}

#[test]
fn the_same_content_under_another_name_changes_nothing() {
    let home = Home::new();
    let content = csv_of_keys(1..=20);
    home.write("a.csv", &content);
    home.write("b.csv", &content);
    home.write("c.csv.gz", gzip(content.as_bytes()));
    let first = home.run(&["ingest", "nyc311", "--file", "a.csv"]);
    assert_eq!(first.code, Some(0));
    assert_holds(&first.err, &["a.csv: 20 rows\n"]);
    home.fine(&["refresh"]);
    let before = home.versions();

    let again = home.run(&["ingest", "nyc311", "--file", "a.csv", "b.csv", "c.csv.gz"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let known = "this content is in bronze already; nothing to do";
    assert_eq!(again.err, format!("a.csv: {known}\nb.csv: {known}\nc.csv.gz: {known}\n"));
    home.fine(&["refresh"]);
    assert_eq!(home.versions(), before);
    assert_eq!(home.balance(), [20, 20, 0, 0, 0]);
}

#[test]
fn every_format_gives_the_same_silver() {
    let content = csv_of_keys([1, 2, 3, 2]);
    let silver = "SELECT * FROM silver.nyc311_requests ORDER BY unique_key";
    let source = Home::new();
    source.write("a.csv", &content);
    source.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    source.fine(&["refresh"]);
    let expected = source.select(silver);
    assert_eq!(expected.len(), 3);
    let fields = format!("SELECT {HEADER} FROM bronze.nyc311_requests ORDER BY _line");
    source.fine(&["query", &fields, "--format", "parquet", "--output", "a.parquet"]);
    let lines = source.fine(&["query", &fields, "--format", "json"]);
    let array = format!("[{}]", lines.trim_end().replace('\n', ",\n"));

    let parquet = fs::read(source.path("a.parquet")).unwrap();
    let files: [(&str, Vec<u8>); 7] = [
        ("b.jsonl", lines.clone().into_bytes()),
        ("b.jsonl.gz", gzip(lines.as_bytes())),
        ("b.json", array.clone().into_bytes()),
        ("b.json.gz", gzip(array.as_bytes())),
        ("b.csv.gz", gzip(content.as_bytes())),
        ("b.parquet", parquet),
        ("semicolons.csv", format!("\u{feff}{}", content.replace(',', ";")).into_bytes()),
    ];
    for (name, bytes) in files {
        let home = Home::new();
        home.write(name, bytes);
        home.fine(&["ingest", "nyc311", "--file", name]);
        home.fine(&["refresh"]);
        assert_eq!(home.select(silver), expected, "{name}");
        assert_eq!(home.balance(), [4, 3, 1, 0, 0], "{name}");
    }
}

#[test]
fn a_source_column_may_be_called_like_one_of_ours() {
    let home = Home::new();
    let content = format!("{HEADER},Ingestion Date\n7,2026-02-14,Noise,BRONX,yesterday\n");
    home.write("a.csv", content);
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    home.write("b.csv", csv_of_keys([8]));
    home.fine(&["ingest", "nyc311", "--file", "b.csv"]);
    home.fine(&["refresh"]);
    let sql = "SELECT unique_key, ingestion_date_2 FROM bronze.nyc311_requests ORDER BY 1";
    assert_eq!(home.select(sql), ["7,yesterday", "8,"]);
    assert_eq!(home.balance(), [2, 2, 0, 0, 0]);
}

#[test]
fn json_may_bring_its_columns_late() {
    let home = Home::new();
    let mut lines = "{\"note\": \"nothing yet\"}\n".repeat(20_000);
    lines.push_str("{\"unique_key\": \"7\", \"created_date\": \"2026-02-14\"}\n");
    home.write("a.jsonl", lines);
    home.fine(&["ingest", "nyc311", "--file", "a.jsonl"]);
    home.refused(3, &["refresh"]);
    assert_eq!(home.balance(), [20_001, 1, 0, 20_000, 0]);
}

#[test]
fn a_run_that_fails_reports_what_it_had_done() {
    let home = Home::with_own_datasets();
    let (sql, good) = ("datasets/nyc311/gold/agency_monthly.sql", "  COUNT(*) AS requests,\n");
    home.change(sql, good, "  COUNT(*) / 0 AS requests,\n");
    home.write("lake/landing/nyc311/requests/a.csv", csv_of_keys(1..=20));
    let error = home.refused(1, &["run"]);
    assert_holds(&error, &["computing gold.nyc311_agency_monthly", "ivide by zero"]);

    let json = home.fine(&["runs", "--format", "json"]);
    let runs: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(runs[0]["outcome"], "failed");
    assert_holds(runs[0]["error"].as_str().unwrap(), &["gold.nyc311_agency_monthly"]);
    let steps = runs[0]["steps"].as_array().unwrap().iter();
    let committed: Vec<&str> = steps.map(|step| step["stage"].as_str().unwrap()).collect();
    assert_eq!(committed[..2], ["ingest", "silver"]);

    home.change(sql, "  COUNT(*) / 0 AS requests,\n", good);
    home.fine(&["run"]);
    assert_eq!(home.select("SELECT SUM(requests) FROM gold.nyc311_agency_monthly"), ["20"]);
}

#[test]
fn the_last_runs_are_shown_with_what_woke_them() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=3) + "x,2026-02-14T12:00:00.000,Noise,BRONX\n");
    home.fine(&["ingest", "nyc311", "--file", "a.csv"]);
    // One refused of four is more than the dataset allows.
    home.refused(3, &["refresh", "nyc311"]);
    let text = home.fine(&["runs"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_holds(lines[0], &["STARTED (UTC)", "SECONDS", "OUTCOME", "INGESTED", "WOKEN BY"]);
    let woken = |command: &str| lines.iter().find(|line| line.ends_with(command)).unwrap();
    assert_holds(woken("ingest nyc311 (1 file)"), &["succeeded", " 4 "]);
    assert_holds(woken("refresh nyc311"), &["refused", " 1 "]);

    let json = home.fine(&["runs", "--last", "1", "--format", "json"]);
    let runs: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 1);
    assert!(runs[0]["steps"][0]["version"].is_u64(), "{json}");
}

#[test]
fn plain_lines_tell_what_was_committed_and_quiet_says_nothing() {
    let home = Home::new();
    home.write("lake/landing/nyc311/requests/a.csv", csv_of_keys(1..=3));
    let told = home.run(&["run"]);
    assert_eq!(told.code, Some(0));
    assert_holds(
        &told.err,
        &["ingest   bronze.nyc311_requests", "silver   silver.nyc311_requests"],
    );
    assert_holds(&told.err, &["publish  gold.nyc311_agency_monthly", "3 rows in"]);
    assert_eq!(told.out, "");

    home.write("lake/landing/nyc311/requests/b.csv", csv_of_keys(4..=6));
    let quiet = home.run(&["run", "--quiet"]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (Some(0), "", ""));

    home.write("lake/landing/nyc311/requests/c.csv", csv_of_keys(7..=9));
    let logged = home.run(&["run", "--json"]);
    assert_eq!(logged.code, Some(0));
    for line in logged.err.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["level"], "INFO", "{line}");
    }
    assert_eq!(home.balance(), [9, 9, 0, 0, 0]);
    assert!(Path::new(&home.path("lake/runs")).is_dir());
}

#[test]
fn a_file_in_a_folder_of_no_table_is_told() {
    let home = Home::new();
    home.write("lake/landing/events/evnts/a.jsonl", "{}\n");
    home.write("lake/landing/nosuch/x/a.csv", "a\n1\n");
    home.write("lake/landing/a.jsonl", "{}\n");
    fs::create_dir_all(home.path("lake/landing/empty/folder")).unwrap();
    let told = home.run(&["run"]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    let events = "events has no table `evnts`: did you mean landing/events/events/?";
    let nosuch = "there is no dataset `nosuch`: move it to landing/<dataset>/<table>/";
    assert_holds(
        &told.err,
        &[
            &format!("warning: landing/events/evnts/ is not taken in: {events}"),
            &format!("warning: landing/nosuch/ is not taken in: {nosuch}"),
            "warning: landing/a.jsonl is not taken in: it lies in the folder of no table",
        ],
    );
    assert!(!told.err.contains("landing/empty"), "{}", told.err);
    let listed = home.fine(&["uploads"]);
    assert_eq!(listed.matches(" misplaced ").count(), 3, "{listed}");
    assert_holds(&listed, &["events/evnts/", events]);
    let json = home.fine(&["uploads", "events", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json[0]["key"], "landing/events/evnts/");
    assert_eq!(json[0]["stage"], "misplaced");
    assert_eq!(home.run(&["run", "--quiet"]).err, "");
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
