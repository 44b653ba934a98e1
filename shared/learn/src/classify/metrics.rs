//! What predictions are worth.

use serde::{Deserialize, Serialize};

/// How many rows are what and were told to be what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Confusion {
    /// High, and told to be.
    pub true_high: usize,
    /// Low, but told to be high.
    pub false_high: usize,
    /// Low, and told to be.
    pub true_low: usize,
    /// High, but told to be low.
    pub false_low: usize,
}

impl Confusion {
    /// Counts what was told against what is.
    pub fn of(told: impl IntoIterator<Item = bool>, labels: &[bool]) -> Self {
        let mut counts = Self::default();
        for (told, &label) in told.into_iter().zip(labels) {
            *match (told, label) {
                (true, true) => &mut counts.true_high,
                (true, false) => &mut counts.false_high,
                (false, false) => &mut counts.true_low,
                (false, true) => &mut counts.false_low,
            } += 1;
        }
        counts
    }

    /// The part of rows that were told right; none without rows.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.true_high + self.true_low;
        ratio(right, right + self.false_high + self.false_low)
    }

    /// The part of high ones among those told to be high; none if none was.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_high, self.true_high + self.false_high)
    }

    /// The part of the high ones that were told to be; none if none is high.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_high, self.true_high + self.false_low)
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The area under the receiver operating characteristic: how likely a high row has a larger score than
/// a low one, where equal scores count half (Hanley and McNeil 1982). By ranks: (R - h(h + 1)/2) / (h l),
/// with R the sum of the mean ranks of the h high ones among all. None if all have one label.
pub fn auc(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    order.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
    let high = order.iter().filter(|(_, label)| *label).count() as f64;
    let low = order.len() as f64 - high;
    if high == 0.0 || low == 0.0 {
        return None;
    }
    let (mut before, mut rank_sum) = (0, 0.0);
    for equal in order.chunk_by(|(one, _), (other, _)| one == other) {
        let mean_rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        rank_sum += mean_rank * equal.iter().filter(|(_, label)| *label).count() as f64;
        before += equal.len();
    }
    Some((rank_sum - high * (high + 1.0) / 2.0) / (high * low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let told = [true, true, true, false, false, false, false];
        let labels = [true, true, false, true, false, false, false];
        let counts = Confusion::of(told, &labels);
        let wanted = Confusion { true_high: 2, false_high: 1, true_low: 3, false_low: 1 };
        assert_eq!(counts, wanted);
        assert_eq!(counts.accuracy(), Some(5.0 / 7.0));
        assert_eq!(counts.precision(), Some(2.0 / 3.0));
        assert_eq!(counts.recall(), Some(2.0 / 3.0));
    }

    #[test]
    fn what_cannot_be_told_is_not() {
        let none_told = Confusion::of([false, false], &[true, false]);
        assert_eq!((none_told.precision(), none_told.recall()), (None, Some(0.0)));
        assert_eq!(Confusion::of([true], &[false]).recall(), None);
        assert_eq!(Confusion::default().accuracy(), None);
        assert_eq!(auc(&[0.1, 0.2], &[true, true]), None);
    }

    #[test]
    fn areas_by_hand() {
        assert_eq!(auc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]), Some(0.75));
        assert_eq!(auc(&[0.5, 0.5, 0.5], &[false, true, false]), Some(0.5));
        // Of four pairs three are right, and one is equal: 3.5 / 4.
        assert_eq!(auc(&[0.2, 0.5, 0.5, 0.9], &[false, false, true, true]), Some(0.875));
    }
}
