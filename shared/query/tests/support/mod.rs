//! A table with everything that can be in one, as a file and as plain rows, and the plainest way to answer questions.

// Each suite uses its part.
#![allow(dead_code, unreachable_pub)]

mod counting_store;
pub mod naive;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::Map;
use serde_json::value::RawValue;
use smelt_query::{Answer, AnswerError, Columns, Format, Query, Snapshot, Snapshots};

use counting_store::CountingStore;

/// A value, as the columns hold it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Exact(i128),
    Double(f64),
    Text(String),
}

/// Name and type of each column of the table.
pub const COLUMNS: [(&str, &str); 8] = [
    ("day", "DATE"),
    ("id", "BIGINT"),
    ("place", "TEXT"),
    ("n", "INT"),
    ("amount", "DECIMAL(12,2)"),
    ("share", "DOUBLE"),
    ("at", "TIMESTAMP"),
    ("flag", "BOOLEAN"),
];
pub const KEY: [usize; 2] = [0, 1];

/// Texts that mean something elsewhere.
pub const PLACES: [&str; 10] = [
    "BRONX",
    "BROOKLYN",
    "BRO",
    "QUEENS",
    "",
    "' OR 1=1; DROP TABLE t; --",
    "a,b\"c\r\n",
    "%",
    "=1+1",
    "Ünï",
];
pub const SHARES: [f64; 7] = [-0.0, 0.0, 0.5, -1.25, 1e300, f64::NAN, f64::INFINITY];

pub fn columns() -> Columns {
    let columns = COLUMNS.map(|(name, column_type)| (name, column_type.parse().unwrap()));
    Columns::new("things", columns, KEY.map(|place| COLUMNS[place].0)).unwrap()
}

/// Rows sorted by the key, unknown first: as files are published.
pub fn rows(seed: u64, count: usize) -> Vec<Vec<Cell>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut rows: Vec<Vec<Cell>> = (0..count)
        .map(|id| {
            let random = &mut random;
            let day = random.random_range(20_440..20_520);
            let n = match random.random_range(0..20) {
                0 => i32::MAX.into(),
                1 => i32::MIN.into(),
                _ => random.random_range(-3..4),
            };
            let amount = match random.random_range(0..20) {
                0 => 999_999_999_999,
                _ => random.random_range(-500..500),
            };
            let at = random.random_range(-3_i128..100) * 7_199_999_999;
            vec![
                maybe(random, Cell::Exact(day)),
                Cell::Exact(id as i128),
                Cell::Text((*PLACES.choose(random).unwrap()).to_owned()),
                maybe(random, Cell::Exact(n)),
                maybe(random, Cell::Exact(amount)),
                Cell::Double(*SHARES.choose(random).unwrap()),
                maybe(random, Cell::Exact(at)),
                Cell::Exact(random.random_range(0..2)),
            ]
        })
        .map(|mut row| {
            for place in [2, 5, 7] {
                let cell = row[place].clone();
                row[place] = maybe(&mut random_of(&row), cell);
            }
            row
        })
        .collect();
    rows.sort_by_key(|row| KEY.map(|place| exact(&row[place])));
    rows
}

fn random_of(row: &[Cell]) -> StdRng {
    StdRng::seed_from_u64(exact(&row[1]).unwrap_or(0) as u64)
}

fn maybe(random: &mut StdRng, cell: Cell) -> Cell {
    if random.random_bool(0.1) { Cell::Null } else { cell }
}

fn exact(cell: &Cell) -> Option<i128> {
    match cell {
        Cell::Exact(exact) => Some(*exact),
        _ => None,
    }
}

fn batch(rows: &[Vec<Cell>]) -> RecordBatch {
    let exacts = |place: usize| rows.iter().map(move |row| exact(&row[place]));
    let texts = rows.iter().map(|row| match &row[2] {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    });
    let doubles = rows.iter().map(|row| match &row[5] {
        Cell::Double(double) => Some(*double),
        _ => None,
    });
    let narrow = |place: usize| exacts(place).map(|it| it.map(|it| it as i32));
    let wide = |place: usize| exacts(place).map(|it| it.map(|it| it as i64));
    let amounts: Decimal128Array = exacts(4).collect();
    let arrays: [ArrayRef; 8] = [
        Arc::new(narrow(0).collect::<Date32Array>()),
        Arc::new(wide(1).collect::<Int64Array>()),
        Arc::new(texts.collect::<StringArray>()),
        Arc::new(narrow(3).collect::<Int32Array>()),
        Arc::new(amounts.with_precision_and_scale(12, 2).unwrap()),
        Arc::new(doubles.collect::<Float64Array>()),
        Arc::new(wide(6).collect::<TimestampMicrosecondArray>()),
        Arc::new(exacts(7).map(|it| it.map(|it| it != 0)).collect::<BooleanArray>()),
    ];
    let columns = COLUMNS.iter().zip(arrays).map(|((name, _), array)| (*name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// The table, once read whole and once in parts.
pub struct Published {
    pub store: Arc<CountingStore>,
    pub snapshot: Snapshot,
    pub whole: Snapshots,
    pub in_parts: Snapshots,
}

/// Publishes rows, in many row groups and pages.
pub async fn publish(rows: &[Vec<Cell>]) -> Published {
    publish_batch(&batch(rows)).await
}

/// Publishes any rows.
pub async fn publish_batch(batch: &RecordBatch) -> Published {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(900))
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(100)
        .set_statistics_enabled(EnabledStatistics::Page)
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    let snapshot = Snapshot {
        path: "published/x/things/0.parquet".to_owned(),
        identity: 0,
        bytes: file.len() as u64,
    };
    let counting = Arc::new(CountingStore::default());
    let store: Arc<dyn ObjectStore> = Arc::clone(&counting) as _;
    store.put(&Path::from(snapshot.path.as_str()), file.into()).await.unwrap();
    let memory = 64 * 1024 * 1024;
    let whole = Snapshots::new(Arc::clone(&store), memory).with_whole_files_up_to(u64::MAX);
    let in_parts = Snapshots::new(store, memory).with_whole_files_up_to(0);
    Published { store: counting, snapshot, whole, in_parts }
}

impl Published {
    /// The answer, which has to be the same whichever way the file is read.
    pub async fn answer(&self, parameters: &[(String, String)]) -> Result<Answer, AnswerError> {
        let query = Query::parse(parameters.to_vec(), &columns()).unwrap();
        let whole = self.whole.answer(&query, &self.snapshot).await?;
        let in_parts = self.in_parts.answer(&query, &self.snapshot).await?;
        assert_eq!(texts(&whole), texts(&in_parts), "whole and in parts: {parameters:?}");
        assert_eq!(whole.next(), in_parts.next(), "{parameters:?}");
        Ok(whole)
    }
}

/// The cells of an answer, as its JSON has them.
pub fn texts(answer: &Answer) -> Vec<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Rows {
        rows: Vec<Box<RawValue>>,
    }
    let json = answer.encode(Format::Json, &Map::new()).unwrap();
    let rows: Rows = serde_json::from_slice(&json).unwrap();
    rows.rows
        .iter()
        .map(|row| {
            let cells: Map<String, serde_json::Value> = serde_json::from_str(row.get()).unwrap();
            let named: std::collections::HashMap<String, Box<RawValue>> =
                serde_json::from_str(row.get()).unwrap();
            cells.keys().map(|name| named[name].get().to_owned()).collect()
        })
        .collect()
}
