//! Everything a new user may try to load.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::thread;
use std::time::Duration;

use super::daily_work::gzip;
use super::{HEADER, Home, assert_holds, csv_of_keys};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde";

/// Nothing was loaded, and no table came about.
#[track_caller]
fn assert_untouched(home: &Home) {
    assert!(!home.path("lake/bronze").exists(), "a bronze table came about");
    assert_eq!(home.versions(), []);
}

#[test]
fn files_that_cannot_be_read_are_named_with_a_remedy() {
    let home = Home::new();
    home.write("empty.csv", "");
    home.write("blank.csv", "\n\n  \n");
    home.write("picture.csv", PNG);
    home.write("workbook.csv", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0");
    home.write("pictures/a.png", PNG);
    home.write("pictures/b.png", PNG);
    fs::create_dir(home.path("nothing")).unwrap();
    let cut = gzip(csv_of_keys(1..=5000).as_bytes());
    home.write("cut.csv.gz", &cut[..cut.len() / 2]);
    home.write("cut.parquet", b"PAR1 and then nothing more");
    home.write("cut.jsonl", "{\"unique_key\": \"1\", \"created_da");
    home.write("numbers.jsonl", "[1,2,3]\n");
    home.write("numbers.json", "[1,2,3]\n");
    for (file, message) in [
        ("missing.csv", "error: `missing.csv` does not exist; check the path\n"),
        (
            "empty.csv",
            "error: `empty.csv` is empty: it holds no line with anything in it; export it again or \
             leave it out\n",
        ),
        (
            "blank.csv",
            "error: `blank.csv` is empty: it holds no line with anything in it; export it again or \
             leave it out\n",
        ),
        (
            "picture.csv",
            "error: `picture.csv` is not a file that can be read: it looks like a PNG picture; save \
             it as CSV (UTF-8), JSON lines or Parquet and load that\n",
        ),
        (
            "workbook.csv",
            "error: `workbook.csv` is not a file that can be read: it looks like a ZIP archive or an \
             Excel (.xlsx) workbook; save it as CSV (UTF-8), JSON lines or Parquet and load that\n",
        ),
        (
            "pictures",
            "error: the folder `pictures` has no data file in it (found 2 .png); understood are \
             .csv, .tsv, .psv, .jsonl, .ndjson, .json, .parquet, each also as .gz or .zst (Parquet \
             only as it is)\n",
        ),
        (
            "cut.csv.gz",
            "error: `cut.csv.gz` is damaged: the compressed content ends too early; fetch or export \
             it again\n",
        ),
    ] {
        assert_eq!(home.refused(1, &["ingest", "nyc311", "--file", file]), message);
    }
    let error = home.refused(1, &["ingest", "nyc311", "--file", "cut.parquet"]);
    assert_holds(&error, &["error: `cut.parquet` is damaged: ", "fetch or export it again"]);
    let error = home.refused(1, &["ingest", "nyc311", "--file", "cut.jsonl"]);
    assert_holds(
        &error,
        &["`cut.jsonl` is damaged: line 1 is no JSON object", "not valid JSON: EOF"],
    );
    for (file, place) in [("numbers.jsonl", "line 1"), ("numbers.json", "element 1")] {
        let error = home.refused(1, &["ingest", "nyc311", "--file", file]);
        assert_holds(&error, &[&format!("`{file}` is damaged: {place} is no JSON object")]);
    }
    let error = home.refused(1, &["ingest", "nyc311", "--file", "nothing"]);
    assert_holds(&error, &["error: the folder `nothing` has no data file in it (it is empty)"]);
    assert_untouched(&home);
}

#[test]
fn a_file_of_something_else_is_refused_whole() {
    let home = Home::new();
    home.write("sales.csv", "Product,Price\nBall,3\n");
    assert_holds(
        &home.refused(3, &["ingest", "nyc311", "--file", "sales.csv"]),
        &["error: sales.csv: none of its columns is one that the dataset reads, so nothing of it \
             was loaded; it has product, price; expected are columns such as agency, agency_name, "],
    );
    home.write("sales.jsonl", "{\"product\": \"Ball\", \"price\": 3}\n");
    home.refused(3, &["ingest", "nyc311", "--file", "sales.jsonl"]);
    assert_untouched(&home);
}

#[test]
fn a_bad_file_does_not_hold_up_the_good_ones() {
    let home = Home::new();
    for (name, content) in [("1.csv", csv_of_keys(1..=3)), ("3.csv", csv_of_keys(4..=6))] {
        home.write(&format!("lake/landing/nyc311/requests/{name}"), content);
    }
    home.write("lake/landing/nyc311/requests/2.csv", PNG);
    home.write("lake/landing/nyc311/requests/4.csv", format!("{HEADER}\n"));
    let error = home.refused(1, &["run"]);
    assert_holds(&error, &["landing/nyc311/requests/2.csv` is not a file that can be read"]);
    assert_eq!(home.balance(), [6, 6, 0, 0, 0]);

    fs::remove_file(home.path("lake/landing/nyc311/requests/2.csv")).unwrap();
    home.fine(&["run"]);
    assert_eq!(home.balance(), [6, 6, 0, 0, 0]);
}

#[test]
fn too_many_refused_rows_end_with_3_and_the_good_rows_are_in() {
    let home = Home::new();
    home.write(
        "lake/landing/nyc311/requests/a.csv",
        csv_of_keys(1..=3) + "x,2026-02-14T12:00:00.000,Noise,BRONX\n",
    );
    assert_holds(
        &home.refused(3, &["run"]),
        &["error: silver.nyc311_requests: more rows were refused than the dataset allows in one \
             run (refuse_above); the good rows are in, the others in quarantine: smelt quarantine \
             nyc311\n"],
    );
    assert_eq!(home.balance(), [4, 3, 0, 1, 0]);
    home.fine(&["run"]);
}

#[test]
fn a_table_of_nothing_but_refused_rows_works_like_any_other() {
    let home = Home::new();
    home.write("lake/landing/nyc311/requests/a.csv", format!("{HEADER}\nx,,Noise,BRONX\n"));
    home.refused(3, &["run"]);
    assert_eq!(home.balance(), [1, 0, 0, 1, 0]);
    let sorted = "SELECT * FROM gold.nyc311_daily_requests ORDER BY date";
    assert_eq!(home.select(sorted), [""; 0]);
    assert!(home.path("lake/published/nyc311/daily_requests/latest.json").is_file());
    home.write("lake/landing/nyc311/requests/b.csv", csv_of_keys(1..=3));
    home.fine(&["run"]);
    assert_eq!(home.balance(), [4, 3, 0, 1, 0]);
    assert_eq!(home.select(sorted).len(), 1);
}

const MEGABYTE: u64 = 1 << 20;

/// A line of 200 MB costs a row, not the memory of the machine.
#[test]
fn a_line_of_200_megabytes_is_one_refused_row_in_bounded_memory() {
    let home = Home::new();
    let write_line = |file: &mut dyn Write| {
        let part = vec![b'x'; MEGABYTE as usize];
        (0..200).for_each(|_| file.write_all(&part).unwrap());
    };
    let mut file = BufWriter::new(File::create(home.path("line.csv")).unwrap());
    write_line(&mut file);
    drop(file);
    let peak = peak_memory(&home, &["ingest", "nyc311", "--file", "line.csv"], 1);
    assert!(peak < 400 * MEGABYTE, "{} MB", peak / MEGABYTE);
    let error = home.refused(1, &["ingest", "nyc311", "--file", "line.csv"]);
    assert_holds(&error, &["error: the header of `line.csv`, line 1, is longer than"]);
    assert_untouched(&home);

    let mut file = BufWriter::new(File::create(home.path("line.csv")).unwrap());
    file.write_all(csv_of_keys(1..=9).as_bytes()).unwrap();
    write_line(&mut file);
    file.write_all(b"\n10,2026-02-14T12:00:00.000,Noise,BROOKLYN\n").unwrap();
    drop(file);
    let peak = peak_memory(&home, &["ingest", "nyc311", "--file", "line.csv"], 0);
    assert!(peak < 400 * MEGABYTE, "{} MB", peak / MEGABYTE);
    home.fine(&["refresh"]);
    assert_eq!(home.balance(), [11, 10, 0, 1, 0]);
    let refused = home.select("SELECT rule, line FROM quarantine.nyc311_requests");
    assert_eq!(refused, ["malformed,11"]);
    assert!(home.fine(&["quarantine", "nyc311"]).len() < 1000, "examples are cut");
}

/// The most memory that a command held, in bytes; it must end with this code.
fn peak_memory(home: &Home, arguments: &[&str], code: i32) -> u64 {
    let mut child = home.start(arguments);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(ended) = child.try_wait().unwrap() {
            assert_eq!(ended.code(), Some(code), "{arguments:?}");
            return peak;
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        thread::sleep(Duration::from_millis(2));
    }
}
