//! What must always hold of clusters.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use proptest::prelude::*;
use smelt_learn::LearnError;
use smelt_learn::cluster::{ClusterSettings, Clusters, DropReason, Features, cluster};

fn features(rows: Vec<Vec<f64>>) -> Features {
    let width = rows.first().map_or(0, Vec::len);
    Features {
        names: (0..width).map(|number| format!("f{number}")).collect(),
        rows: rows.into_iter().enumerate().map(|(n, row)| (format!("row{n:03}"), row)).collect(),
    }
}

/// Two heaps of three and five rows, far from each other.
fn heaps() -> Features {
    let heap = |x: f64, y: f64, rows: usize| {
        (0..rows).map(move |row| vec![x + 0.1 * row as f64, y - 0.1 * row as f64])
    };
    features(heap(0.0, 50.0, 3).chain(heap(10.0, 20.0, 5)).collect())
}

fn quick() -> ClusterSettings {
    ClusterSettings { max_clusters: 5, restarts: 5, ..ClusterSettings::default() }
}

fn numbers(found: &Clusters) -> Vec<usize> {
    found.rows.iter().map(|row| row.cluster).collect()
}

#[test]
fn heaps_are_found_and_numbered_by_size() {
    let found = cluster(&heaps(), &ClusterSettings::default()).unwrap();
    assert_eq!(found.k, 2);
    assert_eq!(numbers(&found), [1, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(found.silhouettes.keys().copied().collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7]);
    assert!(found.silhouettes[&2] > 0.9);
    let sizes: Vec<usize> = found.clusters.iter().map(|cluster| cluster.size).collect();
    assert_eq!(sizes, [5, 3]);
    for (value, wanted) in found.clusters[1].centroid.iter().zip([0.1, 49.9]) {
        assert!((value - wanted).abs() < 1e-9, "{:?}", found.clusters);
    }
}

#[test]
fn new_rows_go_to_the_nearest_cluster() {
    let found = cluster(&heaps(), &ClusterSettings::default()).unwrap();
    assert_eq!(found.assign(&[("f1", 48.0), ("f0", 1.0)]), Ok(1));
    assert_eq!(found.assign(&[("f1", 22.0), ("other", 1e9)]), Ok(0));
    assert!(matches!(found.assign(&[("f0", f64::NAN)]), Err(LearnError::Shape(_))));
}

#[test]
fn nothing_is_made_of_nothing() {
    // A grid: no part of it is denser than another.
    let grid = (0..36).map(|n| vec![f64::from(n % 6), f64::from(n / 6)]).collect();
    let settings = ClusterSettings { min_silhouette: 0.5, ..ClusterSettings::default() };
    let found = cluster(&features(grid), &settings).unwrap();
    assert_eq!((found.k, found.clusters.len(), found.clusters[0].size), (1, 1, 36));
    assert!(found.rows.iter().all(|row| row.cluster == 0 && row.silhouette.is_none()));
    assert!(found.silhouettes.values().all(|mean| *mean < 0.5));
    assert_eq!(found.assign(&[("f0", 100.0)]), Ok(0));
}

#[test]
fn features_that_cannot_be_used_are_named() {
    let mut rows = heaps();
    rows.names.extend(["same".to_owned(), "never".to_owned()]);
    for (_, values) in &mut rows.rows {
        values.extend([7.0, f64::NAN]);
    }
    rows.rows[0].1[0] = f64::NAN;
    rows.rows[4].1 = vec![f64::NAN, f64::NAN, 7.0, f64::NAN];
    let found = cluster(&rows, &quick()).unwrap();
    assert_eq!(found.left_out, ["row004"]);
    assert_eq!(found.features[0].unknown, 2);
    let dropped: Vec<_> = found.dropped.iter().map(|one| (one.name.as_str(), one.why)).collect();
    assert_eq!(dropped, [("same", DropReason::Constant), ("never", DropReason::Unknown)]);
}

#[test]
fn few_distinct_rows_make_few_clusters() {
    let rows = (0..12).map(|row| vec![f64::from(row % 2)]).collect();
    let found = cluster(&features(rows), &quick()).unwrap();
    assert_eq!((found.k, found.silhouettes.len()), (2, 1), "{:?}", found.silhouettes);
    assert_eq!(found.silhouettes[&2], 1.0);
}

#[test]
fn what_cannot_be_clustered_says_why() {
    let few = features(vec![vec![1.0], vec![2.0]]);
    let error = cluster(&few, &quick()).unwrap_err();
    assert_eq!(error, LearnError::TooFewRows { rows: 2, needed: 3 });
    let same = features(vec![vec![1.0]; 4]);
    assert_eq!(cluster(&same, &quick()).unwrap_err(), LearnError::NothingVaries);
    let mut twice = heaps();
    twice.rows[1].0 = "row000".to_owned();
    assert_eq!(cluster(&twice, &quick()).unwrap_err(), LearnError::Twice("row000".to_owned()));
    let mut short = heaps();
    short.rows[1].1.pop();
    assert!(matches!(cluster(&short, &quick()), Err(LearnError::Shape(_))));
    let many = features((0..5_001).map(|row| vec![f64::from(row)]).collect());
    assert!(matches!(cluster(&many, &quick()), Err(LearnError::TooManyRows { .. })));
    let settings = ClusterSettings { max_clusters: 1, ..quick() };
    assert!(matches!(cluster(&heaps(), &settings), Err(LearnError::Setting(_))));
}

#[test]
fn threads_do_not_matter() {
    let rows = (0..40).map(|n| vec![f64::from(n * n % 17), f64::from(n * 7 % 23)]).collect();
    let rows = features(rows);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| cluster(&rows, &quick()).unwrap())
    };
    assert_eq!(on(1), on(4));
}

fn any_rows() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let value = prop_oneof![9 => -100.0..100.0, 1 => Just(f64::NAN)];
    proptest::collection::vec(proptest::collection::vec(value, 3), 4..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_rows_does_not_matter(rows in any_rows(), turn in 0_usize..25) {
        let rows = features(rows);
        let mut turned = rows.clone();
        let by = turn % rows.rows.len();
        turned.rows.rotate_left(by);
        turned.rows.swap(0, 1);
        prop_assert_eq!(cluster(&rows, &quick()), cluster(&turned, &quick()));
    }

    #[test]
    fn units_do_not_matter(rows in any_rows(), unit in -6_i32..6) {
        let mut scaled = rows.clone();
        for row in &mut scaled {
            // Powers of two round nothing.
            row[1] *= 2.0_f64.powi(unit);
        }
        match (cluster(&features(rows), &quick()), cluster(&features(scaled), &quick())) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one.rows, other.rows),
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn answers_hold_together(rows in any_rows()) {
        let rows = features(rows);
        let settings = ClusterSettings { min_silhouette: -1.0, ..quick() };
        let Ok(found) = cluster(&rows, &settings) else { return Ok(()) };
        prop_assert_eq!(found.rows.len() + found.left_out.len(), rows.rows.len());
        let mut sizes = vec![0; found.k];
        for row in &found.rows {
            sizes[row.cluster] += 1;
            prop_assert!(row.silhouette.is_none_or(|own| (-1.0..=1.0).contains(&own)));
        }
        prop_assert!(sizes.iter().all(|size| *size > 0));
        prop_assert!(sizes.is_sorted_by(|one, other| one >= other));
        let mean = found.rows.iter().filter_map(|row| row.silhouette).sum::<f64>();
        if let Some(told) = found.silhouettes.get(&found.k) {
            prop_assert!((mean / found.rows.len() as f64 - told).abs() < 1e-9);
        }
        // What was learnt from is told to be where it is, also by what was stored.
        let json = serde_json::to_string(&found).unwrap();
        let stored: Clusters = serde_json::from_str(&json).unwrap();
        for row in &found.rows {
            let (_, values) = rows.rows.iter().find(|(name, _)| *name == row.name).unwrap();
            let named: Vec<(&str, f64)> =
                rows.names.iter().map(String::as_str).zip(values.iter().copied()).collect();
            prop_assert_eq!(found.assign(&named), Ok(row.cluster));
            prop_assert_eq!(stored.assign(&named), Ok(row.cluster));
        }
    }
}
