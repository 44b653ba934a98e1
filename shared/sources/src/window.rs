//! A sliding window over a file's text: the only part of a file that is ever in memory.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::content::{self, Content};
use crate::error::FileError;
use crate::progress::Progress;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Text from `start` (what is not consumed yet) to the end of what was read so far.
pub(crate) struct Window {
    path: PathBuf,
    reader: Content,
    progress: Progress,
    bytes: Vec<u8>,
    filled: usize,
    start: usize,
    /// Everything before this position is known to be valid UTF-8.
    valid_to: usize,
    ended: bool,
    usual_bytes: usize,
}

/// A physical line: its text without the line end, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: Range<usize>,
    pub(crate) next: usize,
}

impl Window {
    /// A window of usually `usual_bytes`, filled once, without the byte order mark.
    pub(crate) fn new(
        path: &Path,
        reader: Content,
        progress: &Progress,
        usual_bytes: usize,
    ) -> Result<Self, FileError> {
        let usual_bytes = usual_bytes.max(1);
        let mut window = Self {
            path: path.to_path_buf(),
            reader,
            progress: progress.clone(),
            bytes: vec![0; usual_bytes],
            filled: 0,
            start: 0,
            valid_to: 0,
            ended: false,
            usual_bytes,
        };
        while window.filled < BYTE_ORDER_MARK.len() && !window.ended {
            window.refill()?;
        }
        if window.unread().starts_with(BYTE_ORDER_MARK) {
            window.start = BYTE_ORDER_MARK.len();
        }
        Ok(window)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The whole window; positions index into it and hold until the next [`refill`](Self::refill).
    pub(crate) fn data(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.filled]
    }

    /// Whether the file ends where the window ends.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn consume_to(&mut self, position: usize) {
        self.start = position;
    }

    /// Whether the range is valid UTF-8; as a rule it was checked with the whole window already.
    pub(crate) fn is_text(&self, range: Range<usize>) -> bool {
        range.end <= self.valid_to || std::str::from_utf8(&self.bytes[range]).is_ok()
    }

    /// Moves what is not consumed to the front and reads on; the window grows when it is full.
    pub(crate) fn refill(&mut self) -> Result<(), FileError> {
        if self.progress.is_stopped() {
            return Err(FileError::Stopped { path: self.path.clone() });
        }
        self.bytes.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.valid_to = self.valid_to.saturating_sub(self.start);
        self.start = 0;
        if self.filled == self.bytes.len() {
            self.bytes.resize(self.bytes.len() * 2, 0);
        } else if self.filled * 2 < self.usual_bytes && self.bytes.len() > self.usual_bytes {
            // One long record must not keep the window too large for the processor's cache.
            self.bytes.truncate(self.usual_bytes);
            self.bytes.shrink_to_fit();
        }
        let room = &mut self.bytes[self.filled..];
        let wanted = room.len();
        let count = content::fill(&mut *self.reader, room)
            .map_err(|error| FileError::from_content(&self.path, error))?;
        self.filled += count;
        self.ended = count < wanted;
        self.valid_to += match std::str::from_utf8(&self.bytes[self.valid_to..self.filled]) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        Ok(())
    }

    /// The physical line at the start of the window, ended by LF, CRLF, CR or the end of the file;
    /// `None` when more has to be read to know its end.
    pub(crate) fn line(&self) -> Option<Line> {
        let data = self.data();
        match memchr::memchr2(b'\n', b'\r', &data[self.start..]) {
            Some(length) => {
                let end = self.start + length;
                let pair = data[end] == b'\r' && data.get(end + 1) == Some(&b'\n');
                let cut = data[end] == b'\r' && end + 1 == data.len() && !self.ended;
                (!cut)
                    .then_some(Line { text: self.start..end, next: end + if pair { 2 } else { 1 } })
            }
            None => self.ended.then_some(Line { text: self.start..data.len(), next: data.len() }),
        }
    }

    /// Consumes the rest of the physical line, however long it is.
    pub(crate) fn skip_line(&mut self) -> Result<(), FileError> {
        loop {
            if let Some(line) = self.line() {
                self.start = line.next;
                return Ok(());
            }
            // A CR at the very end stays: whether a LF follows is not known yet.
            let cut = self.unread().last() == Some(&b'\r');
            self.start = self.filled - usize::from(cut);
            self.refill()?;
        }
    }

    /// The start of the current physical line, up to `limit` bytes, as far as it is text.
    pub(crate) fn line_excerpt(&mut self, limit: usize) -> Result<String, FileError> {
        while self.line().is_none() && self.unread().len() <= limit {
            self.refill()?;
        }
        let unread = self.unread();
        let end = memchr::memchr2(b'\n', b'\r', unread).unwrap_or(unread.len());
        Ok(excerpt(&unread[..end], limit))
    }
}

/// The first `limit` bytes as text; a character cut by the limit is left out.
pub(crate) fn excerpt(bytes: &[u8], limit: usize) -> String {
    let mut end = bytes.len().min(limit);
    while end > 0 && end < bytes.len() && bytes[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &'static [u8], usual_bytes: usize) -> Window {
        Window::new(Path::new("x"), Box::new(text), &Progress::default(), usual_bytes).unwrap()
    }

    #[test]
    fn lines_end_in_three_ways_at_any_window_size() {
        for size in [1, 2, 3, 5, 100] {
            let mut window = window(b"\xef\xbb\xbfa\r\nbb\rccc\n\nd", size);
            let mut lines = Vec::new();
            loop {
                match window.line() {
                    Some(line) if line.next == window.start() => break,
                    Some(line) => {
                        lines.push(String::from_utf8(window.data()[line.text].to_vec()).unwrap());
                        window.consume_to(line.next);
                    }
                    None => window.refill().unwrap(),
                }
            }
            assert_eq!(lines, ["a", "bb", "ccc", "", "d"], "window of {size}");
        }
    }

    #[test]
    fn a_skipped_line_does_not_grow_the_window() {
        let mut window = window(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nb\n", 8);
        window.skip_line().unwrap();
        assert!(window.bytes.len() <= 16);
        assert_eq!(window.line_excerpt(10).unwrap(), "b");
    }

    #[test]
    fn text_is_told_from_bytes() {
        let window = window(b"caf\xc3\xa9\n\xe9\nok\n", 100);
        assert!(window.is_text(0..5));
        assert!(!window.is_text(6..7));
        assert!(window.is_text(8..10));
    }

    #[test]
    fn excerpts_end_at_a_character() {
        assert_eq!(excerpt("aé".as_bytes(), 2), "a");
        assert_eq!(excerpt("aé".as_bytes(), 3), "aé");
        assert_eq!(excerpt(b"a\xe9b", 3), "a\u{fffd}b");
    }
}
