//! Demand that is mostly zero: how often something comes and how much then, smoothed apart, both
//! updated with every value (Teunter, Syntetos, Babai: Intermittent demand: Linking forecasting to
//! inventory obsolescence, 2011).

/// The mean ahead; `None` unless at least three in ten values are zero and none is negative.
pub(super) fn intermittent(values: &[f64], horizon: usize) -> Option<Vec<f64>> {
    let zeros = values.iter().filter(|value| **value == 0.0).count();
    if values.iter().any(|value| *value < 0.0)
        || 10 * zeros < 3 * values.len()
        || zeros == values.len()
    {
        return None;
    }
    let run = |often: f64, much: f64| {
        let mut probability = 1.0 - zeros as f64 / values.len() as f64;
        let mut size = values.iter().sum::<f64>() / (values.len() - zeros) as f64;
        let mut squares = 0.0;
        for value in values {
            squares += (value - probability * size).powi(2);
            if *value > 0.0 {
                probability += often * (1.0 - probability);
                size += much * (value - size);
            } else {
                probability -= often * probability;
            }
        }
        (squares, probability * size)
    };
    let mut best = (f64::INFINITY, 0.0);
    for often in [0.01, 0.03, 0.1, 0.2] {
        for much in [0.01, 0.1, 0.2] {
            let found = run(often, much);
            if found.0 < best.0 {
                best = found;
            }
        }
    }
    Some(vec![best.1; horizon])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_rare_demand() {
        let values: Vec<f64> = (0..200).map(|t| if t % 4 == 0 { 8.0 } else { 0.0 }).collect();
        let ahead = intermittent(&values, 2).unwrap();
        assert!((ahead[0] - 2.0).abs() < 0.3, "{ahead:?}");
        assert_eq!(intermittent(&[1.0; 20], 2), None);
        assert_eq!(intermittent(&[0.0; 20], 2), None);
    }
}
