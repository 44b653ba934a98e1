//! What became of the rules of a dataset: how many rows broke each.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use futures::TryStreamExt;
use serde::Serialize;
use smelt_domain::{Dataset, OnViolation, Table as TableDefinition, TableName};
use smelt_lake::{Snapshot, Table};

use crate::silver::rows_warned;
use crate::{Platform, StageError, boxed};

/// One rule of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleQuality {
    /// The table.
    pub table: TableName,
    /// The rule: one of the definition, or one that holds for every table (a row can be read, and has
    /// a key).
    pub rule: String,
    /// What is wrong with a row that breaks it.
    pub reason: String,
    /// What happens to a row that breaks it: `warn`, `reject` or `fail`.
    pub action: OnViolation,
    /// Whether rows broke it.
    pub outcome: RuleOutcome,
    /// Rows that broke it. `reject`: in quarantine now. `warn`: counted as they were taken in, since silver was
    /// last computed anew, and kept. `fail`: 0 while all rows are in. Null while nobody looked.
    pub rows_failed: Option<u64>,
}

/// Whether rows broke a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOutcome {
    /// None did.
    Pass,
    /// Some did.
    Fail,
    /// Nobody looked yet, or the newest rows were not taken in.
    NotEvaluated,
}

/// The rules of all tables of a dataset, in the order of the definition.
#[boxed]
pub async fn quality(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<Vec<RuleQuality>, StageError> {
    let mut rules = Vec::new();
    for table in &dataset.tables {
        let silver = platform.lake.table(dataset.silver_id(&table.name))?.snapshot().await?;
        let is_newest = has_taken_in_all(platform, dataset, table, silver.as_ref()).await?;
        let quarantine = platform.lake.table(dataset.quarantine_id(&table.name))?;
        let refused = refused_by_rule(&quarantine).await?;
        rules.extend(of_table(table, silver.as_ref(), is_newest, refused));
    }
    Ok(rules)
}

fn of_table(
    table: &TableDefinition,
    silver: Option<&Snapshot>,
    is_newest: bool,
    mut refused: BTreeMap<String, Refused>,
) -> Vec<RuleQuality> {
    let mut rules: Vec<RuleQuality> = Vec::new();
    for expectation in &table.expectations {
        let rule = &expectation.rule;
        let rows_failed = match expectation.on_violation {
            OnViolation::Warn => silver.and_then(|silver| rows_warned(silver, rule)),
            OnViolation::Reject => {
                silver.map(|_| refused.remove(rule.as_str()).map_or(0, |refused| refused.rows))
            }
            // A row that breaks it stops the run: while all rows are in, none did.
            OnViolation::Fail => (silver.is_some() && is_newest).then_some(0),
        };
        let (reason, action) = (expectation.reason.clone(), expectation.on_violation);
        rules.push(judged(&table.name, rule.as_str(), reason, action, rows_failed));
    }

    // What is left are rules of the platform.
    for (rule, refused) in refused {
        let reason = refused.reason.unwrap_or_default();
        rules.push(judged(&table.name, &rule, reason, OnViolation::Reject, Some(refused.rows)));
    }
    rules
}

fn judged(
    table: &TableName,
    rule: &str,
    reason: String,
    action: OnViolation,
    rows_failed: Option<u64>,
) -> RuleQuality {
    let outcome = match rows_failed {
        None => RuleOutcome::NotEvaluated,
        Some(0) => RuleOutcome::Pass,
        Some(_) => RuleOutcome::Fail,
    };
    let (table, rule) = (table.clone(), rule.to_owned());
    RuleQuality { table, rule, reason, action, outcome, rows_failed }
}

/// Whether silver has taken in all that is in bronze.
pub(crate) async fn has_all_rows(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
) -> Result<bool, StageError> {
    let silver = platform.lake.table(dataset.silver_id(&table.name))?.snapshot().await?;
    has_taken_in_all(platform, dataset, table, silver.as_ref()).await
}

async fn has_taken_in_all(
    platform: &Platform,
    dataset: &Dataset,
    table: &TableDefinition,
    silver: Option<&Snapshot>,
) -> Result<bool, StageError> {
    let bronze = platform.lake.table(dataset.bronze_id(&table.name))?;
    let Some(snapshot) = bronze.snapshot().await? else { return Ok(true) };
    let Some(silver) = silver else { return Ok(false) };
    let followed = silver.followed(bronze.id()).await?;
    Ok(followed.is_some_and(|version| version >= snapshot.newest_arrival()))
}

/// What one rule refused.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// Why, in words: of different words, the first in their order.
    pub(crate) reason: Option<String>,
    /// Rows in quarantine.
    pub(crate) rows: u64,
}

/// What is in quarantine, by the rule that refused it.
pub(crate) async fn refused_by_rule(
    quarantine: &Table,
) -> Result<BTreeMap<String, Refused>, StageError> {
    let mut refused: BTreeMap<String, Refused> = BTreeMap::new();
    let Some(snapshot) = quarantine.snapshot().await? else { return Ok(refused) };
    for file in snapshot.files() {
        let mut batches = quarantine.read_columns(file, &["rule", "reason"]).await?;
        while let Some(batch) = batches.try_next().await? {
            let texts = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
            let (Some(rules), Some(reasons)) = (texts("rule"), texts("reason")) else { continue };
            for (rule, reason) in rules.iter().zip(reasons) {
                let Some(rule) = rule else { continue };
                if !refused.contains_key(rule) {
                    refused.insert(rule.to_owned(), Refused::default());
                }
                let Some(of_rule) = refused.get_mut(rule) else { continue };
                of_rule.rows += 1;
                if let Some(reason) = reason
                    && of_rule.reason.as_deref().is_none_or(|known| reason < known)
                {
                    of_rule.reason = Some(reason.to_owned());
                }
            }
        }
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_not_zero() {
        let table: TableName = "requests".parse().unwrap();
        let outcome =
            |rows| judged(&table, "known_borough", String::new(), OnViolation::Warn, rows).outcome;
        assert_eq!(outcome(None), RuleOutcome::NotEvaluated);
        assert_eq!(outcome(Some(0)), RuleOutcome::Pass);
        assert_eq!(outcome(Some(2)), RuleOutcome::Fail);
    }
}
