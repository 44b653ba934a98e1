//! K-means for each number of clusters, and the choice among them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use smartcore::cluster::kmeans::{KMeans, KMeansParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::silhouette::silhouettes;
use super::standardise::{Standardised, standardise};
use super::{Assignment, Cluster, ClusterSettings, Clusters, Features};
use crate::LearnError;
use crate::random::derived_seed;

/// Fewest rows: two clusters, one of them with two rows.
const MIN_ROWS: usize = 3;
/// Most rows: silhouettes compare all pairs.
const MAX_ROWS: usize = 5_000;
const MAX_CLUSTERS: usize = 50;
const MAX_RESTARTS: usize = 1_000;
const MAX_ITERATIONS: usize = 300;

/// Groups rows by their features. Features are standardised; those that are constant or unknown are
/// dropped. For 2 clusters and more, k-means (Lloyd, from k-means++ starts, the best of several) is
/// judged by its mean silhouette; the best number counts, of equal ones the smallest. If even that is
/// below [`ClusterSettings::min_silhouette`], all rows are one cluster. The order of rows and the
/// number of threads do not matter.
///
/// # Errors
/// Settings out of bounds, rows of another length than the names, a name that comes twice, fewer
/// than 3 or more than 5,000 rows, or features none of which varies.
pub fn cluster(features: &Features, settings: &ClusterSettings) -> Result<Clusters, LearnError> {
    check_settings(settings)?;
    check_features(features)?;
    let mut sorted = features.clone();
    sorted.rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    let standard = standardise(&sorted);
    if standard.used.is_empty() {
        return Err(LearnError::NothingVaries);
    }
    let rows: Vec<&[f64]> = standard.rows.iter().map(|(_, values)| values.as_slice()).collect();
    if rows.len() < MIN_ROWS {
        return Err(LearnError::TooFewRows { rows: rows.len(), needed: MIN_ROWS });
    }
    let candidates = candidates(&rows, settings)?;
    // Of equal ones the first that is met is kept, which has the fewest clusters.
    let best = candidates.iter().fold(None, |best: Option<&Candidate>, one| match best {
        Some(best) if best.mean >= one.mean => Some(best),
        _ => Some(one),
    });
    let silhouettes = candidates.iter().map(|one| (one.k, one.mean)).collect();
    let chosen = best.filter(|best| best.mean >= settings.min_silhouette);
    Ok(describe(&standard, chosen, silhouettes))
}

/// An assignment to `k` clusters, none of them empty.
struct Candidate {
    k: usize,
    assignment: Vec<usize>,
    silhouettes: Vec<f64>,
    mean: f64,
}

/// For each number of clusters the best assignment that was found.
fn candidates(rows: &[&[f64]], settings: &ClusterSettings) -> Result<Vec<Candidate>, LearnError> {
    let owned: Vec<Vec<f64>> = rows.iter().map(|row| row.to_vec()).collect();
    let matrix = DenseMatrix::from_2d_vec(&owned).map_err(library)?;
    let most = settings.max_clusters.min(rows.len() - 1);
    let found: Result<Vec<Option<Candidate>>, LearnError> = (2..=most)
        .into_par_iter()
        .map(|k| {
            let Some(assignment) = best_assignment(&matrix, rows, k, settings)? else {
                return Ok(None);
            };
            let silhouettes = silhouettes(rows, &assignment, k);
            let mean = silhouettes.iter().sum::<f64>() / rows.len() as f64;
            Ok(Some(Candidate { k, assignment, silhouettes, mean }))
        })
        .collect();
    Ok(found?.into_iter().flatten().collect())
}

/// The assignment with the smallest inertia among those of all starts; none if every start leaves a
/// cluster empty, because too few rows differ.
fn best_assignment(
    matrix: &DenseMatrix<f64>,
    rows: &[&[f64]],
    k: usize,
    settings: &ClusterSettings,
) -> Result<Option<Vec<usize>>, LearnError> {
    let mut best: Option<(f64, Vec<usize>)> = None;
    for restart in 0..settings.restarts {
        let mut parameters = KMeansParameters::default().with_k(k).with_max_iter(MAX_ITERATIONS);
        parameters.seed = Some(derived_seed(settings.seed, restart));
        let fitted: KMeans<f64, u32, DenseMatrix<f64>, Vec<u32>> =
            KMeans::fit(matrix, parameters).map_err(library)?;
        let assignment = fitted.predict(matrix).map_err(library)?;
        let assignment: Vec<usize> = assignment.into_iter().map(|one| one as usize).collect();
        if assignment.iter().collect::<BTreeSet<_>>().len() < k {
            continue;
        }
        let inertia = inertia(rows, &assignment, k);
        if best.as_ref().is_none_or(|(least, _)| inertia < *least) {
            best = Some((inertia, assignment));
        }
    }
    Ok(best.map(|(_, assignment)| assignment))
}

/// The sum of squared distances of rows from the centroid of their cluster.
fn inertia(rows: &[&[f64]], assignment: &[usize], k: usize) -> f64 {
    let centroids = centroids(rows, assignment, k);
    let squares = rows.iter().zip(assignment).map(|(row, &cluster)| {
        row.iter().zip(&centroids[cluster]).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
    });
    squares.sum()
}

fn centroids(rows: &[&[f64]], assignment: &[usize], k: usize) -> Vec<Vec<f64>> {
    let width = rows.first().map_or(0, |row| row.len());
    let mut sums = vec![vec![0.0; width]; k];
    let mut sizes = vec![0_usize; k];
    for (row, &cluster) in rows.iter().zip(assignment) {
        sizes[cluster] += 1;
        for (sum, value) in sums[cluster].iter_mut().zip(*row) {
            *sum += value;
        }
    }
    for (sum, &size) in sums.iter_mut().zip(&sizes) {
        for value in sum.iter_mut() {
            *value /= size.max(1) as f64;
        }
    }
    sums
}

/// The answer in the features' own units, with numbers of clusters that mean something.
fn describe(
    standard: &Standardised,
    chosen: Option<&Candidate>,
    silhouettes: BTreeMap<usize, f64>,
) -> Clusters {
    let rows: Vec<&[f64]> = standard.rows.iter().map(|(_, values)| values.as_slice()).collect();
    let k = chosen.map_or(1, |chosen| chosen.k);
    let assignment = match chosen {
        Some(chosen) => numbered_by_size(&chosen.assignment, k),
        None => vec![0; rows.len()],
    };
    let original = |centre: Vec<f64>| -> Vec<f64> {
        let values = centre.iter().zip(&standard.used);
        values.map(|(value, feature)| feature.mean + value * feature.deviation).collect()
    };
    let clusters =
        centroids(&rows, &assignment, k).into_iter().enumerate().map(|(number, centre)| {
            let size = assignment.iter().filter(|&&cluster| cluster == number).count();
            Cluster { size, centroid: original(centre) }
        });
    let assigned = standard.rows.iter().enumerate().map(|(row, (name, _))| Assignment {
        name: name.clone(),
        cluster: assignment[row],
        silhouette: chosen.map(|chosen| chosen.silhouettes[row]),
    });
    Clusters {
        k,
        silhouettes,
        features: standard.used.clone(),
        dropped: standard.dropped.clone(),
        clusters: clusters.collect(),
        rows: assigned.collect(),
        left_out: standard.left_out.clone(),
    }
}

/// The same clusters, numbered by size, the largest first; of equal ones that with the first row.
fn numbered_by_size(assignment: &[usize], k: usize) -> Vec<usize> {
    let mut order: Vec<(usize, usize, usize)> = (0..k)
        .map(|cluster| {
            let size = assignment.iter().filter(|&&one| one == cluster).count();
            let first = assignment.iter().position(|&one| one == cluster).unwrap_or(usize::MAX);
            (usize::MAX - size, first, cluster)
        })
        .collect();
    order.sort_unstable();
    let mut numbers = vec![0; k];
    for (number, (_, _, cluster)) in order.into_iter().enumerate() {
        numbers[cluster] = number;
    }
    assignment.iter().map(|&cluster| numbers[cluster]).collect()
}

fn check_settings(settings: &ClusterSettings) -> Result<(), LearnError> {
    let wrong = |text: String| Err(LearnError::Setting(text));
    if !(2..=MAX_CLUSTERS).contains(&settings.max_clusters) {
        return wrong(format!(
            "{} clusters at most is not between 2 and {MAX_CLUSTERS}",
            settings.max_clusters
        ));
    }
    if !(1..=MAX_RESTARTS).contains(&settings.restarts) {
        return wrong(format!(
            "{} restarts is not between 1 and {MAX_RESTARTS}",
            settings.restarts
        ));
    }
    if !(-1.0..=1.0).contains(&settings.min_silhouette) {
        return wrong(format!("silhouette {} is not between -1 and 1", settings.min_silhouette));
    }
    Ok(())
}

fn check_features(features: &Features) -> Result<(), LearnError> {
    if features.rows.len() < MIN_ROWS {
        return Err(LearnError::TooFewRows { rows: features.rows.len(), needed: MIN_ROWS });
    }
    if features.rows.len() > MAX_ROWS {
        return Err(LearnError::TooManyRows { rows: features.rows.len(), most: MAX_ROWS });
    }
    let mut names = BTreeSet::new();
    if let Some(name) = features.names.iter().find(|name| !names.insert(name.as_str())) {
        return Err(LearnError::Shape(format!("two features are called {name:?}")));
    }
    let mut names = BTreeSet::new();
    for (name, values) in &features.rows {
        if values.len() != features.names.len() {
            return Err(LearnError::Shape(format!(
                "row {name:?} has {} values for {} features",
                values.len(),
                features.names.len()
            )));
        }
        if !names.insert(name.as_str()) {
            return Err(LearnError::Twice(name.clone()));
        }
    }
    Ok(())
}

fn library(error: smartcore::error::Failed) -> LearnError {
    LearnError::Library(error.to_string())
}
