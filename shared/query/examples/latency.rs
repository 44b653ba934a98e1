//! How long questions to a published mart take on one core: microseconds per question, without HTTP.
//!
//! `cargo run --release -p smelt-query --example latency -- LAKE` (a folder that `smelt demo` made).
#![allow(missing_docs)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use serde_json::{Map, Value};
use smelt_domain::ColumnType;
use smelt_query::{Columns, Format, Query, Snapshot, Snapshots};

const TURNS: usize = 100;

const COLUMNS: [(&str, ColumnType); 6] = [
    ("date", ColumnType::Date),
    ("borough", ColumnType::Text),
    ("complaint_type", ColumnType::Text),
    ("requests", ColumnType::BigInt),
    ("closed", ColumnType::BigInt),
    ("median_resolution_hours", ColumnType::Double),
];

const QUESTIONS: [(&str, &[(&str, &str)]); 10] = [
    ("first page", &[]),
    ("one borough", &[("borough", "BROOKLYN")]),
    (
        "a month of one borough",
        &[("borough", "BROOKLYN"), ("date.gte", "{from}"), ("date.lt", "{to}")],
    ),
    ("newest first", &[("order", "date.desc")]),
    ("top 10 of all", &[("order", "requests.desc"), ("limit", "10")]),
    ("type contains Noise", &[("complaint_type.contains", "Noise")]),
    ("sum by borough", &[("group", "borough"), ("aggregate", "sum(requests)")]),
    (
        "sum by month and borough",
        &[
            ("group", "date.month,borough"),
            ("aggregate", "sum(requests),avg(median_resolution_hours)"),
        ],
    ),
    (
        "top types of a month",
        &[
            ("group", "complaint_type"),
            ("aggregate", "sum(requests)"),
            ("order", "sum_requests.desc"),
            ("limit", "10"),
            ("date.gte", "{from}"),
            ("date.lt", "{to}"),
        ],
    ),
    ("10,000 rows", &[("limit", "10000")]),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let lake = std::env::args().nth(1).ok_or("which lake? name a folder that `smelt demo` made")?;
    let mart = "published/nyc311/daily_requests/latest.json";
    let latest: Value = serde_json::from_slice(&std::fs::read(format!("{lake}/{mart}"))?)?;
    let snapshot = Snapshot {
        path: latest["path"].as_str().ok_or("no path")?.to_owned(),
        identity: latest["identity"].as_u64().unwrap_or(0),
        bytes: latest["bytes"].as_u64().ok_or("no size")?,
    };
    println!("{}: {} rows, {} bytes", snapshot.path, latest["rows"], snapshot.bytes);
    let columns = Columns::new("daily_requests", COLUMNS, ["date", "borough", "complaint_type"])?;
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(&lake)?);
    let memory = 256 * 1024 * 1024;
    let in_memory = Snapshots::new(Arc::clone(&store), memory);
    let from_file = Snapshots::new(store, memory).with_whole_files_up_to(0);

    let started = Instant::now();
    let newest = Query::parse([("aggregate", "max(date)")], &columns)?;
    let newest = in_memory.answer(&newest, &snapshot).await?;
    println!("decoded in {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let newest = String::from_utf8(newest.encode(Format::Csv, &Map::new())?)?;
    let month = newest.lines().nth(1).and_then(|day| day.get(..7)).ok_or("no rows")?;
    println!(
        "{:26} {:>8} {:>10} {:>10} {:>10} {:>10}",
        "", "rows", "parse", "in memory", "as JSON", "from file"
    );
    for (name, parameters) in QUESTIONS {
        let parameters: Vec<(&str, String)> = parameters
            .iter()
            .map(|(name, value)| {
                let (from, to) = (format!("{month}-01"), format!("{month}-31"));
                (*name, value.replace("{from}", &from).replace("{to}", &to))
            })
            .collect();
        let parse = fastest(|| {
            let pairs = parameters.iter().map(|(name, value)| (*name, value.as_str()));
            std::hint::black_box(Query::parse(pairs, &columns)).is_ok()
        });
        let query = Query::parse(parameters, &columns)?;
        let answer = in_memory.answer(&query, &snapshot).await?;
        let in_memory_time = fastest_answer(&in_memory, &query, &snapshot).await?;
        let from_file_time = fastest_answer(&from_file, &query, &snapshot).await?;
        let about = Map::new();
        let encode = fastest(|| std::hint::black_box(answer.encode(Format::Json, &about)).is_ok());
        let micros = |time: Duration| format!("{:.0} µs", time.as_secs_f64() * 1e6);
        println!(
            "{name:26} {:>8} {:>10} {:>10} {:>10} {:>10}",
            answer.rows().num_rows(),
            micros(parse),
            micros(in_memory_time),
            micros(encode),
            micros(from_file_time)
        );
    }
    Ok(())
}

/// The fastest of many turns: what else the machine does is left out.
fn fastest(turn: impl Fn() -> bool) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..TURNS {
        let started = Instant::now();
        std::hint::black_box(turn());
        best = best.min(started.elapsed());
    }
    best
}

async fn fastest_answer(
    snapshots: &Snapshots,
    query: &Query,
    snapshot: &Snapshot,
) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    for _ in 0..TURNS {
        let started = Instant::now();
        std::hint::black_box(snapshots.answer(query, snapshot).await?);
        best = best.min(started.elapsed());
    }
    Ok(best)
}
