//! Whether the data can be trusted, and what a report was computed from.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use smelt_domain::{Dataset, Layer, OnViolation, RuleName, RunReport, StageName, Table, TableId};
use smelt_report::{Balance, Rule, TableVersion};

use crate::quality::refused_by_rule;
use crate::{DatasetStatus, Platform, StageError, dataset_status, last_reports};

/// Runs that are looked through for the last one that took rows in.
const RUNS: usize = 50;

/// What the end of a report says.
pub(super) struct Trust {
    pub(super) balances: Vec<Balance>,
    pub(super) rules: Vec<Rule>,
    pub(super) tables: Vec<TableVersion>,
}

pub(super) async fn trust(platform: &Platform, dataset: &Dataset) -> Result<Trust, StageError> {
    let status = dataset_status(platform, dataset).await?;
    let runs = last_reports(&platform.lake, RUNS).await?;
    let mut rules = Vec::new();
    for table in &dataset.tables {
        rules.extend(rules_of(platform, dataset, table, &runs).await?);
    }
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

/// Rows in quarantine by rule, and rows that the last run kept in spite of one.
async fn rules_of(
    platform: &Platform,
    dataset: &Dataset,
    table: &Table,
    runs: &[RunReport],
) -> Result<Vec<Rule>, StageError> {
    let silver = dataset.silver_id(&table.name);
    let exists = platform.lake.table(silver.clone())?.snapshot().await?.is_some();
    let quarantine = platform.lake.table(dataset.quarantine_id(&table.name))?;
    let mut refused = refused_by_rule(&quarantine).await?;
    let warned = warned_in_last_run(runs, &silver);
    let mut rules = Vec::new();
    for expectation in &table.expectations {
        let in_quarantine = refused.remove(expectation.rule.as_str()).map(|refused| refused.rows);
        let rows = match expectation.on_violation {
            OnViolation::Reject => exists.then(|| in_quarantine.unwrap_or(0)),
            OnViolation::Warn => warned.map(|warned: &BTreeMap<RuleName, u64>| {
                warned.get(&expectation.rule).copied().unwrap_or(0)
            }),
            // Nothing is committed with a row that breaks it.
            OnViolation::Fail => exists.then_some(0),
        };
        rules.push(Rule {
            table: silver.clone(),
            rule: expectation.rule.clone(),
            reason: expectation.reason.clone(),
            action: expectation.on_violation,
            rows,
        });
    }
    // What every table refuses: rows that cannot be read, or have no key.
    for (rule, refused) in refused {
        let Ok(rule) = rule.parse() else { continue };
        let (reason, rows) = (refused.reason.unwrap_or_default(), Some(refused.rows));
        let action = OnViolation::Reject;
        rules.push(Rule { table: silver.clone(), rule, reason, action, rows });
    }
    Ok(rules)
}

/// What the last run that took rows in kept in spite of rules; `None` if no run is known.
fn warned_in_last_run<'a>(
    runs: &'a [RunReport],
    silver: &TableId,
) -> Option<&'a BTreeMap<RuleName, u64>> {
    let steps = runs.iter().flat_map(|run| run.steps.iter().rev());
    let mut taken_in = steps.filter(|step| {
        step.stage == StageName::Silver && step.table == *silver && step.rows_in.is_some()
    });
    taken_in.next().map(|step| &step.rows_warned)
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
