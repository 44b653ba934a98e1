//! How many of the last values have to be part of an anomaly before it is one.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The k-of-n rule: an anomaly is reported when at least `k` of the last `n` values are part of it.
///
/// Written `2 of 3`. `1 of 1` reports each at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KOfN {
    k: usize,
    n: usize,
}

impl KOfN {
    /// The greatest `n`: an anomaly that has to last longer is none that somebody has to hear of soon.
    pub const MOST: usize = 100;

    /// At least so many.
    pub fn k(self) -> usize {
        self.k
    }

    /// Of so many.
    pub fn n(self) -> usize {
        self.n
    }
}

impl Default for KOfN {
    fn default() -> Self {
        Self { k: 1, n: 1 }
    }
}

/// A text that is no k-of-n rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rule such as 2 of 3, with 1 to {most} values", most = KOfN::MOST)]
pub struct KOfNError(String);

impl FromStr for KOfN {
    type Err = KOfNError;

    fn from_str(text: &str) -> Result<Self, KOfNError> {
        let rule = || {
            let (k, n) = text.split_once(" of ")?;
            let (k, n) = (k.trim().parse().ok()?, n.trim().parse().ok()?);
            (1 <= k && k <= n && n <= Self::MOST).then_some(Self { k, n })
        };
        rule().ok_or_else(|| KOfNError(text.to_owned()))
    }
}

impl fmt::Display for KOfN {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{} of {}", self.k, self.n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        let rule: KOfN = "2 of 3".parse().unwrap();
        assert_eq!((rule.k(), rule.n(), rule.to_string().as_str()), (2, 3, "2 of 3"));
        assert_eq!("1 of 1".parse(), Ok(KOfN::default()));
        for wrong in ["", "2", "2/3", "0 of 3", "4 of 3", "two of 3", "-1 of 3", "1 of 101"] {
            let error = wrong.parse::<KOfN>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{wrong}` is not a rule")), "{error}");
        }
    }
}
