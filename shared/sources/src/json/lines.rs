//! JSON lines: one object per physical line.

use super::table::Table;
use crate::batch::{BatchLimit, Delivery, LOOK_AHEAD_BYTES, skip_too_long};
use crate::error::FileError;
use crate::window::Window;

/// Reads the whole window; the names of all columns in order of first appearance.
pub(crate) fn read(
    mut window: Window,
    limit: BatchLimit,
    max_record_bytes: usize,
    delivery: &mut Delivery<'_>,
) -> Result<Vec<String>, FileError> {
    let mut table = Table::default();
    let mut number = 1;
    loop {
        if table.is_full(limit) {
            table.deliver(&window, delivery)?;
        }
        match window.line() {
            Some(line) if line.next == window.start() => break,
            Some(line) if line.text.len() <= max_record_bytes => {
                let text = &window.data()[line.text.clone()];
                let blanks = text.len() - text.trim_ascii_start().len();
                let record = line.text.start + blanks..line.text.end;
                if !record.is_empty() {
                    table.accept(window.path(), &window.data()[record], number)?;
                }
                window.consume_to(line.next);
            }
            None if window.unread().len() <= max_record_bytes + LOOK_AHEAD_BYTES => {
                window.refill()?;
                continue;
            }
            _ => {
                skip_too_long(&mut window, &mut table.notes, number, max_record_bytes)?;
                table.keep_step();
            }
        }
        number += 1;
    }
    table.deliver(&window, delivery)?;
    Ok(table.into_names())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::ReadOptions;
    use crate::testing::{Rows, read_content, read_path, shared_data};

    fn rows(content: &str) -> Rows {
        read_content("x.jsonl", content.as_bytes(), &ReadOptions::default()).unwrap()
    }

    #[test]
    fn columns_come_as_they_are_seen() {
        let content = "\u{feff}{\"id\":1,\"userName\":\"a\"}\r\n\r\n  \n{\"user name\":\"b\",\"id\":null}\n{\"id\":3,\"user_name\":\"c\",\"id\":4}";
        let seen = rows(content);
        assert_eq!(seen.summary.columns, ["id", "username", "user_name", "user_name_2"]);
        assert_eq!(seen.flat(), ["1|a|~|~", "~|~|b|~", "4|~|~|c"]);
        assert_eq!(seen.lines(), [1, 4, 5]);
    }

    #[test]
    fn batches_have_the_columns_known_by_their_end() {
        let options = ReadOptions { batch_rows: 2, ..ReadOptions::default() };
        let content = b"{\"a\":1}\n{\"b\":2}\n{\"a\":3}\n{}\n{\"c\":5}\n";
        let seen = read_content("x.jsonl", content, &options).unwrap();
        assert_eq!(seen.batches, [2, 2, 1]);
        assert_eq!(seen.flat(), ["1|~", "~|2", "3|~", "~|~", "~|~|5"]);
    }

    #[test]
    fn lines_that_are_no_objects_are_malformed_with_their_text() {
        let seen = rows("[1,2]\n{\"a\":1\n42\n{\"a\":2}\n");
        assert_eq!(seen.flat()[0], "! not a JSON object");
        assert!(seen.flat()[1].starts_with("! not valid JSON: EOF"));
        assert_eq!(seen.flat()[3], "2");
        assert_eq!(seen.rows[1].raw.as_deref(), Some("{\"a\":1"));
        assert_eq!(seen.summary.malformed, 3);
        assert_eq!(rows("x\ny\n").summary.columns, [""; 0]);
    }

    #[test]
    fn single_rows_in_another_encoding_are_malformed() {
        let content = b"{\"a\":\"caf\xc3\xa9\"}\n{\"a\":\"caf\xe9\"}\n{\"a\":\"ok\"}\n";
        let seen = read_content("x.jsonl", content, &ReadOptions::default()).unwrap();
        assert_eq!(seen.flat(), ["café", "! not valid UTF-8", "ok"]);
        assert_eq!(seen.rows[1].raw.as_deref(), Some("{\"a\":\"caf\u{fffd}\"}"));
    }

    #[test]
    fn long_lines_are_malformed_and_passed_over() {
        let options = ReadOptions { max_record_bytes: 50, ..ReadOptions::default() };
        let content = format!(
            "{{\"a\":1}}\n{{\"a\":\"{}\"}}\r\n{{\"a\":2}}\n{}",
            "x".repeat(5000),
            "y".repeat(60)
        );
        let seen = read_content("x.jsonl", content.as_bytes(), &options).unwrap();
        assert_eq!(
            seen.flat(),
            ["1", "! record longer than 50 bytes", "2", "! record longer than 50 bytes"]
        );
        assert_eq!(seen.rows[1].raw.as_ref().unwrap().len(), 1024);
        assert_eq!(seen.lines(), [1, 2, 3, 4]);
    }

    #[test]
    fn keys_that_are_data_are_refused() {
        let content: String = (0..10_001).map(|key| format!("{{\"k{key}\":1}}\n")).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        std::fs::write(&path, content).unwrap();
        let error = read_path(&path, &ReadOptions::default(), 4096).unwrap_err();
        assert!(matches!(error, FileError::TooManyColumns { line: 10_001, .. }), "{error}");
    }

    #[test]
    fn real_events() {
        let Some(data) = shared_data() else { return };
        let path = data.join("events/bostata_snowplow_2020.jsonl.gz");
        let seen = read_path(&path, &ReadOptions::default(), 256 * 1024).unwrap();
        assert_eq!((seen.summary.rows, seen.summary.malformed), (6578, 0));
        assert_eq!(seen.rows, read_path(&path, &ReadOptions::default(), 999).unwrap().rows);
    }
}
