//! Collects problems while the rest of a definition is still being read.

use std::fmt::Display;

use super::suggestion::closest;
use super::yaml_tree::{Content, Node};
use crate::{DATASET_FILE, DefinitionFiles, Problem, Problems};

#[derive(Debug)]
pub(super) struct Findings {
    folder: String,
    problems: Vec<Problem>,
}

impl Findings {
    pub(super) fn of(files: &DefinitionFiles) -> Self {
        let folder = files.folder.trim_end_matches('/').to_owned();
        Self { folder, problems: Vec::new() }
    }

    /// A problem at a line of `dataset.yaml`.
    pub(super) fn at(&mut self, line: usize, problem: impl Display, remedy: impl Display) {
        self.add(DATASET_FILE, Some(line), problem, remedy);
    }

    /// A problem of any file of the folder.
    pub(super) fn add(
        &mut self,
        file: &str,
        line: Option<usize>,
        problem: impl Display,
        remedy: impl Display,
    ) {
        self.problems.push(Problem {
            file: if self.folder.is_empty() {
                file.to_owned()
            } else {
                format!("{}/{file}", self.folder)
            },
            line,
            problem: problem.to_string(),
            remedy: remedy.to_string(),
        });
    }

    /// A value of the wrong shape.
    pub(super) fn shape(&mut self, node: &Node, what: impl Display, expected: impl Display) {
        let found = match &node.content {
            Content::Null => "empty".to_owned(),
            Content::Boolean(value) => format!("the boolean {value}"),
            Content::Number(value) => format!("the number {value}"),
            Content::Text(text) => format!("the text `{text}`"),
            Content::List(_) => "a list".to_owned(),
            Content::Mapping(_) => "a mapping".to_owned(),
        };
        self.at(node.line, format!("{what} is {found}"), format!("expected {expected}"));
    }

    /// A name that is not among the known ones.
    pub(super) fn unknown<'a>(
        &mut self,
        line: usize,
        problem: impl Display,
        name: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) {
        let remedy = match closest(name, known.clone()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.at(line, problem, remedy);
    }

    /// The result, if nothing was found; otherwise all problems by file and line.
    pub(super) fn conclude<T>(mut self, result: Option<T>) -> Result<T, Problems> {
        match result {
            Some(result) if self.problems.is_empty() => Ok(result),
            _ => {
                // Stable, so that problems of one line stay in the order of reading.
                self.problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
                self.problems.dedup();
                Err(Problems(self.problems))
            }
        }
    }
}
