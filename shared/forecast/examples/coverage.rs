//! How often intervals hold what came, for histories that are cut short:
//!
//! `coverage FILE LENGTH HORIZON ORIGINS [together]` reads `unique_id,ds,y`, takes so many values of each
//! series from so many places, alone or as one set, and compares the forecast of each with what came after.

use std::error::Error;

use smelt_forecast::{Frequency, Series, Settings, collect_series, forecast, parse_time};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |number: usize| args.get(number).map(String::as_str).ok_or("too few arguments");
    let (length, horizon, origins): (usize, usize, usize) =
        (arg(1)?.parse()?, arg(2)?.parse()?, arg(3)?.parse()?);
    let together = args.get(4).is_some_and(|word| word == "together");
    let text = std::fs::read_to_string(arg(0)?)?;
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        match line.trim_end().split(',').collect::<Vec<_>>()[..] {
            [id, time, value, ..] => {
                rows.push((id.to_owned(), parse_time(time)?, value.parse().ok()));
            }
            _ => return Err("a row needs an id, a time and a value".into()),
        }
    }
    let frequency: Option<Frequency> = std::env::var("FREQ").ok().map(|f| f.parse()).transpose()?;
    let whole = collect_series(rows, frequency)?;
    let settings = Settings::new(horizon);
    let mut counted = Counted::default();
    for origin in 0..origins {
        let cut: Vec<(Series, Vec<f64>)> =
            whole.iter().filter_map(|one| cut(one, length, horizon, origin, origins)).collect();
        let sets = if together { cut.chunks(cut.len().max(1)) } else { cut.chunks(1) };
        for set in sets {
            let series: Vec<Series> = set.iter().map(|(series, _)| series.clone()).collect();
            for (found, (_, actual)) in forecast(&series, &settings)?.iter().zip(set) {
                let Ok(found) = found else { continue };
                counted.add(found, actual);
            }
        }
    }
    println!("{length},{horizon},{counted}");
    Ok(())
}

/// `length` values of a series, and the `horizon` after them.
fn cut(
    one: &Series,
    length: usize,
    horizon: usize,
    origin: usize,
    origins: usize,
) -> Option<(Series, Vec<f64>)> {
    let room = one.values.len().checked_sub(length + horizon)?;
    let from = room * (origin + 1) / (origins + 1);
    let mut known = one.prefix(from + length);
    known.values.drain(..from);
    known.start = None;
    Some((known, one.values[from + length..from + length + horizon].to_vec()))
}

#[derive(Default)]
struct Counted {
    points: usize,
    within: [usize; 2],
    width: f64,
    size: f64,
}

impl Counted {
    fn add(&mut self, found: &smelt_forecast::Forecast, actual: &[f64]) {
        for (step, value) in actual.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            self.points += 1;
            for (count, interval) in self.within.iter_mut().zip(&found.intervals) {
                *count += usize::from(interval.lo[step] <= *value && *value <= interval.hi[step]);
            }
            if let Some(widest) = found.intervals.last() {
                self.width += widest.hi[step] - widest.lo[step];
            }
            self.size += value.abs();
        }
    }
}

impl std::fmt::Display for Counted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |count: usize| 100.0 * count as f64 / self.points.max(1) as f64;
        write!(
            formatter,
            "{},{:.1},{:.1},{:.2}",
            self.points,
            share(self.within[0]),
            share(self.within[1]),
            self.width / self.size
        )
    }
}
