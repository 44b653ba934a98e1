//! Which uploaded contents a bronze table holds: the names of its data files start with the content's
//! hash, and files that were compacted list the contents of those that they took the place of.

use std::collections::{BTreeMap, HashSet};

use smelt_lake::{DataFile, Snapshot};

/// Tag of a compacted file: the contents that it holds, each with the version that brought it.
const CONTENTS: &str = "smelt.contents";

/// Contents that the table holds, by their hashes.
pub(crate) fn known_contents(snapshot: Option<&Snapshot>) -> HashSet<String> {
    arrivals_of_contents(snapshot).into_keys().collect()
}

/// The version with which each of these contents arrived.
pub(crate) fn arrivals_of_contents(snapshot: Option<&Snapshot>) -> BTreeMap<String, u64> {
    let files = snapshot.map_or(&[][..], |snapshot| snapshot.files());
    files.iter().flat_map(contents_of).collect()
}

/// Lets a compacted file know the contents of the files that it takes the place of.
pub(crate) fn tag_contents(compacted: &mut DataFile, from: &[DataFile]) {
    let contents: BTreeMap<String, u64> = from.iter().flat_map(contents_of).collect();
    let listed: Vec<String> =
        contents.into_iter().map(|(content, version)| format!("{content}@{version}")).collect();
    if !listed.is_empty() {
        compacted.tags.insert(CONTENTS.to_owned(), listed.join(","));
    }
}

/// The tags of a file but for its contents: files that differ in these are not compacted together.
pub(crate) fn other_tags(file: &DataFile) -> BTreeMap<&str, &str> {
    let tags = file.tags.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    tags.filter(|(name, _)| *name != CONTENTS).collect()
}

fn contents_of(file: &DataFile) -> Vec<(String, u64)> {
    let listed = file.tags.get(CONTENTS).map(String::as_str).unwrap_or_default().split(',');
    let listed = listed.filter_map(|content| {
        let (content, version) = content.split_once('@')?;
        Some((content.to_owned(), version.parse().ok()?))
    });
    let version = file.arrival.map_or(0, |arrival| arrival.version);
    let own = content_in_name(&file.path).map(|content| (content.to_owned(), version));
    listed.chain(own).collect()
}

fn content_in_name(path: &str) -> Option<&str> {
    let (_, name) = path.rsplit_once('/')?;
    let (content, _) = name.split_once('-')?;
    let is_hash = content.len() == 64 && content.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some(content)
}

#[cfg(test)]
mod tests {
    use smelt_lake::Arrival;

    use super::*;

    fn file(path: &str, version: u64) -> DataFile {
        DataFile {
            path: path.to_owned(),
            size: 1,
            partition: BTreeMap::new(),
            statistics: Default::default(),
            arrival: Some(Arrival { version, position: 0 }),
            tags: Default::default(),
        }
    }

    #[test]
    fn content_is_the_start_of_the_name() {
        let hash = "ab".repeat(32);
        let path = format!("ingestion_date=2026-11-22/{hash}-0000-x.parquet");
        assert_eq!(contents_of(&file(&path, 3)), [(hash.clone(), 3)]);
        assert_eq!(contents_of(&file("ingestion_date=2026-11-22/portal01-0000-x.parquet", 3)), []);
        assert_eq!(contents_of(&file(&hash, 3)), []);
    }

    #[test]
    fn compacted_files_know_what_they_hold_also_when_compacted_again() {
        let name = |letter: &str| format!("d/{}-0000-x.parquet", letter.repeat(64));
        let mut first = file("d/compacted-x.parquet", 2);
        tag_contents(&mut first, &[file(&name("a"), 1), file(&name("b"), 2)]);
        let mut second = file("d/compacted-y.parquet", 3);
        tag_contents(&mut second, &[first, file(&name("c"), 3)]);
        let expected = [("a", 1), ("b", 2), ("c", 3)].map(|(letter, v)| (letter.repeat(64), v));
        assert_eq!(contents_of(&second), expected);
        assert!(other_tags(&second).is_empty());
    }
}
