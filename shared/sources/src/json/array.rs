//! A JSON array of objects, element by element: the array itself is never in memory.

use memchr::memchr2;

use super::table::Table;
use crate::batch::{BatchLimit, Delivery};
use crate::error::FileError;
use crate::window::Window;

/// Reads the whole window; the names of all columns in order of first appearance.
///
/// An array that breaks off delivers the rows before the break and then fails.
pub(crate) fn read(
    mut window: Window,
    limit: BatchLimit,
    max_record_bytes: usize,
    delivery: &mut Delivery<'_>,
) -> Result<Vec<String>, FileError> {
    let mut table = Table::default();
    let outcome = read_elements(&mut window, limit, max_record_bytes, &mut table, delivery);
    if matches!(outcome, Ok(()) | Err(FileError::Corrupt { .. })) {
        table.deliver(&window, delivery)?;
    }
    outcome.map(|()| table.into_names())
}

fn read_elements(
    window: &mut Window,
    limit: BatchLimit,
    max_record_bytes: usize,
    table: &mut Table,
    delivery: &mut Delivery<'_>,
) -> Result<(), FileError> {
    if next_sign(window)? != Some(b'[') {
        return Err(FileError::corrupt(window.path(), "its JSON array does not start with `[`"));
    }
    window.consume_to(window.start() + 1);
    let mut row = 1;
    loop {
        if next_sign(window)? == Some(b']') {
            return check_nothing_behind(window);
        }
        let Some(end) = find_element_end(window, max_record_bytes, row)? else {
            return Err(broken(window, row, "the file ends inside it"));
        };
        let text = &window.data()[window.start()..end];
        let length = text.trim_ascii_end().len();
        table.accept(window.path(), &text[..length], row)?;
        row += 1;
        if table.is_full(limit) {
            table.deliver(window, delivery)?;
        }
        match window.data()[end] {
            b',' => window.consume_to(end + 1),
            b']' => {
                window.consume_to(end);
                return check_nothing_behind(window);
            }
            _ => return Err(broken(window, row, "a `}` closes what was never opened")),
        }
    }
}

fn broken(window: &Window, row: u64, what: &str) -> FileError {
    FileError::corrupt(window.path(), format!("its JSON array breaks at row {row}: {what}"))
}

/// Consumes blanks; the byte that follows, or `None` at the end of the file.
fn next_sign(window: &mut Window) -> Result<Option<u8>, FileError> {
    loop {
        let text = window.unread().trim_ascii_start();
        let (sign, left) = (text.first().copied(), text.len());
        window.consume_to(window.data().len() - left);
        if sign.is_some() || window.ended() {
            return Ok(sign);
        }
        window.refill()?;
    }
}

fn check_nothing_behind(window: &mut Window) -> Result<(), FileError> {
    window.consume_to(window.start() + 1);
    match next_sign(window)? {
        None => Ok(()),
        Some(_) => Err(FileError::corrupt(
            window.path(),
            "text follows the `]` that closes its JSON array",
        )),
    }
}

/// The position of the `,` or `]` behind the element at the start of the window; `None` when the
/// file ends before it.
fn find_element_end(
    window: &mut Window,
    max_record_bytes: usize,
    row: u64,
) -> Result<Option<usize>, FileError> {
    loop {
        let end = element_end(window.data(), window.start());
        let length = end.unwrap_or(window.data().len()) - window.start();
        if length > max_record_bytes {
            return Err(broken(
                window,
                row,
                &format!("the element is longer than {max_record_bytes} bytes"),
            ));
        }
        if end.is_some() || window.ended() {
            return Ok(end);
        }
        window.refill()?;
    }
}

fn element_end(data: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match data.get(at)? {
            b'"' => at = string_end(data, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

/// The position of the quote that closes the string whose text starts at `start`.
fn string_end(data: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr2(b'"', b'\\', data.get(at..)?)?;
        if data[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;
    use crate::read::{ReadOptions, read_with_buffer};
    use crate::testing::{Rows, read_content, shared_data};

    fn rows(content: &str) -> Result<Rows, FileError> {
        read_content("x.json", content.as_bytes(), &ReadOptions::default())
    }

    #[test]
    fn elements_become_rows() {
        let seen = rows(
            "\u{feff} [ {\"a\": 1, \"b\": [1, {\"x\": \"]},\\\"\"}]} ,\n{\"b\":\"\\\\\"}\r\n] \n",
        )
        .unwrap();
        assert_eq!(seen.flat(), ["1|[1,{\"x\":\"]},\\\"\"}]", "~|\\"]);
        assert_eq!(seen.lines(), [1, 2]);
        assert_eq!(rows("[]").unwrap().summary.rows, 0);
    }

    #[test]
    fn elements_that_are_no_objects_are_malformed() {
        let seen =
            rows("[1, {\"a\":1}, [2], \"x\", {\"a\" 2}, {\"a\":3} {\"a\":4}, {\"a\":5}]").unwrap();
        let malformed: Vec<bool> = seen.rows.iter().map(|row| row.malformed.is_some()).collect();
        assert_eq!(malformed, [true, false, true, true, true, true, false]);
        assert_eq!(seen.rows[3].raw.as_deref(), Some("\"x\""));
    }

    #[test]
    fn a_broken_array_delivers_what_stands_before_the_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        for (content, delivered, place) in [
            ("[{\"a\":1},{\"a\":2},{\"a\":", 2, "row 3"),
            ("[{\"a\":1},{\"a\":\"x", 1, "row 2"),
            ("[{\"a\":1},", 1, "row 2"),
            ("[{\"a\":1}", 0, "row 1"),
            ("[{\"a\":1}]{\"a\":2}", 1, "follows"),
            ("[{\"a\":1}},{\"a\":2}]", 1, "row 2"),
        ] {
            std::fs::write(&path, content).unwrap();
            let progress = Progress::default();
            let inspection = crate::inspect(&path, &progress).unwrap();
            for buffer_bytes in [1, 5, 4096] {
                let mut count = 0;
                let error = read_with_buffer(
                    &path,
                    &inspection,
                    &ReadOptions::default(),
                    &progress,
                    buffer_bytes,
                    &mut |batch| {
                        count += batch.line.len();
                        Ok(())
                    },
                )
                .unwrap_err();
                assert!(matches!(error, FileError::Corrupt { .. }), "{content}");
                assert!(error.to_string().contains(place), "{content}: {error}");
                assert_eq!(count, delivered, "{content}");
            }
        }
    }

    #[test]
    fn an_endless_element_is_refused() {
        let options = ReadOptions { max_record_bytes: 100, ..ReadOptions::default() };
        let content = format!("[{{\"a\":\"{}\"}}]", "x".repeat(1000));
        let error = read_content("x.json", content.as_bytes(), &options).unwrap_err();
        assert!(error.to_string().contains("longer than 100 bytes"), "{error}");
    }

    #[test]
    fn a_real_document_that_is_no_table_is_not_taken_for_one() {
        let Some(data) = shared_data() else { return };
        let inspection =
            crate::inspect(&data.join("series/nab/windows.json"), &Progress::default()).unwrap();
        assert_eq!(inspection.format, crate::FileFormat::JsonLines);
    }
}
