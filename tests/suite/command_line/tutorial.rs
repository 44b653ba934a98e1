//! The page that shows how to add a dataset, followed to the letter.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Home;
use crate::support::checkout;

/// What the page says, in its order.
#[derive(Debug)]
enum Part {
    /// The content of a file.
    File { path: String, text: String },
    /// A command and what it prints.
    Command { line: usize, command: String, output: Vec<String> },
}

#[test]
fn every_step_of_adding_a_dataset_gives_what_the_page_shows() {
    let page = fs::read_to_string(checkout().join("docs/adding-a-dataset.md")).unwrap();
    let home = Home::new();
    let mut commands = 0;
    for part in parts(&page) {
        match part {
            Part::File { path, text } => drop(home.write(&path, text)),
            Part::Command { line, command, output } => {
                let printed = run(home.folder.path(), &command);
                assert_eq!(comparable(&printed), comparable(&output), "line {line}: {command}");
                commands += 1;
            }
        }
    }
    assert!(commands > 10, "the page shows only {commands} commands");
}

/// Fenced blocks: files under the path that the paragraph before them starts with, and consoles.
fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut path = None;
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                path = line.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(p, _)| p);
            }
            continue;
        };
        let block: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        if language == "console" {
            parts.extend(commands(number + 2, &block));
        } else if let Some(path) = path.filter(|path| path.contains('/')) {
            parts.push(Part::File { path: path.to_owned(), text: block.join("\n") + "\n" });
        }
    }
    parts
}

fn commands(first_line: usize, block: &[&str]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (line, text) in (first_line..).zip(block) {
        match (text.strip_prefix("$ "), parts.last_mut()) {
            (Some(command), _) => {
                let command = command.to_owned();
                parts.push(Part::Command { line, command, output: Vec::new() });
            }
            (None, Some(Part::Command { output, .. })) => output.push((*text).to_owned()),
            (None, _) => panic!("line {line}: a console starts with a command"),
        }
    }
    parts
}

fn run(folder: &Path, command: &str) -> Vec<String> {
    let smelt = Path::new(env!("CARGO_BIN_EXE_smelt")).parent().unwrap();
    let path = format!("{}:{}", smelt.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars() {
        if name.starts_with("SMELT_") || name.starts_with("AWS_") {
            shell.env_remove(name);
        }
    }
    let ran = shell
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap();
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Without what differs from run to run: sizes, seconds, and the widths that follow from them.
fn comparable(lines: &[String]) -> Vec<String> {
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    let is_unit = |word: &str| matches!(word.trim_end_matches(','), "B" | "kB" | "MB" | "s");
    let comparable = |line: &String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let measured =
            |at: usize| is_number(words[at]) && words.get(at + 1).is_some_and(|unit| is_unit(unit));
        let kept = (0..words.len()).map(|at| if measured(at) { "N" } else { words[at] });
        kept.collect::<Vec<_>>().join(" ")
    };
    lines.iter().map(comparable).filter(|line| !line.is_empty()).collect()
}
