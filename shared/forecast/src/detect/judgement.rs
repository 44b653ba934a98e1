use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing to look at.
    None,
    /// Worth a look.
    Warning,
    /// Far from anything seen before.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Warning => "warning",
            Self::Critical => "critical",
        })
    }
}

/// What is said of one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// From 0 (as always) to 1. From [`crate::DetectorSettings::threshold`] on the value is an
    /// anomaly by itself. In an anomaly that goes on only what is new about it scores again; where
    /// several have to come together, the first that is reported has the highest score of them.
    pub score: f64,
    /// What was expected; the value itself where nothing was known yet, and NaN where there was no
    /// value either.
    pub expected: f64,
    /// Between these 95 in 100 usual values lie. NaN where nothing is expected.
    pub lo: f64,
    /// See [`Judgement::lo`].
    pub hi: f64,
    /// Whether the value is part of an anomaly.
    pub is_anomaly: bool,
    /// How bad.
    pub severity: Severity,
    /// Why, in one short sentence; empty where nothing is to be said.
    pub reason: String,
}

impl Judgement {
    /// Of what is not judged.
    pub(super) fn nothing(expected: f64, (lo, hi): (f64, f64)) -> Self {
        Self {
            score: 0.0,
            expected,
            lo,
            hi,
            is_anomaly: false,
            severity: Severity::None,
            reason: String::new(),
        }
    }
}
