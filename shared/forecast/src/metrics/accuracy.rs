//! The M4 competition's measures (Makridakis, Spiliotis, Assimakopoulos: The M4 Competition: 100,000
//! time series and 61 forecasting methods, 2020). Pairs without a number in the actual are left out,
//! as gaps have no error.

fn pairs<'a>(actual: &'a [f64], other: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    actual.iter().copied().zip(other.iter().copied()).filter(|(actual, _)| actual.is_finite())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Symmetric mean absolute percentage error, in per cent: the mean of `200 |y - f| / (|y| + |f|)`.
/// A forecast of 0 for a 0 has no error. `None` without an actual value.
pub fn smape(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(pairs(actual, forecast).map(|(y, f)| {
        let size = y.abs() + f.abs();
        if size == 0.0 { 0.0 } else { 200.0 * (y - f).abs() / size }
    }))
}

/// Mean absolute error.
pub fn mae(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(pairs(actual, forecast).map(|(y, f)| (y - f).abs()))
}

/// What MASE divides by: the mean absolute difference of values one season apart, in the values
/// before the forecast. `None` where it is 0 or there is no such pair.
pub fn mase_scale(history: &[f64], season: usize) -> Option<f64> {
    let season = season.max(1);
    let differences = history
        .iter()
        .zip(history.get(season..)?)
        .map(|(before, after)| (after - before).abs())
        .filter(|difference| difference.is_finite());
    mean(differences).filter(|scale| *scale > 0.0)
}

/// Mean absolute scaled error (Hyndman and Koehler, 2006): the mean absolute error over
/// [`mase_scale`] of the history.
pub fn mase(actual: &[f64], forecast: &[f64], history: &[f64], season: usize) -> Option<f64> {
    Some(mae(actual, forecast)? / mase_scale(history, season)?)
}

/// Overall weighted average: the mean of sMAPE and MASE, each as a share of Naive2's. Both are
/// averages over all series.
pub fn owa(smape: f64, mase: f64, naive2_smape: f64, naive2_mase: f64) -> f64 {
    (smape / naive2_smape + mase / naive2_mase) / 2.0
}

/// The share of actual values within their interval, bounds included.
pub fn coverage(actual: &[f64], lo: &[f64], hi: &[f64]) -> Option<f64> {
    let inside = actual.iter().zip(lo.iter().zip(hi)).filter(|(y, _)| y.is_finite());
    mean(inside.map(|(y, (lo, hi))| if lo <= y && y <= hi { 1.0 } else { 0.0 }))
}

/// Mean scaled interval score of intervals with the given level in per cent (Gneiting and Raftery,
/// 2007, scaled like MASE): width, and `2 / alpha` times how far the values lie outside.
pub fn msis(
    actual: &[f64],
    lo: &[f64],
    hi: &[f64],
    level: f64,
    history: &[f64],
    season: usize,
) -> Option<f64> {
    let alpha = 1.0 - level / 100.0;
    let scored = actual.iter().zip(lo.iter().zip(hi)).filter(|(y, _)| y.is_finite());
    let score =
        mean(scored.map(|(y, (lo, hi))| {
            (hi - lo) + 2.0 / alpha * ((lo - y).max(0.0) + (y - hi).max(0.0))
        }))?;
    Some(score / mase_scale(history, season)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Option<f64>, b: f64) {
        assert!((a.unwrap() - b).abs() < 1e-12, "{a:?} is not {b}");
    }

    #[test]
    fn by_hand() {
        let (actual, forecast) = ([100.0, f64::NAN, 50.0], [50.0, 1.0, 150.0]);
        near(smape(&actual, &forecast), (200.0 * 50.0 / 150.0 + 200.0 * 100.0 / 200.0) / 2.0);
        near(smape(&[0.0], &[0.0]), 0.0);
        let history = [1.0, 2.0, 4.0, 2.0];
        near(mase_scale(&history, 1), 5.0 / 3.0);
        near(mase_scale(&history, 2), 1.5);
        near(mase(&actual, &forecast, &history, 2), 75.0 / 1.5);
        assert_eq!(mase_scale(&[3.0, 3.0], 1), None);
        assert_eq!(mase_scale(&[3.0], 4), None);
        near(coverage(&[1.0, 2.0, 3.0], &[1.0, 2.5, 0.0], &[1.0, 3.0, 9.0]), 2.0 / 3.0);
        // Width 2, and 1 below with alpha 0.05.
        near(msis(&[0.0], &[1.0], &[3.0], 95.0, &history, 2), (2.0 + 40.0) / 1.5);
        near(Some(owa(9.0, 2.0, 10.0, 4.0)), 0.7);
        assert_eq!(smape(&[f64::NAN], &[1.0]), None);
    }
}
