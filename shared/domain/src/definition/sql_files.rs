//! The SQL files of a dataset folder: each table and mart takes its own, and none may be left over.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::suggestion::closest;
use crate::{DATASET_FILE, DefinitionFiles};

#[derive(Debug)]
pub(super) struct SqlFiles<'a> {
    files: &'a DefinitionFiles,
    taken: BTreeSet<String>,
}

impl<'a> SqlFiles<'a> {
    pub(super) fn of(files: &'a DefinitionFiles) -> Self {
        Self { files, taken: BTreeSet::new() }
    }

    /// The text of the SQL file at `path`, which belongs to `owner`, declared at `line`.
    pub(super) fn take(
        &mut self,
        path: &str,
        owner: &str,
        line: usize,
        findings: &mut Findings,
    ) -> Option<&'a str> {
        self.taken.insert(path.to_owned());
        let Some(sql) = self.files.files.get(path) else {
            findings.at(line, format!("{owner} has no SQL"), format!("add the file {path}"));
            return None;
        };
        if without_comments(sql).trim().is_empty() {
            findings.add(
                path,
                None,
                "there is no SQL in this file",
                "write the SELECT of ".to_owned() + owner,
            );
            return None;
        }
        Some(sql)
    }

    /// Reports the definition files that nobody took. Other files, such as a README, are welcome.
    pub(super) fn report_unused(&self, findings: &mut Findings) {
        for path in self.files.files.keys() {
            let is_definition =
                [".sql", ".yaml", ".yml"].iter().any(|extension| path.ends_with(extension));
            if !is_definition || path == DATASET_FILE || self.taken.contains(path) {
                continue;
            }
            let missing = self.taken.iter().filter(|taken| !self.files.files.contains_key(*taken));
            let remedy = match closest(path, missing.map(String::as_str)) {
                Some(expected) => format!("did you mean {expected}?"),
                None => format!("remove it, or declare its table or mart in {DATASET_FILE}"),
            };
            findings.add(path, None, "no table or mart uses this file", remedy);
        }
    }
}

/// The SQL without its comments. Quotes are not looked at: this only tells empty from not empty.
fn without_comments(sql: &str) -> String {
    let mut rest = sql;
    let mut kept = String::new();
    while let Some(start) = rest.find("/*") {
        kept.push_str(&rest[..start]);
        rest = rest[start..].split_once("*/").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept.lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_not_sql() {
        assert_eq!(without_comments("-- a\n/* b\nc */\n  -- d").trim(), "");
        assert_eq!(without_comments("SELECT 1 -- one").trim(), "SELECT 1");
        assert_eq!(without_comments("/* open").trim(), "");
    }
}
