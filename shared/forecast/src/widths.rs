//! Widths of intervals, as they are stored with a model.

use serde::{Deserialize, Serialize};

use crate::intervals::{Shape, mean_absolute};

/// What a set says of the intervals of its series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SetWidths {
    pub(crate) shape: Shape,
    /// Errors are so many times the scale of MASE, in the middle.
    pub(crate) usual: f64,
    /// Half the width of each level in usual errors, one step ahead.
    pub(crate) times: Vec<f64>,
}

/// What the trials of one series say of its intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OwnWidths {
    /// Mean size of what was forecast.
    pub(crate) size: f64,
    /// Half the width of each level, one step ahead, where as much is forecast.
    pub(crate) halves: Vec<f64>,
}

impl OwnWidths {
    /// Whether what was read from elsewhere can be used for so many levels.
    pub(crate) fn is_sound(&self, levels: usize) -> bool {
        let positive = self.size > 0.0 && self.size.is_finite();
        positive && self.halves.len() == levels && self.halves.iter().all(|half| is_width(*half))
    }

    /// In another unit, which is `1 / times` of the old one.
    pub(crate) fn scaled(&self, times: f64) -> Self {
        let halves = self.halves.iter().map(|half| half * times).collect();
        Self { size: self.size * times, halves }
    }
}

impl SetWidths {
    /// Whether what was read from elsewhere can be used for so many levels.
    pub(crate) fn is_sound(&self, levels: usize) -> bool {
        let Shape { growth, proportion } = self.shape;
        let mild = |power: &f64| (0.0..=2.0).contains(power);
        [growth, proportion].iter().all(mild)
            && is_width(self.usual)
            && self.times.len() == levels
            && self.times.iter().all(|times| is_width(*times))
    }

    /// Half the widths of intervals around what is `ahead`, level by level. A series without own
    /// widths has those that are usual for the set, where errors are `expected` to be like the scale
    /// of MASE.
    pub(crate) fn around(
        &self,
        ahead: &[f64],
        own: Option<&OwnWidths>,
        expected: f64,
    ) -> Vec<Vec<f64>> {
        let usual = || OwnWidths {
            size: mean_absolute(ahead.iter().copied()).max(f64::MIN_POSITIVE),
            halves: self.times.iter().map(|times| self.usual * expected * times).collect(),
        };
        let OwnWidths { size, halves } = own.cloned().unwrap_or_else(usual);
        let around = |half: &f64| {
            let at = |(step, value): (usize, &f64)| half * self.shape.at(step + 1, *value, size);
            ahead.iter().enumerate().map(at).collect()
        };
        halves.iter().map(around).collect()
    }
}

fn is_width(value: f64) -> bool {
    value >= 0.0 && value.is_finite()
}
