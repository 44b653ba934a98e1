//! A random forest (Breiman, Random Forests, 2001), grown by smartcore tree by tree and stored as our own
//! nodes.
//!
//! The trees are regression trees on 0 and 1: halving squared errors there is halving Gini impurity, and
//! the mean in a leaf is its share of high rows, which smartcore's classifier does not tell.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::ClassifierSettings;
use super::nodes::{Tree, grown_nodes};
use crate::LearnError;
use crate::random::derived_seed;

type Grown = RandomForestRegressor<f32, f64, DenseMatrix<f32>, Vec<f64>>;

/// Trees whose mean is the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Forest {
    trees: Vec<Tree>,
}

impl Forest {
    /// Grows trees on columns of features, each on its own bootstrap sample, with the square root of
    /// the number of features to choose from at each split. With them comes the importance of each
    /// feature.
    pub(super) fn fit(
        columns: Vec<Vec<f32>>,
        labels: &[bool],
        settings: &ClassifierSettings,
    ) -> Result<(Self, Vec<f64>), LearnError> {
        let width = columns.len();
        let values: Vec<f32> = columns.into_iter().flatten().collect();
        let matrix = DenseMatrix::new(labels.len(), width, values, true).map_err(library)?;
        let targets: Vec<f64> = labels.iter().map(|&high| f64::from(u8::from(high))).collect();
        // Tree by tree: each is small to convert, and threads do not change what comes out.
        let grown: Result<Vec<(Tree, Vec<f64>)>, LearnError> = (0..settings.trees)
            .into_par_iter()
            .map(|number| grow(&matrix, &targets, settings, number))
            .collect();
        let (trees, parts): (Vec<Tree>, Vec<Vec<f64>>) = grown?.into_iter().unzip();
        let sums: Vec<f64> =
            (0..width).map(|feature| parts.iter().map(|tree| tree[feature]).sum()).collect();
        let total: f64 = sums.iter().sum();
        let importances = sums.iter().map(|sum| if total > 0.0 { sum / total } else { 0.0 });
        Ok((Self { trees }, importances.collect()))
    }

    /// The mean of what the trees tell, 0 to 1.
    pub(super) fn predict(&self, features: &[f32]) -> f64 {
        let sum: f64 = self.trees.iter().map(|tree| f64::from(tree.predict(features))).sum();
        sum / self.trees.len().max(1) as f64
    }
}

/// One tree, and the parts that features have in what it tells.
fn grow(
    matrix: &DenseMatrix<f32>,
    targets: &Vec<f64>,
    settings: &ClassifierSettings,
    number: usize,
) -> Result<(Tree, Vec<f64>), LearnError> {
    let grown = Grown::fit(matrix, targets, parameters(matrix.shape().1, settings, number))
        .map_err(library)?;
    let parts = grown.compute_feature_importances().map_err(library)?;
    let nodes = grown_nodes(&grown)?;
    Ok((Tree::of(&nodes)?, parts))
}

fn parameters(
    width: usize,
    settings: &ClassifierSettings,
    number: usize,
) -> RandomForestRegressorParameters {
    RandomForestRegressorParameters::default()
        .with_n_trees(1)
        .with_max_depth(u16::try_from(settings.max_depth).unwrap_or(u16::MAX))
        .with_min_samples_leaf(settings.min_leaf)
        .with_m(width.isqrt().max(1))
        .with_seed(derived_seed(settings.seed, number))
}

fn library(error: smartcore::error::Failed) -> LearnError {
    LearnError::Library(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::ClassifierSettings;

    /// Two features, of which the first tells the label with some noise.
    fn columns(rows: usize) -> (Vec<Vec<f32>>, Vec<bool>) {
        let drawn = |row: usize| (derived_seed(3, row) >> 40) as f32 / (1_u64 << 24) as f32;
        let first: Vec<f32> = (0..rows).map(drawn).collect();
        let second: Vec<f32> = (rows..2 * rows).map(drawn).collect();
        let labels = (0..rows).map(|row| first[row] + 0.2 * drawn(2 * rows + row) > 0.6).collect();
        (vec![first, second], labels)
    }

    #[test]
    fn our_nodes_tell_what_the_library_tells() {
        let (columns, labels) = columns(500);
        let settings = ClassifierSettings { min_leaf: 2, ..ClassifierSettings::default() };
        let rows: Vec<Vec<f32>> =
            (0..500).map(|row| vec![columns[0][row], columns[1][row]]).collect();
        let matrix = DenseMatrix::new(500, 2, columns.concat(), true).unwrap();
        let targets: Vec<f64> = labels.iter().map(|&high| f64::from(u8::from(high))).collect();
        for number in 0..10 {
            let grown = Grown::fit(&matrix, &targets, parameters(2, &settings, number)).unwrap();
            let (tree, _) = grow(&matrix, &targets, &settings, number).unwrap();
            for (row, theirs) in rows.iter().zip(grown.predict(&matrix).unwrap()) {
                assert_eq!(tree.predict(row), theirs as f32);
            }
        }
    }

    #[test]
    fn the_feature_that_tells_is_the_important_one() {
        let (columns, labels) = columns(500);
        let (forest, parts) =
            Forest::fit(columns, &labels, &ClassifierSettings::default()).unwrap();
        assert!(parts[0] > 0.8 && (parts.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{parts:?}");
        assert!(forest.predict(&[0.95, 0.5]) > 0.9 && forest.predict(&[0.05, 0.5]) < 0.1);
    }
}
