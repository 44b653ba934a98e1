//! The columns of a table or a mart, and lists that name some of them.

use super::findings::Findings;
use super::mapping::{Mapping, entries, items, name, parse_name};
use super::suggestion::closest;
use super::yaml_tree::{Content, Entry, Node};
use crate::reserved::{is_bronze_column, is_sql_word};
use crate::{Aggregate, Column, ColumnName, ColumnType, SourceColumn};

/// What is known of the declared columns while problems are being collected. A column whose type
/// is wrong is still declared: one mistake should not be reported at every mention of the column.
#[derive(Debug)]
pub(super) struct Declared(Option<Vec<DeclaredColumn>>);

#[derive(Debug)]
struct DeclaredColumn {
    name: ColumnName,
    column_type: Option<ColumnType>,
    description: Option<String>,
    aggregate: Option<Aggregate>,
}

impl Declared {
    /// The type of a column, if the column is declared and its type known.
    pub(super) fn type_of(&self, name: &ColumnName) -> Option<ColumnType> {
        self.0.iter().flatten().find(|column| column.name == *name)?.column_type
    }

    /// All columns, if nothing is wrong with any of them.
    pub(super) fn into_columns(self) -> Option<Vec<Column>> {
        let complete = |column: DeclaredColumn| {
            let DeclaredColumn { name, column_type, description, aggregate } = column;
            Some(Column { name, column_type: column_type?, description, aggregate })
        };
        self.0?.into_iter().map(complete).collect()
    }
}

/// What is said of a column of a table, and of a mart.
pub(super) const OF_TABLES: &[&str] = &["type", "description"];
pub(super) const OF_MARTS: &[&str] = &["type", "description", "aggregate"];

/// The declared columns, in their order. Only `technical` may start with an underscore.
pub(super) fn read_columns(
    mapping: &Mapping<'_>,
    keys: &[&'static str],
    technical: Option<&ColumnName>,
    findings: &mut Findings,
) -> Declared {
    let owner = mapping.what();
    let Some(node) = mapping.required("columns", "{unique_key: BIGINT}", findings) else {
        return Declared(None);
    };
    let Some(entries) = entries(&format!("the columns of {owner}"), node, findings) else {
        return Declared(None);
    };
    if entries.is_empty() {
        findings.at(node.line, format!("{owner} has no columns"), "declare the columns of its SQL");
    }
    let mut columns = Vec::new();
    for entry in entries {
        let ReadColumn { column_type, description, aggregate } = read_entry(entry, keys, findings);
        let Some(name) = parse_name::<ColumnName>(entry.line, &entry.key, findings) else {
            continue;
        };
        check_column_name(entry.line, &name, technical, findings);
        columns.push(DeclaredColumn { name, column_type, description, aggregate });
    }
    Declared(Some(columns))
}

fn check_column_name(
    line: usize,
    name: &ColumnName,
    technical: Option<&ColumnName>,
    findings: &mut Findings,
) {
    if name.as_str().starts_with('_') && technical != Some(name) {
        findings.at(
            line,
            format!("column `{name}` starts with an underscore"),
            "columns that start with _ belong to the platform, only the column named by `version` may; choose another name",
        );
    }
    if is_sql_word(name.as_str()) {
        findings.at(
            line,
            format!("column `{name}` is a reserved word of SQL"),
            "choose a name that needs no quotes in any engine",
        );
    }
}

/// What is said of a column; what is wrong of it is missing.
#[derive(Default)]
struct ReadColumn {
    column_type: Option<ColumnType>,
    description: Option<String>,
    aggregate: Option<Aggregate>,
}

/// `BIGINT`, or `{type: BIGINT, description: …}`.
fn read_entry(entry: &Entry, keys: &[&'static str], findings: &mut Findings) -> ReadColumn {
    let what = format!("column `{}`", entry.key);
    match &entry.value.content {
        Content::Text(text) => {
            let column_type = parse_type(entry.value.line, text, findings);
            ReadColumn { column_type, ..ReadColumn::default() }
        }
        Content::Mapping(_) => {
            let Some(mapping) = Mapping::with_keys(what, entry.line, &entry.value, keys, findings)
            else {
                return ReadColumn::default();
            };
            let description = mapping.optional("description").and_then(|_| {
                mapping.text("description", "what it means", findings).map(str::to_owned)
            });
            let line = mapping.optional("type").map_or(entry.line, |node| node.line);
            let column_type = mapping
                .text("type", "BIGINT", findings)
                .and_then(|text| parse_type(line, text, findings));
            let aggregate = read_aggregate(&mapping, column_type, findings);
            ReadColumn { column_type, description, aggregate }
        }
        _ => {
            findings.shape(&entry.value, what, "a type such as BIGINT");
            ReadColumn::default()
        }
    }
}

/// How the numbers of a column are put together, where it says so.
fn read_aggregate(
    mapping: &Mapping<'_>,
    column_type: Option<ColumnType>,
    findings: &mut Findings,
) -> Option<Aggregate> {
    let line = mapping.optional("aggregate")?.line;
    let text = mapping.text("aggregate", "mean", findings)?;
    if column_type.is_some_and(|column_type| !column_type.is_numeric()) {
        let problem = format!("`aggregate` of {}, which holds no numbers", mapping.what());
        findings.at(line, problem, "leave it out");
        return None;
    }
    let found = Aggregate::ALL.into_iter().find(|(known, _)| *known == text);
    if found.is_none() {
        let known = Aggregate::ALL.into_iter().map(|(known, _)| known);
        findings.unknown(line, format!("unknown aggregate `{text}`"), text, known);
    }
    found.map(|(_, aggregate)| aggregate)
}

fn parse_type(line: usize, text: &str, findings: &mut Findings) -> Option<ColumnType> {
    if let Ok(column_type) = text.parse() {
        return Some(column_type);
    }
    let problem = format!("`{text}` is not a column type");
    let upper = text.to_ascii_uppercase();
    let meant = match upper.as_str() {
        "STRING" | "VARCHAR" | "CHAR" | "UTF8" => Some("TEXT"),
        "INTEGER" | "INT32" => Some("INT"),
        "LONG" | "INT64" => Some("BIGINT"),
        "FLOAT" | "REAL" | "FLOAT64" | "NUMBER" => Some("DOUBLE"),
        "BOOL" => Some("BOOLEAN"),
        "DATETIME" => Some("TIMESTAMP"),
        "DECIMAL" | "NUMERIC" => Some("DECIMAL(18,2)"),
        _ => None,
    };
    if let Some(meant) = meant {
        findings.at(line, problem, format!("write {meant}"));
    } else if upper.starts_with("DECIMAL(") && !upper.contains(')') {
        findings.at(line, problem, "within {…} quote it: \"DECIMAL(18,2)\"");
    } else {
        let known =
            ["BIGINT", "INT", "DOUBLE", "DECIMAL(18,2)", "TEXT", "BOOLEAN", "DATE", "TIMESTAMP"];
        findings.unknown(line, problem, &upper, known.into_iter());
    }
    None
}

/// One name, which must be declared.
pub(super) fn read_column(
    what: &str,
    node: &Node,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let column: ColumnName = name(what, node, findings)?;
    let declared = declared.0.as_deref()?;
    if declared.iter().any(|known| known.name == column) {
        return Some(column);
    }
    let problem = format!("{what} names the column `{column}`, which is not declared");
    let known = declared.iter().map(|known| known.name.as_str());
    match closest(column.as_str(), known) {
        Some(known) => findings.at(node.line, problem, format!("did you mean `{known}`?")),
        None => findings.at(node.line, problem, "declare it under `columns`"),
    }
    None
}

/// The names of a key: at least one, each declared, none twice.
pub(super) fn read_key(
    mapping: &Mapping<'_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<Vec<ColumnName>> {
    let what = format!("the key of {}", mapping.what());
    let node = mapping.required("key", "[unique_key]", findings)?;
    let items = items(&what, node, findings)?;
    if items.is_empty() {
        findings.at(node.line, format!("{what} is empty"), "name the columns that identify a row");
    }
    let mut key = Vec::new();
    for item in items {
        let Some(column) = read_column(&what, item, declared, findings) else {
            continue;
        };
        if key.contains(&column) {
            findings.at(item.line, format!("{what} names `{column}` twice"), "remove one");
        } else {
            key.push(column);
        }
    }
    Some(key)
}

/// The columns of the source: `name`, or `{name: …, aliases: […]}`; no name may mean two columns.
pub(super) fn read_source_columns(
    mapping: &Mapping<'_>,
    findings: &mut Findings,
) -> Option<Vec<SourceColumn>> {
    let owner = mapping.what();
    let what = format!("the source columns of {owner}");
    let node = mapping.required("source_columns", "[unique_key, created_date]", findings)?;
    let items = items(&what, node, findings)?;
    if items.is_empty() {
        findings.at(
            node.line,
            format!("{owner} has no source columns"),
            "list those its SQL names",
        );
    }
    let mut seen: Vec<(ColumnName, usize)> = Vec::new();
    let mut columns = Vec::new();
    for item in items {
        let Some((column, lines)) = read_source_column(item, findings) else {
            continue;
        };
        for (name, line) in std::iter::once(&column.name).chain(&column.aliases).zip(lines) {
            check_source_name(name, line, findings);
            if let Some((_, first)) = seen.iter().find(|(known, _)| known == name) {
                findings.at(
                    line,
                    format!("`{name}` appears twice in {what}"),
                    format!("remove one, the first is on line {first}"),
                );
            }
            seen.push((name.clone(), line));
        }
        columns.push(column);
    }
    Some(columns)
}

/// A source column and the lines of its name and its aliases.
fn read_source_column(node: &Node, findings: &mut Findings) -> Option<(SourceColumn, Vec<usize>)> {
    let what = "source column";
    if let Content::Mapping(_) = &node.content {
        let mapping = Mapping::with_keys(what, node.line, node, &["name", "aliases"], findings)?;
        let name_node = mapping.required("name", "unique_key", findings);
        let column = name(what, name_node?, findings);
        let mut lines = vec![name_node?.line];
        let mut aliases = Vec::new();
        if let Some(list) = mapping.optional("aliases") {
            for alias in items("aliases", list, findings)? {
                if let Some(alias_name) = name("alias", alias, findings) {
                    aliases.push(alias_name);
                    lines.push(alias.line);
                }
            }
        }
        return Some((SourceColumn { name: column?, aliases }, lines));
    }
    let column = SourceColumn { name: name(what, node, findings)?, aliases: Vec::new() };
    Some((column, vec![node.line]))
}

fn check_source_name(name: &ColumnName, line: usize, findings: &mut Findings) {
    if name.as_str().starts_with('_') || is_bronze_column(name.as_str()) {
        findings.at(
            line,
            format!("source column `{name}` is reserved for the platform"),
            "bronze adds the columns that start with _ and ingestion_date; remove it",
        );
    }
}
