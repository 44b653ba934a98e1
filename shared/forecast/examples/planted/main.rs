//! `planted SEED [SERIES] [SERIES_TOGETHER]`: which planted anomalies are found, how soon, and what is
//! reported besides.
//!
//! Series of each kind are simulated and judged value by value up to an anomaly's onset; from there on
//! once for each anomaly and size, and once without. Flagged values in a row are one incident. It is
//! right if it begins between the onset and the anomaly's end or a few steps later, and wrong otherwise.
//! With SERIES_TOGETHER, the threshold is that of so many series that are looked at together.

mod anomaly;
mod chance;
mod series;

use std::time::Instant;

use anomaly::Anomaly;
use chance::Chance;
use series::{Clean, Kind};
use smelt_forecast::{Detector, DetectorSettings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<u64> =
        std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let seed = *args.first().ok_or("planted SEED [SERIES] [SERIES_TOGETHER]")?;
    let series = args.get(1).map_or(40, |count| *count as usize);
    let settings = DetectorSettings {
        threshold: args.get(2).map_or(0.5, |together| threshold(*together)),
        ..DetectorSettings::default()
    };
    let began = Instant::now();
    let mut tallies = Vec::new();
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        let mut tally = Tally::new(kind);
        for number in 0..series {
            tally.judge(settings, &mut Chance::new(seed, &[place, number]));
        }
        tallies.push(tally);
    }
    let spent = began.elapsed().as_secs_f64();
    let pushes: usize = tallies.iter().map(|tally| tally.pushes).sum();
    println!(
        "Seed {seed}, {series} series of each kind, threshold {:.3}, {:.1} µs a value.\n",
        settings.threshold,
        1e6 * spent / pushes as f64
    );
    tell(&tallies);
    Ok(())
}

/// See `smelt-stages`: all series together give one false alarm in thirty steps.
fn threshold(series: u64) -> f64 {
    let surprise = (30.0 * series.max(1) as f64).log10();
    (surprise / (surprise + 2.5)).max(0.5)
}

/// What was found in a kind of series.
struct Tally {
    kind: Kind,
    pushes: usize,
    clean_steps: usize,
    clean_incidents: usize,
    /// By anomaly.
    found: Vec<Found>,
}

/// What was found of an anomaly.
#[derive(Default, Clone)]
struct Found {
    /// By size: planted, found.
    by_size: [(usize, usize); 3],
    delays: Vec<usize>,
    right: usize,
    wrong: usize,
}

/// Flagged values in a row: the first place, and one past the last.
type Incident = (usize, usize);

impl Tally {
    fn new(kind: Kind) -> Self {
        let found = vec![Found::default(); Anomaly::ALL.len()];
        Self { kind, pushes: 0, clean_steps: 0, clean_incidents: 0, found }
    }

    fn judge(&mut self, settings: DetectorSettings, chance: &mut Chance) {
        let (kind, plan) = (self.kind, self.kind.plan());
        let clean = kind.simulate(chance);
        let onset = plan.onset.start + chance.below(plan.onset.len());
        let mut detector = Detector::new(settings);
        let before = self.flags(&mut detector, &clean, 0..onset, |at| clean.values[at]);

        let mut rest = detector.clone();
        let after = self.flags(&mut rest, &clean, onset..plan.length, |at| clean.values[at]);
        self.clean_steps += plan.length - plan.judged;
        self.clean_incidents += incidents(&[&before[..], &after].concat(), plan.judged).len();

        for (place, anomaly) in Anomaly::ALL.into_iter().enumerate() {
            for (number, size) in anomaly.sizes().into_iter().enumerate() {
                let up = chance.part() < 0.5;
                let mut rest = detector.clone();
                let after = self.flags(&mut rest, &clean, onset..plan.length, |at| {
                    anomaly.plant(kind, size, up, onset, &clean, at)
                });
                let all = incidents(&[&before[..], &after].concat(), plan.judged);
                let until = onset + anomaly.steps(kind, size);
                let mut right = all.iter().filter(|(from, _)| (onset..until).contains(from));
                let found = &mut self.found[place];
                found.by_size[number].0 += 1;
                let first = right.next();
                if let Some((from, _)) = first {
                    found.by_size[number].1 += 1;
                    found.delays.push(from - onset);
                }
                let rights = right.count() + usize::from(first.is_some());
                found.right += rights;
                found.wrong += all.len() - rights;
            }
        }
    }

    fn flags(
        &mut self,
        detector: &mut Detector,
        clean: &Clean,
        steps: std::ops::Range<usize>,
        value: impl Fn(usize) -> f64,
    ) -> Vec<bool> {
        self.pushes += steps.len();
        steps.map(|at| detector.push(clean.times[at], value(at)).is_anomaly).collect()
    }
}

/// Those that begin at `from` or later.
fn incidents(flags: &[bool], from: usize) -> Vec<Incident> {
    let mut all: Vec<Incident> = Vec::new();
    for (at, _) in flags.iter().enumerate().filter(|(_, flag)| **flag) {
        match all.last_mut() {
            Some((_, end)) if *end == at => *end += 1,
            _ => all.push((at, at + 1)),
        }
    }
    all.retain(|(begin, _)| *begin >= from);
    all
}

fn tell(tallies: &[Tally]) {
    println!("| series | false incidents in 1,000 steps without anomalies |");
    println!("|---|---:|");
    for tally in tallies {
        let rate = 1_000.0 * tally.clean_incidents as f64 / tally.clean_steps as f64;
        println!("| {} | {rate:.2} |", tally.kind.name());
    }
    println!();
    println!(
        "| series | anomaly | small found | middling | large | precision | median delay in steps |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|");
    let percent = |part: usize, of: usize| match of {
        0 => String::new(),
        _ => format!("{:.0} %", 100.0 * part as f64 / of as f64),
    };
    for tally in tallies {
        for (anomaly, found) in Anomaly::ALL.into_iter().zip(&tally.found) {
            let [small, middling, large] = found.by_size.map(|(all, found)| percent(found, all));
            let precision = percent(found.right, found.right + found.wrong);
            let mut delays = found.delays.clone();
            delays.sort_unstable();
            let delay = delays.get(delays.len() / 2).map(usize::to_string).unwrap_or_default();
            println!(
                "| {} | {} | {small} | {middling} | {large} | {precision} | {delay} |",
                tally.kind.name(),
                anomaly.name()
            );
        }
    }
}
