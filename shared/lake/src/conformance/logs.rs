use std::collections::BTreeMap;

use object_store::ObjectStoreExt;
use smelt_domain::TableId;

use super::{PARTITION, keys, named_file, partitioned_schema, table, written_file};
use crate::{
    Arrival, Changes, Commit, DataFile, FileLayout, FilesTable, Lake, PartitionValues, Snapshot,
    Table,
};

/// More than two checkpoints.
const VERSIONS: u64 = 45;

/// Files with all that the log knows of them, how far the table follows others, and its totals are
/// the same whether they are read from commits or from a checkpoint.
pub async fn state_survives_checkpoints(lake: &Lake) {
    let table = table(lake, "checkpointed");
    let mut model: BTreeMap<String, DataFile> = BTreeMap::new();
    for version in 0..VERSIONS {
        let base = table.snapshot().await.unwrap();
        // Two files more, and from time to time the oldest one less.
        let add: Vec<DataFile> = (0..2).map(|number| aged_file(version, number)).collect();
        let remove: Vec<DataFile> =
            if version % 3 == 2 { model.values().take(1).cloned().collect() } else { Vec::new() };
        for file in &remove {
            model.remove(&file.path);
        }
        for (position, file) in (0..).zip(&add) {
            let arrival = Some(Arrival { version, position });
            model.insert(file.path.clone(), DataFile { arrival, ..file.clone() });
        }
        let commit = Commit {
            add,
            remove,
            followed: vec![(upstream("one"), version * 2), (upstream("two"), 7)],
            totals: vec![("superseded", version * 100)],
            ..beginning(base.is_none())
        };
        assert_eq!(table.commit(base.as_ref(), &commit).await.unwrap(), version);

        let snapshot = table.require_snapshot().await.unwrap();
        assert_state(&snapshot, version, &model).await;
    }
    let hint = table.path("_delta_log/_last_checkpoint");
    assert!(lake.get_object(&hint).await.unwrap().is_some(), "there is a checkpoint");
}

async fn assert_state(snapshot: &Snapshot, version: u64, model: &BTreeMap<String, DataFile>) {
    assert_eq!(snapshot.version(), version);
    assert_eq!(snapshot.schema().fields(), partitioned_schema().fields());
    assert_eq!(snapshot.partition_columns(), [PARTITION]);
    let mut files = snapshot.files().to_vec();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    assert_eq!(files, model.values().cloned().collect::<Vec<_>>());
    assert_eq!(snapshot.rows(), model.values().map(DataFile::rows).sum::<u64>());
    assert_eq!(snapshot.followed(&upstream("one")).await.unwrap(), Some(version * 2));
    assert_eq!(snapshot.followed(&upstream("two")).await.unwrap(), Some(7));
    assert_eq!(snapshot.followed(&upstream("three")).await.unwrap(), None);
    assert_eq!(snapshot.total("superseded").await.unwrap(), version * 100);
    assert_eq!(snapshot.total("never_counted").await.unwrap(), 0);

    let arrived = snapshot.arrived(Some(version / 2), version - version / 4);
    let mut expected: Vec<DataFile> = model
        .values()
        .filter(|file| {
            let arrived = file.arrival.unwrap().version;
            arrived > version / 2 && arrived <= version - version / 4
        })
        .cloned()
        .collect();
    expected.sort_by_key(|file| file.arrival);
    assert_eq!(arrived, expected);
}

/// Changes between two versions are the partitions of files added or removed in between.
pub async fn changes_are_the_touched_partitions(lake: &Lake) {
    let table = table(lake, "changed");
    age(&table, 4).await;
    let base = table.require_snapshot().await.unwrap();
    let oldest = base.arrived(None, 0);
    let commit = Commit { remove: oldest, ..beginning(false) };
    table.commit(Some(&base), &commit).await.unwrap();

    let changes = async |from, to| table.changes(from, to).await.unwrap();
    assert_eq!(changes(Some(0), 0).await, Changes::Partitions(vec![]));
    assert_eq!(changes(Some(0), 2).await, touched([1, 2]));
    assert_eq!(changes(Some(2), 4).await, touched([0, 3]));
    assert_eq!(changes(None, 4).await, Changes::Everything);
}

/// Where commits are gone because the log was cleaned behind a checkpoint, the table is whole, but
/// what changed in them is not known: everything may have.
pub async fn a_cleaned_log_means_everything_changed(lake: &Lake) {
    let table = table(lake, "cleaned");
    age(&table, 30).await;
    let whole = table.require_snapshot().await.unwrap();
    for version in 0..15 {
        let path = table.path(&format!("_delta_log/{version:020}.json"));
        lake.store().delete(&path.into()).await.unwrap();
    }
    let cleaned = table.require_snapshot().await.unwrap();
    assert_eq!(cleaned.version(), 29);
    assert_eq!(cleaned.arrived(None, 29), whole.arrived(None, 29));
    assert_eq!(cleaned.total("superseded").await.unwrap(), 29);
    assert_eq!(table.changes(Some(3), 29).await.unwrap(), Changes::Everything);
    assert_eq!(table.changes(Some(13), 29).await.unwrap(), Changes::Everything);
    assert_eq!(table.changes(Some(27), 29).await.unwrap(), touched([28, 29]));
}

/// Any text is a partition value and comes back as it was, from commits and from a checkpoint, and
/// so does null. (The empty text does not exist as one: for Delta it is null.)
pub async fn odd_partition_values_come_back(lake: &Lake) {
    let table = table(lake, "odd_partitions");
    let long = "x".repeat(300);
    let values = [
        "2026-04",
        "a b",
        "a/b",
        "../up",
        "%2F",
        "100%",
        "ä €",
        "it's",
        "\"quoted\"",
        "a=b&c",
        "#?",
        "NULL",
        "null",
        "__HIVE_DEFAULT_PARTITION__",
        " padded ",
        "line\nbreak",
        &long,
    ];
    let mut expected: Vec<Option<String>> =
        values.iter().map(|value| Some((*value).to_owned())).chain([None]).collect();
    expected.sort();
    let mut add = Vec::new();
    for (number, value) in expected.iter().enumerate() {
        let path = format!("{PARTITION}=!{number:02x}/a.parquet");
        let partition = [(PARTITION, value.as_deref())];
        let columns = vec![("key", keys([number as i64]))];
        add.push(written_file(&table, &path, &partition, columns, &FileLayout::Arrival).await);
    }
    table.commit(None, &Commit { add, ..beginning(true) }).await.unwrap();
    let committed = table.require_snapshot().await.unwrap();
    assert_values(lake, &committed, &expected).await;

    let mut newest = committed;
    while newest.version() < 20 {
        table.commit(Some(&newest), &beginning(false)).await.unwrap();
        newest = table.require_snapshot().await.unwrap();
    }
    let hint = table.path("_delta_log/_last_checkpoint");
    assert!(lake.get_object(&hint).await.unwrap().is_some(), "there is a checkpoint");
    assert_values(lake, &newest, &expected).await;

    let commit = Commit { remove: newest.files().to_vec(), ..beginning(false) };
    table.commit(Some(&newest), &commit).await.unwrap();
    let touched = expected.iter().map(partition_of).collect();
    let changes = table.changes(Some(20), 21).await.unwrap();
    assert_eq!(changes, Changes::Partitions(touched));
}

/// Requires one file for each value, and that reading them gives the n-th value with key `n`.
async fn assert_values(lake: &Lake, snapshot: &Snapshot, expected: &[Option<String>]) {
    let grouped = snapshot.files_by_partition();
    assert_eq!(grouped.keys().cloned().collect::<Vec<_>>(), expected);
    let table = table(lake, "odd_partitions");
    let columns = [PARTITION.to_owned()];
    let files = snapshot.files().to_vec();
    let files = FilesTable::new(table.id(), snapshot.schema(), &columns, files);
    assert_eq!(super::column(lake, files, PARTITION).await, expected);
}

fn partition_of(value: &Option<String>) -> PartitionValues {
    PartitionValues::from([(PARTITION.to_owned(), value.clone())])
}

/// Commits one file a version, in a partition of its own, until the table has so many versions.
async fn age(table: &Table, versions: u64) {
    loop {
        let base = table.snapshot().await.unwrap();
        let version = base.as_ref().map_or(0, |base| base.version() + 1);
        if version >= versions {
            return;
        }
        let month = month(version);
        let commit = Commit {
            add: vec![named_file(&format!("{version}.parquet"), Some(&month), 1)],
            totals: vec![("superseded", version)],
            ..beginning(base.is_none())
        };
        table.commit(base.as_ref(), &commit).await.unwrap();
    }
}

fn beginning(first: bool) -> Commit {
    Commit {
        operation: "REFRESH",
        schema: first.then(partitioned_schema),
        partition_columns: vec![PARTITION.to_owned()],
        ..Commit::default()
    }
}

fn aged_file(version: u64, number: u64) -> DataFile {
    let mut file =
        named_file(&format!("{version:03}-{number}.parquet"), Some(&month(version)), version + 1);
    file.statistics.min_values.insert("key".to_owned(), i64::MIN.into());
    file.statistics.max_values.insert("key".to_owned(), version.into());
    file.statistics.null_count.insert("key".to_owned(), 0.into());
    file
}

fn month(version: u64) -> String {
    format!("month-{version:03}")
}

fn touched<const N: usize>(versions: [u64; N]) -> Changes {
    Changes::Partitions(versions.map(|version| partition_of(&Some(month(version)))).to_vec())
}

fn upstream(name: &str) -> TableId {
    format!("bronze/conformance/{name}").parse().unwrap()
}
