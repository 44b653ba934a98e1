//! The ways in which a value is looked at.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::drift::Drift;
use super::growth::Growth;
use super::pattern::Past;
use super::tail::Tail;

/// A way to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum View {
    /// How far a value is from what was expected.
    Step,
    /// The value itself.
    Height,
    /// How far it is from what is usual at its time: of the day, the week or the year.
    Time,
    /// How far the last few are from what is usual, on average.
    Shift,
    /// How new the last few are in their order, and many more.
    Short,
    Long,
    /// How far they have been from what is usual, summed up.
    Drift,
    /// How far a value is from what was expected, as errors are at its level.
    Error,
}

impl View {
    pub(super) const ALL: [Self; 8] = [
        Self::Step,
        Self::Height,
        Self::Time,
        Self::Shift,
        Self::Short,
        Self::Long,
        Self::Drift,
        Self::Error,
    ];

    pub(super) fn reason(self, above: bool) -> &'static str {
        match (self, above) {
            (Self::Step | Self::Error, true) => "far above what was expected",
            (Self::Step | Self::Error, false) => "far below what was expected",
            (Self::Height, true) => "as high as hardly ever before",
            (Self::Height, false) => "as low as hardly ever before",
            (Self::Time, true) => "higher than usual at this time",
            (Self::Time, false) => "lower than usual at this time",
            (Self::Shift, true) => "has been above the usual level",
            (Self::Shift, false) => "has been below the usual level",
            (Self::Drift, true) => "has been too high again and again",
            (Self::Drift, false) => "has been too low again and again",
            (Self::Short | Self::Long, _) => "an order of values that was not seen before",
        }
    }

    /// What it is of: the value, the last few, or their order. `None` if it counts by itself.
    fn kind(self) -> Option<usize> {
        match self {
            Self::Step | Self::Height | Self::Time => Some(0),
            Self::Shift => Some(1),
            Self::Short | Self::Long => Some(2),
            Self::Drift | Self::Error => None,
        }
    }

    /// Whether it is of distances from what was expected, or is usual.
    fn is_distance(self) -> bool {
        matches!(self, Self::Step | Self::Time | Self::Shift | Self::Drift | Self::Error)
    }

    /// New is only what is far from everything; nothing is too much like the past.
    fn sides(self) -> &'static [(f64, bool)] {
        match self {
            Self::Short | Self::Long => &[(1.0, true)],
            _ => &[(1.0, true), (-1.0, false)],
        }
    }
}

/// The last values that `Shift`, `Short` and `Long` look at.
const FEW: usize = 6;
const SHORT: usize = 6;
const LONG: usize = 24;
/// Newness below this share of the range is not told apart.
const LEAST_NEW: f64 = 0.01;
/// The kinds of views that are averaged; and what the second rarest weighs beside the rarest, and the
/// third beside the second.
const KINDS: usize = 3;
const NEXT: f64 = 0.7;

/// Two views, above and below: so many looks for something rare by itself (Bonferroni).
const LOOKS: f64 = 4.0;
/// How much rarer still sums have to be: small changes that last are common and hardly ever matter.
const LASTING_LOOKS: f64 = 5.0;
/// Sums below are not told apart, and so many in a row tell as much as one.
const LEAST_SUM: f64 = 0.5;
const TOGETHER: f64 = 10.0;

/// What the views show of the newest value.
pub(super) type Shown = [Option<f64>; View::ALL.len()];

/// What is rare about a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rare {
    /// The decimal logarithm of one in how many cases, averaged over kinds of views.
    pub(super) surprise: f64,
    /// In which view most, and whether above or below.
    pub(super) view: View,
    pub(super) above: bool,
}

impl Rare {
    pub(super) const NOTHING: Self = Self { surprise: 0.0, view: View::Step, above: true };
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(super) struct Views {
    tails: [Tail; View::ALL.len()],
    /// Distances of the last few values from what is usual.
    offs: VecDeque<f64>,
    drift: Drift,
    past: Past,
}

impl Views {
    /// `usual` is what values are at this time, `long_run` the same from further back.
    pub(super) fn look(
        &mut self,
        value: f64,
        expected: Option<f64>,
        usual: Option<f64>,
        long_run: Option<f64>,
        growth: &Growth,
        fine: f64,
    ) -> Shown {
        if self.offs.len() == FEW {
            self.offs.pop_front();
        }
        let off = usual.map(|usual| value - usual);
        self.offs.push_back(off.unwrap_or(0.0));
        let grown = long_run.map(|usual| (value - usual) / growth.at(usual));
        self.drift = self.drift.with(grown.unwrap_or(0.0));
        self.past.see(value);
        let heights = self.tail(View::Height);
        let range = heights.quantile(0.95).zip(heights.quantile(0.05)).map_or(0.0, |(a, b)| a - b);
        let range = range.max(fine);
        let shift = self.offs.iter().sum::<f64>() / FEW as f64;
        [
            expected.map(|expected| value - expected),
            Some(value),
            off,
            (self.offs.len() == FEW).then_some(shift),
            self.past.newness(SHORT, range),
            self.past.newness(LONG, range),
            Some(self.drift.sum()),
            expected.map(|expected| (value - expected) / growth.at(expected)),
        ]
    }

    /// The same for a value that has been `missed` by the nearest of what good forecasts said. What is
    /// remembered are distances from the best one, so that nothing gets rarer by there being others.
    pub(super) fn missed(shown: &Shown, missed: Option<f64>, grown: f64) -> Shown {
        let mut shown = *shown;
        shown[View::Step as usize] = missed;
        shown[View::Error as usize] = missed.map(|missed| missed / grown);
        shown
    }

    /// What is shown without distances from what was expected, or is usual: as long as little is known of
    /// either, they are larger than they will be, and would hide what is rare for long.
    pub(super) fn blind(shown: &Shown) -> Shown {
        let mut shown = *shown;
        for view in View::ALL.into_iter().filter(|view| view.is_distance()) {
            shown[view as usize] = None;
        }
        shown
    }

    pub(super) fn see(&mut self, shown: &Shown) {
        for (tail, number) in self.tails.iter_mut().zip(shown) {
            if let Some(number) = number {
                tail.see(*number);
            }
        }
    }

    /// How rare what is shown is. Distances below `fine` are none.
    pub(super) fn rarity(&self, shown: &Shown, fine: f64) -> Rare {
        let mut rarest = Rare::NOTHING;
        // Views of the same kind see the same thing: the one that finds most speaks for all.
        let mut kinds = [0.0_f64; KINDS];
        for ((view, tail), number) in View::ALL.into_iter().zip(&self.tails).zip(shown) {
            let Some((number, kind)) = number.zip(view.kind()) else { continue };
            if view.is_distance() && !tail.is_known() {
                continue;
            }
            let fine = match view {
                View::Short | View::Long => LEAST_NEW,
                _ => fine,
            };
            for (sign, above) in view.sides() {
                let surprise = tail.surprise(number, *sign, fine);
                kinds[kind] = kinds[kind].max(surprise);
                if surprise > rarest.surprise {
                    rarest = Rare { surprise, view, above: *above };
                }
            }
        }
        // What is rare in several ways is rarer than what is so in one.
        kinds.sort_by(|a, b| b.total_cmp(a));
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        for surprise in kinds {
            sum += weight * surprise;
            weights += weight;
            weight *= NEXT;
        }
        Rare { surprise: sum / weights, ..rarest }
    }

    /// The rarest of what two views find, each by itself. That there are several to find something in
    /// is taken off.
    pub(super) fn single(&self, shown: &Shown, fine: f64) -> Rare {
        let views = [
            (View::Error, fine, 1.0, LOOKS.log10()),
            (View::Drift, LEAST_SUM, TOGETHER, (LOOKS * LASTING_LOOKS).log10()),
        ];
        let mut rarest = Rare::NOTHING;
        for (view, fine, together, looks) in views {
            let Some(number) = shown[view as usize] else { continue };
            for (sign, above) in view.sides() {
                let surprise = self.tail(view).excess(number, *sign, fine, together) - looks;
                if surprise > rarest.surprise {
                    rarest = Rare { surprise, view, above: *above };
                }
            }
        }
        rarest
    }

    /// Whether a lasting change still lasts.
    pub(super) fn lasts(&self) -> bool {
        let tail = self.tail(View::Drift);
        let outside = |share: f64| tail.quantile(share).unwrap_or(0.0);
        let sum = self.drift.sum();
        sum > outside(0.975).max(1.0) || sum < outside(0.025).min(-1.0)
    }

    /// A change that has lasted is usual now.
    pub(super) fn settle(&mut self) {
        self.drift.settle();
    }

    pub(super) fn tail(&self, view: View) -> &Tail {
        &self.tails[view as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(far: &[View]) -> Shown {
        View::ALL.map(|view| Some(if far.contains(&view) { 100.0 } else { 0.0 }))
    }

    #[test]
    fn views_of_one_kind_are_rare_once() {
        let mut views = Views::default();
        for number in 0..200 {
            views.see(&View::ALL.map(|_| Some(f64::from(number * 7 % 21 - 10))));
        }
        let rarity = |far: &[View]| views.rarity(&shown(far), 0.1).surprise;
        let step = rarity(&[View::Step]);
        assert!(step > 1.0, "{step}");
        assert_eq!(rarity(&[View::Step, View::Height, View::Time]), step);
        assert!(rarity(&[View::Step, View::Shift]) > 1.5 * step);
        assert_eq!(rarity(&[View::Drift, View::Error]), rarity(&[]), "these count by themselves");
    }

    #[test]
    fn only_what_was_missed_is_changed() {
        let missed = Views::missed(&shown(&[View::Step, View::Error, View::Time]), Some(6.0), 2.0);
        assert_eq!(missed[View::Step as usize], Some(6.0));
        assert_eq!(missed[View::Error as usize], Some(3.0));
        assert_eq!(missed[View::Time as usize], Some(100.0));
    }
}
