//! From `dataset.yaml` and SQL texts to a validated [`Dataset`]: read everything, collect every
//! problem, and give a dataset only if there is none.

mod columns;
mod expectations;
mod findings;
mod mapping;
mod marts;
mod models;
mod series;
mod sources;
mod sql_files;
mod suggestion;
mod tables;
#[cfg(test)]
mod tests;
mod views;
mod yaml_tree;

use findings::Findings;
use mapping::{Mapping, entries, parse_name};
use sql_files::SqlFiles;
pub use suggestion::closest;
use yaml_tree::Node;

use crate::{DATASET_FILE, Dataset, DatasetName, DefinitionFiles, Problems, TableName};

pub(crate) fn parse(files: &DefinitionFiles) -> Result<Dataset, Problems> {
    let mut findings = Findings::of(files);
    let dataset =
        read_tree(files, &mut findings).and_then(|tree| read_dataset(&tree, files, &mut findings));
    findings.conclude(dataset)
}

fn read_tree(files: &DefinitionFiles, findings: &mut Findings) -> Option<Node> {
    let Some(text) = files.files.get(DATASET_FILE) else {
        let remedy = "add this file: every dataset folder has one";
        findings.add(DATASET_FILE, None, "the file is missing", remedy);
        return None;
    };
    match yaml_tree::parse(text) {
        Ok(tree) => Some(tree),
        Err(error) => {
            let problem = format!("not readable as YAML ({})", error.message);
            findings.add(DATASET_FILE, error.line, problem, "correct it there or just above");
            None
        }
    }
}

/// Names that stand beside those of datasets in the lake: `published/reports`, `uploads/announced`.
const RESERVED: [&str; 2] = ["announced", "reports"];

fn read_dataset(tree: &Node, files: &DefinitionFiles, findings: &mut Findings) -> Option<Dataset> {
    let keys = ["dataset", "description", "sources", "tables", "marts", "models", "views"];
    let mapping = Mapping::with_keys("the dataset", 1, tree, &keys, findings)?;
    let name = read_name(&mapping, files, findings);
    let description = mapping.text("description", "what it is", findings);
    let mut sql_files = SqlFiles::of(files);

    let table_entries = mapping
        .required("tables", "{…}", findings)
        .and_then(|node| entries("`tables`", node, findings))
        .unwrap_or_default();
    let table_names: Vec<TableName> =
        table_entries.iter().filter_map(|entry| entry.key.parse().ok()).collect();
    let tables: Vec<_> = table_entries
        .iter()
        .map(|entry| tables::read_table(entry, &mut sql_files, findings))
        .collect();

    let source_entries = mapping
        .optional("sources")
        .and_then(|node| entries("`sources`", node, findings))
        .unwrap_or_default();
    let sources: Vec<_> = source_entries
        .iter()
        .map(|entry| sources::read_source(entry, &table_names, &tables, findings))
        .collect();

    let mart_entries = mapping
        .optional("marts")
        .and_then(|node| entries("`marts`", node, findings))
        .unwrap_or_default();
    let marts: Vec<_> = mart_entries
        .iter()
        .map(|entry| marts::read_mart(entry, &table_names, &mut sql_files, findings))
        .collect();

    let mart_names: Vec<TableName> =
        mart_entries.iter().filter_map(|entry| entry.key.parse().ok()).collect();
    let models: Vec<_> = mapping
        .optional("models")
        .and_then(|node| entries("`models`", node, findings))
        .unwrap_or_default()
        .iter()
        .map(|entry| models::read_model(entry, &tables, &marts, &mart_names, findings))
        .collect();

    let views: Vec<_> = mapping
        .optional("views")
        .and_then(|node| entries("`views`", node, findings))
        .unwrap_or_default()
        .iter()
        .map(|entry| views::read_view(entry, &mart_names, findings))
        .collect();

    sql_files.report_unused(findings);
    Some(Dataset {
        name: name?,
        description: description?.to_owned(),
        sources: sources.into_iter().collect::<Option<_>>()?,
        tables: tables.into_iter().collect::<Option<_>>()?,
        marts: marts.into_iter().collect::<Option<_>>()?,
        models: models.into_iter().collect::<Option<_>>()?,
        views: views.into_iter().collect::<Option<_>>()?,
    })
}

/// The name of the dataset, which is also that of its folder.
fn read_name(
    mapping: &Mapping<'_>,
    files: &DefinitionFiles,
    findings: &mut Findings,
) -> Option<DatasetName> {
    let folder = files.folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let text = mapping.text("dataset", folder, findings)?;
    let line = mapping.optional("dataset").map_or(1, |node| node.line);
    let name: DatasetName = parse_name(line, text, findings)?;
    if name.as_str() != folder {
        findings.at(
            line,
            format!("the dataset is named `{name}`, its folder `{folder}`"),
            "give both the same name",
        );
    }
    if RESERVED.contains(&name.as_str()) {
        findings.at(
            line,
            format!("`{name}` is a folder of the platform's own"),
            "choose another name",
        );
    }
    Some(name)
}
