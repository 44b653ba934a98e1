//! One view of `dataset.yaml`.

use super::findings::Findings;
use super::mapping::{Mapping, parse_name};
use super::yaml_tree::Entry;
use crate::{SeriesTable, TableName, View};

/// Reads a view of one of these marts, or of a table about series.
pub(super) fn read_view(
    entry: &Entry,
    mart_names: &[TableName],
    findings: &mut Findings,
) -> Option<View> {
    let name = parse_name(entry.line, &entry.key, findings);
    let owner = format!("view `{}`", entry.key);
    let keys = ["description", "from", "ask"];
    let mapping = Mapping::with_keys(owner.clone(), entry.line, &entry.value, &keys, findings)?;
    let description = mapping.text("description", "what it tells", findings);
    let table = mapping.text("from", "<mart>", findings);
    let query = mapping.text("ask", "order=date.desc&limit=30", findings);
    let line = mapping.optional("from").map_or(entry.line, |node| node.line);
    let about_series = SeriesTable::PUBLISHED.map(SeriesTable::name);
    let mut known = mart_names.iter().chain(&about_series);
    let found = table.and_then(|table| known.find(|name| name.as_str() == table).cloned());
    if let (Some(table), None) = (table, &found) {
        let problem = format!("{owner} asks `{table}`, which is no mart");
        let known = mart_names.iter().chain(&about_series).map(TableName::as_str);
        findings.unknown(line, problem, table, known);
    }
    Some(View {
        name: name?,
        description: description?.to_owned(),
        table: found?,
        query: query?.to_owned(),
    })
}
