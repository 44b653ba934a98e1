//! Texts as numbers.
//!
//! A token (a whole text, or one of its words) becomes the share of high rows among the training rows
//! with it, drawn towards the share of all rows where few have it: (high + 10 · base) / (rows + 10);
//! Micci-Barreca, A preprocessing scheme for high-cardinality categorical attributes (2001). A row
//! must not find its own label in its numbers, so training rows are dealt into five folds, and the
//! numbers of a row come from the other four (as in scikit-learn's `TargetEncoder`).

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{ClassifierSettings, Fields, Row};
use crate::random::derived_seed;

const FOLDS: usize = 5;
/// As many rows at the base rate are added to those of each token.
const PRIOR_ROWS: f64 = 10.0;
/// What is longer is cut: keeps the model small, whatever comes.
const MAX_CHARACTERS: usize = 100;

/// What was learnt of texts and numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Encoding {
    all: Share,
    texts: Vec<TextField>,
    /// Median of each number. Single precision comes back from JSON as it was.
    medians: Vec<f32>,
}

/// The remembered tokens of a text field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TextField {
    values: BTreeMap<String, Share>,
    words: BTreeMap<String, Share>,
}

/// Rows, and how many of them are high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
struct Share(u32, u32);

impl Share {
    fn count(&mut self, high: bool) {
        self.0 = self.0.saturating_add(1);
        self.1 = self.1.saturating_add(u32::from(high));
    }

    fn without(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0), self.1.saturating_sub(other.1))
    }

    fn rate(self) -> f64 {
        f64::from(self.1) / f64::from(self.0.max(1))
    }

    /// The share of high rows, drawn towards `base` where there are few.
    fn smoothed(self, base: f64) -> f64 {
        (f64::from(self.1) + PRIOR_ROWS * base) / (f64::from(self.0) + PRIOR_ROWS)
    }
}

impl Encoding {
    /// Learns what texts and numbers mean. With it come the features of the training rows, one
    /// column for each feature, as folds say them.
    pub(super) fn fit(
        fields: &Fields,
        rows: &[&Row],
        labels: &[bool],
        settings: &ClassifierSettings,
    ) -> (Self, Vec<Vec<f32>>) {
        let folds: Vec<usize> = (0..rows.len())
            .map(|row| (derived_seed(!settings.seed, row) % FOLDS as u64) as usize)
            .collect();
        let mut all = [Share::default(); FOLDS];
        for (&label, &fold) in labels.iter().zip(&folds) {
            all[fold].count(label);
        }
        let total = sum(&all);
        let mut encoding = Self { all: total, texts: Vec::new(), medians: Vec::new() };
        let mut columns = Vec::new();
        for field in 0..fields.texts.len() {
            let texts: Vec<&str> = rows.iter().map(|row| row.texts[field].as_str()).collect();
            let counts = TokenCounts::of(&texts, labels, &folds, settings.max_tokens);
            columns.extend(counts.columns(&folds, &all));
            encoding.texts.push(counts.field());
        }
        for field in 0..fields.numbers.len() {
            let numbers = || rows.iter().map(|row| row.numbers[field]);
            let median = median(numbers());
            columns.push(numbers().map(|number| known(number, median)).collect());
            encoding.medians.push(median);
        }
        (encoding, columns)
    }

    /// The features of a row.
    pub(super) fn features(&self, row: &Row) -> Vec<f32> {
        let base = self.base_rate();
        let mut features = Vec::with_capacity(2 * self.texts.len() + self.medians.len());
        for (field, text) in self.texts.iter().zip(&row.texts) {
            let (value, words) = tokens(text);
            let share = |tokens: &BTreeMap<String, Share>, token: &str| {
                tokens.get(token).copied().unwrap_or_default().smoothed(base)
            };
            features.push(share(&field.values, &value) as f32);
            features.push(mean(words.iter().map(|word| share(&field.words, word)), base));
        }
        let numbers = row.numbers.iter().zip(&self.medians);
        features.extend(numbers.map(|(&number, &median)| known(number, median)));
        features
    }

    /// The names of the features, in their order.
    pub(super) fn feature_names(&self, fields: &Fields) -> Vec<String> {
        let texts = fields.texts.iter().flat_map(|name| [name.clone(), format!("{name} (words)")]);
        texts.chain(fields.numbers.iter().cloned()).collect()
    }

    /// The share of high rows among all.
    pub(super) fn base_rate(&self) -> f64 {
        self.all.rate()
    }
}

/// The tokens of a text field with their shares in each fold. Texts repeat, so each is cut into words
/// once only.
struct TokenCounts {
    values: Vocabulary,
    words: Vocabulary,
    /// Of each distinct text: its value and its words.
    texts: Vec<(usize, Vec<usize>)>,
    /// Of each row: its text.
    row_texts: Vec<usize>,
}

#[derive(Default)]
struct Vocabulary {
    numbers: HashMap<String, usize>,
    folds: Vec<[Share; FOLDS]>,
}

impl TokenCounts {
    fn of(texts: &[&str], labels: &[bool], folds: &[usize], max_tokens: usize) -> Self {
        let mut counts = Self {
            values: Vocabulary::default(),
            words: Vocabulary::default(),
            texts: Vec::new(),
            row_texts: Vec::with_capacity(texts.len()),
        };
        let mut known: HashMap<&str, usize> = HashMap::new();
        for ((text, &label), &fold) in texts.iter().zip(labels).zip(folds) {
            let number = *known.entry(text).or_insert_with(|| {
                let (value, words) = tokens(text);
                let words = words.into_iter().map(|word| counts.words.number(word)).collect();
                counts.texts.push((counts.values.number(value), words));
                counts.texts.len() - 1
            });
            counts.row_texts.push(number);
            let (value, words) = &counts.texts[number];
            counts.values.folds[*value][fold].count(label);
            for &word in words {
                counts.words.folds[word][fold].count(label);
            }
        }
        counts.values.keep_most_frequent(max_tokens);
        counts.words.keep_most_frequent(max_tokens);
        counts
    }

    /// The two features of each row, from the folds it is not in.
    fn columns(&self, folds: &[usize], all: &[Share; FOLDS]) -> [Vec<f32>; 2] {
        let bases: Vec<f64> = all.iter().map(|&fold| sum(all).without(fold).rate()).collect();
        let mut columns = [Vec::with_capacity(folds.len()), Vec::with_capacity(folds.len())];
        for (&text, &fold) in self.row_texts.iter().zip(folds) {
            let base = bases[fold];
            let share = |folds: &[Share; FOLDS]| sum(folds).without(folds[fold]).smoothed(base);
            let (value, words) = &self.texts[text];
            columns[0].push(share(&self.values.folds[*value]) as f32);
            let words = words.iter().map(|&word| share(&self.words.folds[word]));
            columns[1].push(mean(words, base));
        }
        columns
    }

    fn field(self) -> TextField {
        TextField { values: self.values.totals(), words: self.words.totals() }
    }
}

impl Vocabulary {
    fn number(&mut self, token: String) -> usize {
        let next = self.folds.len();
        let number = *self.numbers.entry(token).or_insert(next);
        if number == next {
            self.folds.push([Share::default(); FOLDS]);
        }
        number
    }

    /// Forgets the shares of all tokens but those of most rows, of equal ones the first by alphabet.
    fn keep_most_frequent(&mut self, most: usize) {
        let mut order: Vec<(u32, &String, usize)> = self
            .numbers
            .iter()
            .map(|(token, &number)| (u32::MAX - sum(&self.folds[number]).0, token, number))
            .collect();
        order.sort_unstable();
        let forgotten: Vec<usize> = order.iter().skip(most).map(|(_, _, number)| *number).collect();
        for number in forgotten {
            self.folds[number] = [Share::default(); FOLDS];
        }
    }

    fn totals(self) -> BTreeMap<String, Share> {
        let folds = self.folds;
        let totals = self.numbers.into_iter().map(|(token, number)| (token, sum(&folds[number])));
        totals.filter(|(_, share)| share.0 > 0).collect()
    }
}

/// A text as a whole (lower case, punctuation left out) and its distinct words, by alphabet.
fn tokens(text: &str) -> (String, Vec<String>) {
    let cut: String = text.chars().take(MAX_CHARACTERS).collect::<String>().to_lowercase();
    let mut words: Vec<String> = cut
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let value = words.join(" ");
    words.sort_unstable();
    words.dedup();
    (value, words)
}

fn sum(folds: &[Share; FOLDS]) -> Share {
    folds.iter().fold(Share::default(), |sum, fold| Share(sum.0 + fold.0, sum.1 + fold.1))
}

fn mean(values: impl ExactSizeIterator<Item = f64>, otherwise: f64) -> f32 {
    let count = values.len();
    if count == 0 { otherwise as f32 } else { (values.sum::<f64>() / count as f64) as f32 }
}

/// The number, or what stands for an unknown one.
fn known(number: f64, median: f32) -> f32 {
    if number.is_finite() { single(number) } else { median }
}

/// Single precision is what trees split by; what is too large for it is at its end.
fn single(number: f64) -> f32 {
    (number as f32).clamp(f32::MIN, f32::MAX)
}

fn median(numbers: impl Iterator<Item = f64>) -> f32 {
    let mut known: Vec<f32> = numbers.filter(|number| number.is_finite()).map(single).collect();
    known.sort_unstable_by(f32::total_cmp);
    known.get(known.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_rows(texts: &[&str]) -> Vec<Row> {
        texts.iter().map(|t| Row { texts: vec![(*t).to_owned()], numbers: vec![] }).collect()
    }

    fn fitted(texts: &[&str], labels: &[bool], max_tokens: usize) -> (Encoding, Vec<Vec<f32>>) {
        let fields = Fields { texts: vec!["vendor".into()], numbers: vec![] };
        let rows = text_rows(texts);
        let settings = ClassifierSettings { max_tokens, ..ClassifierSettings::default() };
        Encoding::fit(&fields, &rows.iter().collect::<Vec<_>>(), labels, &settings)
    }

    #[test]
    fn texts_are_cut_into_words() {
        let (value, words) = tokens("  O'Reilly & SONS, sons-Inc. ");
        assert_eq!(value, "o reilly sons sons inc");
        assert_eq!(words, ["inc", "o", "reilly", "sons"]);
        assert_eq!(tokens("—"), (String::new(), vec![]));
        assert_eq!(tokens(&"é".repeat(500)).0.chars().count(), MAX_CHARACTERS);
    }

    #[test]
    fn shares_are_drawn_towards_the_base_rate() {
        let (encoding, _) = fitted(&["A x", "A y", "B x", "C"], &[true, true, false, false], 10);
        assert_eq!(encoding.base_rate(), 0.5);
        let features = |text: &str| encoding.features(&text_rows(&[text])[0]);
        // "a x": (1 + 5) / 11. Words: a (2 + 5) / 12, x (1 + 5) / 12.
        assert_eq!(features("a, X"), [(6.0 / 11.0) as f32, (13.0 / 24.0) as f32]);
        assert_eq!(features("unseen"), [0.5, 0.5]);
        assert_eq!(features(""), [0.5, 0.5]);
    }

    #[test]
    fn rows_do_not_find_their_own_label() {
        let texts: Vec<String> = (0..60).map(|number| format!("only{number}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let labels: Vec<bool> = (0..60).map(|number| number % 3 == 0).collect();
        let (_, columns) = fitted(&texts, &labels, 100);
        // Every text comes once: the features of rows of one fold are the same, whatever their label.
        let mut distinct: Vec<u32> = columns[0].iter().map(|value| value.to_bits()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(distinct.len() <= FOLDS, "{distinct:?}");
    }

    #[test]
    fn the_most_frequent_tokens_are_kept() {
        let texts = ["b", "b", "a", "c", "c", "c"];
        let (encoding, _) = fitted(&texts, &[true; 6], 2);
        assert_eq!(encoding.texts[0].values.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(encoding.texts[0].words["c"], Share(3, 3));
    }

    #[test]
    fn unknown_numbers_are_the_median() {
        let fields = Fields { texts: vec![], numbers: vec!["n".into()] };
        let numbers = [1.0, f64::NAN, 9.0, 4.0];
        let rows: Vec<Row> =
            numbers.iter().map(|n| Row { texts: vec![], numbers: vec![*n] }).collect();
        let rows: Vec<&Row> = rows.iter().collect();
        let settings = ClassifierSettings::default();
        let (encoding, columns) = Encoding::fit(&fields, &rows, &[true; 4], &settings);
        assert_eq!(columns, [vec![1.0, 4.0, 9.0, 4.0]]);
        let row = |n| Row { texts: vec![], numbers: vec![n] };
        assert_eq!(encoding.features(&row(f64::NEG_INFINITY)), [4.0]);
        assert_eq!(encoding.features(&row(1e300)), [f32::MAX]);
    }
}
