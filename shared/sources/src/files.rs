//! Which files to read: files as named, folders searched by ending.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::error::FileError;
use crate::format::{self, FileFormat};

/// Endings a folder is searched for; a compressed file carries one of these before `.gz` or `.zst`.
const UNDERSTOOD: [&str; 7] = ["csv", "tsv", "psv", "jsonl", "ndjson", "json", "parquet"];

/// The data files at `paths`, in the order given; inside a folder sorted by name, folder by folder.
///
/// A file is taken as named, whatever its ending: its content decides later. A folder is searched
/// with everything below it for known endings; hidden files and folders (a leading dot) are skipped.
/// A file reached twice is listed once.
///
/// # Errors
///
/// `NotFound` and `PermissionDenied` name the path; `NoDataFiles` names a folder without a data file
/// and what it holds instead.
pub fn find_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        let metadata = std::fs::metadata(path).map_err(|error| FileError::from_io(path, error))?;
        let files = if metadata.is_dir() { files_in_folder(path)? } else { vec![path.clone()] };
        found.extend(files.into_iter().filter(|file| seen.insert(file.clone())));
    }
    Ok(found)
}

fn files_in_folder(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)) {
        let entry = entry.map_err(|error| walk_error(folder, error))?;
        if !entry.file_type().is_file() {
            continue;
        }
        if has_known_ending(entry.path()) {
            files.push(entry.into_path());
        } else {
            *others.entry(ending_for_people(entry.path())).or_default() += 1;
        }
    }
    if files.is_empty() {
        return Err(FileError::NoDataFiles {
            folder: folder.to_path_buf(),
            found: describe(&others),
            understood: UNDERSTOOD.map(|ending| format!(".{ending}")).join(", "),
        });
    }
    Ok(files)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().first() == Some(&b'.')
}

fn has_known_ending(path: &Path) -> bool {
    let (ending, compressed) = format::ending(path);
    UNDERSTOOD.contains(&ending.as_str())
        && !(compressed && format::by_ending(&ending) == Some(FileFormat::Parquet))
}

fn ending_for_people(path: &Path) -> String {
    match path.extension().and_then(OsStr::to_str) {
        Some(ending) => format!(".{}", ending.to_lowercase()),
        None => "without an ending".to_owned(),
    }
}

/// For example "found 3 .png, 1 .docx", the most frequent first.
fn describe(others: &BTreeMap<String, usize>) -> String {
    if others.is_empty() {
        return "it is empty".to_owned();
    }
    let mut counted: Vec<(&String, &usize)> = others.iter().collect();
    counted.sort_by(|left, right| right.1.cmp(left.1));
    let shown: Vec<String> =
        counted.iter().take(5).map(|(ending, count)| format!("{count} {ending}")).collect();
    let more = if counted.len() > shown.len() { " and others" } else { "" };
    format!("found {}{more}", shown.join(", "))
}

fn walk_error(folder: &Path, error: walkdir::Error) -> FileError {
    let path = error.path().unwrap_or(folder).to_path_buf();
    let text = error.to_string();
    match error.into_io_error() {
        Some(source) => FileError::from_io(&path, source),
        None => FileError::Io { path, source: std::io::Error::other(text) },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_is_searched_in_order_and_hidden_files_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b/2.csv.gz",
            "b/1.parquet",
            "a.JSONL",
            "c.zst",
            ".hidden.csv",
            ".git/x.csv",
            "notes.md",
            "z.parquet.gz",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let found = find_files(&[folder.path().to_path_buf()]).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.JSONL", "b/1.parquet", "b/2.csv.gz"]);
    }

    #[test]
    fn a_named_file_is_taken_whatever_its_ending_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("export.dat");
        let csv = folder.path().join("a.csv");
        fs::write(&odd, "x").unwrap();
        fs::write(&csv, "x").unwrap();
        let found = find_files(&[csv.clone(), odd.clone(), folder.path().to_path_buf()]).unwrap();
        assert_eq!(found, [csv, odd]);
    }

    #[test]
    fn a_folder_without_data_says_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.png", "b.PNG", "c.docx", "LICENSE"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let message = find_files(&[folder.path().to_path_buf()]).unwrap_err().to_string();
        assert!(message.contains("found 2 .png, 1 .docx, 1 without an ending"), "{message}");
        assert!(message.contains(".csv, .tsv"), "{message}");
        let empty = tempfile::tempdir().unwrap();
        let message = find_files(&[empty.path().to_path_buf()]).unwrap_err().to_string();
        assert!(message.contains("it is empty"), "{message}");
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = find_files(&[PathBuf::from("no/such/file.csv")]).unwrap_err();
        assert!(matches!(&error, FileError::NotFound { path } if path.ends_with("file.csv")));
    }
}
