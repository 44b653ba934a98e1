//! Whether the data can be trusted, and what a report was computed from.

use chrono::{DateTime, Utc};
use smelt_domain::{Dataset, Layer, TableId};
use smelt_report::{Balance, Rule, TableVersion};

use crate::{DatasetStatus, Platform, StageError, dataset_status, quality};

/// What the end of a report says.
pub(super) struct Trust {
    pub(super) balances: Vec<Balance>,
    pub(super) rules: Vec<Rule>,
    pub(super) tables: Vec<TableVersion>,
}

pub(super) async fn trust(platform: &Platform, dataset: &Dataset) -> Result<Trust, StageError> {
    let status = dataset_status(platform, dataset).await?;
    let rules = rules(platform, dataset).await?;
    let tables = tables(platform, dataset, &status).await?;
    Ok(Trust { balances: balances(&status), rules, tables })
}

fn balances(status: &DatasetStatus) -> Vec<Balance> {
    let balance = |balance: &crate::Balance| Balance {
        table: balance.table.clone(),
        bronze: balance.bronze,
        silver: balance.silver,
        superseded: balance.superseded,
        deleted: balance.deleted,
        quarantined: balance.quarantined,
        waiting: balance.waiting,
    };
    status.balances.iter().map(balance).collect()
}

/// How many rows broke each rule, counted as everywhere.
async fn rules(platform: &Platform, dataset: &Dataset) -> Result<Vec<Rule>, StageError> {
    let rules = quality(platform, dataset).await?.into_iter().filter_map(|found| {
        let rule = found.rule.parse().ok()?;
        let (reason, action, rows) = (found.reason, found.action, found.rows_failed);
        Some(Rule { table: dataset.silver_id(&found.table), rule, reason, action, rows })
    });
    Ok(rules.collect())
}

/// Silver, the marts, and the tables about series.
async fn tables(
    platform: &Platform,
    dataset: &Dataset,
    status: &DatasetStatus,
) -> Result<Vec<TableVersion>, StageError> {
    let mut tables = Vec::new();
    let read =
        |table: &&crate::TableStatus| matches!(table.table.layer, Layer::Silver | Layer::Gold);
    for table in status.tables.iter().filter(read) {
        tables.push(TableVersion {
            table: table.table.clone(),
            version: table.version,
            rows: table.rows,
            written_at: written_at(platform, &table.table, table.version).await?,
            behind: table.follows.as_ref().map(|follows| follows.lag),
        });
    }
    for series in dataset.published_series() {
        let id = dataset.series_id(series);
        let snapshot = platform.lake.table(id.clone())?.snapshot().await?;
        let version = snapshot.as_ref().map(smelt_lake::Snapshot::version);
        tables.push(TableVersion {
            written_at: written_at(platform, &id, version).await?,
            rows: snapshot.as_ref().map_or(0, smelt_lake::Snapshot::rows),
            table: id,
            version,
            behind: None,
        });
    }
    Ok(tables)
}

/// When a version was committed, by the file of its commit; `None` if the log does not have it any more.
async fn written_at(
    platform: &Platform,
    table: &TableId,
    version: Option<u64>,
) -> Result<Option<DateTime<Utc>>, StageError> {
    let Some(version) = version else { return Ok(None) };
    let commit = format!("{}/_delta_log/{version:020}.json", table.path());
    Ok(platform.lake.object(&commit).await?.map(|object| object.last_modified))
}
