//! One mart of `dataset.yaml`.

use serde_json::json;

use super::columns::{read_columns, read_key};
use super::findings::Findings;
use super::mapping::{Mapping, items, name, parse_name};
use super::sql_files::SqlFiles;
use super::tables::column_value;
use super::yaml_tree::{Entry, Node};
use crate::{DefinitionHash, Mart, TableName};

const KEYS: [&str; 5] = ["description", "from", "lookups", "key", "columns"];

/// Reads a mart; `tables` are the names of the dataset's tables, sound or not.
pub(super) fn read_mart(
    entry: &Entry,
    tables: &[TableName],
    sql_files: &mut SqlFiles<'_>,
    findings: &mut Findings,
) -> Option<Mart> {
    let mart: Option<TableName> = parse_name(entry.line, &entry.key, findings);
    let owner = format!("mart `{}`", entry.key);
    let sql = mart
        .as_ref()
        .and_then(|mart| sql_files.take(&format!("gold/{mart}.sql"), &owner, entry.line, findings));
    let mapping = Mapping::with_keys(owner, entry.line, &entry.value, &KEYS, findings)?;

    let description = mapping.text("description", "what one row is", findings);
    let example = tables.first().map_or("requests", TableName::as_str);
    let driver = mapping
        .required("from", example, findings)
        .and_then(|node| read_table_name("`from`", node, tables, findings));
    let lookups = read_lookups(&mapping, driver.as_ref(), tables, findings);
    let declared = read_columns(&mapping, None, findings);
    let key = read_key(&mapping, &declared, findings);

    let mart = mart?;
    let columns = declared.into_columns()?;
    let driver = driver?;
    let lookups = lookups?;
    let key = key?;
    let sql = sql?.to_owned();
    let definition = json!({
        "mart": mart,
        "columns": columns.iter().map(column_value).collect::<Vec<_>>(),
        "from": driver,
        "lookups": lookups,
        "key": key,
    });
    Some(Mart {
        name: mart,
        description: description?.to_owned(),
        columns,
        driver,
        lookups,
        key,
        definition_hash: DefinitionHash::of(&definition, &sql),
        sql,
    })
}

fn read_lookups(
    mapping: &Mapping<'_>,
    driver: Option<&TableName>,
    tables: &[TableName],
    findings: &mut Findings,
) -> Option<Vec<TableName>> {
    let Some(node) = mapping.optional("lookups") else {
        return Some(Vec::new());
    };
    let mut lookups = Vec::new();
    for item in items("`lookups`", node, findings)? {
        let Some(table) = read_table_name("`lookups`", item, tables, findings) else {
            continue;
        };
        if driver == Some(&table) || lookups.contains(&table) {
            let problem = format!("`lookups` names `{table}`, which the mart already reads");
            findings.at(item.line, problem, "remove it");
        } else {
            lookups.push(table);
        }
    }
    Some(lookups)
}

fn read_table_name(
    what: &str,
    node: &Node,
    tables: &[TableName],
    findings: &mut Findings,
) -> Option<TableName> {
    let table: TableName = name(what, node, findings)?;
    if tables.contains(&table) {
        return Some(table);
    }
    let problem = format!("{what} names `{table}`, which is not a table of this dataset");
    findings.unknown(node.line, problem, table.as_str(), tables.iter().map(TableName::as_str));
    None
}
