//! Features in units of their deviation, so that no unit counts more than another.

use super::{DropReason, DroppedFeature, Features, UsedFeature};

/// Below this part of the largest value a deviation is rounding.
const ROUNDING: f64 = 1e-12;

pub(super) struct Standardised {
    pub(super) used: Vec<UsedFeature>,
    pub(super) dropped: Vec<DroppedFeature>,
    /// One value for each used feature; the unknown is 0, the mean.
    pub(super) rows: Vec<(String, Vec<f64>)>,
    /// Rows of which nothing is known.
    pub(super) left_out: Vec<String>,
}

/// Standardises the features of rows, in the order of the rows.
pub(super) fn standardise(features: &Features) -> Standardised {
    let mut answer = Standardised {
        used: Vec::new(),
        dropped: Vec::new(),
        rows: Vec::new(),
        left_out: Vec::new(),
    };
    let mut columns = Vec::new();
    for (column, name) in features.names.iter().enumerate() {
        let values = features.rows.iter().filter_map(|(_, row)| row.get(column).copied());
        match spread(values) {
            Ok((mean, deviation, unknown)) => {
                columns.push(column);
                answer.used.push(UsedFeature { name: name.clone(), mean, deviation, unknown });
            }
            Err(why) => answer.dropped.push(DroppedFeature { name: name.clone(), why }),
        }
    }
    for (name, row) in &features.rows {
        let values: Vec<f64> =
            columns.iter().map(|&column| row.get(column).copied().unwrap_or(f64::NAN)).collect();
        if !values.iter().any(|value| value.is_finite()) {
            answer.left_out.push(name.clone());
            continue;
        }
        let scaled = values.iter().zip(&answer.used).map(|(value, feature)| {
            if value.is_finite() { (value - feature.mean) / feature.deviation } else { 0.0 }
        });
        answer.rows.push((name.clone(), scaled.collect()));
    }
    answer
}

/// Mean and deviation of the known values, and how many are unknown.
fn spread(values: impl Iterator<Item = f64>) -> Result<(f64, f64, usize), DropReason> {
    let (known, unknown): (Vec<f64>, Vec<f64>) = values.partition(|value| value.is_finite());
    let largest = known.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    if known.is_empty() {
        return Err(DropReason::Unknown);
    }
    if largest == 0.0 {
        return Err(DropReason::Constant);
    }
    // In units of the largest value, whose squares cannot overflow.
    let count = known.len() as f64;
    let mean = known.iter().map(|value| value / largest).sum::<f64>() / count;
    let squares: f64 = known.iter().map(|value| (value / largest - mean).powi(2)).sum();
    let deviation = (squares / count).sqrt();
    if deviation <= ROUNDING {
        return Err(DropReason::Constant);
    }
    Ok((mean * largest, deviation * largest, unknown.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_become_zero_and_deviations_one() {
        let features = Features {
            names: vec!["a".into(), "same".into(), "unknown".into()],
            rows: vec![
                ("x".into(), vec![2.0, 0.1, f64::NAN]),
                ("y".into(), vec![6.0, 0.1, f64::INFINITY]),
                ("z".into(), vec![f64::NAN, 0.1, f64::NAN]),
            ],
        };
        let answer = standardise(&features);
        assert_eq!(answer.rows, [("x".to_owned(), vec![-1.0]), ("y".to_owned(), vec![1.0])]);
        assert_eq!(answer.left_out, ["z"]);
        let a = &answer.used[0];
        assert_eq!((a.mean, a.deviation, a.unknown), (4.0, 2.0, 1));
        let why: Vec<DropReason> = answer.dropped.iter().map(|feature| feature.why).collect();
        assert_eq!(why, [DropReason::Constant, DropReason::Unknown]);
    }

    #[test]
    fn tiny_and_huge_units_are_units() {
        for unit in [1e-200, 1e200] {
            let (mean, deviation, _) = spread([unit, 3.0 * unit].into_iter()).unwrap();
            assert!((mean / unit - 2.0).abs() < 1e-12 && (deviation / unit - 1.0).abs() < 1e-12);
        }
    }
}
