//! Ctrl-C, SIGTERM and worse: nothing half-done is visible, and the next run carries on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{HEADER, Home, assert_holds};

const ROWS: u64 = 400_000;
/// So many that they are still being read when it is noted that they are.
const ROWS_OF_SECONDS: u64 = 4 * ROWS;
const STOPPED: &str = "stopped; everything committed so far is kept, the next run carries on\n";

/// Its notes do not compress, so that bronze is written bit by bit and not only in the end.
fn with_a_large_file(rows: u64) -> Home {
    let home = Home::new();
    let mut text = format!("{HEADER},note\n");
    let mut dice = 1_u64;
    for key in 1..=rows {
        text.push_str(&format!("{key},2026-02-14T12:00:00.000,Noise,BROOKLYN,"));
        for _ in 0..8 {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(&format!("{:016x}", dice ^ (dice >> 29)));
        }
        text.push('\n');
    }
    home.write("large.csv", text);
    home
}

/// Waits until the command writes files of bronze.
fn wait_for_writing(home: &Home) {
    wait_until(|| has_file(&home.path("lake/bronze")));
}

#[track_caller]
fn wait_until(is_written: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_written() {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing is written");
        sleep(Duration::from_millis(1));
    }
}

fn has_file(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.map(|entry| entry.unwrap().path()).any(|path| !path.is_dir() || has_file(&path))
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn ctrl_c_in_the_middle_of_an_ingest() {
    stopped_in_the_middle_of_an_ingest("-INT", 130);
}

/// As service managers and containers stop a process.
#[test]
fn sigterm_in_the_middle_of_an_ingest() {
    stopped_in_the_middle_of_an_ingest("-TERM", 143);
}

fn stopped_in_the_middle_of_an_ingest(name: &str, code: i32) {
    let home = with_a_large_file(ROWS);
    let child = home.start(&["ingest", "nyc311", "--file", "large.csv"]);
    wait_for_writing(&home);
    let asked = Instant::now();
    signal(&child, name);
    let ran: super::Ran = child.wait_with_output().unwrap().into();
    assert!(asked.elapsed() < Duration::from_secs(10), "it stops soon");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(code), "", STOPPED));

    assert_eq!(home.versions(), [], "nothing half-done is visible");
    home.fine(&["refresh"]);
    home.fine(&["ingest", "nyc311", "--file", "large.csv"]);
    home.fine(&["refresh"]);
    assert_eq!(home.balance(), [ROWS, ROWS, 0, 0, 0]);
}

/// The only upload, as `smelt uploads` tells of it.
fn upload(home: &Home) -> Value {
    let uploads = home.fine(&["uploads", "nyc311", "--format", "json"]);
    serde_json::from_str::<Value>(&uploads).unwrap()[0].take()
}

/// The record of the only upload, once it is whole.
fn record(home: &Home) -> Option<PathBuf> {
    let records = fs::read_dir(home.path("lake/uploads/nyc311/requests")).ok()?;
    let mut paths = records.map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|ending| ending == "json"))
}

/// A run that reads a large upload and has noted so; it stands still.
fn reading(home: &Home) -> Child {
    let landing = home.path("lake/landing/nyc311/requests");
    fs::create_dir_all(&landing).unwrap();
    fs::rename(home.path("large.csv"), landing.join("large.csv")).unwrap();
    let child = home.start(&["run", "nyc311"]);
    wait_for_writing(home);
    // That is noted after a second. It stands still for so long and then goes on in small steps: whatever the
    // speed of the machine, most of the file is still to be read.
    signal(&child, "-STOP");
    sleep(Duration::from_secs(1));
    let started = Instant::now();
    while record(home).is_none() {
        signal(&child, "-CONT");
        assert!(started.elapsed() < Duration::from_secs(60), "no record is written");
        sleep(Duration::from_millis(10));
        signal(&child, "-STOP");
    }
    child
}

#[test]
fn an_upload_whose_reading_was_stopped_is_interrupted() {
    let home = with_a_large_file(ROWS_OF_SECONDS);
    let child = reading(&home);
    signal(&child, "-INT");
    signal(&child, "-CONT");
    let ran: super::Ran = child.wait_with_output().unwrap().into();
    assert_eq!((ran.code, ran.err.as_str()), (Some(130), STOPPED));
    let stopped = upload(&home);
    assert_eq!(stopped["stage"], "interrupted", "{stopped}");
    assert_eq!(stopped["record"]["problem"], "the run was stopped");
    home.fine(&["run", "nyc311"]);
    assert_eq!(upload(&home)["stage"], "published");
}

#[test]
fn an_upload_whose_reader_was_killed_is_interrupted_when_it_gives_no_sign() {
    let home = with_a_large_file(ROWS_OF_SECONDS);
    let mut child = reading(&home);
    child.kill().unwrap();
    child.wait().unwrap();
    let record = record(&home).unwrap();
    let mut noted: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    noted["updated_at"] = Value::from("2026-01-01T00:00:00Z");
    fs::write(&record, noted.to_string()).unwrap();
    assert_eq!(upload(&home)["stage"], "interrupted");
    let told = home.fine(&["uploads", "nyc311"]);
    assert_holds(&told, &["interrupted", "has given no sign for a minute"]);
}

#[test]
fn signals_stop_a_server() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let home = Home::new();
        let mut child = home.start(&["serve", "--port", "0", "--quiet"]);
        let out = BufReader::new(child.stdout.take().unwrap());
        assert!(out.lines().any(|line| line.unwrap().starts_with("API")), "it serves");
        signal(&child, name);
        let ran: super::Ran = child.wait_with_output().unwrap().into();
        assert_eq!((ran.code, ran.err.as_str()), (Some(code), STOPPED), "{name}");
    }
}

#[test]
fn ctrl_c_stops_a_simulation() {
    let home = Home::new();
    let child = home.start(&[
        "simulate",
        "nyc311",
        "--days",
        "3650",
        "--rows-per-day",
        "20000",
        "--out",
        "simulated",
    ]);
    // After so many bytes it has been listening for long.
    let written = home.path("simulated/nyc311/requests/requests_0001.csv");
    wait_until(|| fs::metadata(&written).is_ok_and(|file| file.len() > 16 << 20));
    let asked = Instant::now();
    signal(&child, "-INT");
    let ran: super::Ran = child.wait_with_output().unwrap().into();
    assert!(asked.elapsed() < Duration::from_secs(10), "it stops soon");
    assert_eq!(ran.code, Some(130), "{ran:?}");
}

#[test]
fn a_killed_ingest_leaves_nothing_visible() {
    let home = with_a_large_file(ROWS);
    let mut child = home.start(&["ingest", "nyc311", "--file", "large.csv"]);
    wait_for_writing(&home);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(home.versions(), [], "nothing half-done is visible");
    home.fine(&["ingest", "nyc311", "--file", "large.csv"]);
    home.fine(&["refresh"]);
    assert_eq!(home.balance(), [ROWS, ROWS, 0, 0, 0]);
}

/// Stopped again and again, a little later every time, until one run comes through.
#[test]
fn runs_stopped_at_any_moment_add_up_to_one_whole_run() {
    let home = Home::new();
    let (files, truth) = home.simulate(60, 1000, 4);
    home.land(&files);
    let mut stopped = 0;
    for step in 1.. {
        let mut child = home.start(&["run", "--quiet"]);
        sleep(Duration::from_millis(40 * step));
        let came_through = child.try_wait().unwrap().is_some();
        match came_through {
            true => {}
            false if step % 2 == 0 => signal(&child, "-INT"),
            false => signal(&child, "-KILL"),
        }
        let ran: super::Ran = child.wait_with_output().unwrap().into();
        // The balance is exact whenever anybody looks.
        home.status();
        match (came_through, ran.code) {
            (true, code) => assert_eq!((code, ran.err.as_str()), (Some(0), "")),
            (false, Some(130)) => assert_eq!(ran.err, STOPPED),
            // Killed, or just come through.
            (false, _) => assert_eq!(ran.err, ""),
        }
        if came_through {
            break;
        }
        stopped += 1;
    }
    assert!(stopped > 2, "only {stopped} runs were stopped");
    let [bronze, silver, superseded, _, waiting] = home.balance();
    assert_eq!(truth["rows_received"], bronze);
    assert_eq!(truth["rows_silver"], silver);
    assert_eq!(truth["rows_superseded"], superseded);
    assert_eq!(waiting, 0);
    let sum = home.select("SELECT SUM(requests) FROM gold.nyc311_daily_requests");
    assert_eq!(sum, [silver.to_string()]);
}
