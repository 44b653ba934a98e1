//! Reads the keys of a YAML mapping: what is missing, unknown, repeated or of the wrong shape
//! becomes a finding, and reading goes on.

use std::ops::RangeInclusive;

use super::findings::Findings;
use super::yaml_tree::{Content, Entry, Node};

/// A mapping whose keys have been checked.
#[derive(Debug)]
pub(super) struct Mapping<'a> {
    /// What it describes, for messages: "table `requests`".
    what: String,
    line: usize,
    entries: &'a [Entry],
}

impl<'a> Mapping<'a> {
    /// A mapping with a fixed set of keys.
    pub(super) fn with_keys(
        what: impl Into<String>,
        line: usize,
        node: &'a Node,
        keys: &[&str],
        findings: &mut Findings,
    ) -> Option<Self> {
        let what = what.into();
        let entries = entries(&what, node, findings)?;
        for entry in entries {
            if !keys.contains(&entry.key.as_str()) {
                let problem = format!("unknown key `{}`", entry.key);
                if is_cut_text(entry) {
                    let remedy = "a comma in {…} ends a text: put the text before it in quotes";
                    findings.at(entry.line, problem, remedy);
                    continue;
                }
                findings.unknown(entry.line, problem, &entry.key, keys.iter().copied());
            }
        }
        Some(Self { what, line, entries })
    }

    pub(super) fn what(&self) -> &str {
        &self.what
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn optional(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The value of a key that must be there; `example` says what to write.
    pub(super) fn required(
        &self,
        key: &str,
        example: &str,
        findings: &mut Findings,
    ) -> Option<&'a Node> {
        let value = self.optional(key);
        if value.is_none() {
            findings.at(
                self.line,
                format!("{} has no `{key}`", self.what),
                format!("add `{key}: {example}`"),
            );
        }
        value
    }

    /// A required text that is not empty.
    pub(super) fn text(
        &self,
        key: &str,
        example: &str,
        findings: &mut Findings,
    ) -> Option<&'a str> {
        let node = self.required(key, example, findings)?;
        match &node.content {
            Content::Text(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => {
                findings.shape(node, format!("`{key}` of {}", self.what), "a text");
                None
            }
        }
    }
}

/// Whether a "key" looks like the rest of an unquoted text that a comma cut off.
fn is_cut_text(entry: &Entry) -> bool {
    matches!(entry.value.content, Content::Null) && entry.key.parse::<crate::ColumnName>().is_err()
}

/// The entries of a mapping with free keys (names); repeated keys are findings.
pub(super) fn entries<'a>(
    what: &str,
    node: &'a Node,
    findings: &mut Findings,
) -> Option<&'a [Entry]> {
    let Content::Mapping(entries) = &node.content else {
        findings.shape(node, what, "a mapping (`key: value`)");
        return None;
    };
    for (position, entry) in entries.iter().enumerate() {
        if let Some(first) = entries[..position].iter().find(|first| first.key == entry.key) {
            findings.at(
                entry.line,
                format!("`{}` appears twice in {what}", entry.key),
                format!("remove or rename one, the first is on line {}", first.line),
            );
        }
    }
    Some(entries)
}

/// The items of a list.
pub(super) fn items<'a>(what: &str, node: &'a Node, findings: &mut Findings) -> Option<&'a [Node]> {
    match &node.content {
        Content::List(items) => Some(items),
        _ => {
            findings.shape(node, what, "a list (`[a, b]`)");
            None
        }
    }
}

/// A finite number.
pub(super) fn number(what: &str, node: &Node, findings: &mut Findings) -> Option<f64> {
    match node.content {
        Content::Number(value) if value.is_finite() => Some(value),
        _ => {
            findings.shape(node, what, "a number");
            None
        }
    }
}

/// A whole number within a range.
pub(super) fn whole_number(
    what: &str,
    node: &Node,
    range: RangeInclusive<u32>,
    findings: &mut Findings,
) -> Option<u32> {
    let value = number(what, node, findings)?;
    if value.fract() == 0.0
        && value >= f64::from(*range.start())
        && value <= f64::from(*range.end())
    {
        // Within the range of a u32, as just seen.
        return Some(value as u32);
    }
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    findings.at(node.line, format!("{what} is {value}"), format!("write {expected}"));
    None
}

/// True or false.
pub(super) fn boolean(what: &str, node: &Node, findings: &mut Findings) -> Option<bool> {
    match node.content {
        Content::Boolean(value) => Some(value),
        _ => {
            findings.shape(node, what, "true or false");
            None
        }
    }
}

/// One of a few words.
pub(super) fn choice<T: Copy>(
    what: &str,
    node: &Node,
    known: &[(&str, T)],
    findings: &mut Findings,
) -> Option<T> {
    let words = known.iter().map(|(word, _)| *word);
    let Content::Text(text) = &node.content else {
        findings.shape(node, what, format!("one of {}", words.collect::<Vec<_>>().join(", ")));
        return None;
    };
    let found = known.iter().find(|(word, _)| word == text);
    if found.is_none() {
        findings.unknown(node.line, format!("{what} is `{text}`"), text, words);
    }
    found.map(|(_, value)| *value)
}

/// A name, parsed.
pub(super) fn name<N: std::str::FromStr<Err = crate::NameError>>(
    what: &str,
    node: &Node,
    findings: &mut Findings,
) -> Option<N> {
    match &node.content {
        Content::Text(text) => parse_name(node.line, text, findings),
        _ => {
            findings.shape(node, what, "a name such as unique_key");
            None
        }
    }
}

/// A text that should be a name.
pub(super) fn parse_name<N: std::str::FromStr<Err = crate::NameError>>(
    line: usize,
    text: &str,
    findings: &mut Findings,
) -> Option<N> {
    match text.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            let better: String = text
                .trim()
                .to_lowercase()
                .chars()
                .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
                .collect();
            let remedy = match better.parse::<N>() {
                Ok(_) => format!("write `{better}`"),
                Err(_) => "write a snake_case name such as unique_key".to_owned(),
            };
            findings.at(line, error, remedy);
            None
        }
    }
}
