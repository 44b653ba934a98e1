//! What a report tells that somebody should know, and by what the same thing is known again.

use crate::{FailureKind, RunReport};

/// Refusals of a run up to which each is told on its own: as many as a queue hands over at once, so
/// that a file is the same occasion with whatever others it comes again.
const TOLD_ONE_BY_ONE: usize = 10;

/// One thing that a report tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// What it is about: equal if, and only if, it is the same thing. A cause that is tried again gives
    /// the same text, whatever numbers, times and ids its error holds; another cause gives another one.
    pub about: String,
    /// The report's own words for it.
    pub text: String,
}

impl RunReport {
    /// What there is to tell about the run; nothing if it succeeded.
    pub fn occasions(&self) -> Vec<Occasion> {
        let Some(failure) = self.failure else { return Vec::new() };
        let text = self.error.as_deref().unwrap_or("no reason was given");
        let one = |about: String| vec![Occasion { about, text: text.to_owned() }];
        match failure {
            FailureKind::Refused => refusals(text),
            // The text names table and rule. Whoever meets the broken rule, it is the same one.
            FailureKind::Expectation => one(without(text, is_number)),
            FailureKind::Definition | FailureKind::Lasting => {
                one(format!("{}\n{}", self.command, without(text, has_digit)))
            }
            // Busy stores and portals find many words for it, and there is nothing to be done: once.
            FailureKind::Passing => one(self.command.clone()),
        }
    }
}

/// A line for each file or table that was refused.
fn refusals(text: &str) -> Vec<Occasion> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() || lines.len() > TOLD_ONE_BY_ONE {
        let about: Vec<String> = lines.iter().map(|line| about_refusal(line)).collect();
        return vec![Occasion { about: about.join("\n"), text: text.to_owned() }];
    }
    let occasion = |line: &&str| Occasion { about: about_refusal(line), text: (*line).to_owned() };
    lines.iter().map(occasion).collect()
}

/// The key as it is: it tells `2026-11-22.csv` from `2026-11-23.csv`. Then what is wrong with it, as
/// the same name may be written again with something else in it.
fn about_refusal(line: &str) -> String {
    match line.split_once(": ") {
        Some((key, problem)) => format!("{key}: {}", without(problem, has_digit)),
        None => line.to_owned(),
    }
}

/// The text without the parts that change although the cause does not: words (letters, digits, `_`)
/// that `changes` names, and paths of the machine where it happened.
fn without(text: &str, changes: fn(&str) -> bool) -> String {
    let words = text.split_whitespace().map(|word| {
        let begins = word.trim_start_matches(|character: char| "`'\"(".contains(character));
        if begins.starts_with('/') { "#".to_owned() } else { without_parts(word, changes) }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn without_parts(word: &str, changes: fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let in_part = is_part(first);
        let end = rest.find(|character| is_part(character) != in_part).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        kept.push_str(if in_part && changes(part) { "#" } else { part });
        rest = behind;
    }
    kept
}

fn is_number(part: &str) -> bool {
    part.chars().all(|character| character.is_ascii_digit())
}

/// Numbers, and ids, which hold digits next to letters.
fn has_digit(part: &str) -> bool {
    part.chars().any(|character| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, RunOrigin};

    fn occasions(failure: FailureKind, error: &str) -> Vec<Occasion> {
        let report = RunReport {
            run_id: "20261122T174903Z-3f9a2c".parse().unwrap(),
            command: "silver shop orders".to_owned(),
            dataset: Some("shop".parse().unwrap()),
            origin: RunOrigin::default(),
            started_at: "2026-11-22T17:49:03Z".parse().unwrap(),
            finished_at: None,
            outcome: Outcome::Failed,
            error: Some(error.to_owned()),
            failure: Some(failure),
            steps: Vec::new(),
        };
        report.occasions()
    }

    fn about(failure: FailureKind, error: &str) -> String {
        let found = occasions(failure, error);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].about.clone()
    }

    #[test]
    fn the_same_rule_is_the_same_and_another_one_is_not() {
        let of = |rows: u64, rule: &str| {
            let error = format!("silver.shop.orders: {rows} rows break the rule `{rule}` (why)");
            about(FailureKind::Expectation, &error)
        };
        assert_eq!(of(12, "rule_1"), of(7, "rule_1"));
        assert_ne!(of(12, "rule_1"), of(12, "rule_2"));
    }

    #[test]
    fn unlike_errors_differ_and_tries_of_one_do_not() {
        let of = |error: &str| about(FailureKind::Lasting, error);
        let scratch = |folder: &str| {
            of(&format!("scratch space `/tmp/{folder}/0-x` cannot be used: full (os error 28)"))
        };
        assert_eq!(scratch(".tmpAbCdEf"), scratch(".tmpGhIjKl"));
        assert_eq!(
            of("files/0193af3e7c117abc.parquet is gone after 12.5s"),
            of("files/0193b02d11aa2bcd.parquet is gone after 3.25s")
        );
        assert_ne!(scratch("x"), of("table silver.shop.orders is damaged: no schema"));
        assert_ne!(
            of("table silver.shop.orders is damaged: no schema"),
            of("table bronze.shop.orders is damaged: no schema")
        );
    }

    #[test]
    fn what_may_pass_is_one_thing_whatever_its_words() {
        let of = |error: &str| about(FailureKind::Passing, error);
        assert_eq!(of("connection reset"), of("operation timed out"));
    }

    #[test]
    fn each_refused_file_is_a_thing_of_its_own() {
        let line = |day: u32, folder: &str| {
            format!(
                "landing/shop/orders/2026-11-{day:02}.csv: `/tmp/{folder}/x` is damaged: line 7; \
                 fetch it again"
            )
        };
        let both = occasions(FailureKind::Refused, &[line(1, "a"), line(2, "a")].join("\n"));
        assert_eq!(both.len(), 2);
        assert_ne!(both[0].about, both[1].about);
        assert_eq!(both[1].about, about(FailureKind::Refused, &line(2, "b")), "alone, later");
        assert_eq!(both[1].text, line(2, "a"));
        let other = "landing/shop/orders/2026-11-02.csv: none of its columns is known";
        assert_ne!(both[1].about, about(FailureKind::Refused, other), "the name written again");
    }

    #[test]
    fn very_many_refused_files_are_one_thing() {
        let lines = |count: u32| (0..count).map(|n| format!("{n}.csv: odd\n")).collect::<String>();
        assert_eq!(occasions(FailureKind::Refused, &lines(10)).len(), 10);
        assert_ne!(
            about(FailureKind::Refused, &lines(11)),
            about(FailureKind::Refused, &lines(12))
        );
    }

    #[test]
    fn every_failure_tells_something() {
        for failure in [
            FailureKind::Passing,
            FailureKind::Expectation,
            FailureKind::Refused,
            FailureKind::Definition,
            FailureKind::Lasting,
        ] {
            assert_eq!(occasions(failure, "").len(), 1, "{failure}");
        }
    }

    #[test]
    fn only_what_changes_is_left_out() {
        assert_eq!(without_parts("ä_1-b2(3)", has_digit), "#-#(#)");
        assert_eq!(without_parts("ä_1-b2(3)", is_number), "ä_1-b2(#)");
    }
}
