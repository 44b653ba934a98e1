//! One model of `dataset.yaml`, beside the forecasts of series.

use serde_json::json;

use super::findings::Findings;
use super::mapping::{Mapping, choice, entries, items, name, number, parse_name};
use super::yaml_tree::{Entry, Node};
use crate::{
    ClassifierTask, ClusterTask, Column, ColumnName, ColumnType, DefinitionHash, LearnedModel,
    Mart, Scale, Table, TableName, Task,
};

/// Reads a model that learns from these tables and marts, as far as they are sound.
pub(super) fn read_model(
    entry: &Entry,
    tables: &[Option<Table>],
    marts: &[Option<Mart>],
    mart_names: &[TableName],
    findings: &mut Findings,
) -> Option<LearnedModel> {
    let model: Option<TableName> = parse_name(entry.line, &entry.key, findings);
    if model.as_ref().is_some_and(|model| mart_names.contains(model)) {
        let problem = format!("model `{}` has the name of a mart", entry.key);
        findings.at(entry.line, problem, "choose another: forecasts are called as their marts are");
    }
    let owner = format!("model `{}`", entry.key);
    let keys = ["description", "clusters", "classifier"];
    let mapping = Mapping::with_keys(owner.clone(), entry.line, &entry.value, &keys, findings)?;
    let description = mapping.text("description", "what it tells", findings);
    let task = match (mapping.optional("clusters"), mapping.optional("classifier")) {
        (Some(node), None) => read_clusters(&owner, node, marts, findings).map(Task::Clusters),
        (None, Some(node)) => read_classifier(&owner, node, tables, findings).map(Task::Classifier),
        _ => {
            let problem = format!("{owner} is not one of `clusters` and `classifier`");
            findings.at(entry.line, problem, "write exactly one of them");
            None
        }
    };
    let (name, task) = (model?, task?);
    let definition_hash = DefinitionHash::of(&definition(&task), "");
    Some(LearnedModel { name, description: description?.to_owned(), task, definition_hash })
}

fn definition(task: &Task) -> serde_json::Value {
    match task {
        Task::Clusters(ClusterTask { mart, names, newest, features }) => {
            json!(["clusters", mart, names, newest, features])
        }
        Task::Classifier(ClassifierTask { table, texts, value, time, high_from }) => {
            json!(["classifier", table, texts, value, time, high_from])
        }
    }
}

fn read_clusters(
    owner: &str,
    node: &Node,
    marts: &[Option<Mart>],
    findings: &mut Findings,
) -> Option<ClusterTask> {
    let keys = ["from", "names", "newest", "features"];
    let what = format!("the clusters of {owner}");
    let mapping = Mapping::with_keys(what, node.line, node, &keys, findings)?;
    let from = mapping.required("from", "department_insight", findings)?;
    let mart: TableName = name("`from`", from, findings)?;
    // A mart that is not sound has its own findings.
    let known = marts.iter().flatten().find(|known| known.name == mart);
    if known.is_none() && marts.iter().all(Option::is_some) {
        let problem = format!("`from` names `{mart}`, which is not a mart of this dataset");
        let names = marts.iter().flatten().map(|mart| mart.name.as_str());
        findings.unknown(from.line, problem, mart.as_str(), names);
    }
    let columns = &known?.columns;
    let names = mapping
        .required("names", "[department]", findings)
        .and_then(|node| read_columns("`names`", node, columns, &is_text, "TEXT", findings));
    let newest = match mapping.optional("newest") {
        None => Some(None),
        Some(node) => read_column("`newest`", node, columns, &|_| true, "any", findings).map(Some),
    };
    let features = mapping
        .required("features", "{amount: log}", findings)
        .and_then(|node| read_features(node, columns, findings));
    Some(ClusterTask { mart, names: names?, newest: newest?, features: features? })
}

fn read_features(
    node: &Node,
    columns: &[Column],
    findings: &mut Findings,
) -> Option<Vec<(ColumnName, Scale)>> {
    let scales = [Scale::Linear, Scale::Log].map(|scale| (scale.as_str(), scale));
    let mut features = Vec::new();
    for entry in entries("`features`", node, findings)? {
        let column: Option<ColumnName> = parse_name(entry.line, &entry.key, findings);
        let column =
            check(entry.line, "`features`", column?, columns, &is_number, "a number", findings);
        let scale = choice(&format!("`{}`", entry.key), &entry.value, &scales, findings);
        features.push((column?, scale?));
    }
    if features.is_empty() {
        findings.at(node.line, "`features` is empty", "name what rows are compared by");
    }
    Some(features)
}

fn read_classifier(
    owner: &str,
    node: &Node,
    tables: &[Option<Table>],
    findings: &mut Findings,
) -> Option<ClassifierTask> {
    let keys = ["from", "texts", "value", "time", "high_from"];
    let what = format!("the classifier of {owner}");
    let mapping = Mapping::with_keys(what, node.line, node, &keys, findings)?;
    let from = mapping.required("from", "payments", findings)?;
    let table: TableName = name("`from`", from, findings)?;
    let known = tables.iter().flatten().find(|known| known.name == table);
    if known.is_none() && tables.iter().all(Option::is_some) {
        let problem = format!("`from` names `{table}`, which is not a table of this dataset");
        let names = tables.iter().flatten().map(|table| table.name.as_str());
        findings.unknown(from.line, problem, table.as_str(), names);
    }
    let columns = &known?.columns;
    let texts = mapping
        .required("texts", "[vendor]", findings)
        .and_then(|node| read_columns("`texts`", node, columns, &is_text, "TEXT", findings));
    let value = mapping
        .required("value", "amount", findings)
        .and_then(|node| read_column("`value`", node, columns, &is_number, "a number", findings));
    let is_time = |it: ColumnType| matches!(it, ColumnType::Date | ColumnType::Timestamp);
    let time = mapping.required("time", "payment_date", findings).and_then(|node| {
        read_column("`time`", node, columns, &is_time, "a DATE or a TIMESTAMP", findings)
    });
    let high_from = match mapping.optional("high_from") {
        None => Some(0.75),
        Some(node) => number("`high_from`", node, findings).inspect(|share| {
            if !(0.01..=0.99).contains(share) {
                let problem = format!("`high_from` is {share}");
                findings.at(node.line, problem, "write a share from 0.01 to 0.99");
            }
        }),
    };
    Some(ClassifierTask { table, texts: texts?, value: value?, time: time?, high_from: high_from? })
}

fn is_text(column_type: ColumnType) -> bool {
    column_type == ColumnType::Text
}

fn is_number(column_type: ColumnType) -> bool {
    column_type.is_numeric()
}

fn read_columns(
    what: &str,
    node: &Node,
    columns: &[Column],
    fits: &dyn Fn(ColumnType) -> bool,
    wanted: &str,
    findings: &mut Findings,
) -> Option<Vec<ColumnName>> {
    let items = items(what, node, findings)?;
    if items.is_empty() {
        findings.at(node.line, format!("{what} is empty"), "name at least one column");
    }
    let read = items.iter().map(|item| read_column(what, item, columns, fits, wanted, findings));
    read.collect::<Vec<_>>().into_iter().collect()
}

fn read_column(
    what: &str,
    node: &Node,
    columns: &[Column],
    fits: &dyn Fn(ColumnType) -> bool,
    wanted: &str,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let column: ColumnName = name(what, node, findings)?;
    check(node.line, what, column, columns, fits, wanted, findings)
}

/// A column that there is, and of a type that fits.
fn check(
    line: usize,
    what: &str,
    column: ColumnName,
    columns: &[Column],
    fits: &dyn Fn(ColumnType) -> bool,
    wanted: &str,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let Some(known) = columns.iter().find(|known| known.name == column) else {
        let problem = format!("{what} names the column `{column}`, which is not declared");
        findings.unknown(line, problem, column.as_str(), columns.iter().map(|it| it.name.as_str()));
        return None;
    };
    if !fits(known.column_type) {
        let problem = format!("{what} names `{column}`, which is {}", known.column_type);
        findings.at(line, problem, format!("name a column that is {wanted}"));
        return None;
    }
    Some(column)
}
