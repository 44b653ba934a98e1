//! A mart has one row for each value of its key, or it is not committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::memory::InMemory;
use smelt_domain::{Dataset, DefinitionFiles, FailureKind, parse_dataset};
use smelt_lake::{Lake, published};
use smelt_stages::{Platform, StageError, ingest_files, refresh_dataset};

use crate::support::{platform, rows_as_text, selected, uploads};

const YAML: &str = "\
dataset: till
description: A till
tables:
  sales:
    description: one row per sale
    source_columns: [number, day, shop]
    key: [number]
    partition: month
    columns: {number: BIGINT, month: TEXT, shop: TEXT}
marts:
  shops:
    description: sales by shop
    from: sales
    key: [KEY]
    columns: {month: TEXT, shop: TEXT, sales: BIGINT}
";
const SILVER: &str = "SELECT TRY_CAST(number AS BIGINT) AS number, SUBSTR(day, 1, 7) AS month, shop \
                      FROM bronze.till_sales";
const BY_MONTH: &str =
    "SELECT month, shop, COUNT(*) AS sales FROM silver.till_sales GROUP BY month, shop";
const ROW_BY_ROW: &str = "SELECT month, shop, 1 AS sales FROM silver.till_sales";

struct Till {
    store: Arc<InMemory>,
    platform: Platform,
}

impl Till {
    /// A till whose mart has this key and this SQL.
    fn new(key: &str, gold: &str) -> Self {
        Self::over(Arc::new(InMemory::new()), key, gold)
    }

    fn over(store: Arc<InMemory>, key: &str, gold: &str) -> Self {
        let yaml = YAML.replace("KEY", key);
        let files = [
            ("dataset.yaml", yaml.as_str()),
            ("silver/sales.sql", SILVER),
            ("gold/shops.sql", gold),
        ];
        let files: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let till = parse_dataset(&DefinitionFiles { folder: "till".to_owned(), files }).unwrap();
        let mut platform =
            platform(Lake::with_store(Arc::clone(&store) as Arc<dyn ObjectStore>, "memory"), 2);
        platform.datasets = vec![till].into();
        Self { store, platform }
    }

    fn dataset(&self) -> &Dataset {
        &self.platform.datasets[0]
    }

    async fn sell(&self, rows: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, format!("number,day,shop\n{rows}")).unwrap();
        let table = &self.dataset().tables[0];
        ingest_files(&self.platform, self.dataset(), table, uploads(&[path])).await.unwrap();
    }

    /// The error of a refresh whose mart repeats a key.
    async fn refused(&self) -> String {
        let failed = refresh_dataset(&self.platform, self.dataset()).await.unwrap_err().failed;
        assert!(matches!(failed, StageError::RepeatedKey { .. }), "{failed:?}");
        assert!(!failed.retryable());
        assert_eq!(failed.failure_kind(), FailureKind::Definition);
        failed.to_string()
    }

    async fn mart(&self) -> Vec<String> {
        let rows = selected(&self.platform, "SELECT * FROM gold.till_shops ORDER BY month, shop");
        rows_as_text(&rows.await.unwrap())
    }

    async fn published_version(&self) -> Option<u64> {
        let mart = self.dataset().gold_id(&"shops".parse().unwrap());
        published::latest(&self.platform.lake, &mart).await.unwrap().map(|latest| latest.version)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_rows_of_a_key_are_refused_and_what_is_published_stays() {
    let good = Till::new("month, shop", BY_MONTH);
    good.sell("1,2024-01-01,harbour\n2,2024-01-02,harbour\n3,2024-02-01,market\n").await;
    refresh_dataset(&good.platform, good.dataset()).await.unwrap();
    let rows = ["2024-01 | harbour | 2", "2024-02 | market | 1"];
    assert_eq!(good.mart().await, rows);
    assert_eq!(good.published_version().await, Some(0));

    let bad = Till::over(Arc::clone(&good.store), "month, shop", ROW_BY_ROW);
    let error = bad.refused().await;
    for part in ["gold.till_shops", "the key month=2024-01, shop=harbour", "group by the key"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    assert_eq!(bad.mart().await, rows);
    assert_eq!(bad.published_version().await, Some(0));
}

/// A shop without its month has a row of each month.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_several_partitions_is_refused_when_they_are_computed_together() {
    let till = Till::new("shop", BY_MONTH);
    till.sell("1,2024-01-01,harbour\n2,2024-02-01,harbour\n").await;
    let error = till.refused().await;
    for part in ["the key shop=harbour", "partitions of silver.till_sales", "`reads`"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    assert_eq!(till.published_version().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_several_partitions_is_refused_when_they_come_one_after_the_other() {
    let till = Till::new("shop", BY_MONTH);
    till.sell("1,2024-01-01,harbour\n2,2024-01-01,\n").await;
    refresh_dataset(&till.platform, till.dataset()).await.unwrap();
    // Their bounds overlap, and yet they share no key.
    till.sell("3,2024-02-01,airport\n4,2024-02-01,market\n").await;
    refresh_dataset(&till.platform, till.dataset()).await.unwrap();
    let rows = till.mart().await;
    assert_eq!(rows.len(), 4, "{rows:?}");
    // Null is a value like any other.
    till.sell("5,2024-03-01,\n").await;
    let error = till.refused().await;
    assert!(error.contains("the key shop=null"), "{error}");
    assert_eq!(till.mart().await, rows);
    assert_eq!(till.published_version().await, Some(1));
}
