//! What kind of file it is: by its first bytes where they are telling, else by its ending.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use crate::error::FileError;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Text with one record per line and a header, fields parted by `,`, `;`, tab or `|`.
    Csv,
    /// One JSON object per line.
    JsonLines,
    /// One JSON array of objects.
    JsonArray,
    /// Apache Parquet.
    Parquet,
}

impl fmt::Display for FileFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::JsonArray => "JSON array",
            Self::Parquet => "Parquet",
        })
    }
}

/// How the file is packed, told by its first bytes and not by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not packed.
    None,
    /// Gzip, of one or more members.
    Gzip,
    /// Zstandard, of one or more frames.
    Zstd,
}

impl Compression {
    /// The compression that the first bytes of a file announce.
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Bytes at the start of files that are certainly something else.
const FOREIGN: [(&[u8], &str); 17] = [
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Excel (.xlsx) workbook"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x04\x22\x4d\x18", "an lz4 archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"ARROW1", "an Arrow file"),
    (b"\x7fELF", "a program"),
];

const SAVE_AS: &str = "save it as CSV (UTF-8), JSON lines or Parquet and load that";

/// The format of the (unpacked) content that starts with `head`.
///
/// # Errors
///
/// `UnknownFormat` when the content is something else or is in UTF-16, or is Parquet inside an archive.
pub(crate) fn detect(
    path: &Path,
    head: &[u8],
    compression: Compression,
) -> Result<FileFormat, FileError> {
    let unknown = |guess: &str, remedy: &str| FileError::UnknownFormat {
        path: path.to_path_buf(),
        guess: guess.to_owned(),
        remedy: remedy.to_owned(),
    };
    if head.starts_with(b"PAR1") {
        return match compression {
            Compression::None => Ok(FileFormat::Parquet),
            Compression::Gzip | Compression::Zstd => {
                Err(unknown("a Parquet file inside an archive", "unpack it first"))
            }
        };
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(unknown("text in UTF-16", "save as UTF-8"));
    }
    if let Some((_, guess)) = FOREIGN.iter().find(|(start, _)| is_foreign(head, start)) {
        return Err(unknown(guess, SAVE_AS));
    }
    if looks_binary(head) {
        let every_other_is_nul = head.iter().filter(|byte| **byte == 0).count() * 3 > head.len();
        return Err(match every_other_is_nul {
            true => unknown("text in UTF-16, or binary data", "save as UTF-8"),
            false => unknown("binary data", SAVE_AS),
        });
    }
    match by_ending(&ending(path).0) {
        Some(FileFormat::Parquet) => {
            Err(FileError::corrupt(path, "a Parquet file starts with `PAR1`, this one does not"))
        }
        // `.json` says neither whether it is an array nor whether it is one object per line.
        Some(FileFormat::JsonArray) => Ok(match first_sign(head) {
            Some((b'[', _)) => FileFormat::JsonArray,
            _ => FileFormat::JsonLines,
        }),
        Some(format) => Ok(format),
        None => Ok(sniff(head)),
    }
}

/// Short starts of plain letters could also be the first word of a header, so text rules them out.
fn is_foreign(head: &[u8], start: &[u8]) -> bool {
    let all_letters = start.iter().all(|byte| byte.is_ascii_graphic());
    head.starts_with(start) && !(all_letters && start != b"%PDF-" && !has_controls(head))
}

fn has_controls(head: &[u8]) -> bool {
    head.iter().take(512).any(|byte| is_control(*byte))
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
}

/// Text has few control characters; a stray NUL in a field does not make a file binary.
fn looks_binary(head: &[u8]) -> bool {
    let sample = &head[..head.len().min(64 * 1024)];
    let controls = sample.iter().filter(|byte| is_control(**byte)).count();
    let invalid = std::str::from_utf8(sample).is_err_and(|error| error.error_len().is_some());
    controls * 10 > sample.len() * 3 || (invalid && controls * 20 > sample.len())
}

/// The ending of a path in lower case without its dot, and whether `.gz` or `.zst` stood behind it.
pub(crate) fn ending(path: &Path) -> (String, bool) {
    let last = lower_extension(path);
    if matches!(last.as_str(), "gz" | "gzip" | "zst" | "zstd") {
        let inner = path.file_stem().map(Path::new).map(lower_extension).unwrap_or_default();
        return (inner, true);
    }
    (last, false)
}

fn lower_extension(path: &Path) -> String {
    path.extension().and_then(OsStr::to_str).unwrap_or_default().to_lowercase()
}

/// The format an ending stands for; `json` is given as `JsonArray`, the content decides.
pub(crate) fn by_ending(ending: &str) -> Option<FileFormat> {
    match ending {
        "csv" | "tsv" | "psv" => Some(FileFormat::Csv),
        "jsonl" | "ndjson" => Some(FileFormat::JsonLines),
        "json" => Some(FileFormat::JsonArray),
        "parquet" => Some(FileFormat::Parquet),
        _ => None,
    }
}

/// The format of text with an unknown ending.
fn sniff(head: &[u8]) -> FileFormat {
    match first_sign(head) {
        Some((b'[', Some(b'{' | b']'))) => FileFormat::JsonArray,
        Some((b'{', Some(b'"' | b'}'))) => FileFormat::JsonLines,
        _ => FileFormat::Csv,
    }
}

/// The first two bytes that are not blank.
fn first_sign(head: &[u8]) -> Option<(u8, Option<u8>)> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut signs = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    let first = signs.next()?;
    Some((first, signs.next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(name: &str, head: &[u8]) -> FileFormat {
        detect(Path::new(name), head, Compression::None).unwrap()
    }

    #[test]
    fn endings_decide_where_the_content_does_not() {
        assert_eq!(detected("a.csv", b"[x],y\n"), FileFormat::Csv);
        assert_eq!(detected("a.TSV.GZ", b"x\ty\n"), FileFormat::Csv);
        assert_eq!(detected("a.jsonl.zst", b"{}"), FileFormat::JsonLines);
        assert_eq!(detected("a.json", b"\xef\xbb\xbf \n[ {"), FileFormat::JsonArray);
        assert_eq!(detected("a.json", b"{\"a\":1}\n{\"a\":2}"), FileFormat::JsonLines);
        assert_eq!(detected("a.csv", b"PAR1\x15\x04"), FileFormat::Parquet);
    }

    #[test]
    fn unknown_endings_are_sniffed() {
        assert_eq!(detected("a.dat", b"{\"a\":1}"), FileFormat::JsonLines);
        assert_eq!(detected("a", b" [\n{\"a\":1}]"), FileFormat::JsonArray);
        assert_eq!(detected("a.txt", b"id;name\n"), FileFormat::Csv);
        assert_eq!(detected("a.txt", b"[id];[name]\n"), FileFormat::Csv);
    }

    #[test]
    fn foreign_content_is_named() {
        for (head, guess) in [
            (&b"\x89PNG\r\n\x1a\n\0\0"[..], "PNG"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
            (b"PK\x03\x04\x14\0", "Excel"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\xff\xfei\0d\0", "UTF-16"),
            (b"i\0d\0,\0n\0\n\0", "UTF-16"),
            (b"ORC\x0a\x03\0\0\0\x01\x02", "ORC"),
        ] {
            let error = detect(Path::new("a.csv"), head, Compression::None).unwrap_err();
            assert!(error.to_string().contains(guess), "{error}");
        }
    }

    #[test]
    fn words_and_single_nul_bytes_do_not_make_a_file_foreign() {
        assert_eq!(detected("a.csv", b"ORC,elf\n1,2\n"), FileFormat::Csv);
        assert_eq!(detected("a.csv", b"id,name\n1,a\0b\n2,cc\n"), FileFormat::Csv);
    }

    #[test]
    fn parquet_in_an_archive_and_a_fake_parquet_are_refused() {
        let packed = detect(Path::new("a.parquet.gz"), b"PAR1", Compression::Gzip).unwrap_err();
        assert!(packed.to_string().contains("unpack it first"));
        let fake = detect(Path::new("a.parquet"), b"id,name\n", Compression::None).unwrap_err();
        assert!(matches!(fake, FileError::Corrupt { .. }));
    }
}
