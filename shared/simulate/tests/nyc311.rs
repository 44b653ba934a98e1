//! Simulates New York and reads the files again with a reader of its own, which knows nothing of
//! the generator: what it finds must be what the truth says.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use chrono::{Datelike, NaiveDateTime, Timelike};
use smelt_simulate::Truth;
use smelt_simulate::nyc311::{DirtRates, Nyc311, Shape};

const HEADER: &str = "unique_key,created_date,closed_date,agency,complaint_type,descriptor,\
    location_type,incident_zip,city,borough,latitude,longitude";

fn write(settings: &Nyc311, out: &Path) -> Truth {
    settings.write(out, &mut |_| {}).unwrap()
}

fn files(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = out.join("nyc311/requests");
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// Ten times the usual dirt, so that a small simulation has some of everything.
fn very_dirty() -> DirtRates {
    let usual = DirtRates::default();
    DirtRates {
        ragged: 0.005,
        invalid_utf8: 0.000_5,
        unique_key: 0.005,
        created_date: 0.005,
        closed_date: 0.005,
        empty_lines: 0.005,
        quoted_newlines: 0.005,
        quoted_quotes: 0.005,
        no_complaint_type: 0.005,
        outside_nyc: 0.005,
        ..usual
    }
}

fn settings(days: u32, rows_per_day: u32, seed: u64) -> Nyc311 {
    Nyc311 { days, rows_per_day, seed, ..Nyc311::default() }
}

/// Fields of all records; understands quotes and the three line ends, skips empty lines.
fn records(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' | '\n' if !quoted => {
                if !record.is_empty() || !field.is_empty() {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
            }
            _ => field.push(character),
        }
    }
    assert!(record.is_empty() && field.is_empty() && !quoted, "the last record ends its line");
    records
}

fn moment(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()
}

struct Request {
    created: NaiveDateTime,
    closed: Option<NaiveDateTime>,
    agency: String,
    complaint_type: String,
    borough: String,
}

/// What the naive pipeline finds.
#[derive(Default)]
struct Found {
    received: u64,
    malformed: u64,
    unique_key: u64,
    created_date: u64,
    superseded: u64,
    closed_before_created: u64,
    outside_nyc: u64,
    odd_zip: u64,
    silver: HashMap<i64, Request>,
}

fn read(out: &Path) -> Found {
    let mut found = Found::default();
    let mut contents = HashSet::new();
    for (_, bytes) in files(out) {
        if !contents.insert(bytes.clone()) {
            continue;
        }
        let mut records = records(&bytes).into_iter();
        assert_eq!(records.next().unwrap().join(","), HEADER);
        records.for_each(|record| found.take(record));
    }
    found
}

impl Found {
    fn take(&mut self, record: Vec<String>) {
        self.received += 1;
        let undecodable = record.iter().any(|field| field.contains('\u{FFFD}'));
        if record.len() != 12 || undecodable {
            self.malformed += 1;
            return;
        }
        let Ok(key) = record[0].parse::<i64>() else {
            self.unique_key += 1;
            return;
        };
        let Some(created) = moment(&record[1]) else {
            self.created_date += 1;
            return;
        };
        let closed = moment(&record[2]);
        self.closed_before_created += u64::from(closed.is_some_and(|closed| closed < created));
        let zip = record[7].strip_suffix(".0").unwrap_or(&record[7]);
        let zip_is_good = zip.len() == 5 && zip.bytes().all(|byte| byte.is_ascii_digit());
        self.odd_zip += u64::from(!zip.is_empty() && !zip_is_good);
        if let (Ok(latitude), Ok(longitude)) =
            (record[10].parse::<f64>(), record[11].parse::<f64>())
        {
            let inside =
                (40.49..40.92).contains(&latitude) && (-74.26..-73.70).contains(&longitude);
            self.outside_nyc += u64::from(!inside);
        }
        let borough = record[9].trim().to_uppercase();
        let known = ["MANHATTAN", "BRONX", "BROOKLYN", "QUEENS", "STATEN ISLAND"];
        let borough =
            if known.contains(&borough.as_str()) { borough } else { "UNSPECIFIED".to_owned() };
        let request = Request {
            created,
            closed,
            agency: record[3].clone(),
            complaint_type: record[4].trim().to_owned(),
            borough,
        };
        self.superseded += u64::from(self.silver.insert(key, request).is_some());
    }

    fn groups<Group: std::hash::Hash + Eq>(&self, group: impl Fn(&Request) -> Group) -> u64 {
        self.silver.values().map(group).collect::<HashSet<_>>().len() as u64
    }

    fn count_by(&self, name: impl Fn(&Request) -> String) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for request in self.silver.values() {
            *counts.entry(name(request)).or_default() += 1;
        }
        counts
    }

    fn assert_agrees_with(&self, truth: &Truth) {
        assert_eq!(self.received, truth.rows_received);
        assert_eq!(self.malformed, truth.rows_refused.malformed);
        assert_eq!(self.unique_key, truth.rows_refused.unique_key);
        assert_eq!(self.created_date, truth.rows_refused.created_date);
        assert_eq!(self.superseded, truth.rows_superseded);
        assert_eq!(self.silver.len() as u64, truth.rows_silver);
        assert_eq!(self.closed_before_created, truth.warned.closed_before_created);
        assert_eq!(self.outside_nyc, truth.warned.outside_nyc);
        assert_eq!(self.odd_zip, truth.warned.odd_zip);
        let month = |request: &Request| request.created.format("%Y-%m").to_string();
        assert_eq!(self.count_by(month), truth.by_month);
        assert_eq!(self.count_by(|request| request.borough.clone()), truth.by_borough);
        let marts = &truth.marts;
        let daily = self.groups(|request| {
            let day = request.created.date();
            (day, request.borough.clone(), request.complaint_type.clone())
        });
        assert_eq!(daily, marts.daily_requests.rows);
        let borough_daily =
            self.groups(|request| (request.created.date(), request.borough.clone()));
        assert_eq!(borough_daily, marts.borough_daily.rows);
        let hourly = self.groups(|request| {
            let (weekday, hour) = (request.created.weekday(), request.created.hour());
            (month(request), request.borough.clone(), weekday, hour)
        });
        assert_eq!(hourly, marts.hourly_pattern.rows);
        let agencies = self.groups(|request| (month(request), request.agency.clone()));
        assert_eq!(agencies, marts.agency_monthly.rows);
        let closed = self.silver.values().filter(|request| request.closed.is_some()).count();
        assert_eq!(closed as u64, marts.agency_monthly.closed);
        let within_a_day = self.silver.values().filter(|request| {
            let seconds = request.closed.map(|closed| (closed - request.created).num_seconds());
            seconds.is_some_and(|seconds| (0..=86_400).contains(&seconds))
        });
        assert_eq!(within_a_day.count() as u64, marts.agency_monthly.closed_within_24h);
    }
}

fn assert_balanced(truth: &Truth) {
    let accounted = truth.rows_silver + truth.rows_superseded + truth.rows_refused.total();
    assert_eq!(truth.rows_received, accounted);
    let files = truth.files.iter().filter(|file| file.duplicate_of.is_none());
    assert_eq!(truth.rows_received, files.map(|file| file.rows).sum::<u64>());
    assert_eq!(truth.rows_silver, truth.by_month.values().sum::<u64>());
    assert_eq!(truth.rows_silver, truth.by_borough.values().sum::<u64>());
}

#[test]
fn an_independent_reader_finds_the_truth() {
    let one_file = Some(1);
    let daily = Some(40);
    for (seed, days, files, dirt) in [
        (1, 200, None, very_dirty()),
        (2, 200, None, DirtRates::default()),
        (3, 40, one_file, very_dirty()),
        (4, 40, daily, very_dirty()),
        (5, 90, None, DirtRates::none()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let settings = Nyc311 { files, dirt, ..settings(days, 200, seed) };
        let truth = write(&settings, folder.path());
        assert_balanced(&truth);
        read(folder.path()).assert_agrees_with(&truth);
    }
}

#[test]
fn every_kind_of_dirt_is_there_at_its_rate() {
    let folder = tempfile::tempdir().unwrap();
    let rates = very_dirty();
    let settings = Nyc311 { dirt: rates.clone(), ..settings(150, 600, 6) };
    let truth = write(&settings, folder.path());
    let json = serde_json::to_value(&rates).unwrap();
    for (name, rate) in json.as_object().unwrap() {
        let Some(rate) = rate.as_f64() else { continue };
        let expected = truth.rows_received as f64 * rate;
        let tolerance = 5.0 * expected.sqrt() + 0.02 * expected;
        let rows = truth.dirt.get(name).copied().unwrap_or_default() as f64;
        assert!((rows - expected).abs() < tolerance, "{name}: {rows} instead of {expected}");
        assert!(rows > 0.0, "{name} does not occur");
    }
    let total = truth.rows_received as f64 / 90_000.0;
    assert!((0.98..1.02).contains(&total), "{total}");
    let late = truth.later_versions.closed as f64 / truth.rows_received as f64;
    assert!((0.055..0.065).contains(&late), "{late}");
    assert!(truth.later_versions.month_corrected >= 1);
    assert!(truth.later_versions.borough_corrected >= 1);
    assert_eq!(truth.anomalies.len(), 3);
}

#[test]
fn files_have_their_peculiarities() {
    let folder = tempfile::tempdir().unwrap();
    let truth = write(&settings(150, 300, 7), folder.path());
    let files = files(folder.path());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let truth_names: Vec<&str> = truth.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, truth_names);
    assert_eq!(names[2], "requests_0002_copy.csv");
    assert_eq!(truth.files[2].duplicate_of.as_deref(), Some("requests_0002.csv"));
    assert_eq!(files["requests_0002.csv"], files["requests_0002_copy.csv"]);
    let count = |name: &str, byte| files[name].iter().filter(|found| **found == byte).count();
    assert_eq!(count("requests_0003.csv", b'\r'), count("requests_0003.csv", b'\n'));
    assert!(files["requests_0004.csv"].starts_with("\u{FEFF}unique_key".as_bytes()));
    assert_eq!(count("requests_0005.csv", b'\n'), 0);
    assert_eq!(count("requests_0001.csv", b'\r'), 0);
    for file in &truth.files {
        assert_eq!(records(&files[&file.name]).len() as u64, file.rows + 1);
    }
}

#[test]
fn the_seed_decides_every_byte() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let first = write(&settings(90, 100, 8), folders[0].path());
    let again = write(&settings(90, 100, 8), folders[1].path());
    let other = write(&settings(90, 100, 9), folders[2].path());
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert_eq!(files(folders[0].path()), files(folders[1].path()));
    assert_ne!(files(folders[0].path()), files(folders[2].path()));
}

/// If this fails, the bytes have changed: everybody's reference numbers change with them.
#[test]
fn the_bytes_never_change() {
    let folder = tempfile::tempdir().unwrap();
    write(&settings(60, 100, 311), folder.path());
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in files(folder.path()).values().flatten() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    assert_eq!(hash, 10_233_704_573_386_415_906);
}

#[test]
fn the_truth_is_written_beside_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let truth = write(&settings(60, 50, 10), folder.path());
    let json = fs::read(folder.path().join("nyc311/truth.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Truth>(&json).unwrap(), truth);
    assert!(truth.to_string().contains("rows received"));
    assert!(truth.to_string().contains("anomaly"));
}

#[test]
fn a_flat_and_clean_simulation_is_just_that() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Nyc311 { dirt: DirtRates::none(), shape: Shape::flat(), ..settings(60, 500, 11) };
    let truth = write(&plain, folder.path());
    assert_eq!(truth.rows_received, truth.rows_silver);
    assert!(truth.dirt.is_empty());
    assert!(truth.anomalies.is_empty());
}

#[test]
fn rows_of_a_file_are_as_long_as_the_citys() {
    let folder = tempfile::tempdir().unwrap();
    let truth = write(&settings(30, 1_000, 12), folder.path());
    let bytes = files(folder.path()).values().map(Vec::len).sum::<usize>();
    let length = bytes as f64 / truth.rows_received as f64;
    assert!((145.0..175.0).contains(&length), "{length}");
}

#[test]
fn progress_reaches_the_number_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    let truth = settings(40, 1_000, 13).write(folder.path(), &mut |rows| {
        assert!(rows >= last);
        last = rows;
    });
    assert_eq!(last, truth.unwrap().rows_received);
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |settings: Nyc311| settings.write(folder.path(), &mut |_| {}).unwrap_err();
    assert!(refused(settings(0, 10, 1)).to_string().contains("days"));
    assert!(refused(settings(10, 0, 1)).to_string().contains("rows_per_day"));
    write(&settings(1, 10, 1), folder.path());
    assert!(refused(settings(1, 10, 1)).to_string().contains("already"));
}
