//! Sums of whole numbers and decimals, exact whatever comes in between.

/// 2^128 in floats.
const TWO_TO_128: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;

/// A sum: `low + carries * 2^128`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ExactSum {
    low: i128,
    carries: i64,
}

impl ExactSum {
    pub(crate) fn add(&mut self, value: i128) {
        let (low, overflowed) = self.low.overflowing_add(value);
        self.low = low;
        if overflowed {
            self.carries += if value < 0 { -1 } else { 1 };
        }
    }

    /// The sum, if it has no more digits than a number may have.
    pub(crate) fn exact(self) -> Option<i128> {
        (self.carries == 0).then_some(self.low)
    }

    /// The sum, rounded.
    pub(crate) fn rounded(self) -> f64 {
        self.carries as f64 * TWO_TO_128 + self.low as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overflows_in_between_is_right_in_the_end() {
        let mut sum = ExactSum::default();
        for value in [i128::MAX, i128::MAX, 5] {
            sum.add(value);
        }
        assert_eq!(sum.exact(), None);
        assert_eq!(sum.rounded(), 2.0 * i128::MAX as f64);
        for value in [-i128::MAX, -i128::MAX, i128::MIN, i128::MAX] {
            sum.add(value);
        }
        assert_eq!(sum.exact(), Some(4));
    }
}
