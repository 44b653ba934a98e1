//! Making swings that grow with their level equally wide: the two members of Box and Cox's family
//! (An analysis of transformations, 1964) that need no estimate.

/// A transformation of values that are never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    /// All values are positive.
    Logarithm,
    /// Some are zero.
    Root,
}

impl Power {
    /// The one that these values allow.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if lowest > 0.0 && lowest.is_finite() {
            // A value that is next to nothing beside the others would rule them as a logarithm.
            Some(if lowest > 1e-4 * highest { Self::Logarithm } else { Self::Root })
        } else if lowest == 0.0 {
            Some(Self::Root)
        } else {
            None
        }
    }

    pub(crate) fn there(self, value: f64) -> f64 {
        match self {
            Self::Logarithm => value.ln(),
            Self::Root => value.sqrt(),
        }
    }

    /// What was the median stays the median.
    pub(crate) fn back(self, value: f64) -> f64 {
        match self {
            Self::Logarithm => value.exp(),
            Self::Root => value.max(0.0).powi(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (values, power) in [(vec![1.0, 3.0], Power::Logarithm), (vec![0.0, 2.0], Power::Root)] {
            assert_eq!(Power::of(&values), Some(power));
            for value in values {
                assert!((power.back(power.there(value)) - value).abs() < 1e-12);
            }
        }
        assert_eq!(Power::of(&[-1.0]), None);
        assert_eq!(Power::of(&[]), None);
        assert_eq!(Power::Root.back(-3.0), 0.0);
    }
}
