//! What is wrong with one table or mart keeps nothing else from being done, and is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use smelt_domain::{
    Dataset, DefinitionFiles, PartitionRange, StageName, StepReport, TableId, parse_dataset,
};
use smelt_stages::{
    Observer, PartlyRefreshed, Platform, StageError, backfill_dataset, follow_bronze, ingest_files,
    refresh_dataset,
};

use super::{over, upkeep_of};
use crate::support::{Heard, rows_as_text, selected, uploads};

/// A negative amount stops `orders`, and `broken` divides by zero.
const YAML: &str = "\
dataset: shop
description: A shop
tables:
  orders:
    description: one row per order
    source_columns: [order_id, amount]
    key: [order_id]
    columns: {order_id: BIGINT, amount: BIGINT}
    expectations:
      - {rule: amount_is_positive, range: {column: amount, min: 0}, on_violation: fail, reason: negative}
  customers:
    description: one row per customer
    source_columns: [customer_id, region]
    key: [customer_id]
    columns: {customer_id: BIGINT, region: TEXT}
marts:
  broken:
    description: no number
    from: customers
    reads: everything
    key: [customers]
    columns: {customers: BIGINT, share: BIGINT}
  regions:
    description: customers by region
    from: customers
    reads: everything
    key: [region]
    columns: {region: TEXT, customers: BIGINT}
  total:
    description: all orders in one row
    from: orders
    reads: everything
    key: [orders]
    columns: {orders: BIGINT, amount: BIGINT}
";

const SQL: [(&str, &str); 5] = [
    (
        "silver/orders.sql",
        "SELECT TRY_CAST(order_id AS BIGINT) AS order_id, TRY_CAST(amount AS BIGINT) AS amount
         FROM bronze.shop_orders",
    ),
    (
        "silver/customers.sql",
        "SELECT TRY_CAST(customer_id AS BIGINT) AS customer_id, region FROM bronze.shop_customers",
    ),
    (
        "gold/broken.sql",
        "SELECT COUNT(*) AS customers, COUNT(*) / 0 AS share FROM silver.shop_customers",
    ),
    (
        "gold/regions.sql",
        "SELECT region, COUNT(*) AS customers FROM silver.shop_customers GROUP BY region",
    ),
    ("gold/total.sql", "SELECT COUNT(*) AS orders, SUM(amount) AS amount FROM silver.shop_orders"),
];

/// A shop in which a table and a mart are broken: of each table two files have come, the second of `orders`
/// breaks its rule, and no mart has been computed yet.
struct Shop {
    store: Arc<InMemory>,
    platform: Platform,
    heard: Arc<Heard>,
}

impl Shop {
    async fn new() -> Self {
        let mut files: BTreeMap<String, String> =
            SQL.iter().map(|(path, sql)| ((*path).to_owned(), (*sql).to_owned())).collect();
        files.insert("dataset.yaml".to_owned(), YAML.to_owned());
        let shop = parse_dataset(&DefinitionFiles { folder: "shop".to_owned(), files }).unwrap();
        let (store, heard) = (Arc::new(InMemory::new()), Arc::new(Heard::default()));
        let mut platform = over(&store);
        platform.datasets = vec![shop].into();
        platform.observer = Arc::clone(&heard) as Arc<dyn Observer>;
        let shop = Self { store, platform, heard };
        shop.ingest("orders", "order_id,amount\n1,5\n").await;
        let orders = shop.dataset().table(&"orders".parse().unwrap()).unwrap();
        follow_bronze(&shop.platform, shop.dataset(), orders).await.unwrap();
        shop.ingest("orders", "order_id,amount\n2,-1\n").await;
        shop.ingest("customers", "customer_id,region\n1,north\n").await;
        shop.ingest("customers", "customer_id,region\n2,south\n").await;
        shop
    }

    fn dataset(&self) -> &Dataset {
        &self.platform.datasets[0]
    }

    async fn ingest(&self, table: &str, csv: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, csv).unwrap();
        let table = self.dataset().table(&table.parse().unwrap()).unwrap();
        ingest_files(&self.platform, self.dataset(), table, uploads(&[path])).await.unwrap();
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        rows_as_text(&selected(&self.platform, sql).await.unwrap())
    }

    fn heard(&self) -> Vec<String> {
        self.heard.all()
    }

    /// Whatever is healthy is up to date, and so is what only reads what is broken.
    async fn assert_others_are_done(&self) {
        assert_eq!(
            self.rows("SELECT * FROM silver.shop_customers").await,
            ["1 | north", "2 | south"]
        );
        assert_eq!(self.rows("SELECT * FROM gold.shop_regions").await, ["north | 1", "south | 1"]);
        assert_eq!(self.rows("SELECT * FROM gold.shop_total").await, ["1 | 5"], "what silver has");
        for mart in ["regions", "total"] {
            let latest = format!("published/shop/{mart}/latest.json");
            assert!(self.platform.lake.get_object(&latest).await.unwrap().is_some(), "{mart}");
        }
    }
}

fn of(stage: StageName, steps: &[StepReport]) -> Vec<&TableId> {
    steps.iter().filter(|step| step.stage == stage).map(|step| &step.table).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_table_and_a_broken_mart_keep_no_other_from_following() {
    let shop = Shop::new().await;
    let PartlyRefreshed { done, failed } =
        refresh_dataset(&shop.platform, shop.dataset()).await.unwrap_err();
    assert!(matches!(failed, StageError::Expectation { .. }), "{failed}");
    let heard = shop.heard();
    assert_eq!(heard.len(), 1, "the first is the caller's to tell: {heard:?}");
    assert!(heard[0].contains("gold.shop_broken"), "{heard:?}");
    let customers: TableId = "silver/shop/customers".parse().unwrap();
    assert_eq!(of(StageName::Silver, &done.steps), [&customers]);
    assert_eq!(of(StageName::Gold, &done.steps).len(), 2, "{:?}", done.steps);
    assert_eq!(of(StageName::Publish, &done.steps).len(), 2, "{:?}", done.steps);
    shop.assert_others_are_done().await;

    let again = refresh_dataset(&shop.platform, shop.dataset()).await.unwrap_err();
    assert!(again.done.steps.is_empty(), "{:?}", again.done.steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_computes_what_is_beside_what_is_broken() {
    let shop = Shop::new().await;
    let backfill =
        async || backfill_dataset(&shop.platform, shop.dataset(), PartitionRange::ALL).await;
    let partly = backfill().await.unwrap_err();
    assert!(matches!(partly.failed, StageError::Expectation { .. }), "{}", partly.failed);
    let heard = shop.heard();
    assert_eq!(heard.len(), 1, "each is told once: {heard:?}");
    assert!(heard[0].contains("gold.shop_broken"), "{heard:?}");
    shop.assert_others_are_done().await;

    // All of the table was new; by now it is computed anew.
    let again = backfill().await.unwrap_err();
    let customers: TableId = "silver/shop/customers".parse().unwrap();
    assert_eq!(of(StageName::Silver, &again.done.steps), [&customers]);
    shop.assert_others_are_done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_goes_on_beside_what_is_broken_and_tells_all_of_it() {
    let shop = Shop::new().await;
    // A mart's log that nobody can read, as well.
    let log = "gold/shop/broken/_delta_log/00000000000000000000.json";
    shop.store.put(&log.into(), "no log".into()).await.unwrap();
    let orphan = "silver/shop/orders/orphan.parquet";
    shop.store.put(&orphan.into(), "PAR1".into()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let maintained = upkeep_of(&shop.platform, shop.dataset(), Duration::ZERO).await;
    let failed = maintained.failed.unwrap();
    assert!(matches!(failed, StageError::Expectation { .. }), "{failed}");
    let heard = shop.heard();
    assert!(!heard.contains(&failed.to_string()), "whoever asked is told: {heard:?}");
    assert!(heard.iter().any(|problem| problem.contains("gold.shop_broken")), "{heard:?}");
    shop.assert_others_are_done().await;

    let customers: TableId = "bronze/shop/customers".parse().unwrap();
    assert!(of(StageName::Compact, &maintained.steps).contains(&&customers));
    let vacuumed = of(StageName::Vacuum, &maintained.steps);
    assert!(vacuumed.contains(&&customers), "{vacuumed:?}");
    assert!(vacuumed.contains(&&"silver/shop/orders".parse().unwrap()), "{vacuumed:?}");
    assert!(shop.platform.lake.get_object(orphan).await.unwrap().is_none());
}
