//! The real binary, as people use it: what it prints, how it ends, what it leaves behind.

mod bad_input;
mod cost;
mod daily_work;
mod definitions;
mod demo;
mod failures;
mod interruption;
mod places;
mod questions;
mod real_data;
mod records;
mod rows_taken;
mod series;
mod served;
mod serving;
mod sources;
mod times_put_right;
mod training;
mod tutorial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::checkout;

/// A folder to work in, with a lake and the datasets that smelt ships.
struct Home {
    folder: TempDir,
    datasets: PathBuf,
}

/// How a command ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        let datasets = checkout().join("datasets");
        Self { folder: tempfile::tempdir().unwrap(), datasets }
    }

    /// With a copy of the datasets, to be changed.
    fn with_own_datasets() -> Self {
        let home = Self::new();
        let copy = home.path("datasets");
        copy_folder(&home.datasets, &copy);
        Self { datasets: copy, ..home }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Replaces a text that a file must hold.
    fn change(&self, relative: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(relative)).unwrap();
        assert!(text.contains(from), "{relative} does not hold {from:?}");
        self.write(relative, text.replacen(from, to, 1));
    }

    /// The command with this home's lake and datasets, and nothing of the caller's settings.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smelt"));
        for (name, _) in std::env::vars() {
            if name.starts_with("SMELT_") || name.starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("SMELT_LAKE", "lake")
            .env("SMELT_DATASETS", &self.datasets)
            .env("RUST_BACKTRACE", "0")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs what must succeed and returns what it prints.
    #[track_caller]
    fn fine(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:#?}");
        ran.out
    }

    /// Runs what must end with this code, and returns its errors.
    #[track_caller]
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:#?}");
        ran.assert_civil();
        ran.err
    }

    /// `nyc311` in `smelt status --format json`, which must find the balance exact.
    #[track_caller]
    fn status(&self) -> Value {
        let text = self.fine(&["status", "--format", "json"]);
        let mut status: Value = serde_json::from_str(&text).unwrap();
        status["nyc311"].take()
    }

    /// Bronze, silver, superseded, quarantined and waiting rows of the only balance.
    #[track_caller]
    fn balance(&self) -> [u64; 5] {
        let balance = self.status()["balances"][0].take();
        ["bronze", "silver", "superseded", "quarantined", "waiting"]
            .map(|term| balance[term].as_u64().unwrap_or_else(|| panic!("{term} of {balance}")))
    }

    /// Table → version, for all tables that exist.
    #[track_caller]
    fn versions(&self) -> Vec<(String, u64)> {
        let tables = self.status()["tables"].take();
        tables
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|table| {
                Some((table["table"].as_str()?.to_owned(), table["version"].as_u64()?))
            })
            .collect()
    }

    /// The lines that a query gives as CSV, without the header.
    #[track_caller]
    fn select(&self, sql: &str) -> Vec<String> {
        let text = self.fine(&["query", sql, "--format", "csv"]);
        text.lines().skip(1).map(str::to_owned).collect()
    }

    /// Simulates source files; the folder they are in, and the truth about them.
    fn simulate(&self, days: u32, rows_per_day: u32, files: u32) -> (PathBuf, Value) {
        let [days, rows, files] = [days, rows_per_day, files].map(|number| number.to_string());
        self.fine(&[
            "simulate",
            "nyc311",
            "--days",
            &days,
            "--rows-per-day",
            &rows,
            "--files",
            &files,
            "--seed",
            "5",
            "--out",
            "simulated",
        ]);
        let truth = fs::read_to_string(self.path("simulated/nyc311/truth.json")).unwrap();
        (self.path("simulated/nyc311/requests"), serde_json::from_str(&truth).unwrap())
    }

    /// Copies files into the landing folder, in the order of their names.
    fn land(&self, folder: &Path) {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let landing = self.path("lake/landing/nyc311/requests");
        fs::create_dir_all(&landing).unwrap();
        for file in files {
            fs::copy(&file, landing.join(file.file_name().unwrap())).unwrap();
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("smelt prints UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// An error is one for people: no panic, no stack, no names out of the code.
    #[track_caller]
    fn assert_civil(&self) {
        let internals = ["panicked", "stack backtrace", "RUST_BACKTRACE", "Some(", "Os {", "::"];
        for internal in internals {
            assert!(!self.err.contains(internal), "`{internal}` in: {}", self.err);
        }
        assert!(!self.err.is_empty(), "it says nothing");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, copy) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(path, copy).unwrap();
        }
    }
}

const HEADER: &str = "unique_key,created_date,complaint_type,borough";

/// A CSV of good rows with these keys, all created on the same day.
fn csv_of_keys(keys: impl IntoIterator<Item = u64>) -> String {
    let mut text = format!("{HEADER}\n");
    for key in keys {
        text.push_str(&format!("{key},2026-02-14T12:00:00.000,Noise,BROOKLYN\n"));
    }
    text
}

#[track_caller]
fn assert_holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}
