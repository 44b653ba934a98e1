//! What the commands do, on CSV files and without anything around it:
//!
//! `tables forecast FILE HORIZON`, `tables backtest FILE HORIZON WINDOWS`, `tables detect FILE`, and
//! `tables windows FILE HORIZON WINDOWS`, which is the forecasts that a backtest scores. Tables go to
//! the standard output, seconds to the standard error.

use std::error::Error;
use std::time::Instant;

use smelt_forecast::{
    DetectorSettings, Frequency, Series, Settings, Table, accuracy_table, backtest, collect_series,
    detect, forecast, forecast_table, judgement_table, parse_time,
};

type Row = (String, i64, Option<f64>);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |number: usize| args.get(number).map(String::as_str).ok_or("too few arguments");
    let text = std::fs::read_to_string(arg(1)?)?;
    let lines = text.lines().skip(1).map(|line| line.trim_end().split(',').collect::<Vec<_>>());
    if arg(0)? == "detect" {
        let rows: Result<Vec<(i64, f64)>, Box<dyn Error>> = lines
            .map(|fields| match fields[..] {
                [time, value, ..] => Ok((parse_time(time)?, value.parse().unwrap_or(f64::NAN))),
                _ => Err("a row needs a time and a value".into()),
            })
            .collect();
        let rows = rows?;
        let began = Instant::now();
        let judged = detect(&rows, DetectorSettings::default(), Vec::new());
        eprintln!("{}", began.elapsed().as_secs_f64());
        print!("{}", judgement_table(&rows, &judged, false).to_csv());
        return Ok(());
    }
    let rows: Result<Vec<Row>, Box<dyn Error>> = lines
        .map(|fields| match fields[..] {
            [id, time, value, ..] => Ok((id.to_owned(), parse_time(time)?, value.parse().ok())),
            _ => Err("a row needs an id, a time and a value".into()),
        })
        .collect();
    let frequency: Option<Frequency> = std::env::var("FREQ").ok().map(|f| f.parse()).transpose()?;
    let series = collect_series(rows?, frequency)?;
    let settings = Settings::new(arg(2)?.parse()?);
    let began = Instant::now();
    let told = match arg(0)? {
        "forecast" => whole(&series, &settings)?.to_csv(),
        "backtest" => accuracy_table(&backtest(&series, &settings, arg(3)?.parse()?)?).to_csv(),
        "windows" => {
            let windows: usize = arg(3)?.parse()?;
            let mut told = String::new();
            for window in (1..=windows).rev() {
                let known: Vec<Series> = series
                    .iter()
                    .map(|one| {
                        let back = window * settings.horizon;
                        one.prefix(one.values.len().saturating_sub(back))
                    })
                    .collect();
                let csv = whole(&known, &settings)?.to_csv();
                let rows = csv.split_once('\n').ok_or("a table without names")?;
                if told.is_empty() {
                    told = format!("window,{}\n", rows.0);
                }
                for row in rows.1.lines() {
                    told += &format!("{},{row}\n", windows - window);
                }
            }
            told
        }
        other => return Err(format!("{other} is no command").into()),
    };
    eprintln!("{}", began.elapsed().as_secs_f64());
    print!("{told}");
    Ok(())
}

fn whole(series: &[Series], settings: &Settings) -> Result<Table, Box<dyn Error>> {
    let found = forecast(series, settings)?;
    for error in found.iter().filter_map(|one| one.as_ref().err()) {
        eprintln!("{error}");
    }
    Ok(forecast_table(found.iter().flatten()))
}
