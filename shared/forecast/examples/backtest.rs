//! `backtest FILE HORIZON WINDOWS`: the accuracy of every model on a long-format CSV.
use std::time::Instant;

use smelt_forecast::{Settings, backtest, collect_series, parse_time};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1])?;
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        rows.push((fields[0].to_owned(), parse_time(fields[1])?, fields[2].parse::<f64>().ok()));
    }
    let series = collect_series(rows, None)?;
    let windows: usize = args[3].parse()?;
    let began = Instant::now();
    let found = backtest(&series, &Settings::new(args[2].parse()?), windows)?;
    let each = began.elapsed() / (windows * series.len()) as u32;
    let all = std::env::var("ALL").is_ok();
    for one in found.models.iter().take(if all { 99 } else { 1 }) {
        println!(
            "{:22} n={:4} smape {:7.3} mase {:7.3} owa {:.3} {:.3?} msis {:.1?}",
            one.model,
            one.windows,
            one.smape.unwrap_or(f64::NAN),
            one.mase.unwrap_or(f64::NAN),
            one.owa.unwrap_or(f64::NAN),
            one.coverage.iter().map(|c| c.1).collect::<Vec<_>>(),
            one.msis
        );
    }
    println!("{each:?} per series and window, left out {}", found.left_out.len());
    Ok(())
}
