//! The headline figures, and the same by dimension.

use std::collections::BTreeSet;

use smelt_report::{Breakdown, Figure, Group, Others};

use super::mart::{GroupTotals, MartTotals};
use super::measures::measure;
use super::words_of;
use crate::StageError;

/// Headline figures.
const MOST_FIGURES: usize = 8;
/// Groups of a breakdown that are told apart.
const MOST_GROUPS: usize = 8;

/// A figure for each column name that adds up. The same name in several marts of a dataset is the same
/// figure: it is taken from the first, values of series before others.
pub(super) async fn figures(marts: &[MartTotals<'_>]) -> Result<Vec<Figure>, StageError> {
    let mut declared = Vec::new();
    let mut others = Vec::new();
    for mart in marts.iter().filter(|mart| !mart.measures.is_empty()) {
        let totals = mart.totals().await?;
        let every = mart.time.chart_step(mart.period());
        let steps = mart.by_step(every).await?;
        for (position, (additive, totals)) in mart.measures.iter().zip(totals).enumerate() {
            let [value, before, year_before] = totals;
            let figure = Figure {
                measure: measure(additive.column),
                mart: mart.mart.description.clone(),
                value,
                before,
                year_before,
                until: mart.is_partial().then_some(mart.covered.end),
                trend: mart
                    .filled(every, &steps, |step| step.totals[position])
                    .into_iter()
                    .map(|(_, total)| total)
                    .collect(),
            };
            let those = if additive.is_declared { &mut declared } else { &mut others };
            those.push(figure);
        }
    }
    // Those that belong to series are kept up with; then those that are known.
    others.sort_by_key(|figure| figure.value.is_none());
    let mut names = BTreeSet::new();
    let mut figures: Vec<Figure> = declared.into_iter().chain(others).collect();
    figures.retain(|figure| names.insert(figure.measure.name.clone()));
    figures.truncate(MOST_FIGURES);
    Ok(figures)
}

/// The value of each mart with series by each column that tells its series apart.
pub(super) async fn breakdowns(marts: &[MartTotals<'_>]) -> Result<Vec<Breakdown>, StageError> {
    let mut breakdowns = Vec::new();
    for mart in marts {
        let (Some(series), Some(additive)) = (&mart.mart.series, mart.declared()) else { continue };
        for column in &series.by {
            let mut shown = Shown::default();
            let by = std::slice::from_ref(column);
            mart.by_group(&additive.column.name, by, |group| shown.add(group)).await?;
            if shown.groups.is_empty() {
                continue;
            }
            breakdowns.push(Breakdown {
                dimension: words_of(column.as_str()),
                mart: mart.mart.description.clone(),
                measure: measure(additive.column),
                total: shown.total,
                total_before: shown.total_before,
                others: shown.others(),
                groups: shown.groups,
            });
        }
    }
    Ok(breakdowns)
}

/// The largest groups, and the rest together. They come with the largest first.
#[derive(Debug, Default)]
struct Shown {
    groups: Vec<Group>,
    others: u64,
    others_value: Option<f64>,
    others_before: Option<f64>,
    total: Option<f64>,
    total_before: Option<f64>,
}

impl Shown {
    fn add(&mut self, group: GroupTotals) {
        let GroupTotals { values, total: value, before } = group;
        self.total = sum(self.total, value);
        self.total_before = sum(self.total_before, before);
        if self.groups.len() < MOST_GROUPS && value.is_some() {
            let name = values.into_iter().next().flatten();
            self.groups.push(Group { name, value, before });
        } else {
            self.others += 1;
            self.others_value = sum(self.others_value, value);
            self.others_before = sum(self.others_before, before);
        }
    }

    fn others(&self) -> Option<Others> {
        (self.others > 0).then_some(Others {
            count: self.others,
            value: self.others_value,
            before: self.others_before,
        })
    }
}

/// A sum of what is known; `None` if nothing is.
fn sum(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_added_up() {
        let mut shown = Shown::default();
        for number in 0..12_u32 {
            let total = Some(f64::from(100 - number));
            let before = (number != 3).then_some(1.0);
            shown.add(GroupTotals { values: vec![Some(number.to_string())], total, before });
        }
        shown.add(GroupTotals { values: vec![None], total: None, before: Some(5.0) });
        assert_eq!(shown.groups.len(), 8);
        let others = shown.others().unwrap();
        assert_eq!(others.count, 5);
        assert_eq!(others.value, Some(92.0 + 91.0 + 90.0 + 89.0));
        assert_eq!((shown.total, shown.total_before), (Some(1134.0), Some(16.0)));
    }

    #[test]
    fn what_nobody_knows_is_not_nothing() {
        let mut shown = Shown::default();
        shown.add(GroupTotals { values: vec![None], total: Some(1.0), before: None });
        assert_eq!(shown.total_before, None);
        assert_eq!(shown.others(), None);
    }
}
