//! Series of a file: forecasts, their accuracy, anomalies. No lake is needed.

use serde_json::Value;

use super::daily_work::gzip;
use super::{Home, assert_holds};

/// Two series of so many days with a week's shape and a little noise, the second with a gap.
fn sales(days: i64) -> String {
    let mut text = "unique_id,ds,y\n".to_owned();
    for day in 0..days {
        let date = chrono::DateTime::from_timestamp(1_767_225_600 + day * 86_400, 0).unwrap();
        let part = |of: i64| f64::from(i32::try_from(of).unwrap());
        let weekly = 100.0 + part(day % 7) * 10.0 + part(day * 5 % 11) / 10.0;
        text += &format!("north,{},{weekly}\n", date.format("%Y-%m-%d"));
        if day != 20 {
            text += &format!("south,{},{}\n", date.format("%Y-%m-%d"), weekly * 2.0);
        }
    }
    text
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    csv.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn a_week_is_forecast_and_written_as_csv_and_as_parquet() {
    let home = Home::new();
    home.write("sales.csv", sales(84));
    let told = home.fine(&["forecast", "--input", "sales.csv", "--horizon", "7"]);
    let told = rows(&told);
    let names = ["unique_id", "ds", "y_hat", "lo_80", "hi_80", "lo_95", "hi_95", "model"];
    assert_eq!(told[0], names);
    assert_eq!(told.len(), 1 + 2 * 7);
    assert_eq!(told[1][..2], ["north", "2026-03-26"].map(str::to_owned));
    for (step, row) in told[1..8].iter().enumerate() {
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        let expected = 100.0 + 10.0 * ((84 + step) % 7) as f64;
        assert!((number(2) - expected).abs() < 2.0, "{row:?}");
        assert!(number(5) <= number(3) && number(3) <= number(2), "{row:?}");
        assert!(number(2) <= number(4) && number(4) <= number(6), "{row:?}");
    }
    let file = ["forecast", "--input", "sales.csv", "--horizon", "7", "--output", "next.parquet"];
    home.fine(&file);
    let again = ["forecast", "--input", "sales.csv", "--horizon", "7", "--output", "next.csv"];
    home.fine(&again);
    // What was written is a Parquet file that can be read again.
    let read = home.refused(1, &["forecast", "--input", "next.parquet", "--horizon", "1"]);
    assert_holds(&read, &["has no column y", "unique_id, ds, y_hat"]);
    assert_eq!(rows(&std::fs::read_to_string(home.path("next.csv")).unwrap()), told);
}

#[test]
fn a_backtest_compares_smelt_with_the_models_that_it_chooses_from() {
    let home = Home::new();
    home.write("sales.csv", sales(84));
    let windows = ["--horizon", "7", "--windows", "3"];
    let csv = [&["backtest", "--input", "sales.csv", "--format", "csv"], &windows[..]].concat();
    let told = rows(&home.fine(&csv));
    assert_eq!(told[0][..4], ["model", "smape", "mase", "owa"].map(str::to_owned));
    assert_eq!(told[1][0], "smelt");
    assert!(told[1][1].parse::<f64>().unwrap() < 2.0, "{:?}", told[1]);
    assert!(told.iter().any(|row| row[0] == "naive2"), "{told:?}");
    let table = [&["backtest", "--input", "sales.csv"], &windows[..]].concat();
    let told = home.fine(&table);
    assert!(
        told.starts_with("MODEL") && told.lines().nth(1).unwrap().starts_with("smelt"),
        "{told}"
    );
}

#[test]
fn an_outage_is_found_and_said() {
    let home = Home::new();
    let mut text = "timestamp,value\n".to_owned();
    for hour in 0..24 * 30 {
        let time = chrono::DateTime::from_timestamp(1_767_225_600 + hour * 3600, 0).unwrap();
        let daily = 50 + (hour % 24) * 3 + hour % 5;
        let value = if (600..606).contains(&hour) { 0 } else { daily };
        text += &format!("{},{value}\n", time.format("%Y-%m-%d %H:%M:%S"));
    }
    home.write("load.csv", text);
    let told = rows(&home.fine(&["detect", "--input", "load.csv"]));
    assert_eq!(told[0], ["timestamp", "value", "score", "lo", "hi", "is_anomaly"]);
    assert_eq!(told.len(), 1 + 24 * 30);
    let flagged: Vec<usize> =
        (0..24 * 30).filter(|hour| told[hour + 1][5].eq_ignore_ascii_case("true")).collect();
    assert!(flagged.iter().any(|hour| (600..606).contains(hour)), "{flagged:?}");
    assert!(flagged.len() < 20, "{flagged:?}");
    let told = home.fine(&["detect", "--input", "load.csv", "--format", "json"]);
    let told: Vec<Value> = serde_json::from_str(&told).unwrap();
    let reason = told[flagged[0]]["reason"].as_str().unwrap();
    assert!(!reason.is_empty());
}

#[test]
fn holidays_are_expected_and_two_of_three_are_waited_for() {
    const SPIKE: &str = "2026-03-12";
    let home = Home::new();
    let feasts = ["2026-01-20", "2026-02-17", "2026-03-26"];
    let (mut sales_, mut orders) = (String::new(), "timestamp,value\n".to_owned());
    for line in sales(84).lines() {
        let parts: Vec<&str> = line.split(',').collect();
        let is_feast = feasts.contains(&parts[1]);
        let value = match parts[2].parse::<f64>() {
            Ok(value) if is_feast => (3.0 * value).to_string(),
            _ => parts[2].to_owned(),
        };
        sales_ += &format!("{},{},{value}\n", parts[0], parts[1]);
        if parts[0] == "north" {
            let value = if parts[1] == SPIKE { "800" } else { &value };
            orders += &format!("{},{value}\n", parts[1]);
        }
    }
    home.write("sales.csv", sales_);
    home.write("orders.csv", orders);
    let first = |arguments: &[&str]| {
        let forecast = ["forecast", "--input", "sales.csv", "--horizon", "1"];
        let told = rows(&home.fine(&[&forecast, arguments].concat()));
        told[1][2].parse::<f64>().unwrap()
    };
    let days = format!("feast={}", feasts.join(","));
    let (with, without) = (first(&["--holidays", &days]), first(&[]));
    assert!(with > 2.0 * without, "{with} {without}");

    let judged = |arguments: &[&str], day: &str| -> (f64, bool) {
        let told = rows(&home.fine(&[&["detect", "--input", "orders.csv"], arguments].concat()));
        let row = told.into_iter().find(|row| row[0].starts_with(day)).unwrap();
        (row[2].parse().unwrap(), row[5] == "true")
    };
    let score = |arguments: &[&str]| judged(arguments, feasts[1]).0;
    let (unsaid, said) = (score(&[]), score(&["--holidays", &days]));
    assert!(said < unsaid / 10.0, "{said} {unsaid}");
    assert!(judged(&[], SPIKE).1);
    assert!(!judged(&["--k-of-n", "2 of 3"], SPIKE).1, "one day alone");

    let error = home.refused(2, &["detect", "--input", "orders.csv", "--k-of-n", "3 of 2"]);
    assert_holds(&error, &["`3 of 2` is not a rule such as 2 of 3"]);
    let error = home.refused(2, &["detect", "--input", "orders.csv", "--holidays", "Christmas"]);
    assert_holds(&error, &["`Christmas` is not a day"]);
    home.write("steps.csv", "unique_id,ds,y\nW1,1,10\nW1,2,20\n");
    let counted = ["forecast", "--input", "steps.csv", "--horizon", "1", "--holidays", "12-25"];
    assert_holds(&home.refused(1, &counted), &["--holidays needs days, but ds counts steps"]);
}

/// A series of so many rows, so many seconds apart from the beginning of 2026 on.
fn every(seconds: i64, rows: i64, time: impl Fn(i64) -> String) -> String {
    let lines = (0..rows)
        .map(|row| format!("a,{},{}\n", time(1_767_225_600 + row * seconds), 50 + row % 7 * 10));
    format!("unique_id,ds,y\n{}", lines.collect::<String>())
}

fn clock(format: &str) -> impl Fn(i64) -> String {
    move |time| chrono::DateTime::from_timestamp(time, 0).unwrap().format(format).to_string()
}

#[test]
fn a_frequency_is_asked_for_where_rows_do_not_say_it_and_refused_where_they_say_another() {
    let home = Home::new();
    let forecast = |file: &str, more: &[&str]| {
        let arguments = ["forecast", "--input", file, "--horizon", "2"];
        [
            &arguments.map(str::to_owned)[..],
            &more.iter().map(|&one| one.to_owned()).collect::<Vec<_>>(),
        ]
        .concat()
    };
    let fine = |file: &str, more: &[&str]| {
        let arguments = forecast(file, more);
        rows(&home.fine(&arguments.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let refused = |file: &str, more: &[&str]| {
        let arguments = forecast(file, more);
        home.refused(1, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    home.write("one.csv", every(86_400, 1, clock("%Y-%m-%d")));
    assert_holds(&refused("one.csv", &[]), &["series a", "two rows"]);
    assert_holds(&refused("one.csv", &["--freq", "W"]), &["left out: series a: one value"]);
    home.write("two.csv", every(7 * 86_400, 2, clock("%Y-%m-%d")));
    assert_eq!(fine("two.csv", &["--freq", "W"])[1][1], "2026-01-15");

    home.write("seconds.csv", every(3_600, 60, |time| time.to_string()));
    assert_holds(&refused("seconds.csv", &[]), &["seconds since 1970", "--freq h"]);
    assert_eq!(fine("seconds.csv", &["--freq", "h"])[1][1], "2026-01-03 12:00:00");
    home.write("steps.csv", every(1, 60, |time| (time - 1_767_225_599).to_string()));
    assert_eq!(fine("steps.csv", &["--freq", "h"])[1][1], "61", "numbers of steps");

    home.write("days.csv", every(86_400, 60, clock("%Y-%m-%d")));
    let error = refused("days.csv", &["--freq", "h"]);
    assert_holds(&error, &["nearly all of which are missing", "the rows are daily", "--freq"]);
    assert_eq!(fine("days.csv", &["--freq", "D"])[1][1], "2026-03-02");
}

#[test]
fn a_packed_file_is_read_as_what_is_in_it() {
    let home = Home::new();
    let load = every(3_600, 60, clock("%Y-%m-%d %H:%M:%S"));
    let packed = gzip(load.as_bytes());
    home.write("load.csv", &load);
    home.write("load.csv.gz", &packed);
    home.write("cut.csv.gz", &packed[..packed.len() / 2]);
    home.write("plain.csv.gz", &load);
    for command in
        [&["forecast", "--horizon", "2"][..], &["backtest", "--horizon", "2", "--windows", "2"]]
    {
        let of = |file: &'static str| [command, &["--input", file]].concat();
        assert_eq!(home.fine(&of("load.csv.gz")), home.fine(&of("load.csv")));
        let error = home.refused(1, &of("cut.csv.gz"));
        assert_holds(&error, &["`cut.csv.gz` is damaged: the compressed content ends too early"]);
        let error = home.refused(1, &of("plain.csv.gz"));
        assert_holds(&error, &["`plain.csv.gz`", "neither gzip nor zstd", "take the ending off"]);
    }
    home.write("one.csv.gz", gzip(b"timestamp,value\n2026-01-01,5\n"));
    let told = rows(&home.fine(&["detect", "--input", "one.csv.gz"]));
    assert_eq!(told[1][..2], ["2026-01-01", "5"].map(str::to_owned));
}

#[test]
fn times_with_an_offset_are_those_of_utc() {
    let home = Home::new();
    let offsets = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S+00:00"];
    let told = offsets.map(|format| {
        home.write("load.csv", every(3_600, 60, clock(format)));
        home.fine(&["forecast", "--input", "load.csv", "--horizon", "2"])
    });
    assert_eq!(rows(&told[0])[1][1], "2026-01-03 12:00:00");
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    home.write("load.csv", every(3_600, 60, clock("%Y-%m-%d %H:%M:%S+02:00")));
    let told = home.fine(&["forecast", "--input", "load.csv", "--horizon", "2"]);
    assert_eq!(rows(&told)[1][1], "2026-01-03 10:00:00");
}

#[test]
fn timestamps_are_written_as_they_were_read() {
    let home = Home::new();
    for time in
        ["2026-01-01T00:00:00Z", "2026-01-01 02:00:00+02:00", "1700000000", "1", "2026-01-01"]
    {
        home.write("one.csv", format!("timestamp,value\n{time},5\n"));
        let csv = rows(&home.fine(&["detect", "--input", "one.csv"]));
        assert_eq!(csv[1][0], time);
        let json = home.fine(&["detect", "--input", "one.csv", "--format", "json"]);
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()[0]["timestamp"], time);
    }
}

#[test]
fn wrong_series_are_told_with_their_place() {
    let home = Home::new();
    home.write("twice.csv", "unique_id,ds,y\na,2026-01-01,1\na,2026-01-01,2\n");
    let error = home.refused(1, &["forecast", "--input", "twice.csv", "--horizon", "2"]);
    assert_holds(&error, &["2026-01-01"]);
    home.write("words.csv", "unique_id,ds,y\na,2026-01-01,many\n");
    let error = home.refused(1, &["forecast", "--input", "words.csv", "--horizon", "2"]);
    assert_holds(&error, &["words.csv", "row 1: y is `many`"]);
    let error = home.refused(1, &["detect", "--input", "nowhere.csv"]);
    assert_holds(&error, &["nowhere.csv cannot be read"]);
    home.write("endless.csv", "timestamp,value\n2026-01-01,inf\n");
    let error = home.refused(1, &["detect", "--input", "endless.csv"]);
    assert_holds(&error, &["endless.csv", "row 1: value is `inf`"]);
    for (argument, value, said) in [
        ("--horizon", "0", "a whole number from 1"),
        ("--horizon", "10001", "a whole number from 1 to 10000"),
        ("--level", "0.9", "write 90 for 90 %"),
        ("--level", "80,100", "below 100"),
        ("--season", "1", "from 2 to"),
        ("--output", "next.xlsx", "name it .csv or .parquet"),
    ] {
        let mut arguments = vec!["forecast", "--input", "words.csv"];
        if argument != "--horizon" {
            arguments.extend(["--horizon", "2"]);
        }
        arguments.extend([argument, value]);
        assert_holds(&home.refused(2, &arguments), &[said]);
    }
}

#[test]
fn what_never_changed_is_forecast_as_it_was_and_a_lone_value_is_left_out() {
    let home = Home::new();
    let mut text = "unique_id,ds,y\n".to_owned();
    for day in 0..60 {
        text += &format!("flat,{},5\n", clock("%Y-%m-%d")(1_767_225_600 + day * 86_400));
    }
    home.write("flat.csv", format!("{text}new,2026-03-01,7\n"));
    let ran = home.run(&["forecast", "--input", "flat.csv", "--horizon", "2"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_holds(&ran.err, &["left out: series new: one value"]);
    let told = rows(&ran.out);
    assert_eq!(told.len(), 3);
    assert_eq!(told[1][2..7], ["5"; 5].map(str::to_owned));
}

#[test]
fn rows_out_of_order_are_told_and_several_series_are_refused() {
    let home = Home::new();
    // An hour that a clock was put back by.
    let hours = ["00:00", "01:00", "01:00", "00:30", "02:00"];
    let lines = hours.map(|hour| format!("2026-10-25 {hour}:00,1\n")).concat();
    home.write("hours.csv", format!("timestamp,value\n{lines}"));
    let ran = home.run(&["detect", "--input", "hours.csv"]);
    assert_eq!((ran.code, ran.out.lines().count()), (Some(0), 6), "{ran:?}");
    assert_holds(&ran.err, &["earlier row: 1, the first is row 3", "the first is row 4", "sort"]);
    home.write("two.csv", "unique_id,timestamp,value\na,2026-01-01,1\nb,2026-01-01,2\n");
    let error = home.refused(1, &["detect", "--input", "two.csv"]);
    assert_holds(&error, &["several series: row 2", "a file of its own"]);
}

#[test]
fn judgements_are_written_as_the_name_of_the_file_says() {
    let home = Home::new();
    home.write("load.csv", "timestamp,value\n2026-01-01,\n2026-01-02,5\n");
    let detect = |more: &[&str]| home.run(&[&["detect", "--input", "load.csv"], more].concat());
    let read = |name: &str| std::fs::read(home.path(name)).unwrap();
    for name in ["d.csv", "d.json", "d.parquet"] {
        assert_eq!(detect(&["-o", name]).code, Some(0), "{name}");
    }
    let csv = String::from_utf8(read("d.csv")).unwrap();
    assert_eq!(csv.lines().nth(1), Some("2026-01-01,,0,,,false"));
    let json: Value = serde_json::from_slice(&read("d.json")).unwrap();
    assert!(json[0]["lo"].is_null() && json[1]["lo"].is_number(), "{json}");
    assert!(read("d.parquet").starts_with(b"PAR1"));
    for more in [
        &["-o", "d.xlsx"][..],
        &["-o", "d.jsonl"],
        &["--format", "json", "-o", "e.parquet"],
        &["--format", "csv", "-o", "e.json"],
    ] {
        assert_eq!(detect(more).code, Some(2), "{more:?}");
    }
}
