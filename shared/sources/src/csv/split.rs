//! One record split into its fields.

use super::scan::Structure;

const QUOTE: u8 = b'"';

/// A field as a range of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldRange {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether the range still holds its quotes and has to go through [`unquote`].
    pub(super) quoted: bool,
}

impl FieldRange {
    /// Whether nothing stands between two quotes, as against nothing at all.
    pub(super) fn is_quoted_empty(&self, data: &[u8]) -> bool {
        let before = self.start.checked_sub(1).and_then(|before| data.get(before));
        self.start == self.end && before == Some(&QUOTE)
    }
}

/// What splitting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// A record; its fields are in [`Splitter::fields`].
    Record {
        /// Where its text ends.
        end: usize,
        /// Where the next record starts.
        next: usize,
        /// Physical lines it takes up.
        lines: u64,
    },
    /// The window ends before the record does.
    Unfinished,
    /// A quote that is never closed, or closed lines later in the middle of a text: most likely not
    /// meant as a quote.
    StrayQuote {
        /// Where that became clear.
        at: usize,
    },
}

/// Splits record by record; the fields of the last one can be looked at until the next.
#[derive(Debug)]
pub(super) struct Splitter {
    delimiter: u8,
    structure: Structure,
    fields: Vec<FieldRange>,
}

/// How a quoted field went on.
enum Quoted {
    /// It ended cleanly; the structural byte behind it is at this position (or the text ends there).
    Closed(FieldRange),
    /// Text follows the closing quote; both count, up to the next delimiter or line end.
    TextBehind,
    Unfinished,
    Stray(usize),
}

impl Splitter {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, structure: Structure::new(delimiter), fields: Vec::new() }
    }

    /// Has to be called before the first record and whenever the window has moved or skipped.
    pub(super) fn seek(&mut self, data: &[u8], position: usize) {
        self.structure.seek(data, position);
    }

    pub(super) fn fields(&self) -> &[FieldRange] {
        &self.fields
    }

    /// Splits the record at `start`. `ended` says that no text follows `data`.
    pub(super) fn split(&mut self, data: &[u8], start: usize, ended: bool) -> Split {
        self.fields.clear();
        let mut field_start = start;
        let mut quoted = false;
        let mut lines = 1;
        loop {
            let Some(mut at) = self.structure.next(data) else {
                if !ended {
                    return Split::Unfinished;
                }
                self.fields.push(FieldRange { start: field_start, end: data.len(), quoted });
                return Split::Record { end: data.len(), next: data.len(), lines };
            };
            let mut field = FieldRange { start: field_start, end: at, quoted };
            if data[at] == QUOTE {
                // A quote inside an unquoted field is a letter like any other.
                if at != field_start {
                    continue;
                }
                match self.quoted(data, at, ended, &mut lines) {
                    Quoted::Closed(closed) => field = closed,
                    Quoted::TextBehind => {
                        quoted = true;
                        continue;
                    }
                    Quoted::Unfinished => return Split::Unfinished,
                    Quoted::Stray(at) => return Split::StrayQuote { at },
                }
                match self.structure.next(data) {
                    Some(behind) => at = behind,
                    None => {
                        self.fields.push(field);
                        return Split::Record { end: data.len(), next: data.len(), lines };
                    }
                }
            }
            self.fields.push(field);
            if data[at] == self.delimiter {
                field_start = at + 1;
                quoted = false;
                continue;
            }
            return self.line_end(data, at, ended, lines);
        }
    }

    #[inline]
    fn line_end(&mut self, data: &[u8], at: usize, ended: bool, lines: u64) -> Split {
        if data[at] == b'\n' {
            return Split::Record { end: at, next: at + 1, lines };
        }
        match data.get(at + 1) {
            Some(b'\n') => {
                self.structure.next(data);
                Split::Record { end: at, next: at + 2, lines }
            }
            None if !ended => Split::Unfinished,
            _ => Split::Record { end: at, next: at + 1, lines },
        }
    }

    /// Goes on from an opening quote to its closing one, counting the physical lines on the way.
    fn quoted(&mut self, data: &[u8], open: usize, ended: bool, lines: &mut u64) -> Quoted {
        let mut doubled = false;
        let first_line = *lines;
        loop {
            let Some(at) = self.structure.next(data) else {
                return if ended { Quoted::Stray(data.len()) } else { Quoted::Unfinished };
            };
            match data[at] {
                QUOTE => match data.get(at + 1).copied() {
                    Some(QUOTE) => {
                        self.structure.next(data);
                        doubled = true;
                    }
                    None if !ended => return Quoted::Unfinished,
                    Some(behind)
                        if behind != self.delimiter && behind != b'\n' && behind != b'\r' =>
                    {
                        return if *lines > first_line {
                            Quoted::Stray(at)
                        } else {
                            Quoted::TextBehind
                        };
                    }
                    _ if doubled => {
                        return Quoted::Closed(FieldRange {
                            start: open,
                            end: at + 1,
                            quoted: true,
                        });
                    }
                    _ => {
                        return Quoted::Closed(FieldRange {
                            start: open + 1,
                            end: at,
                            quoted: false,
                        });
                    }
                },
                b'\r' => *lines += 1,
                b'\n' if data[at - 1] != b'\r' => *lines += 1,
                _ => {}
            }
        }
    }
}

/// Writes what a quoted field means: without its quotes, doubled ones as one, and with the text
/// behind the closing quote as it stands.
pub(super) fn unquote(field: &[u8], text: &mut Vec<u8>) {
    let mut rest = field.strip_prefix(b"\"").unwrap_or(field);
    while let Some(quote) = memchr::memchr(QUOTE, rest) {
        text.extend_from_slice(&rest[..quote]);
        rest = &rest[quote + 1..];
        match rest.strip_prefix(b"\"") {
            Some(behind) => {
                text.push(QUOTE);
                rest = behind;
            }
            None => break,
        }
    }
    text.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (Split, Vec<String>) {
        let data = text.as_bytes();
        let mut splitter = Splitter::new(b',');
        splitter.seek(data, 0);
        let split = splitter.split(data, 0, true);
        let value = |field: &FieldRange| {
            let mut value = Vec::new();
            match field.quoted {
                true => unquote(&data[field.start..field.end], &mut value),
                false => value.extend_from_slice(&data[field.start..field.end]),
            }
            String::from_utf8(value).unwrap()
        };
        (split, splitter.fields().iter().map(value).collect())
    }

    #[test]
    fn fields_with_and_without_quotes() {
        for (text, fields) in [
            ("a,b,c\n", vec!["a", "b", "c"]),
            (",,\n", vec!["", "", ""]),
            ("\"a,b\",\"c\"\"d\",\"\"\n", vec!["a,b", "c\"d", ""]),
            ("\"\"\"\",\"\"\"a\"\"\"", vec!["\"", "\"a\""]),
            ("5\" pipe,6\"\n", vec!["5\" pipe", "6\""]),
            ("\"a\"b,\"c\"d\"e\"\n", vec!["ab", "cd\"e\""]),
            ("\"a\"", vec!["a"]),
            ("a,", vec!["a", ""]),
            ("a,\"\"", vec!["a", ""]),
            ("\"x\r\ny\",z\r\n", vec!["x\r\ny", "z"]),
        ] {
            assert_eq!(split(text).1, fields, "{text}");
        }
    }

    #[test]
    fn record_ends_and_lines_are_told() {
        assert_eq!(split("a\r\nb").0, Split::Record { end: 1, next: 3, lines: 1 });
        assert_eq!(split("a\rb").0, Split::Record { end: 1, next: 2, lines: 1 });
        assert_eq!(split("a\r").0, Split::Record { end: 1, next: 2, lines: 1 });
        assert_eq!(split("\"1\r\n2\r3\n4\"\n").0, Split::Record { end: 10, next: 11, lines: 4 });
    }

    #[test]
    fn stray_quotes_are_told() {
        assert_eq!(split("\"a\nb").0, Split::StrayQuote { at: 4 });
        assert_eq!(split("\"a\nb,\"c").0, Split::StrayQuote { at: 5 });
    }
}
