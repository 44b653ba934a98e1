//! One mart of `dataset.yaml`.

use serde_json::{Value, json};

use super::columns::{OF_MARTS, read_columns, read_key};
use super::findings::Findings;
use super::mapping::{Mapping, items, name, parse_name, whole_number};
use super::series::read_series;
use super::sql_files::SqlFiles;
use super::tables::column_value;
use super::yaml_tree::{Content, Entry, Node};
use crate::{DefinitionHash, Mart, MartReads, SeriesTable, TableName};

const KEYS: [&str; 7] = ["description", "from", "lookups", "reads", "key", "columns", "series"];

/// Reads a mart; `tables` are the names of the dataset's tables, sound or not.
pub(super) fn read_mart(
    entry: &Entry,
    tables: &[TableName],
    sql_files: &mut SqlFiles<'_>,
    findings: &mut Findings,
) -> Option<Mart> {
    let mart: Option<TableName> = parse_name(entry.line, &entry.key, findings);
    if SeriesTable::ALL.iter().any(|table| table.as_str() == entry.key) {
        let problem = format!("`{}` is the name of a table that smelt itself writes", entry.key);
        findings.at(entry.line, problem, "choose another name");
    }
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
    let reads = read_reads(&mapping, findings);
    let declared = read_columns(&mapping, OF_MARTS, None, findings);
    let key = read_key(&mapping, &declared, findings);
    let series = mapping
        .optional("series")
        .map(|node| read_series(mapping.what(), node, &declared, findings));

    let mart = mart?;
    let columns = declared.into_columns()?;
    let driver = driver?;
    let lookups = lookups?;
    let key = key?;
    let series = match series {
        None => None,
        Some(series) => Some(series?),
    };
    let sql = sql?.to_owned();
    let definition = json!({
        "mart": mart,
        "columns": columns.iter().map(column_value).collect::<Vec<_>>(),
        "from": driver,
        "lookups": lookups,
        "reads": reads_value(reads),
        "key": key,
    });
    Some(Mart {
        name: mart,
        description: description?.to_owned(),
        columns,
        driver,
        lookups,
        reads,
        key,
        series,
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

/// `everything`, or `{before: 1, after: 1}`; without it a partition reads its own.
fn read_reads(mapping: &Mapping<'_>, findings: &mut Findings) -> MartReads {
    let Some(node) = mapping.optional("reads") else { return MartReads::Own };
    match &node.content {
        Content::Text(text) if text == "everything" => MartReads::Everything,
        Content::Mapping(_) => {
            let keys = ["before", "after"];
            let Some(around) = Mapping::with_keys("`reads`", node.line, node, &keys, findings)
            else {
                return MartReads::Own;
            };
            let mut partitions = |key| {
                let node = around.optional(key)?;
                whole_number(&format!("`{key}`"), node, 0..=366, findings)
            };
            let (before, after) = (partitions("before"), partitions("after"));
            MartReads::Around { before: before.unwrap_or(0), after: after.unwrap_or(0) }
        }
        _ => {
            findings.shape(node, "`reads`", "`everything`, or partitions such as {before: 1}");
            MartReads::Own
        }
    }
}

fn reads_value(reads: MartReads) -> Value {
    match reads {
        MartReads::Own => Value::Null,
        MartReads::Around { before, after } => json!([before, after]),
        MartReads::Everything => json!("everything"),
    }
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
