//! One table of `dataset.yaml`.

use serde_json::{Value, json};

use super::columns::{
    Declared, OF_TABLES, read_column, read_columns, read_key, read_source_columns,
};
use super::expectations::read_expectations;
use super::findings::Findings;
use super::mapping::{Mapping, boolean, choice, number, parse_name};
use super::sql_files::SqlFiles;
use super::yaml_tree::{Content, Entry};
use crate::{
    Check, Column, ColumnName, ColumnType, DefinitionHash, Expectation, SourceColumn, Table,
    TableMode, TableName,
};

const KEYS: [&str; 12] = [
    "description",
    "source_columns",
    "key",
    "mode",
    "content_key",
    "partition",
    "version",
    "newest",
    "stale_after_hours",
    "refuse_above",
    "columns",
    "expectations",
];

pub(super) fn read_table(
    entry: &Entry,
    sql_files: &mut SqlFiles<'_>,
    findings: &mut Findings,
) -> Option<Table> {
    let name: Option<TableName> = parse_name(entry.line, &entry.key, findings);
    let owner = format!("table `{}`", entry.key);
    let sql = name.as_ref().and_then(|name| {
        sql_files.take(&format!("silver/{name}.sql"), &owner, entry.line, findings)
    });
    let mapping = Mapping::with_keys(owner, entry.line, &entry.value, &KEYS, findings)?;

    let description = mapping.text("description", "what one row is", findings);
    let source_columns = read_source_columns(&mapping, findings);
    let declared = read_columns(&mapping, OF_TABLES, named_version(&mapping).as_ref(), findings);
    let key = read_key(&mapping, &declared, findings);
    let mode = read_mode(&mapping, findings).unwrap_or_default();
    let content_key = mapping
        .optional("content_key")
        .is_some_and(|node| boolean("`content_key`", node, findings).unwrap_or_default());
    let partition = read_role(&mapping, "partition", is_partition_type, &declared, findings);
    let version = read_role(&mapping, "version", is_version_type, &declared, findings);
    if let (TableMode::Append, Some(node)) = (mode, mapping.optional("version")) {
        let problem = "`version` in a table whose mode is append, where the first arrival stays";
        findings.at(node.line, problem, "remove it, or make the mode upsert");
    }
    let newest = read_role(&mapping, "newest", is_time_type, &declared, findings);
    let stale_after_hours = read_hours(&mapping, newest.as_ref(), findings);
    let refuse_above = read_share(&mapping, "refuse_above", findings);
    let expectations = read_expectations(&mapping, &declared, findings);

    let name = name?;
    let source_columns = source_columns?;
    let columns = declared.into_columns()?;
    let key = key?;
    let expectations = expectations?;
    let sql = sql?.to_owned();
    let definition = json!({
        "table": name,
        "source_columns": source_columns.iter().map(source_column_value).collect::<Vec<_>>(),
        "columns": columns.iter().map(column_value).collect::<Vec<_>>(),
        "key": key,
        "partition": partition,
        "version": version,
        "mode": mode.as_str(),
        "content_key": content_key,
        "expectations": expectations.iter().map(expectation_value).collect::<Vec<_>>(),
    });
    Some(Table {
        name,
        description: description?.to_owned(),
        source_columns,
        columns,
        key,
        mode,
        content_key,
        partition,
        version,
        newest,
        stale_after_hours,
        expectations,
        refuse_above,
        definition_hash: DefinitionHash::of(&definition, &sql),
        sql,
    })
}

fn read_mode(mapping: &Mapping<'_>, findings: &mut Findings) -> Option<TableMode> {
    let known = TableMode::ALL.map(|mode| (mode.as_str(), mode));
    choice("`mode`", mapping.optional("mode")?, &known, findings)
}

/// The column that `version` names, before anything about it is checked.
fn named_version(mapping: &Mapping<'_>) -> Option<ColumnName> {
    match &mapping.optional("version")?.content {
        Content::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// A declared column that plays a role; its type must fit.
fn read_role(
    mapping: &Mapping<'_>,
    role: &str,
    fits: fn(ColumnType) -> Result<(), &'static str>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let node = mapping.optional(role)?;
    let column = read_column(&format!("`{role}`"), node, declared, findings)?;
    if let Some(column_type) = declared.type_of(&column)
        && let Err(expected) = fits(column_type)
    {
        findings.at(
            node.line,
            format!("`{role}` names the column `{column}`, which is {column_type}"),
            format!("name a column that is {expected}"),
        );
    }
    Some(column)
}

fn is_partition_type(found: ColumnType) -> Result<(), &'static str> {
    match found {
        ColumnType::Text | ColumnType::Date | ColumnType::Int | ColumnType::BigInt => Ok(()),
        _ => Err("TEXT, DATE, INT or BIGINT: its values become folders"),
    }
}

fn is_version_type(found: ColumnType) -> Result<(), &'static str> {
    match found {
        ColumnType::Boolean | ColumnType::Double => {
            Err("exact and ordered: TIMESTAMP, DATE, BIGINT, INT, DECIMAL or TEXT")
        }
        _ => Ok(()),
    }
}

fn is_time_type(found: ColumnType) -> Result<(), &'static str> {
    match found {
        ColumnType::Timestamp | ColumnType::Date => Ok(()),
        _ => Err("TIMESTAMP or DATE"),
    }
}

fn read_hours(
    mapping: &Mapping<'_>,
    newest: Option<&ColumnName>,
    findings: &mut Findings,
) -> Option<u32> {
    let node = mapping.optional("stale_after_hours")?;
    if newest.is_none() {
        let problem = "`stale_after_hours` without `newest`, so nobody knows how old the data is";
        findings.at(node.line, problem, "name the column of the newest data time as `newest`");
    }
    let hours = number("`stale_after_hours`", node, findings)?;
    if hours.fract() != 0.0 || !(1.0..=87_600.0).contains(&hours) {
        let problem = format!("`stale_after_hours` is {hours}");
        findings.at(node.line, problem, "write whole hours, 1 to 87600");
        return None;
    }
    Some(hours as u32)
}

fn read_share(mapping: &Mapping<'_>, key: &str, findings: &mut Findings) -> Option<f64> {
    let node = mapping.optional(key)?;
    let share = number(&format!("`{key}`"), node, findings)?;
    if !(0.0..=1.0).contains(&share) {
        findings.at(
            node.line,
            format!("`{key}` is {share}"),
            "write a share between 0 and 1, such as 0.2 for one row in five",
        );
    }
    Some(share)
}

fn source_column_value(column: &SourceColumn) -> Value {
    json!([column.name, column.aliases])
}

pub(super) fn column_value(column: &Column) -> Value {
    json!([column.name, column.column_type])
}

fn expectation_value(expectation: &Expectation) -> Value {
    let check = match &expectation.check {
        Check::NotNull(column) => json!({"not_null": column}),
        Check::Range { column, min, max } => json!({"range": [column, min, max]}),
        Check::AcceptedValues { column, values } => json!({"accepted_values": [column, values]}),
        Check::Pattern { column, regex } => json!({"pattern": [column, regex]}),
        Check::JsonSchema { column, by, schemas } => json!({"json_schema": [column, by, schemas]}),
        Check::Sql(sql) => json!({"sql": sql}),
    };
    json!([expectation.rule, expectation.on_violation, check])
}
