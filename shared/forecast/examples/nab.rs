//! `nab FOLDER WINDOWS [CATEGORY,…]`: the standard score of the Numenta Anomaly Benchmark.
use std::collections::BTreeMap;
use std::path::Path;

use smelt_forecast::metrics::{NabFile, NabProfile, nab_best_threshold, nab_normalised, nab_score};
use smelt_forecast::{Detector, parse_time};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[2])?;
    let windows: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&text)?;
    let only: Vec<&str> = args.get(3).map(|all| all.split(',').collect()).unwrap_or_default();
    let began = std::time::Instant::now();
    let mut rows = 0;
    let mut files: Vec<(String, NabFile)> = Vec::new();
    for (name, windows) in &windows {
        let category = name.split('/').next().unwrap_or_default();
        if !only.is_empty() && !only.contains(&category) {
            continue;
        }
        let mut detector = Detector::default();
        let (mut times, mut scores) = (Vec::new(), Vec::new());
        for line in std::fs::read_to_string(Path::new(&args[1]).join(name))?.lines().skip(1) {
            let (time, value) = line.split_once(',').ok_or("a line without a comma")?;
            let time = parse_time(time)?;
            scores.push(detector.push(time, value.parse()?).score);
            times.push(time);
        }
        rows += times.len();
        let place = |text: &String| -> Result<usize, Box<dyn std::error::Error>> {
            let time = parse_time(text)?;
            Ok(times.iter().position(|one| *one == time).ok_or("a window off the rows")?)
        };
        let windows: Result<Vec<(usize, usize)>, Box<dyn std::error::Error>> =
            windows.iter().map(|[a, b]| Ok((place(a)?, place(b)?))).collect();
        files.push((name.clone(), NabFile { scores, windows: windows? }));
    }
    let profile = NabProfile::STANDARD;
    let all: Vec<NabFile> = files.iter().map(|(_, file)| file.clone()).collect();
    let best = nab_best_threshold(&all, profile);
    if std::env::var("FILES").is_ok() {
        for (name, file) in &files {
            let r = nab_score(std::slice::from_ref(file), best.threshold, profile);
            let lost = file.windows.len() as f64 - r.score;
            println!(
                "{name:60} lost {lost:5.2} found {}/{} false {}",
                r.found, r.windows, r.false_positives
            );
        }
    }
    let fixed = nab_score(&all, 0.5, profile);
    println!(
        "{:.1} at {:.3} (found {}/{}, {} false); {:.1} at 0.5; {:.1} us a row",
        nab_normalised(&best, profile),
        best.threshold,
        best.found,
        best.windows,
        best.false_positives,
        nab_normalised(&fixed, profile),
        began.elapsed().as_micros() as f64 / rows as f64
    );
    Ok(())
}
