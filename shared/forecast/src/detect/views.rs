//! The ways in which a value is looked at.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::tail::Tail;

/// A way to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum View {
    /// How far a value is from what was expected.
    Step,
    /// The value itself.
    Height,
    /// How far it is from what is usual at its time of day.
    Time,
    /// How far the last few are from what is usual, on average.
    Shift,
    /// How much the last few moved.
    Motion,
}

impl View {
    pub(super) const ALL: [Self; 5] =
        [Self::Step, Self::Height, Self::Time, Self::Shift, Self::Motion];

    /// Two sides of two words each: above and below.
    pub(super) fn reason(self, above: bool) -> &'static str {
        match (self, above) {
            (Self::Step, true) => "jumped above what was expected",
            (Self::Step, false) => "fell below what was expected",
            (Self::Height, true) => "higher than ever before",
            (Self::Height, false) => "lower than ever before",
            (Self::Time, true) => "high for the time of day",
            (Self::Time, false) => "low for the time of day",
            (Self::Shift, true) => "has been above the usual level",
            (Self::Shift, false) => "has been below the usual level",
            (Self::Motion, true) => "moves more than usual",
            (Self::Motion, false) => "moves less than usual",
        }
    }
}

/// The last few values that `Shift` and `Motion` look at.
const FEW: usize = 12;
/// Values that `Motion` looks at.
const MOVED: usize = 36;

/// What the views show of the newest value.
pub(super) type Shown = [Option<f64>; View::ALL.len()];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Views {
    tails: [Tail; View::ALL.len()],
    /// Distances of the last few values from what is usual, and of values from those before them.
    offs: VecDeque<f64>,
    moves: VecDeque<f64>,
}

impl Views {
    /// `usual` is what values are at this time, or in the long run.
    pub(super) fn look(
        &mut self,
        value: f64,
        last: Option<f64>,
        expected: Option<f64>,
        usual: Option<f64>,
        scale: f64,
    ) -> Shown {
        push(&mut self.offs, usual.map_or(0.0, |usual| value - usual), FEW);
        push(&mut self.moves, last.map_or(0.0, |last| (value - last).abs()), MOVED);
        let mean = |all: &VecDeque<f64>| all.iter().sum::<f64>() / all.len() as f64;
        [
            expected.map(|expected| value - expected),
            Some(value),
            usual.map(|usual| value - usual),
            (self.offs.len() == FEW).then(|| mean(&self.offs)),
            (self.moves.len() == MOVED).then(|| (mean(&self.moves) + scale).ln()),
        ]
    }

    pub(super) fn see(&mut self, shown: &Shown) {
        for (tail, number) in self.tails.iter_mut().zip(shown) {
            if let Some(number) = number {
                tail.see(*number);
            }
        }
    }

    /// The rarest of what is shown: how rare, in which view, and whether above or below.
    pub(super) fn rarest(&self, shown: &Shown, scale: f64) -> (f64, View, bool) {
        let mut rarest = (0.0, View::Step, true);
        for ((view, tail), number) in View::ALL.into_iter().zip(&self.tails).zip(shown) {
            let Some(number) = number else { continue };
            let floor = if view == View::Motion { 0.2 } else { scale };
            for (sign, above) in [(1.0, true), (-1.0, false)] {
                let surprise = tail.surprise(*number, sign, floor);
                if surprise > rarest.0 {
                    rarest = (surprise, view, above);
                }
            }
        }
        rarest
    }

    pub(super) fn tail(&self, view: View) -> &Tail {
        &self.tails[view as usize]
    }
}

fn push(all: &mut VecDeque<f64>, number: f64, most: usize) {
    if all.len() == most {
        all.pop_front();
    }
    all.push_back(number);
}
