//! What a classifier is worth on rows that came later than those it learnt from.

use serde::{Deserialize, Serialize};

use super::{Classifier, ClassifierSettings, Confusion, Fields, Importance, Row, auc, fit_rows};
use crate::LearnError;

/// Rows by time, as their positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows before the moment.
    pub train: Vec<usize>,
    /// Rows at the moment and after it.
    pub test: Vec<usize>,
}

/// Splits rows by their times, which are in any unit that grows (seconds, days).
///
/// # Errors
/// One of the parts has no row.
pub fn split_at(times: &[i64], moment: i64) -> Result<Split, LearnError> {
    let (train, test): (Vec<usize>, Vec<usize>) =
        (0..times.len()).partition(|&row| times[row] < moment);
    if train.is_empty() || test.is_empty() {
        return Err(LearnError::EmptyPart { train: train.len(), test: test.len() });
    }
    Ok(Split { train, test })
}

/// Which rows are high.
#[derive(Debug, Clone, PartialEq)]
pub struct HighValues {
    /// The amount from which a row is high.
    pub threshold: f64,
    /// Whether each row is, in the order of the amounts.
    pub labels: Vec<bool>,
}

/// The labels of rows by their amounts. The threshold is a quantile (0.75 for the upper quarter) of the
/// amounts before the moment only, so that it could have been known then; rows that have exactly the
/// threshold are high.
///
/// # Errors
/// A quantile that is not between 0 and 1, an amount that is no number, lists of different lengths, or
/// no row on one side of the moment.
pub fn high_values(
    amounts: &[f64],
    times: &[i64],
    moment: i64,
    level: f64,
) -> Result<HighValues, LearnError> {
    same_length("amounts", amounts.len(), "times", times.len())?;
    if let Some(row) = amounts.iter().position(|amount| !amount.is_finite()) {
        return Err(LearnError::Amount(row));
    }
    let split = split_at(times, moment)?;
    let training: Vec<f64> = split.train.iter().map(|&row| amounts[row]).collect();
    let threshold = quantile(&training, level)?;
    Ok(HighValues {
        threshold,
        labels: amounts.iter().map(|amount| *amount >= threshold).collect(),
    })
}

/// The quantile of values at a level from 0 to 1, interpolated between neighbours (type 7 of Hyndman
/// and Fan 1996, the default of R and numpy).
///
/// # Errors
/// A level that is not between 0 and 1, no value, or one that is no number.
pub fn quantile(values: &[f64], level: f64) -> Result<f64, LearnError> {
    if !(0.0..=1.0).contains(&level) {
        return Err(LearnError::Setting(format!("quantile {level} is not between 0 and 1")));
    }
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return Err(LearnError::Amount(row));
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = level * sorted.len().saturating_sub(1) as f64;
    let below = sorted.get(place.floor() as usize);
    let above = sorted.get(place.ceil() as usize);
    match (below, above) {
        (Some(below), Some(above)) => Ok(below + (above - below) * place.fract()),
        _ => Err(LearnError::TooFewRows { rows: 0, needed: 1 }),
    }
}

/// What a classifier is worth on rows that it did not learn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Rows it learnt from.
    pub train_rows: usize,
    /// Rows it was tested on.
    pub test_rows: usize,
    /// The part of test rows that it tells right.
    pub accuracy: f64,
    /// The part that is right if always the more frequent label of the training rows is told.
    pub majority_accuracy: f64,
    /// The part of high rows among those told to be high; none if none was.
    pub precision: Option<f64>,
    /// The part of high rows that are told to be; none if none is high.
    pub recall: Option<f64>,
    /// How likely a high row has a larger probability than a low one; 0.5 is chance. None if all test
    /// rows have one label.
    pub auc: Option<f64>,
    /// The part of test rows that are high.
    pub base_rate: f64,
    /// The counts behind accuracy, precision and recall.
    pub confusion: Confusion,
    /// How much each feature mattered, the most important first.
    pub importances: Vec<Importance>,
}

/// Learns from the rows before the moment and is tested on those from it on. Texts, words and medians
/// are those of the training rows; labels should be as well, see [`high_values`].
///
/// # Errors
/// Those of [`Classifier::fit`], lists of different lengths, or no row on one side of the moment.
pub fn evaluate(
    fields: &Fields,
    rows: &[Row],
    labels: &[bool],
    times: &[i64],
    moment: i64,
    settings: &ClassifierSettings,
) -> Result<Evaluation, LearnError> {
    same_length("rows", rows.len(), "labels", labels.len())?;
    same_length("rows", rows.len(), "times", times.len())?;
    settings.check()?;
    let split = split_at(times, moment)?;
    let training: Vec<&Row> = split.train.iter().map(|&row| &rows[row]).collect();
    let training_labels: Vec<bool> = split.train.iter().map(|&row| labels[row]).collect();
    let classifier = fit_rows(fields, &training, &training_labels, settings)?;
    let test: Vec<&Row> = split.test.iter().map(|&row| &rows[row]).collect();
    let test_labels: Vec<bool> = split.test.iter().map(|&row| labels[row]).collect();
    score_rows(&classifier, &test, &test_labels)
}

/// What a fitted classifier is worth on rows that it did not learn from.
///
/// # Errors
/// No row, lists of different lengths, or rows of another shape than those that were learnt from.
pub fn score(
    classifier: &Classifier,
    rows: &[Row],
    labels: &[bool],
) -> Result<Evaluation, LearnError> {
    same_length("rows", rows.len(), "labels", labels.len())?;
    score_rows(classifier, &rows.iter().collect::<Vec<_>>(), labels)
}

fn score_rows(
    classifier: &Classifier,
    rows: &[&Row],
    labels: &[bool],
) -> Result<Evaluation, LearnError> {
    let told = classifier.predict_rows(rows)?;
    let confusion = Confusion::of(told.iter().map(|one| one.is_high), labels);
    let probabilities: Vec<f64> = told.iter().map(|one| one.probability).collect();
    let Some(accuracy) = confusion.accuracy() else {
        return Err(LearnError::TooFewRows { rows: 0, needed: 1 });
    };
    let high = labels.iter().filter(|label| **label).count();
    let base_rate = high as f64 / labels.len() as f64;
    let majority_is_high = classifier.base_rate() > 0.5;
    Ok(Evaluation {
        train_rows: classifier.rows(),
        test_rows: rows.len(),
        accuracy,
        majority_accuracy: if majority_is_high { base_rate } else { 1.0 - base_rate },
        precision: confusion.precision(),
        recall: confusion.recall(),
        auc: auc(&probabilities, labels),
        base_rate,
        confusion,
        importances: classifier.importances().to_vec(),
    })
}

fn same_length(one: &str, ones: usize, other: &str, others: usize) -> Result<(), LearnError> {
    if ones == others {
        return Ok(());
    }
    Err(LearnError::Shape(format!("{ones} {one} have {others} {other}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.75), Ok(3.25));
        assert_eq!(quantile(&[5.0], 0.5), Ok(5.0));
        assert_eq!(quantile(&[1.0, 2.0], 1.0), Ok(2.0));
        assert!(quantile(&[], 0.5).is_err() && quantile(&[1.0], 1.5).is_err());
        assert_eq!(quantile(&[1.0, f64::NAN], 0.5), Err(LearnError::Amount(1)));
    }

    #[test]
    fn the_threshold_knows_nothing_of_what_comes_later() {
        let high = high_values(&[1.0, 2.0, 3.0, 1e9, 2.5], &[1, 2, 3, 4, 5], 4, 0.5).unwrap();
        assert_eq!(high.threshold, 2.0);
        assert_eq!(high.labels, [false, true, true, true, true]);
        let none = high_values(&[1.0, 2.0], &[1, 2], 1, 0.5).unwrap_err();
        assert_eq!(none, LearnError::EmptyPart { train: 0, test: 2 });
    }
}
