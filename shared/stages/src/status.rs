//! Where every table stands, and the balance of each dataset.

use futures::{StreamExt, TryStreamExt};
use smelt_domain::{Dataset, Layer, Table as TableDefinition, TableId};
use smelt_lake::{DataFile, Snapshot};

use crate::silver::{DELETED, REFUSED, SUPERSEDED};
use crate::{Platform, StageError, boxed};

/// One table.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TableStatus {
    /// Which table.
    pub table: TableId,
    /// Its version; `None` while it does not exist.
    pub version: Option<u64>,
    /// Rows in it.
    pub rows: u64,
    /// Live files.
    pub files: u64,
    /// Bytes of live files.
    pub bytes: u64,
    /// Newest data time as the log's bounds tell it.
    pub newest: Option<String>,
    /// The upstream it follows, how far, and the upstream's version.
    pub follows: Option<Follows>,
}

/// How far a table follows its upstream.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Follows {
    /// The upstream table.
    pub upstream: TableId,
    /// The version that the table is computed from.
    pub version: Option<u64>,
    /// Versions that it is behind.
    pub lag: u64,
}

/// *bronze = silver + superseded + deleted + quarantined*, over the bronze rows taken in so far.
///
/// Every term is counted on its own: bronze and silver by the row counts of their live files, the
/// others as totals that landed in the same commits as the rows they count.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Balance {
    /// The silver table.
    pub table: TableId,
    /// Bronze rows of the versions that silver follows.
    pub bronze: u64,
    /// Silver rows.
    pub silver: u64,
    /// Older versions of keys.
    pub superseded: u64,
    /// Rows that deletes took away.
    pub deleted: u64,
    /// Refused rows.
    pub quarantined: u64,
    /// Rows in the quarantine table; the same as `quarantined` but between its commit and silver's.
    pub in_quarantine: u64,
    /// Bronze rows not taken in yet.
    pub waiting: u64,
    /// Whether every row is accounted for.
    pub is_exact: bool,
}

/// Where a dataset stands.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DatasetStatus {
    /// Its tables in order of the layers.
    pub tables: Vec<TableStatus>,
    /// One balance per silver table that exists.
    pub balances: Vec<Balance>,
}

/// Tables whose logs are read at the same time.
const LOADED_AT_ONCE: usize = 8;

/// Reads where a dataset stands.
#[boxed]
pub async fn dataset_status(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<DatasetStatus, StageError> {
    // Collected first: the compiler cannot tell that a stream of closures may move between threads.
    let loads: Vec<_> =
        dataset.tables.iter().map(|table| load_table(platform, dataset, table)).collect();
    let loaded: Vec<[Loaded; 3]> =
        futures::stream::iter(loads).buffered(LOADED_AT_ONCE).try_collect().await?;
    let loads: Vec<_> =
        dataset.marts.iter().map(|mart| load(platform, dataset.gold_id(&mart.name))).collect();
    let marts: Vec<Loaded> =
        futures::stream::iter(loads).buffered(LOADED_AT_ONCE).try_collect().await?;

    let mut status = DatasetStatus { tables: Vec::new(), balances: Vec::new() };
    for (table, [silver, quarantine, bronze]) in dataset.tables.iter().zip(&loaded) {
        let newest = table.newest.as_ref().map(|column| column.as_str());
        status.tables.push(table_status(bronze, None, None).await?);
        status.tables.push(table_status(quarantine, Some(bronze), None).await?);
        status.tables.push(table_status(silver, Some(bronze), newest).await?);
        status.balances.extend(balance(dataset, table, bronze, silver, quarantine).await?);
    }
    for (mart, gold) in dataset.marts.iter().zip(&marts) {
        let driver = dataset.silver_id(&mart.driver);
        let silver = loaded.iter().map(|[silver, ..]| silver).find(|(id, _)| *id == driver);
        let newest = mart
            .key
            .iter()
            .map(|column| column.as_str())
            .find(|name| matches!(*name, "date" | "month"));
        status.tables.push(table_status(gold, silver, newest).await?);
    }
    Ok(status)
}

/// The balance of one silver table; `None` while it does not exist.
#[boxed]
pub async fn table_balance(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<Option<Balance>, StageError> {
    let [silver, quarantine, bronze] = load_table(platform, dataset, table).await?;
    balance(dataset, table, &bronze, &silver, &quarantine).await
}

type Loaded = (TableId, Option<Snapshot>);

/// Silver, quarantine and bronze, in this order: others may commit meanwhile, and silver must not
/// be seen at a later version of bronze than bronze itself.
async fn load_table(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<[Loaded; 3], StageError> {
    let silver = load(platform, dataset.silver_id(&table.name)).await?;
    let quarantine = load(platform, dataset.quarantine_id(&table.name)).await?;
    let bronze = load(platform, dataset.bronze_id(&table.name)).await?;
    Ok([silver, quarantine, bronze])
}

async fn load(platform: &Platform, id: TableId) -> Result<Loaded, StageError> {
    let snapshot = platform.lake.table(id.clone())?.snapshot().await?;
    Ok((id, snapshot))
}

async fn table_status(
    (id, snapshot): &Loaded,
    upstream: Option<&Loaded>,
    newest_column: Option<&str>,
) -> Result<TableStatus, StageError> {
    let follows = match upstream {
        Some((upstream, theirs)) => {
            let version = match snapshot {
                Some(mine) => mine.followed(upstream).await?,
                None => None,
            };
            let theirs = theirs.as_ref().map_or(0, |theirs| news(upstream, theirs) + 1);
            let lag = theirs.saturating_sub(version.map_or(0, |version| version + 1));
            Some(Follows { upstream: upstream.clone(), version, lag })
        }
        None => None,
    };
    let files = snapshot.as_ref().map_or(&[][..], |snapshot| snapshot.files());
    Ok(TableStatus {
        table: id.clone(),
        version: snapshot.as_ref().map(Snapshot::version),
        rows: files.iter().map(DataFile::rows).sum(),
        files: files.len() as u64,
        bytes: files.iter().map(|file| file.size).sum(),
        newest: newest_column.and_then(|column| newest(files, column)),
        follows,
    })
}

/// The version of an upstream that followers have to have. Versions of bronze that brought no rows
/// are no news.
fn news(id: &TableId, upstream: &Snapshot) -> u64 {
    match id.layer {
        Layer::Bronze => upstream.newest_arrival(),
        _ => upstream.version(),
    }
}

/// The largest upper bound of a time or text column.
fn newest(files: &[DataFile], column: &str) -> Option<String> {
    files
        .iter()
        .filter_map(|file| file.statistics.max_values.get(column)?.as_str())
        .max()
        .map(str::to_owned)
}

async fn balance(
    dataset: &Dataset,
    table: &TableDefinition,
    (bronze_id, bronze): &Loaded,
    (_, silver): &Loaded,
    (_, quarantine): &Loaded,
) -> Result<Option<Balance>, StageError> {
    let (Some(bronze), Some(silver)) = (bronze, silver) else {
        return Ok(None);
    };
    let taken_in = match silver.followed(bronze_id).await? {
        Some(version) => bronze.arrived(None, version).iter().map(DataFile::rows).sum(),
        None => 0,
    };
    debug_assert_eq!(bronze_id.layer, Layer::Bronze);
    let rows = silver.rows();
    let superseded = silver.total(SUPERSEDED).await?;
    let deleted = silver.total(DELETED).await?;
    let quarantined = silver.total(REFUSED).await?;
    Ok(Some(Balance {
        table: dataset.silver_id(&table.name),
        bronze: taken_in,
        silver: rows,
        superseded,
        deleted,
        quarantined,
        in_quarantine: quarantine.as_ref().map_or(0, Snapshot::rows),
        waiting: bronze.rows() - taken_in,
        is_exact: taken_in == rows + superseded + deleted + quarantined,
    }))
}
