//! One source of `dataset.yaml`.

use super::findings::Findings;
use super::mapping::{Mapping, choice, items, name, parse_name, whole_number};
use super::suggestion::closest;
use super::yaml_tree::{Content, Entry, Node};
use crate::{
    Ckan, CkanFetch, CkanLoad, CkanResources, ColumnName, Cron, Schedule, Socrata, SodaApi,
    SourceDefinition, SourceKind, SourceName, Sql, Table, TableName, TimeZone, Tls,
};

/// What a source may speak, each a key of a source.
const KINDS: [&str; 3] = ["socrata", "ckan", "sql"];

/// Reads a source; `names` are those of the dataset's tables, sound or not, and `tables` what is
/// known of them.
pub(super) fn read_source(
    entry: &Entry,
    names: &[TableName],
    tables: &[Option<Table>],
    findings: &mut Findings,
) -> Option<SourceDefinition> {
    let source: Option<SourceName> = parse_name(entry.line, &entry.key, findings);
    let keys =
        [["description", "table", "columns", "schedule", "reconcile"].as_slice(), &KINDS].concat();
    let owner = format!("source `{}`", entry.key);
    let mapping = Mapping::with_keys(owner, entry.line, &entry.value, &keys, findings)?;
    let description = mapping.text("description", "what it is", findings);
    let example = names.first().map_or("requests", TableName::as_str);
    let table = mapping
        .required("table", example, findings)
        .and_then(|node| read_table(node, names, findings));
    let schedule =
        mapping.optional("schedule").and_then(|node| read_schedule("`schedule`", node, findings));
    let reconcile =
        mapping.optional("reconcile").and_then(|node| read_schedule("`reconcile`", node, findings));
    let fed = tables.iter().flatten().find(|known| Some(&known.name) == table.as_ref());
    let columns =
        mapping.optional("columns").and_then(|node| read_source_columns(node, fed, findings));
    let kind = read_kind(&mapping, fed, findings);
    if let (Some(node), Some(kind)) = (mapping.optional("reconcile"), &kind) {
        check_can_reconcile(node, kind, fed, findings);
    }
    if let (Some(node), Some(kind), Some(table)) = (mapping.optional("table"), &kind, fed) {
        check_content_keys(node, kind, table, findings);
    }
    Some(SourceDefinition {
        name: source?,
        description: description?.to_owned(),
        table: table?,
        columns,
        schedule,
        reconcile,
        kind: kind?,
    })
}

fn read_table(node: &Node, tables: &[TableName], findings: &mut Findings) -> Option<TableName> {
    let table: TableName = name("`table`", node, findings)?;
    if tables.contains(&table) {
        return Some(table);
    }
    let problem = format!("`table` names `{table}`, which is not a table of this dataset");
    findings.unknown(node.line, problem, table.as_str(), tables.iter().map(TableName::as_str));
    None
}

/// Deletes are found by counts and keys of months.
fn check_can_reconcile(
    node: &Node,
    kind: &SourceKind,
    fed: Option<&Table>,
    findings: &mut Findings,
) {
    if !matches!(kind, SourceKind::Socrata(_)) {
        let problem = "`reconcile` is set, but only sources of the kind socrata can be reconciled";
        findings.at(node.line, problem.to_owned(), "take it away");
    } else if fed.is_some_and(|table| table.newest.is_none()) {
        let problem = "`reconcile` is set, but the table does not say which time its months go by";
        findings.at(node.line, problem.to_owned(), "add `newest` to the table");
    }
}

/// Content keys number the equal rows of one load: a file, or a whole copy. Behind a cursor, rows come in
/// parts, and once more when they changed.
fn check_content_keys(node: &Node, kind: &SourceKind, table: &Table, findings: &mut Findings) {
    let is_copied = matches!(kind, SourceKind::Ckan(Ckan { load: CkanLoad::Snapshot(_), .. }));
    if !table.content_key || is_copied {
        return;
    }
    let problem = format!(
        "`table` names `{}`, whose `content_key` tells equal rows apart only where they come all at \
         once, but this source brings rows behind a cursor: some would count twice, and others not \
         at all",
        table.name
    );
    let remedy = "let columns identify the rows (`key`) and remove `content_key`, or bring whole copies: \
                  a CKAN source with `load: snapshot`, or files";
    findings.at(node.line, problem, remedy);
}

fn read_schedule(what: &str, node: &Node, findings: &mut Findings) -> Option<Schedule> {
    let keys = ["cron", "time_zone"];
    let mapping = Mapping::with_keys(what, node.line, node, &keys, findings)?;
    let cron = mapping.text("cron", "\"0 3 * * *\"", findings).map(str::parse::<Cron>);
    if let Some(Err(error)) = &cron {
        findings.at(node.line, format!("`cron` is {error}"), error.remedy());
    }
    let time_zone = mapping
        .text("time_zone", "America/New_York", findings)
        .and_then(|name| read_time_zone(node.line, name, findings));
    Some(Schedule { cron: cron?.ok()?, time_zone: time_zone? })
}

fn read_time_zone(line: usize, name: &str, findings: &mut Findings) -> Option<TimeZone> {
    let zone = TimeZone::named(name);
    if zone.is_none() {
        let remedy = match closest(name, TimeZone::names()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => {
                "write a name of the IANA time zone database, such as America/New_York".to_owned()
            }
        };
        findings.at(line, format!("`time_zone` is `{name}`, which is no time zone"), remedy);
    }
    zone
}

fn read_kind(
    mapping: &Mapping<'_>,
    fed: Option<&Table>,
    findings: &mut Findings,
) -> Option<SourceKind> {
    let mut present = KINDS.iter().filter_map(|kind| Some((*kind, mapping.optional(kind)?)));
    let Some((kind, node)) = present.next() else {
        let remedy = format!("add one of {}", KINDS.join(", "));
        findings.at(mapping.line(), format!("{} is of no kind", mapping.what()), remedy);
        return None;
    };
    if let Some((second, node)) = present.next() {
        let problem = format!("{} has both `{kind}` and `{second}`", mapping.what());
        findings.at(node.line, problem, "make two sources of it");
        return None;
    }
    match kind {
        "socrata" => read_socrata(node, fed, findings).map(SourceKind::Socrata),
        "ckan" => read_ckan(node, findings).map(SourceKind::Ckan),
        _ => read_sql(node, findings).map(SourceKind::Sql),
    }
}

fn read_socrata(node: &Node, fed: Option<&Table>, findings: &mut Findings) -> Option<Socrata> {
    let keys = [
        "url",
        "resource",
        "api",
        "time",
        "key",
        "page_rows",
        "overlap_seconds",
        "window_days",
        "app_token",
    ];
    let mapping = Mapping::with_keys("`socrata`", node.line, node, &keys, findings)?;
    let url = read_url(&mapping, "https://data.cityofnewyork.us", findings);
    let resource = mapping.text("resource", "erm2-nwe9", findings);
    let known = [("v2", SodaApi::V2), ("v3", SodaApi::V3)];
    let api = match mapping.optional("api") {
        Some(node) => choice("`api`", node, &known, findings),
        None => Some(SodaApi::V2),
    };
    let time = mapping
        .required("time", "created_date", findings)
        .and_then(|node| read_source_column("`time`", node, fed, findings));
    let key = mapping.required("key", "[unique_key]", findings).and_then(|node| {
        let names = items("`key`", node, findings)?.iter();
        names.map(|item| read_source_column("`key`", item, fed, findings)).collect()
    });
    Some(Socrata {
        page_rows: count(&mapping, "page_rows", 50_000, 1..=50_000, findings)?,
        overlap_seconds: count(&mapping, "overlap_seconds", 3_600, 0..=31_536_000, findings)?,
        window_days: count(&mapping, "window_days", 31, 1..=36_500, findings)?,
        app_token: mapping
            .optional("app_token")
            .and_then(|node| read_variable("`app_token`", node, findings)),
        url: url?,
        resource: resource?.to_owned(),
        api: api?,
        time: time?,
        key: key?,
    })
}

/// The columns that it has of those that the table reads, under their first names.
fn read_source_columns(
    node: &Node,
    fed: Option<&Table>,
    findings: &mut Findings,
) -> Option<Vec<ColumnName>> {
    let listed = items("`columns`", node, findings)?;
    if listed.is_empty() {
        let remedy = "list the source columns of the table that the source has, or remove it";
        findings.at(node.line, "`columns` is empty", remedy);
    }
    let columns = listed.iter().map(|item| read_source_column("`columns`", item, fed, findings));
    columns.map(|column| Some(first_name(column?, fed))).collect()
}

fn first_name(column: ColumnName, fed: Option<&Table>) -> ColumnName {
    let mut columns = fed.into_iter().flat_map(|table| &table.source_columns);
    let found = columns.find(|known| known.aliases.contains(&column));
    found.map_or(column, |known| known.name.clone())
}

/// A column of the source, which is one that the table reads.
fn read_source_column(
    what: &str,
    node: &Node,
    fed: Option<&Table>,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let column: ColumnName = name(what, node, findings)?;
    let Some(table) = fed else { return Some(column) };
    let columns = table.source_columns.iter();
    let known = columns.flat_map(|column| std::iter::once(&column.name).chain(&column.aliases));
    if known.clone().any(|known| *known == column) {
        return Some(column);
    }
    let problem = format!("{what} names `{column}`, which is no source column of {}", table.name);
    findings.unknown(node.line, problem, column.as_str(), known.map(ColumnName::as_str));
    None
}

fn read_ckan(node: &Node, findings: &mut Findings) -> Option<Ckan> {
    let keys = [
        "url",
        "package",
        "resources",
        "load",
        "fetch",
        "cursor",
        "overlap_seconds",
        "page_rows",
        "token",
    ];
    let mapping = Mapping::with_keys("`ckan`", node.line, node, &keys, findings)?;
    let url = read_url(&mapping, "https://data.boston.gov", findings);
    let resources = read_resources(&mapping, findings);
    let incremental = match mapping.optional("load") {
        Some(node) => {
            choice("`load`", node, &[("snapshot", false), ("incremental", true)], findings)?
        }
        None => false,
    };
    let load = match incremental {
        true => read_incremental(&mapping, findings),
        false => read_snapshot(&mapping, findings),
    };
    Some(Ckan {
        token: mapping.optional("token").and_then(|node| read_variable("`token`", node, findings)),
        page_rows: count(&mapping, "page_rows", 32_000, 1..=32_000, findings)?,
        url: url?,
        resources: resources?,
        load: load?,
    })
}

fn read_incremental(mapping: &Mapping<'_>, findings: &mut Findings) -> Option<CkanLoad> {
    if let Some(node) = mapping.optional("fetch") {
        let remedy = "remove it: rows behind a cursor come page by page";
        findings.at(node.line, "`fetch` in a source whose load is incremental", remedy);
    }
    let cursor = mapping.text("cursor", "updated_at", findings);
    Some(CkanLoad::Incremental {
        overlap_seconds: count(mapping, "overlap_seconds", 3_600, 0..=31_536_000, findings)?,
        cursor: cursor?.to_owned(),
    })
}

fn read_snapshot(mapping: &Mapping<'_>, findings: &mut Findings) -> Option<CkanLoad> {
    for key in ["cursor", "overlap_seconds"] {
        if let Some(node) = mapping.optional(key) {
            let problem = format!("`{key}` in a source whose load is a snapshot");
            findings.at(node.line, problem, "remove it, or add `load: incremental`");
        }
    }
    let known = [("pages", CkanFetch::Pages), ("dump", CkanFetch::Dump)];
    let fetch = match mapping.optional("fetch") {
        Some(node) => choice("`fetch`", node, &known, findings)?,
        None => CkanFetch::Pages,
    };
    Some(CkanLoad::Snapshot(fetch))
}

fn read_resources(mapping: &Mapping<'_>, findings: &mut Findings) -> Option<CkanResources> {
    match (mapping.optional("package"), mapping.optional("resources")) {
        (Some(_), Some(resources)) => {
            let remedy = "remove one: a package stands for all its resources";
            findings.at(resources.line, "`ckan` has both `package` and `resources`", remedy);
            None
        }
        (_, Some(node)) => {
            let items = items("`resources`", node, findings)?;
            if items.is_empty() {
                findings.at(node.line, "`resources` is empty", "list the ids of the resources");
            }
            let ids = items.iter().map(|item| read_text("a resource", item, findings));
            ids.collect::<Option<_>>().map(CkanResources::Listed)
        }
        _ => {
            let package = mapping.text("package", "checkbook-explorer", findings)?;
            Some(CkanResources::OfPackage(package.to_owned()))
        }
    }
}

fn read_sql(node: &Node, findings: &mut Findings) -> Option<Sql> {
    let keys =
        ["url", "query", "cursor", "key", "page_rows", "overlap_seconds", "timeout_seconds", "tls"];
    let mapping = Mapping::with_keys("`sql`", node.line, node, &keys, findings)?;
    let url = mapping
        .required("url", "ORDER_DB_URL", findings)
        .and_then(|node| read_variable("`url`", node, findings));
    let query = mapping.text("query", "SELECT * FROM orders", findings);
    let cursor = mapping.text("cursor", "updated_at", findings);
    let key = mapping.text("key", "order_id", findings);
    let known = [("disabled", Tls::Off), ("required", Tls::Required), ("verified", Tls::Verified)];
    let tls = match mapping.optional("tls") {
        Some(node) => choice("`tls`", node, &known, findings),
        None => Some(Tls::Verified),
    };
    Some(Sql {
        page_rows: count(&mapping, "page_rows", 10_000, 1..=1_000_000, findings)?,
        overlap_seconds: count(&mapping, "overlap_seconds", 300, 0..=31_536_000, findings)?,
        timeout_seconds: count(&mapping, "timeout_seconds", 60, 1..=900, findings)?,
        url: url?,
        query: query?.trim_end_matches(';').to_owned(),
        cursor: cursor?.to_owned(),
        key: key?.to_owned(),
        tls: tls?,
    })
}

/// An optional whole number; `None` only if what is written there is wrong.
fn count(
    mapping: &Mapping<'_>,
    key: &str,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
    findings: &mut Findings,
) -> Option<u32> {
    match mapping.optional(key) {
        Some(node) => whole_number(&format!("`{key}`"), node, range, findings),
        None => Some(default),
    }
}

fn read_url(mapping: &Mapping<'_>, example: &str, findings: &mut Findings) -> Option<String> {
    let url = mapping.text("url", example, findings)?;
    let line = mapping.optional("url").map_or(mapping.line(), |node| node.line);
    if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
        findings.at(line, format!("`url` is `{url}`"), format!("write a URL such as {example}"));
        return None;
    }
    if url.contains('@') {
        let remedy = "leave them out: secrets come from the environment";
        findings.at(line, "`url` has credentials in it", remedy);
        return None;
    }
    Some(url.trim_end_matches('/').to_owned())
}

/// The name of an environment variable: secrets are never written into a definition.
fn read_variable(what: &str, node: &Node, findings: &mut Findings) -> Option<String> {
    let text = read_text(what, node, findings)?;
    let fits = |character: char| matches!(character, 'A'..='Z' | '0'..='9' | '_');
    if text.chars().all(fits) && text.starts_with(|first: char| !first.is_ascii_digit()) {
        return Some(text);
    }
    // Never shown: somebody may have written the secret itself.
    findings.at(
        node.line,
        format!("{what} is not the name of an environment variable"),
        "write a name such as ORDER_DB_URL and put the value into that variable",
    );
    None
}

fn read_text(what: &str, node: &Node, findings: &mut Findings) -> Option<String> {
    match &node.content {
        Content::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => {
            findings.shape(node, what, "a text");
            None
        }
    }
}
