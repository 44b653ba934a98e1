//! High or low, told from texts: a random forest on what words and values meant before.
//!
//! Each text field becomes two numbers, the share of high rows among those with the same text and the
//! mean of these shares over its words (`encoding`); a forest of bounded size is grown on them
//! (`forest`). What it is worth is measured on rows that came later (`evaluate`).

mod encoding;
mod evaluate;
mod forest;
mod metrics;
mod nodes;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::LearnError;
use encoding::Encoding;
use forest::Forest;

pub use evaluate::{
    Evaluation, HighValues, Split, evaluate, high_values, quantile, score, split_at,
};
pub use metrics::{Confusion, auc};

/// Probability from which a row is told to be high.
pub const HIGH_FROM: f64 = 0.5;

/// Fewest rows to learn from.
pub const MIN_ROWS: usize = 50;

/// Names of what each row consists of. What the label is made of (the amount) must not be among it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Fields {
    /// Names of the texts, for example vendor, department, account.
    pub texts: Vec<String>,
    /// Names of the numbers.
    pub numbers: Vec<String>,
}

/// A row to learn from, or to tell the class of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Row {
    /// One text for each name. Case and punctuation do not matter; empty is a text as well.
    pub texts: Vec<String>,
    /// One number for each name. NaN is unknown, and infinite is as well; both count as the median of
    /// the rows that were learnt from.
    pub numbers: Vec<f64>,
}

/// How a forest is grown. Trees and depth bound the stored model, see [`ClassifierSettings::MAX_NODES`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassifierSettings {
    /// Trees of the forest.
    pub trees: usize,
    /// Most questions from the root of a tree to a leaf.
    pub max_depth: usize,
    /// Fewest training rows in a leaf.
    pub min_leaf: usize,
    /// Most texts, and most words, that are remembered of each text field: those of most rows.
    pub max_tokens: usize,
    /// Where chance begins.
    pub seed: u64,
}

impl Default for ClassifierSettings {
    fn default() -> Self {
        Self { trees: 64, max_depth: 10, min_leaf: 20, max_tokens: 4_096, seed: 1 }
    }
}

impl ClassifierSettings {
    /// Most nodes that the trees of a model may have together: about 3 MB of JSON.
    pub const MAX_NODES: usize = 140_000;
    /// Most remembered tokens of a field: for three text fields about 1 MB of JSON.
    pub const MAX_TOKENS: usize = 10_000;

    fn check(&self) -> Result<(), LearnError> {
        let wrong = |text: String| Err(LearnError::Setting(text));
        if self.trees == 0 || self.max_depth == 0 || self.max_depth > 16 {
            return wrong(format!(
                "{} trees of depth {}: a forest needs 1 tree, and depths from 1 to 16",
                self.trees, self.max_depth
            ));
        }
        let most = self.trees.saturating_mul((2 << self.max_depth) - 1);
        if most > Self::MAX_NODES {
            return wrong(format!(
                "{} trees of depth {} may have {most} nodes; at most {}, so that the model stays small",
                self.trees,
                self.max_depth,
                Self::MAX_NODES
            ));
        }
        if self.min_leaf == 0 {
            return wrong("a leaf has at least 1 row".to_owned());
        }
        if !(1..=Self::MAX_TOKENS).contains(&self.max_tokens) {
            return wrong(format!(
                "{} tokens is not between 1 and {}",
                self.max_tokens,
                Self::MAX_TOKENS
            ));
        }
        Ok(())
    }
}

/// A fitted classifier. As JSON it is at most a few MB, and tells the same of the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    fields: Fields,
    encoding: Encoding,
    forest: Forest,
    importances: Vec<Importance>,
    rows: usize,
}

/// What is told of a row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// How likely it is high, 0 to 1.
    pub probability: f64,
    /// Whether that is at least [`HIGH_FROM`].
    pub is_high: bool,
}

/// How much a feature told the trees apart: the mean decrease in impurity (Breiman, Random Forests,
/// 2001), as a part of that of all features. Features that say the same share theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// A field's name for the text as a whole, followed by "(words)" for its words; or a number's.
    pub feature: String,
    /// Its part, 0 to 1; all parts add up to 1.
    pub importance: f64,
}

impl Classifier {
    /// Learns from rows and their labels (true is high). The order of rows and the number of threads
    /// do not matter.
    ///
    /// # Errors
    /// Settings out of bounds; rows of another shape than the fields; fewer than [`MIN_ROWS`] rows; one
    /// label only; a number that alone separates the labels, which is what the amount would do.
    pub fn fit(
        fields: &Fields,
        rows: &[Row],
        labels: &[bool],
        settings: &ClassifierSettings,
    ) -> Result<Self, LearnError> {
        settings.check()?;
        let rows: Vec<&Row> = rows.iter().collect();
        fit_rows(fields, &rows, labels, settings)
    }

    /// How likely a row is high.
    ///
    /// # Errors
    /// A row of another shape than those that were learnt from.
    pub fn predict(&self, row: &Row) -> Result<Prediction, LearnError> {
        check_shape(&self.fields, row, None)?;
        let probability = self.forest.predict(&self.encoding.features(row));
        Ok(Prediction { probability, is_high: probability >= HIGH_FROM })
    }

    /// The same for many rows, in their order.
    ///
    /// # Errors
    /// A row of another shape than those that were learnt from.
    pub fn predict_all(&self, rows: &[Row]) -> Result<Vec<Prediction>, LearnError> {
        rows.par_iter().map(|row| self.predict(row)).collect()
    }

    fn predict_rows(&self, rows: &[&Row]) -> Result<Vec<Prediction>, LearnError> {
        rows.par_iter().map(|row| self.predict(row)).collect()
    }

    /// What a row consists of.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// How much each feature mattered, the most important first.
    pub fn importances(&self) -> &[Importance] {
        &self.importances
    }

    /// How many rows were learnt from.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The share of high rows among them, 0 to 1.
    pub fn base_rate(&self) -> f64 {
        self.encoding.base_rate()
    }
}

fn fit_rows(
    fields: &Fields,
    rows: &[&Row],
    labels: &[bool],
    settings: &ClassifierSettings,
) -> Result<Classifier, LearnError> {
    check_rows(fields, rows, labels)?;
    // One order, whatever came: folds and bootstrap samples are drawn by position.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.par_sort_by(|&one, &other| {
        let texts = rows[one].texts.cmp(&rows[other].texts);
        let numbers = || compare_numbers(&rows[one].numbers, &rows[other].numbers);
        texts.then_with(numbers).then_with(|| labels[one].cmp(&labels[other]))
    });
    let sorted: Vec<&Row> = order.iter().map(|&row| rows[row]).collect();
    let labels: Vec<bool> = order.iter().map(|&row| labels[row]).collect();
    let (encoding, features) = Encoding::fit(fields, &sorted, &labels, settings);
    let (forest, parts) = Forest::fit(features, &labels, settings)?;
    let names = encoding.feature_names(fields);
    let mut importances: Vec<Importance> = names
        .into_iter()
        .zip(parts)
        .map(|(feature, importance)| Importance { feature, importance })
        .collect();
    importances.sort_by(|one, other| other.importance.total_cmp(&one.importance));
    Ok(Classifier { fields: fields.clone(), encoding, forest, importances, rows: rows.len() })
}

fn compare_numbers(one: &[f64], other: &[f64]) -> std::cmp::Ordering {
    let pairs = one.iter().zip(other).map(|(a, b)| a.total_cmp(b));
    pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

fn check_rows(fields: &Fields, rows: &[&Row], labels: &[bool]) -> Result<(), LearnError> {
    if fields.texts.is_empty() && fields.numbers.is_empty() {
        return Err(LearnError::Shape("a row needs at least one field".to_owned()));
    }
    if rows.len() != labels.len() {
        return Err(LearnError::Shape(format!("{} rows have {} labels", rows.len(), labels.len())));
    }
    for (number, row) in rows.iter().enumerate() {
        check_shape(fields, row, Some(number))?;
    }
    if rows.len() < MIN_ROWS {
        return Err(LearnError::TooFewRows { rows: rows.len(), needed: MIN_ROWS });
    }
    if labels.iter().all(|&label| label == labels[0]) {
        let label = if labels[0] { "high" } else { "low" };
        return Err(LearnError::OneClass { rows: rows.len(), label });
    }
    for (column, name) in fields.numbers.iter().enumerate() {
        if separates(rows.iter().map(|row| row.numbers[column]), labels) {
            return Err(LearnError::Leak(name.clone()));
        }
    }
    Ok(())
}

fn check_shape(fields: &Fields, row: &Row, number: Option<usize>) -> Result<(), LearnError> {
    if row.texts.len() == fields.texts.len() && row.numbers.len() == fields.numbers.len() {
        return Ok(());
    }
    let which = number.map_or("a row".to_owned(), |number| format!("row {number}"));
    Err(LearnError::Shape(format!(
        "{which} has {} texts and {} numbers, where {} and {} are named",
        row.texts.len(),
        row.numbers.len(),
        fields.texts.len(),
        fields.numbers.len()
    )))
}

/// Whether all known numbers of one label are above all of the other.
fn separates(numbers: impl Iterator<Item = f64>, labels: &[bool]) -> bool {
    let start = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut low, mut high) = (start, start);
    for (number, &label) in numbers.zip(labels).filter(|(number, _)| number.is_finite()) {
        let range = if label { &mut high } else { &mut low };
        *range = (range.0.min(number), range.1.max(number));
    }
    let known = low.0 <= low.1 && high.0 <= high.1;
    known && (high.0 > low.1 || low.0 > high.1)
}
