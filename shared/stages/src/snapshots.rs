//! Full copies of a source in bronze: which rows still count.
//!
//! A file of a full copy is tagged with what it copies and in which state. When the copy is
//! complete, its last commit sets the state as a property of the table: from then on files of other
//! states are replaced, and until then so are the files that came.

use smelt_domain::SourceName;
use smelt_lake::{DataFile, Snapshot};
use smelt_sources::{CopyProgress, SnapshotPart};

use crate::numbers_of_hashes::number_of;

/// Tag of a bronze file: what it is a copy of.
const COPY_OF: &str = "smelt.copy_of";
/// Tag of a bronze file: the state that was copied.
const STATE: &str = "smelt.state";
/// Start of the properties that hold the newest complete state.
const COMPLETE: &str = "smelt.complete.";

/// The state of what is gone at its source: no file has it.
const GONE: &str = "gone";

/// Tags a file as a part of a copy.
pub(crate) fn tag(file: &mut DataFile, source: &SourceName, part: &SnapshotPart) {
    file.tags.insert(COPY_OF.to_owned(), copy_of(source, part));
    file.tags.insert(STATE.to_owned(), part.state.clone());
}

/// The live files of a copy, complete or not.
pub(crate) fn files_of(
    bronze: &Snapshot,
    source: &SourceName,
    part: &SnapshotPart,
) -> Vec<DataFile> {
    let copy = copy_of(source, part);
    let is_of_copy = |file: &&DataFile| {
        file.tags.get(COPY_OF) == Some(&copy) && file.tags.get(STATE) == Some(&part.state)
    };
    bronze.files().iter().filter(is_of_copy).cloned().collect()
}

/// The property that makes a copy count, or none any more.
pub(crate) fn completion(source: &SourceName, part: &SnapshotPart) -> (String, String) {
    let state = match part.progress {
        CopyProgress::Gone => GONE.to_owned(),
        CopyProgress::Underway | CopyProgress::Complete => part.state.clone(),
    };
    (format!("{COMPLETE}{}", copy_of(source, part)), state)
}

/// What a source has complete copies of that count.
pub(crate) fn counting(bronze: &Snapshot, source: &SourceName) -> Vec<String> {
    let start = format!("{COMPLETE}{source}/");
    let copies = bronze.properties().iter().filter(|(_, state)| *state != GONE);
    copies.filter_map(|(name, _)| Some(name.strip_prefix(&start)?.to_owned())).collect()
}

fn copy_of(source: &SourceName, part: &SnapshotPart) -> String {
    format!("{source}/{}", part.of)
}

/// Whether a file's rows count: it belongs to no copy, or to the newest complete one.
pub(crate) fn counts(bronze: &Snapshot, file: &DataFile) -> bool {
    file.tags.get(COPY_OF).is_none_or(|copy| {
        let complete = bronze.property(&format!("{COMPLETE}{copy}"));
        complete == file.tags.get(STATE).map(String::as_str)
    })
}

/// A number that changes when other copies count; `None` in tables without copies.
pub(crate) fn identity(bronze: &Snapshot) -> Option<u64> {
    let copies = bronze.properties().iter().filter(|(name, _)| name.starts_with(COMPLETE));
    let states: String = copies.map(|(name, state)| format!("{name}={state}\n")).collect();
    (!states.is_empty()).then(|| number_of(&states))
}
