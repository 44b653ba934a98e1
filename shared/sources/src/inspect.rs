//! One look over all bytes of a file before any of it is loaded.

use std::fmt;
use std::fs::File;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use crate::content::{self, OpenFile};
use crate::error::FileError;
use crate::format::{self, Compression, FileFormat};
use crate::progress::Progress;

const CHUNK_BYTES: usize = 256 * 1024;

/// SHA-256 of a file's content; displayed in lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// How the text of a file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8; single rows that are not become malformed rows. Also said of Parquet.
    Utf8,
    /// Windows-1252 (a superset of Latin-1): bytes outside ASCII that never form UTF-8.
    Windows1252,
}

/// What one look over a file's bytes tells before anything is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Of the unpacked content, so `x.csv` and `x.csv.gz` are the same content; of a Parquet file's
    /// own bytes.
    pub content_sha256: ContentHash,
    /// The format, told by the content first and the ending second.
    pub format: FileFormat,
    /// How the file is packed.
    pub compression: Compression,
    /// How its text is encoded.
    pub encoding: Encoding,
    /// Size of the unpacked content in bytes.
    pub bytes: u64,
    /// Size of the file on disk in bytes.
    pub compressed_bytes: u64,
}

/// Looks over a whole file once: hash, format, compression, encoding, and whether it is whole.
///
/// # Errors
///
/// `NotFound`, `PermissionDenied`, `Io`; `Empty` without a line with anything in it; `UnknownFormat`
/// for what cannot be read; `Corrupt` for a cut-off archive or a bad Parquet footer; `Stopped`.
pub fn inspect(path: &Path, progress: &Progress) -> Result<Inspection, FileError> {
    let file = OpenFile::open(path, progress)?;
    let (compression, compressed_bytes) = (file.compression, file.size);
    let mut reader = file.unpacked(path, compressed_bytes)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut hash = Sha256::new();
    let mut encoding = EncodingScan::default();
    let mut format = None;
    let mut bytes = 0;
    let mut blank = true;
    loop {
        if progress.is_stopped() {
            return Err(FileError::Stopped { path: path.to_path_buf() });
        }
        let count = content::fill(&mut *reader, &mut chunk)
            .map_err(|error| FileError::from_content(path, error))?;
        let part = &chunk[..count];
        if count == 0 {
            break;
        }
        let detected = match format {
            Some(known) => known,
            None => *format.insert(format::detect(path, part, compression)?),
        };
        hash.update(part);
        if detected != FileFormat::Parquet {
            encoding.look_at(part);
        }
        blank = blank && is_blank(part, bytes == 0);
        bytes += count as u64;
    }
    let Some(format) = format.filter(|_| !blank) else {
        return Err(FileError::Empty { path: path.to_path_buf() });
    };
    if format == FileFormat::Parquet {
        check_footer(path)?;
    }
    Ok(Inspection {
        content_sha256: ContentHash(hash.finalize().into()),
        format,
        compression,
        encoding: encoding.verdict(),
        bytes,
        compressed_bytes,
    })
}

fn is_blank(part: &[u8], first: bool) -> bool {
    let text = if first { part.strip_prefix(b"\xef\xbb\xbf").unwrap_or(part) } else { part };
    text.iter().all(u8::is_ascii_whitespace)
}

fn check_footer(path: &Path) -> Result<(), FileError> {
    let file = File::open(path).map_err(|error| FileError::from_io(path, error))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map(|_| ()).map_err(|error| {
        FileError::corrupt(path, format!("its Parquet footer cannot be read ({error})"))
    })
}

/// Decides between UTF-8 and Windows-1252 over content that arrives in parts.
#[derive(Debug, Default)]
struct EncodingScan {
    /// A character cut off by the end of the last part.
    carried: Vec<u8>,
    invalid: bool,
    beyond_ascii: bool,
}

impl EncodingScan {
    fn look_at(&mut self, part: &[u8]) {
        // Once both were seen nothing can change the verdict.
        if self.invalid && self.beyond_ascii {
            return;
        }
        let mut rest = part;
        while !self.carried.is_empty() {
            let Some((first, others)) = rest.split_first() else {
                return;
            };
            self.carried.push(*first);
            match std::str::from_utf8(&self.carried) {
                Err(error) if error.error_len().is_none() => rest = others,
                Ok(_) => {
                    (self.beyond_ascii, rest) = (true, others);
                    self.carried.clear();
                }
                // The byte that broke the character belongs to what follows it.
                Err(_) => {
                    self.invalid = true;
                    self.carried.clear();
                }
            }
        }
        self.look_at_whole(rest);
    }

    fn look_at_whole(&mut self, mut part: &[u8]) {
        loop {
            match std::str::from_utf8(part) {
                Ok(text) => {
                    self.beyond_ascii = self.beyond_ascii || !text.is_ascii();
                    return;
                }
                Err(error) => {
                    let (valid, rest) = part.split_at(error.valid_up_to());
                    self.beyond_ascii = self.beyond_ascii || !valid.is_ascii();
                    let Some(length) = error.error_len() else {
                        self.carried.extend_from_slice(rest);
                        return;
                    };
                    self.invalid = true;
                    if self.beyond_ascii {
                        return;
                    }
                    part = &rest[length..];
                }
            }
        }
    }

    fn verdict(&self) -> Encoding {
        let invalid = self.invalid || !self.carried.is_empty();
        if invalid && !self.beyond_ascii { Encoding::Windows1252 } else { Encoding::Utf8 }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::testing::{gzip, shared_data, zstd};

    fn inspected(name: &str, content: &[u8]) -> Result<Inspection, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        inspect(&path, &Progress::default())
    }

    #[test]
    fn packed_and_plain_are_the_same_content() {
        let text = b"id,name\n1,a\n";
        let plain = inspected("x.csv", text).unwrap();
        assert_eq!(
            plain.content_sha256.to_string(),
            "b7773700b1468b27c88d7122034e23bc5af7703c70bc13fd545d8e08534dcf41".to_owned()
        );
        assert_eq!((plain.bytes, plain.compressed_bytes), (12, 12));
        let two_members = [gzip(&text[..5]), gzip(&text[5..])].concat();
        for (name, packed, compression) in [
            ("x.csv.gz", gzip(text), Compression::Gzip),
            ("x.csv", gzip(text), Compression::Gzip),
            ("x.csv.gz", two_members, Compression::Gzip),
            ("x.csv.zst", zstd(text), Compression::Zstd),
        ] {
            let size = packed.len() as u64;
            let seen = inspected(name, &packed).unwrap();
            assert_eq!(seen.content_sha256, plain.content_sha256);
            assert_eq!(
                (seen.compression, seen.format, seen.bytes),
                (compression, FileFormat::Csv, 12)
            );
            assert_eq!(seen.compressed_bytes, size);
        }
    }

    #[test]
    fn cut_off_archives_are_corrupt() {
        let text: Vec<u8> = (0..20_000_u32)
            .flat_map(|number| {
                format!("{number},{}\n", number.wrapping_mul(2_654_435_761)).into_bytes()
            })
            .collect();
        for packed in [gzip(&text), zstd(&text)] {
            for keep in [packed.len() - 1, packed.len() / 2, 12] {
                let error = inspected("x.csv.gz", &packed[..keep]).unwrap_err();
                assert!(matches!(error, FileError::Corrupt { .. }), "{keep}: {error}");
            }
        }
        let mut flipped = gzip(&text);
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0xff;
        assert!(matches!(inspected("x.csv.gz", &flipped).unwrap_err(), FileError::Corrupt { .. }));
    }

    #[test]
    fn nothing_but_blank_lines_is_empty() {
        for content in [&b""[..], b"\n\r\n  \r", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", &gzip(b"")] {
            assert!(matches!(inspected("x.csv", content).unwrap_err(), FileError::Empty { .. }));
        }
    }

    #[test]
    fn encodings() {
        for (content, expected) in [
            (&b"plain"[..], Encoding::Utf8),
            ("caf\u{e9}".as_bytes(), Encoding::Utf8),
            (b"caf\xe9,1", Encoding::Windows1252),
            (b"caf\xe9", Encoding::Windows1252),
            (b"caf\xc3\xa9 caf\xe9 x", Encoding::Utf8),
            (b"caf\xe9 x caf\xc3\xa9", Encoding::Utf8),
        ] {
            assert_eq!(inspected("x.csv", content).unwrap().encoding, expected, "{content:?}");
            let mut scan = EncodingScan::default();
            content.chunks(1).for_each(|byte| scan.look_at(byte));
            assert_eq!(scan.verdict(), expected, "byte by byte: {content:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(matches!(
            inspected("x.csv", b"\x89PNG\r\n\x1a\n").unwrap_err(),
            FileError::UnknownFormat { .. }
        ));
        assert!(matches!(
            inspected("x.parquet", b"PAR1 not really PAR1").unwrap_err(),
            FileError::Corrupt { .. }
        ));
        let missing = inspect(&PathBuf::from("no/such.csv"), &Progress::default()).unwrap_err();
        assert!(matches!(missing, FileError::NotFound { .. }));
    }

    #[test]
    fn progress_counts_bytes_on_disk_and_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv.gz");
        let packed = gzip(b"id\n1\n");
        fs::write(&path, &packed).unwrap();
        let progress = Progress::default();
        inspect(&path, &progress).unwrap();
        assert_eq!(progress.done(), packed.len() as u64);
        progress.stop();
        assert!(matches!(inspect(&path, &progress).unwrap_err(), FileError::Stopped { .. }));
    }

    #[test]
    fn real_files_are_recognised() {
        let Some(data) = shared_data() else { return };
        for (name, format, compression) in [
            ("nyc311/all_columns_2021-09-21.csv", FileFormat::Csv, Compression::None),
            ("nyc311/elevator_2024.parquet", FileFormat::Parquet, Compression::None),
            ("nyc311/noise_residential_brooklyn_2023.csv.gz", FileFormat::Csv, Compression::Gzip),
            ("events/bostata_snowplow_2020.jsonl.gz", FileFormat::JsonLines, Compression::Gzip),
        ] {
            let seen = inspect(&data.join(name), &Progress::default()).unwrap();
            assert_eq!((seen.format, seen.compression), (format, compression), "{name}");
        }
    }
}
