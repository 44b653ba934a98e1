//! The bytes of a file as its readers want them: counted, unpacked, in UTF-8.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, Take};
use std::path::Path;

use encoding_rs::{CoderResult, Decoder, WINDOWS_1252};

use crate::error::FileError;
use crate::format::{self, Compression};
use crate::inspect::Encoding;
use crate::progress::Progress;

/// How much of the packed file is handed to a decompressor at a time.
const PACKED_BYTES: usize = 128 * 1024;

/// The content of a file, which may be read on another thread than the one that opened it.
pub(crate) type Content = Box<dyn Read + Send + Sync>;

/// An open file whose reads are counted.
#[derive(Debug)]
pub(crate) struct OpenFile {
    file: Counted,
    /// Size on disk in bytes when it was opened.
    pub(crate) size: u64,
    /// Told by the first bytes.
    pub(crate) compression: Compression,
}

impl OpenFile {
    pub(crate) fn open(path: &Path, progress: &Progress) -> Result<Self, FileError> {
        let failed = |error| FileError::from_io(path, error);
        let mut file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut head = Vec::with_capacity(4);
        file.by_ref().take(4).read_to_end(&mut head).map_err(failed)?;
        file.rewind().map_err(failed)?;
        let counted = Counted { file, progress: progress.clone() };
        Ok(Self { file: counted, size, compression: Compression::of(&head) })
    }

    /// The unpacked content of the first `size` bytes: what a writer appends meanwhile is left out.
    pub(crate) fn unpacked(self, path: &Path, size: u64) -> Result<Content, FileError> {
        let file: Take<Counted> = self.file.take(size);
        if self.compression == Compression::None {
            return Ok(Box::new(file));
        }
        decoder(self.compression, BufReader::with_capacity(PACKED_BYTES, file))
            .map_err(|error| FileError::from_io(path, error))
    }
}

/// What is packed in these bytes.
fn decoder(
    compression: Compression,
    packed: impl BufRead + Send + Sync + 'static,
) -> io::Result<Content> {
    Ok(match compression {
        Compression::None => Box::new(packed),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
    })
}

/// What a file holds whose bytes were read whole: unpacked if they are gzip or zstd.
///
/// # Errors
///
/// `UnknownFormat` when the name ends like that of a packed file and the bytes are no such thing;
/// `Corrupt` when they cannot be unpacked.
pub fn unpack(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, FileError> {
    let compression = Compression::of(&bytes);
    if compression == Compression::None {
        return if format::ending(path).1 {
            Err(FileError::UnknownFormat {
                path: path.to_path_buf(),
                guess: "something that is neither gzip nor zstd".to_owned(),
                remedy: "take the ending off its name if it is not packed, or fetch it again"
                    .to_owned(),
            })
        } else {
            Ok(bytes)
        };
    }
    let mut content = Vec::new();
    decoder(compression, Cursor::new(bytes))
        .and_then(|mut unpacked| unpacked.read_to_end(&mut content))
        .map_err(|error| FileError::from_content(path, error))?;
    Ok(content)
}

/// Content as UTF-8 text, whatever its encoding.
pub(crate) fn as_text(content: Content, encoding: Encoding) -> Content {
    match encoding {
        Encoding::Utf8 => content,
        Encoding::Windows1252 => Box::new(Windows1252Reader {
            content,
            decoder: WINDOWS_1252.new_decoder_without_bom_handling(),
            encoded: vec![0; PACKED_BYTES],
            range: 0..0,
            spare: Vec::new(),
        }),
    }
}

#[derive(Debug)]
struct Counted {
    file: File,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

/// Decodes Windows-1252 while reading.
struct Windows1252Reader {
    content: Content,
    decoder: Decoder,
    encoded: Vec<u8>,
    /// What of `encoded` is still to be decoded.
    range: std::ops::Range<usize>,
    /// Decoded text that did not fit into a caller's very small buffer.
    spare: Vec<u8>,
}

impl Read for Windows1252Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One character takes up to three bytes, and the decoder wants room for one more.
        const SMALL: usize = 16;
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.spare.is_empty() && buffer.len() < SMALL {
            let mut decoded = [0; SMALL];
            let count = self.decode(&mut decoded)?;
            self.spare.extend_from_slice(&decoded[..count]);
        }
        if self.spare.is_empty() {
            return self.decode(buffer);
        }
        let count = self.spare.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.spare[..count]);
        self.spare.drain(..count);
        Ok(count)
    }
}

impl Windows1252Reader {
    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.range.is_empty() {
                let count = self.content.read(&mut self.encoded)?;
                if count == 0 {
                    return Ok(0);
                }
                self.range = 0..count;
            }
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(&self.encoded[self.range.clone()], buffer, false);
            self.range.start += read;
            if written > 0 || result == CoderResult::OutputFull {
                return Ok(written);
            }
        }
    }
}

/// Reads until `buffer` is full or the content ends; the count says which.
pub(crate) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{gzip, zstd};

    #[test]
    fn bytes_are_unpacked_by_what_they_are() {
        let named = |name: &str, bytes: Vec<u8>| unpack(Path::new(name), bytes);
        for (name, bytes) in [
            ("a.csv", b"id\n1\n".to_vec()),
            ("a.csv.gz", gzip(b"id\n1\n")),
            ("a.csv", gzip(b"id\n1\n")),
            ("a.csv.gz", [gzip(b"id\n"), gzip(b"1\n")].concat()),
            ("a.csv.zst", zstd(b"id\n1\n")),
        ] {
            assert_eq!(named(name, bytes).unwrap(), b"id\n1\n", "{name}");
        }
        let plain = named("a.csv.gz", b"id\n1\n".to_vec()).unwrap_err().to_string();
        assert!(plain.contains("neither gzip nor zstd; take the ending off"), "{plain}");
        for packed in [gzip(&[7; 1000]), zstd(&[7; 1000])] {
            let cut = named("a.csv.gz", packed[..packed.len() - 4].to_vec()).unwrap_err();
            assert!(matches!(cut, FileError::Corrupt { .. }), "{cut}");
        }
    }

    #[test]
    fn windows_1252_is_decoded_whatever_the_size_of_the_buffer() {
        let encoded: Vec<u8> = b"caf\xe9 \x80 \x81 na\xefve".repeat(50);
        let expected = "café € \u{81} naïve".repeat(50);
        for size in [1, 2, 3, 15, 16, 17, 4096] {
            let mut reader =
                as_text(Box::new(io::Cursor::new(encoded.clone())), Encoding::Windows1252);
            let mut text = Vec::new();
            let mut buffer = vec![0; size];
            loop {
                let count = reader.read(&mut buffer).unwrap();
                if count == 0 {
                    break;
                }
                text.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(String::from_utf8(text).unwrap(), expected, "buffer of {size}");
        }
    }
}
