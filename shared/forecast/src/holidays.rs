//! What holidays do to a series: learnt from past ones, expected of the next.

use std::collections::BTreeMap;

use crate::choice::Input;
use crate::models::Candidates;
use crate::series::Holiday;

const DAY: i64 = 86_400;
/// As many past days of a holiday weigh as much as the guess that it does nothing.
const SHRINK: f64 = 0.5;

/// Effects by place in the series.
#[derive(Debug, Clone)]
pub(crate) struct Effects {
    /// By position, of values known and of those ahead: what is added or multiplied.
    by_position: BTreeMap<usize, f64>,
    /// Whether effects are factors.
    factors: bool,
}

impl Effects {
    /// From the first `known` values, in units of `unit`. `None` if there is no clock, or no holiday that concerns the
    /// series, or nothing is known of any.
    pub(crate) fn of(
        input: Input<'_>,
        known: usize,
        horizon: usize,
        holidays: &[Holiday],
        season: usize,
        unit: f64,
    ) -> Option<Self> {
        if holidays.is_empty() {
            return None;
        }
        let start = input.start?;
        let place = |position: usize| -> Option<(i64, i64)> {
            let time = input.frequency.step(start, i64::try_from(position).ok()?)?;
            Some((time.div_euclid(DAY), time.rem_euclid(DAY)))
        };
        let values = &input.values[..known.min(input.values.len())];
        let is_holiday = |position: usize| {
            place(position)
                .is_some_and(|(day, _)| holidays.iter().any(|one| one.days.contains(&day)))
        };
        let factors = values.iter().all(|value| !value.is_finite() || *value > 0.0);
        // What a day would have been: the values one to four seasons before and after it.
        let season = season.max(1);
        let usual = |position: usize| {
            let mut around: Vec<f64> = (1..=4)
                .flat_map(|times| {
                    [position.checked_sub(times * season), Some(position + times * season)]
                })
                .flatten()
                .filter(|other| !is_holiday(*other))
                .filter_map(|other| values.get(other).copied().filter(|value| value.is_finite()))
                .collect();
            around.sort_by(f64::total_cmp);
            around.get(around.len() / 2).copied()
        };
        let mut by_position = BTreeMap::new();
        for holiday in holidays {
            // Effects by the time of day.
            let mut seen: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
            let mut positions = Vec::new();
            for position in 0..values.len() + horizon {
                let Some((day, time)) = place(position) else { break };
                if !holiday.days.contains(&day) {
                    continue;
                }
                positions.push((position, time));
                let value = values.get(position).copied().filter(|value| value.is_finite());
                if let (Some(value), Some(usual)) = (value, usual(position)) {
                    let effect =
                        if factors { (value / usual).ln() } else { (value - usual) / unit };
                    if effect.is_finite() {
                        let (sum, count) = seen.entry(time).or_default();
                        *sum += effect;
                        *count += 1.0;
                    }
                }
            }
            for (position, time) in positions {
                if let Some((sum, count)) = seen.get(&time) {
                    let effect = sum / (count + SHRINK);
                    by_position.insert(position, if factors { effect.exp() } else { effect });
                }
            }
        }
        (!by_position.is_empty()).then_some(Self { by_position, factors })
    }

    /// Takes effects out of values of which the first is at `from`.
    pub(crate) fn remove(&self, values: &mut [f64], from: usize) {
        for (position, effect) in self.by_position.range(from..from + values.len()) {
            let value = &mut values[position - from];
            *value = if self.factors { *value / effect } else { *value - effect };
        }
    }

    /// Puts effects into values ahead of which the first is at `from`.
    pub(crate) fn add(&self, found: &mut Candidates, from: usize, floor: bool) {
        for ahead in found.iter_mut().flatten() {
            for (position, effect) in self.by_position.range(from..from + ahead.len()) {
                let value = &mut ahead[position - from];
                *value = if self.factors { *value * effect } else { *value + effect };
                if floor {
                    *value = value.max(0.0);
                }
            }
        }
    }
}
