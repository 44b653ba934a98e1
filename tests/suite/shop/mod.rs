//! Tables of every kind (without keys of their own, without partitions, append, full copies,
//! corrections and deletes) and marts of every reach: whatever happens in whatever order, they hold
//! what a naive computation says, and so they do when they are computed anew.

mod definition;
mod oracle;
mod pulls;
mod steps;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use object_store::ObjectStoreExt;
use proptest::test_runner::{Config, TestRunner};
use smelt_domain::{Dataset, PartitionRange};
use smelt_lake::Lake;
use smelt_sources::{
    CopyProgress, Cursor, Page, Pages, Probe, PullRequest, PullScope, SnapshotPart, Source,
    SourceBatch, SourceError,
};
use smelt_stages::{
    Correction, CorrectionError, Engine, EngineSettings, Platform, PullFrom, Silent, Upload,
    backfill_dataset, correct, ingest_files, pull_source, refresh_dataset, table_balance,
};

use self::definition::shop;
use self::oracle::{Oracle, Rows};
use self::steps::{Order, Step, day_of_click, steps};
use crate::support::{rows_as_text, selected};

/// What is asked of each table and mart; the same columns as the oracle's.
const QUESTIONS: [(&str, &str); 8] = [
    ("payments", "SELECT day, vendor, amount FROM silver.shop_payments"),
    ("clicks", "SELECT click_id, day, note FROM silver.shop_clicks"),
    ("orders", "SELECT order_id, month, customer_id, amount, changed_at FROM silver.shop_orders"),
    ("customers", "SELECT customer_id, region FROM silver.shop_customers"),
    ("stock", "SELECT item, pieces FROM silver.shop_stock"),
    ("regions", "SELECT month, region, amount FROM gold.shop_regions"),
    ("changes", "SELECT month, amount, amount_before FROM gold.shop_changes"),
    ("total", "SELECT orders, amount FROM gold.shop_total WHERE orders > 0"),
];

#[test]
fn every_kind_of_table_and_mart_is_what_a_naive_computation_says() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let config =
        Config { cases: cases.unwrap_or(32), failure_persistence: None, ..Config::default() };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(live(&steps));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

async fn live(steps: &[Step]) {
    let lake = Lake::in_memory();
    let folder = tempfile::tempdir().unwrap();
    let mut oracle = Oracle::default();
    for (number, step) in steps.iter().enumerate() {
        let platform = platform(&lake);
        let dataset = &platform.datasets[0];
        let possible = oracle.happen(step);
        match step {
            Step::CorrectPayment { nth, amount } => {
                correct_payment(&platform, dataset, &mut oracle, *nth, *amount).await;
            }
            _ => happen(&platform, dataset, folder.path(), number, step, possible).await,
        }
        if matches!(step, Step::Refresh | Step::Backfill { .. }) {
            assert_eq!(tables(&platform).await, oracle.tables(), "after step {number}");
            assert_balanced(&platform, dataset).await;
        }
    }
    let platform = platform(&lake);
    let dataset = &platform.datasets[0];
    refresh_dataset(&platform, dataset).await.unwrap();
    assert_eq!(tables(&platform).await, oracle.tables(), "at the end");

    forget_what_is_derived(&lake).await;
    refresh_dataset(&platform, dataset).await.unwrap();
    assert_eq!(tables(&platform).await, oracle.tables(), "computed anew");
    assert_balanced(&platform, dataset).await;
}

fn platform(lake: &Lake) -> Platform {
    let settings =
        EngineSettings { memory_bytes: 256 << 20, parallelism: 2, scratch: std::env::temp_dir() };
    let engine = Engine::new(lake, settings).unwrap();
    Platform::new(lake.clone(), engine, vec![shop()], Arc::new(Silent))
}

async fn happen(
    platform: &Platform,
    dataset: &Dataset,
    folder: &std::path::Path,
    number: usize,
    step: &Step,
    possible: bool,
) {
    let upload = async |table: &str, csv: String| {
        let path = folder.join(format!("{number}.csv"));
        std::fs::write(&path, csv).unwrap();
        let table = dataset.table(&table.parse().unwrap()).unwrap();
        ingest_files(platform, dataset, table, vec![Upload::local(path)]).await.unwrap();
    };
    match step {
        Step::Payments(rows) => {
            let lines =
                rows.iter().map(|(day, vendor, amount)| format!("{day},{vendor},{amount}\n"));
            upload("payments", format!("day,vendor,amount\n{}", lines.collect::<String>())).await;
        }
        Step::Clicks(rows) => {
            let lines = rows
                .iter()
                .map(|(click, note)| format!("{click},{},{note}\n", day_of_click(*click)));
            upload("clicks", format!("click_id,day,note\n{}", lines.collect::<String>())).await;
        }
        Step::Orders(rows) => {
            let lines = rows.iter().map(|order| {
                let Order { order_id, month, customer_id, amount, changed_at } = order;
                format!("{order_id},{month},{customer_id},{amount},{changed_at}\n")
            });
            let header = "order_id,month,customer_id,amount,changed_at\n";
            upload("orders", format!("{header}{}", lines.collect::<String>())).await;
        }
        Step::Customers(rows) => {
            let lines = rows.iter().map(|(id, region)| format!("{id},{region}\n"));
            upload("customers", format!("customer_id,region\n{}", lines.collect::<String>())).await;
        }
        Step::Stock { state, pages, complete } => {
            let warehouse =
                Warehouse { number, state: *state, pages: pages.clone(), complete: *complete };
            let source = &dataset.sources[0];
            let table = dataset.table(&source.table).unwrap();
            pull_source(platform, dataset, table, source, &warehouse, &PullFrom::default())
                .await
                .unwrap();
        }
        Step::Put { order_id, amount } => {
            let (order, amount) = (order_id.to_string(), correction("amount", Some(*amount)));
            correct_row(platform, dataset, "orders", order, &amount, possible).await;
        }
        Step::Delete { order_id } => {
            let (order, delete) = (order_id.to_string(), Correction::Delete);
            correct_row(platform, dataset, "orders", order, &delete, possible).await;
        }
        Step::CorrectStock { item, pieces } => {
            let (item, pieces) = ((*item).to_owned(), correction("pieces", *pieces));
            correct_row(platform, dataset, "stock", item, &pieces, possible).await;
        }
        Step::CorrectPayment { .. } => {}
        Step::Refresh => drop(refresh_dataset(platform, dataset).await.unwrap()),
        Step::Backfill { from, to } => {
            let bound = |text: &&str| text.parse().unwrap();
            let range =
                PartitionRange { from: from.as_ref().map(bound), to: to.as_ref().map(bound) };
            backfill_dataset(platform, dataset, range).await.unwrap();
        }
    }
}

/// A column gets this value; without one the row is deleted.
fn correction(column: &str, value: Option<i64>) -> Correction {
    match value {
        Some(value) => {
            let value = (column.parse().unwrap(), Some(value.to_string()));
            Correction::Put(BTreeMap::from([value]))
        }
        None => Correction::Delete,
    }
}

async fn correct_row(
    platform: &Platform,
    dataset: &Dataset,
    table: &str,
    key: String,
    correction: &Correction,
    possible: bool,
) {
    let definition = dataset.table(&table.parse().unwrap()).unwrap();
    match correct(platform, dataset, definition, std::slice::from_ref(&key), correction).await {
        Ok(_) => assert!(possible, "there is no row {key} of {table} to correct"),
        Err(CorrectionError::NoSuchRow { .. }) => assert!(!possible, "{key} of {table} is there"),
        Err(error) => panic!("{error}"),
    }
}

/// Corrects one of the payments that arrived, by the key that bronze gave it.
async fn correct_payment(
    platform: &Platform,
    dataset: &Dataset,
    oracle: &mut Oracle,
    nth: usize,
    amount: Option<i64>,
) {
    let arrived = "SELECT DISTINCT _content_key, day, COALESCE(TRIM(vendor), ''), amount \
                   FROM bronze.shop_payments WHERE day <> 'someday'";
    let arrived = match selected(platform, arrived).await {
        Ok(batches) => rows_of(&batches),
        Err(error) if error.to_string().contains("there is no table") => Vec::new(),
        Err(error) => panic!("{error}"),
    };
    let Some([key, day, vendor, arrived]) = arrived.get(nth).map(Vec::as_slice) else { return };
    let payment = (day.clone(), vendor.clone(), arrived.parse().unwrap());
    let possible = oracle.correct_payment(key, payment, amount);
    let amount = correction("amount", amount);
    correct_row(platform, dataset, "payments", key.clone(), &amount, possible).await;
}

async fn assert_balanced(platform: &Platform, dataset: &Dataset) {
    for table in &dataset.tables {
        if let Some(balance) = table_balance(platform, dataset, table).await.unwrap() {
            assert!(balance.is_exact, "{balance:?}");
        }
    }
}

/// Every table and mart as it is; one that does not exist yet has no rows.
async fn tables(platform: &Platform) -> BTreeMap<&'static str, Rows> {
    let mut tables = BTreeMap::new();
    for (name, sql) in QUESTIONS {
        let rows = match selected(platform, sql).await {
            Ok(batches) => rows_of(&batches),
            Err(error) if error.to_string().contains("there is no table") => Vec::new(),
            Err(error) => panic!("{error}"),
        };
        tables.insert(name, rows);
    }
    tables
}

fn rows_of(batches: &[RecordBatch]) -> Rows {
    let mut rows: Rows = rows_as_text(batches)
        .into_iter()
        .map(|row| row.split('|').map(|field| field.trim().to_owned()).collect())
        .collect();
    rows.sort();
    rows
}

async fn forget_what_is_derived(lake: &Lake) {
    for layer in ["silver", "quarantine", "gold", "published"] {
        for object in lake.list_objects(layer).await.unwrap() {
            lake.store().delete(&object.location).await.unwrap();
        }
    }
}

/// A source that gives one copy, page by page.
#[derive(Debug)]
struct Warehouse {
    number: usize,
    state: u8,
    pages: Vec<Vec<(&'static str, i64)>>,
    complete: bool,
}

#[async_trait]
impl Source for Warehouse {
    fn label(&self) -> &str {
        "shop.warehouse"
    }

    async fn probe(&self) -> Result<Probe, SourceError> {
        let (cursor, notes) = (String::new(), Vec::new());
        Ok(Probe { columns: Vec::new(), rows: None, cursor, newest: None, notes })
    }

    fn place(&self, cursor: &Cursor) -> Option<String> {
        Some(cursor.0.to_string())
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pages>, SourceError> {
        assert!(matches!(request.scope, PullScope::New(_)));
        let last = self.pages.len().saturating_sub(1);
        let mut first_line = 1;
        let pages = self.pages.iter().enumerate().map(|(page, rows)| Page {
            rows: batch(rows, &mut first_line),
            cursor: Some(Cursor(serde_json::json!([self.number, page]))),
            snapshot: Some(SnapshotPart {
                of: "stock".to_owned(),
                state: self.state.to_string(),
                progress: match self.complete && page == last {
                    true => CopyProgress::Complete,
                    false => CopyProgress::Underway,
                },
            }),
        });
        Ok(Box::new(Copy(pages.collect())))
    }
}

struct Copy(VecDeque<Page>);

#[async_trait]
impl Pages for Copy {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        Ok(self.0.pop_front())
    }
}

fn batch(rows: &[(&'static str, i64)], next_line: &mut i64) -> SourceBatch {
    let first_line = *next_line;
    *next_line += rows.len() as i64;
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let items: StringArray = rows.iter().map(|(item, _)| Some(*item)).collect();
    let pieces: StringArray = rows.iter().map(|(_, pieces)| Some(pieces.to_string())).collect();
    let schema = Arc::new(Schema::new(vec![text("item"), text("pieces")]));
    SourceBatch {
        line: Int64Array::from_iter_values(first_line..*next_line),
        malformed: StringArray::new_null(items.len()),
        raw: StringArray::new_null(items.len()),
        fields: RecordBatch::try_new(schema, vec![Arc::new(items), Arc::new(pieces)]).unwrap(),
    }
}
