//! The expectations of a table.

use std::collections::BTreeMap;

use super::columns::{Declared, read_column};
use super::findings::Findings;
use super::mapping::{Mapping, choice, entries, items, name, number};
use super::yaml_tree::{Content, Node};
use crate::{
    Check, ColumnName, ColumnType, Expectation, JsonProperty, JsonType, OnViolation, RuleName,
};

/// The kinds of check, each a key of an expectation.
const CHECKS: [&str; 6] = ["not_null", "range", "accepted_values", "pattern", "json_schema", "sql"];

pub(super) fn read_expectations(
    mapping: &Mapping<'_>,
    columns: &Declared,
    findings: &mut Findings,
) -> Option<Vec<Expectation>> {
    let owner = mapping.what();
    let Some(node) = mapping.optional("expectations") else {
        return Some(Vec::new());
    };
    let mut seen: Vec<(RuleName, usize)> = Vec::new();
    let mut expectations = Vec::new();
    for item in items(&format!("the expectations of {owner}"), node, findings)? {
        let Some(expectation) = read_expectation(owner, item, columns, findings) else {
            continue;
        };
        if let Some((rule, first)) = seen.iter().find(|(rule, _)| *rule == expectation.rule) {
            findings.at(
                item.line,
                format!("{owner} has two rules named `{rule}`"),
                format!("rename one, the first is on line {first}"),
            );
        }
        seen.push((expectation.rule.clone(), item.line));
        expectations.push(expectation);
    }
    Some(expectations)
}

fn read_expectation(
    owner: &str,
    node: &Node,
    columns: &Declared,
    findings: &mut Findings,
) -> Option<Expectation> {
    let keys = [["rule", "on_violation", "reason"].as_slice(), &CHECKS].concat();
    let what = format!("an expectation of {owner}");
    let mapping = Mapping::with_keys(what, node.line, node, &keys, findings)?;
    let rule = mapping
        .required("rule", "unique_key_is_integer", findings)
        .and_then(|node| name("`rule`", node, findings));
    let on_violation = read_on_violation(&mapping, findings);
    let reason = mapping.text("reason", "what is wrong with such a row", findings);
    let check = read_check(&mapping, columns, findings);
    Some(Expectation {
        rule: rule?,
        check: check?,
        on_violation: on_violation?,
        reason: reason?.to_owned(),
    })
}

fn read_on_violation(mapping: &Mapping<'_>, findings: &mut Findings) -> Option<OnViolation> {
    let all = [OnViolation::Warn, OnViolation::Reject, OnViolation::Fail];
    let text = mapping.text("on_violation", "reject", findings)?;
    let found = all.into_iter().find(|candidate| candidate.as_str() == text);
    if found.is_none() {
        let line = mapping.optional("on_violation").map_or(mapping.line(), |node| node.line);
        let problem = format!("`on_violation` is `{text}`");
        findings.unknown(line, problem, text, all.iter().map(|candidate| candidate.as_str()));
    }
    found
}

fn read_check(mapping: &Mapping<'_>, columns: &Declared, findings: &mut Findings) -> Option<Check> {
    let mut present = CHECKS.iter().filter_map(|kind| Some((*kind, mapping.optional(kind)?)));
    let Some((kind, node)) = present.next() else {
        findings.at(
            mapping.line(),
            format!("{} checks nothing", mapping.what()),
            format!("add one of {}", CHECKS.join(", ")),
        );
        return None;
    };
    if let Some((second, node)) = present.next() {
        findings.at(
            node.line,
            format!("{} has both `{kind}` and `{second}`", mapping.what()),
            "write one expectation for each, with rules of their own",
        );
        return None;
    }
    match kind {
        "not_null" => Some(Check::NotNull(read_column("`not_null`", node, columns, findings)?)),
        "range" => read_range(node, columns, findings),
        "accepted_values" => read_accepted_values(node, columns, findings),
        "pattern" => read_pattern(node, columns, findings),
        "json_schema" => read_json_schema(node, columns, findings),
        _ => Some(Check::Sql(mapping.text("sql", "closed_at >= created_at", findings)?.to_owned())),
    }
}

fn read_range(node: &Node, columns: &Declared, findings: &mut Findings) -> Option<Check> {
    let mapping =
        Mapping::with_keys("`range`", node.line, node, &["column", "min", "max"], findings)?;
    let column = mapping.required("column", "latitude", findings).and_then(|node| {
        let column = read_column("`range`", node, columns, findings)?;
        check_type(node.line, &column, columns, ColumnType::is_numeric, "a number", findings);
        Some(column)
    });
    let min_node = mapping.optional("min");
    let max_node = mapping.optional("max");
    let min = min_node.and_then(|node| number("`min`", node, findings));
    let max = max_node.and_then(|node| number("`max`", node, findings));
    if min_node.is_none() && max_node.is_none() {
        findings.at(node.line, "`range` has no bounds", "add `min`, `max` or both");
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        findings.at(node.line, format!("`min` {min} is above `max` {max}"), "swap them");
    }
    Some(Check::Range { column: column?, min, max })
}

fn read_accepted_values(node: &Node, columns: &Declared, findings: &mut Findings) -> Option<Check> {
    let keys = ["column", "values"];
    let mapping = Mapping::with_keys("`accepted_values`", node.line, node, &keys, findings)?;
    let column = text_column(&mapping, columns, findings);
    let list = mapping.required("values", "[OPEN, CLOSED]", findings)?;
    let mut values = Vec::new();
    for item in items("`values`", list, findings)? {
        match &item.content {
            Content::Text(text) => values.push(text.clone()),
            _ => findings.shape(item, "an accepted value", "a text (put it in quotes)"),
        }
    }
    if values.is_empty() {
        findings.at(list.line, "`values` is empty", "list the accepted texts");
    }
    Some(Check::AcceptedValues { column: column?, values })
}

fn read_pattern(node: &Node, columns: &Declared, findings: &mut Findings) -> Option<Check> {
    let mapping = Mapping::with_keys("`pattern`", node.line, node, &["column", "regex"], findings)?;
    let column = text_column(&mapping, columns, findings);
    let regex = mapping.text("regex", "'[0-9]{5}'", findings)?;
    if let Err(error) = regex::Regex::new(regex) {
        let line = mapping.optional("regex").map_or(node.line, |node| node.line);
        // The last line of the message says what is wrong; those before draw the expression.
        let message = error.to_string();
        let cause = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
        findings.at(
            line,
            format!("`{regex}` is not a regular expression ({cause})"),
            "use the syntax of RE2, without look-around and back-references",
        );
        return None;
    }
    Some(Check::Pattern { column: column?, regex: regex.to_owned() })
}

/// `{column: properties, by: event, schemas: {purchase: {amount: number, note?: text}}}`.
fn read_json_schema(node: &Node, columns: &Declared, findings: &mut Findings) -> Option<Check> {
    let keys = ["column", "by", "schemas"];
    let mapping = Mapping::with_keys("`json_schema`", node.line, node, &keys, findings)?;
    let column = text_column(&mapping, columns, findings);
    let by = mapping
        .required("by", "event", findings)
        .and_then(|node| read_column("`by`", node, columns, findings));
    let kinds = mapping.required("schemas", "{purchase: {amount: number}}", findings)?;
    let mut schemas = BTreeMap::new();
    for kind in entries("`schemas`", kinds, findings)? {
        let what = format!("the schema of `{}`", kind.key);
        let mut properties = Vec::new();
        for property in entries(&what, &kind.value, findings)? {
            let (name, required) = match property.key.strip_suffix('?') {
                Some(name) => (name, false),
                None => (property.key.as_str(), true),
            };
            let json_type = choice("a type", &property.value, &JsonType::ALL, findings)?;
            properties.push(JsonProperty { name: name.to_owned(), json_type, required });
        }
        schemas.insert(kind.key.clone(), properties);
    }
    Some(Check::JsonSchema { column: column?, by: by?, schemas })
}

fn text_column(
    mapping: &Mapping<'_>,
    columns: &Declared,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let node = mapping.required("column", "borough", findings)?;
    let column = read_column(mapping.what(), node, columns, findings)?;
    let is_text = |found| found == ColumnType::Text;
    check_type(node.line, &column, columns, is_text, "a text", findings);
    Some(column)
}

fn check_type(
    line: usize,
    column: &ColumnName,
    columns: &Declared,
    fits: impl Fn(ColumnType) -> bool,
    expected: &str,
    findings: &mut Findings,
) {
    let Some(found) = columns.type_of(column) else {
        return;
    };
    if !fits(found) {
        findings.at(
            line,
            format!("column `{column}` is {found}, this check needs {expected}"),
            "use another column, or a check of kind `sql`",
        );
    }
}
