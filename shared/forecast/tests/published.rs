//! Measures against published numbers, on data that is not part of the project.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::path::Path;

use smelt_forecast::metrics::{mase, naive2, smape};

fn series(path: &Path) -> BTreeMap<String, Vec<f64>> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in std::fs::read_to_string(path).unwrap().lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        all.entry(fields[0].to_owned()).or_default().push(fields[2].parse().unwrap());
    }
    all
}

#[test]
fn naive2_of_m4_weekly_is_as_published() {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../../shared/data/series/m4_weekly");
    if !folder.is_dir() {
        eprintln!("skipped: the M4 series are not here");
        return;
    }
    let (train, test) = (series(&folder.join("train.csv")), series(&folder.join("test.csv")));
    let (mut relative, mut scaled) = (0.0, 0.0);
    for (name, actual) in &test {
        let said = naive2(&train[name], 1, actual.len());
        relative += smape(actual, &said).unwrap();
        scaled += mase(actual, &said, &train[name], 1).unwrap();
    }
    let count = test.len() as f64;
    assert_eq!(test.len(), 359);
    assert!((relative / count - 9.161).abs() < 5e-4, "{}", relative / count);
    assert!((scaled / count - 2.777).abs() < 5e-4, "{}", scaled / count);
}
