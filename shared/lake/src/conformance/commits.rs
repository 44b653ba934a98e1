use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{PARTITION, named_file, partitioned_schema, table};
use crate::{Commit, CommitError, Lake, LakeError, Snapshot, Table};

/// A table does not exist before its first commit, and has that commit's columns afterwards.
pub async fn a_table_begins_with_its_first_commit(lake: &Lake) {
    let table = table(lake, "begins");
    assert!(table.snapshot().await.unwrap().is_none());
    assert!(matches!(table.require_snapshot().await, Err(LakeError::NoSuchTable { .. })));

    assert_eq!(table.commit(None, &one_file("a", true)).await.unwrap(), 0);
    let first = table.require_snapshot().await.unwrap();
    assert_eq!(first.version(), 0);
    assert_eq!(first.schema().fields(), partitioned_schema().fields());
    assert_eq!(first.partition_columns(), [PARTITION]);
    assert_eq!(paths(&first), ["a"]);
    assert_eq!((first.rows(), first.bytes()), (1, 10));
}

/// Who looks while a table begins sees it or does not; no moment in between is an error.
pub async fn a_table_may_begin_while_others_look(lake: &Lake) {
    const TABLES: usize = 40;
    for number in 0..TABLES {
        let table = table(lake, &format!("born_{number}"));
        let mut looks = JoinSet::new();
        for _ in 0..3 {
            let table = table.clone();
            looks.spawn(async move {
                while table.snapshot().await.unwrap().is_none() {
                    tokio::task::yield_now().await;
                }
            });
        }
        // At another moment of the looks each time.
        tokio::time::sleep(Duration::from_micros(37 * number as u64)).await;
        table.commit(None, &one_file("a", true)).await.unwrap();
        looks.join_all().await;
    }
}

/// A commit lands as exactly the version after its base; where that is taken, nothing of it does.
pub async fn a_commit_lands_on_its_base_or_not_at_all(lake: &Lake) {
    let table = table(lake, "strict");
    table.commit(None, &one_file("a", true)).await.unwrap();
    let base = table.require_snapshot().await.unwrap();
    assert_eq!(table.commit(Some(&base), &one_file("b", false)).await.unwrap(), 1);

    for (stale, taken) in [(None, 0), (Some(&base), 1)] {
        match table.commit(stale, &one_file("late", stale.is_none())).await {
            Err(CommitError::Conflict { version, .. }) => assert_eq!(version, taken),
            other => panic!("a taken version was answered by {other:?}"),
        }
    }
    let newest = table.require_snapshot().await.unwrap();
    assert_eq!((newest.version(), paths(&newest)), (1, vec!["a", "b"]));
    // A snapshot stays what it was.
    assert_eq!((base.version(), paths(&base)), (0, vec!["a"]));
}

/// Of committers that race, exactly one wins each version; with looking again after a conflict,
/// every commit lands once and none is built on a version that it has not seen.
pub async fn racing_committers_lose_nothing(lake: &Lake) {
    const COMMITTERS: u64 = 4;
    const COMMITS: u64 = 8;
    let table = table(lake, "raced");
    let mut committers = JoinSet::new();
    for committer in 0..COMMITTERS {
        let table = table.clone();
        committers.spawn(async move {
            let mut won = Vec::new();
            for commit in 0..COMMITS {
                won.push(commit_until_landed(&table, &format!("{committer}-{commit}")).await);
            }
            won
        });
    }
    let won: Vec<u64> = committers.join_all().await.into_iter().flatten().collect();
    let all = COMMITTERS * COMMITS;
    assert_eq!(won.len() as u64, all);
    assert_eq!(won.into_iter().collect::<BTreeSet<_>>(), (0..all).collect());
    let newest = table.require_snapshot().await.unwrap();
    assert_eq!((newest.version(), newest.files().len() as u64), (all - 1, all));
    assert_eq!(newest.total("commits").await.unwrap(), all);
}

async fn commit_until_landed(table: &Table, path: &str) -> u64 {
    loop {
        let base = table.snapshot().await.unwrap();
        let counted = match &base {
            Some(base) => base.total("commits").await.unwrap(),
            None => 0,
        };
        let commit =
            Commit { totals: vec![("commits", counted + 1)], ..one_file(path, base.is_none()) };
        match table.commit(base.as_ref(), &commit).await {
            Ok(version) => return version,
            Err(CommitError::Conflict { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

fn one_file(path: &str, first: bool) -> Commit {
    Commit {
        operation: "INGEST",
        add: vec![named_file(path, Some("2026-04"), 1)],
        schema: first.then(partitioned_schema),
        partition_columns: vec![PARTITION.to_owned()],
        ..Commit::default()
    }
}

fn paths(snapshot: &Snapshot) -> Vec<&str> {
    let mut paths: Vec<&str> = snapshot.files().iter().map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    paths
}
