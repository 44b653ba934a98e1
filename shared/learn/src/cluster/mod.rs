//! Groups of rows that look alike: k-means on standardised features, as many clusters as the mean
//! silhouette says, and none where it finds no structure.

mod fit;
mod silhouette;
mod standardise;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::LearnError;

pub use fit::cluster;

/// What rows are grouped by: named features of named rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Features {
    /// Names of the features, each once.
    pub names: Vec<String>,
    /// Name of each row, and one value for each feature. NaN is unknown, and infinite is as well.
    pub rows: Vec<(String, Vec<f64>)>,
}

/// How clusters are looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterSettings {
    /// Most clusters; never more than rows without one.
    pub max_clusters: usize,
    /// Starts of k-means for each number of clusters; the one with the smallest inertia counts.
    pub restarts: usize,
    /// Mean silhouette below which there is no structure. 0.25 is the line of Kaufman and Rousseeuw,
    /// Finding Groups in Data (1990), table 4: what is not above it is "no substantial structure".
    pub min_silhouette: f64,
    /// Where chance begins.
    pub seed: u64,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self { max_clusters: 8, restarts: 20, min_silhouette: 0.25, seed: 1 }
    }
}

/// Clusters that were found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// How many; 1 means that no structure was found.
    pub k: usize,
    /// Mean silhouette of each number of clusters that was tried, -1 to 1. Numbers for which k-means
    /// found fewer distinct clusters are not in it.
    pub silhouettes: BTreeMap<usize, f64>,
    /// The features that were used, in the order of the centroids' values.
    pub features: Vec<UsedFeature>,
    /// The features that were not used, and why.
    pub dropped: Vec<DroppedFeature>,
    /// The clusters by size, the largest first; of equal ones that with the first row name.
    pub clusters: Vec<Cluster>,
    /// Where each row belongs, by name.
    pub rows: Vec<Assignment>,
    /// Rows of which no used feature is known, by name; they belong nowhere.
    pub left_out: Vec<String>,
}

/// A feature that was used, and how it was standardised: (value - mean) / deviation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsedFeature {
    /// Its name.
    pub name: String,
    /// Mean of the known values; what is unknown counts as this.
    pub mean: f64,
    /// Standard deviation of the known values (of all of them, not of a sample).
    pub deviation: f64,
    /// Rows in which it is unknown.
    pub unknown: usize,
}

/// A feature that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedFeature {
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: DropReason,
}

/// Why a feature cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The same in all rows in which it is known.
    Constant,
    /// Known in no row.
    Unknown,
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// How many rows belong to it.
    pub size: usize,
    /// The mean of its rows in each used feature, in the feature's own unit.
    pub centroid: Vec<f64>,
}

/// Where a row belongs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The row's name.
    pub name: String,
    /// The number of its cluster, from 0.
    pub cluster: usize,
    /// Its own silhouette, -1 (in the wrong cluster) to 1; none where there is one cluster only.
    pub silhouette: Option<f64>,
}

impl Clusters {
    /// The cluster of a row that may be new: the one with the nearest centroid in standardised units.
    /// Features that are missing or NaN count as their mean, as they did when the clusters were
    /// found; others than the used ones are ignored.
    ///
    /// # Errors
    /// No used feature is known.
    pub fn assign(&self, features: &[(&str, f64)]) -> Result<usize, LearnError> {
        let known: BTreeMap<&str, f64> =
            features.iter().copied().filter(|(_, value)| value.is_finite()).collect();
        if !self.features.iter().any(|feature| known.contains_key(feature.name.as_str())) {
            return Err(LearnError::Shape(format!(
                "a row needs one of the features {}",
                self.features.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ")
            )));
        }
        let values: Vec<f64> = self
            .features
            .iter()
            .map(|feature| known.get(feature.name.as_str()).copied().unwrap_or(feature.mean))
            .collect();
        let distance = |cluster: &Cluster| -> f64 {
            self.features
                .iter()
                .zip(values.iter().zip(&cluster.centroid))
                .map(|(feature, (value, centre))| ((value - centre) / feature.deviation).powi(2))
                .sum()
        };
        let distances = self.clusters.iter().map(distance).enumerate();
        let nearest = distances.min_by(|(_, one), (_, other)| one.total_cmp(other));
        nearest
            .map(|(number, _)| number)
            .ok_or_else(|| LearnError::Shape("there are no clusters".to_owned()))
    }
}
