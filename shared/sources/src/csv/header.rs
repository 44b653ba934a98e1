//! The header of a CSV file: where it is, its delimiter, its texts.

use memchr::memchr;

use super::split::{FieldRange, Split, Splitter, unquote};
use crate::batch::{LOOK_AHEAD_BYTES, MAX_COLUMNS};
use crate::error::FileError;
use crate::window::Window;

/// Tried in this order; the earlier one wins a tie.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What is known about the delimiter before the header is seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DelimiterChoice {
    /// Set by the caller: no detection.
    pub(crate) given: Option<u8>,
    /// Taken when it stands in the header at all, however often the others do.
    pub(crate) preferred: Option<u8>,
}

/// A header that was read and consumed.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    /// As they are written, without their quotes.
    pub(super) texts: Vec<String>,
    /// The physical line behind the header, 1-based.
    pub(super) next_line: u64,
}

/// Reads the header: the first line with anything in it.
pub(super) fn read(
    window: &mut Window,
    choice: DelimiterChoice,
    max_record_bytes: usize,
) -> Result<Header, FileError> {
    let line = skip_blank_lines(window, max_record_bytes)?;
    let too_long = |window: &Window| FileError::HeaderTooLong {
        path: window.path().to_path_buf(),
        line,
        limit_bytes: max_record_bytes,
    };
    loop {
        let delimiter = choice.given.unwrap_or_else(|| detect(window.unread(), choice.preferred));
        let mut splitter = Splitter::new(delimiter);
        splitter.seek(window.data(), window.start());
        match splitter.split(window.data(), window.start(), window.ended()) {
            Split::Record { end, .. } if end - window.start() > max_record_bytes => {
                return Err(too_long(window));
            }
            Split::Record { next, lines, .. } => {
                let texts = texts(window, &splitter, line)?;
                window.consume_to(next);
                return Ok(Header { delimiter, texts, next_line: line + lines });
            }
            Split::Unfinished if window.unread().len() <= max_record_bytes + LOOK_AHEAD_BYTES => {
                window.refill()?
            }
            Split::StrayQuote { at } if at - window.start() <= max_record_bytes => {
                let detail = format!("its header, line {line}, opens a quote that is never closed");
                return Err(FileError::corrupt(window.path(), detail));
            }
            Split::Unfinished | Split::StrayQuote { .. } => return Err(too_long(window)),
        }
    }
}

/// Consumes lines of nothing but blanks; the 1-based number of the line that follows.
fn skip_blank_lines(window: &mut Window, max_record_bytes: usize) -> Result<u64, FileError> {
    let mut line_number = 1;
    loop {
        match window.line() {
            Some(line) if !window.data()[line.text.clone()].trim_ascii().is_empty() => {
                return Ok(line_number);
            }
            Some(line) if line.next == window.start() => {
                return Err(FileError::Empty { path: window.path().to_path_buf() });
            }
            Some(line) => {
                window.consume_to(line.next);
                line_number += 1;
            }
            None if !window.unread().trim_ascii().is_empty() => return Ok(line_number),
            // A line of blanks without an end is too long for a header as well.
            None if window.unread().len() > max_record_bytes => return Ok(line_number),
            None => window.refill()?,
        }
    }
}

/// The delimiter found most often outside quotes in the first record of `text`.
fn detect(text: &[u8], preferred: Option<u8>) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut field_starts = true;
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        if byte == b'"' && field_starts {
            // Doubled quotes close and open again, which comes to the same.
            at += memchr(b'"', &text[at + 1..]).map_or(text.len(), |length| length + 2);
            continue;
        }
        if matches!(byte, b'\n' | b'\r') {
            break;
        }
        field_starts = false;
        if let Some(index) = DELIMITERS.iter().position(|delimiter| *delimiter == byte) {
            counts[index] += 1;
            field_starts = true;
        }
        at += 1;
    }
    let count_of = |delimiter: u8| {
        DELIMITERS.iter().position(|known| *known == delimiter).map_or(0, |index| counts[index])
    };
    if let Some(delimiter) = preferred.filter(|delimiter| count_of(*delimiter) > 0) {
        return delimiter;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let winner = counts.iter().position(|count| *count == most).unwrap_or(0);
    DELIMITERS[winner]
}

fn texts(window: &Window, splitter: &Splitter, line: u64) -> Result<Vec<String>, FileError> {
    if splitter.fields().len() > MAX_COLUMNS {
        return Err(FileError::TooManyColumns {
            path: window.path().to_path_buf(),
            line,
            limit: MAX_COLUMNS,
        });
    }
    let text = |field: &FieldRange| {
        let range = &window.data()[field.start..field.end];
        let mut text = Vec::with_capacity(range.len());
        if field.quoted {
            unquote(range, &mut text)
        } else {
            text.extend_from_slice(range)
        }
        String::from_utf8_lossy(&text).into_owned()
    };
    Ok(splitter.fields().iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::progress::Progress;

    fn header(text: &'static str, preferred: Option<u8>) -> Result<Header, FileError> {
        let mut window =
            Window::new(Path::new("x.csv"), Box::new(text.as_bytes()), &Progress::default(), 4)?;
        read(&mut window, DelimiterChoice { given: None, preferred }, 100)
    }

    #[test]
    fn the_delimiter_is_detected_outside_quotes() {
        for (text, delimiter) in [
            ("a,b;c,d\n", b','),
            ("a;b;c\n1,2;3,4;5,6", b';'),
            ("\"a,b,c,d\";\"e\"\n", b';'),
            ("\"a\"\"\";b\n", b';'),
            ("a\tb\n", b'\t'),
            ("a|b|c", b'|'),
            ("only\n", b','),
        ] {
            assert_eq!(header(text, None).unwrap().delimiter, delimiter, "{text}");
        }
        assert_eq!(header("a, b, c\td\n", Some(b'\t')).unwrap().delimiter, b'\t');
        assert_eq!(header("a,b\n", Some(b'\t')).unwrap().delimiter, b',');
    }

    #[test]
    fn blank_lines_before_are_skipped() {
        let header = header("\u{feff}\r\n  \n Id ,,Id,\"Two\nlines\"\r1,2,3,4", None).unwrap();
        assert_eq!(header.texts, [" Id ", "", "Id", "Two\nlines"]);
        assert_eq!(header.next_line, 5);
    }

    #[test]
    fn headers_that_are_none() {
        assert!(matches!(header(" \n\r\n", None).unwrap_err(), FileError::Empty { .. }));
        assert!(matches!(header("a,\"b\nc\n", None).unwrap_err(), FileError::Corrupt { .. }));
        let long: &'static str = Box::leak("x".repeat(500).into_boxed_str());
        assert!(matches!(
            header(long, None).unwrap_err(),
            FileError::HeaderTooLong { line: 1, .. }
        ));
        let wide: &'static str = Box::leak(",".repeat(MAX_COLUMNS).into_boxed_str());
        let mut window =
            Window::new(Path::new("x"), Box::new(wide.as_bytes()), &Progress::default(), 4096)
                .unwrap();
        let choice = DelimiterChoice { given: None, preferred: None };
        assert!(matches!(
            read(&mut window, choice, 1 << 20).unwrap_err(),
            FileError::TooManyColumns { .. }
        ));
    }
}
