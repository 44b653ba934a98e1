//! The benchmark that M4's relative measures are taken against.

/// Naive2: the last value, after the season is taken out by classical multiplicative decomposition
/// if a test finds one (M4's benchmark code: autocorrelation at the season beyond 1.645 standard
/// errors). Gaps in the history are bridged by the value before.
pub fn naive2(history: &[f64], season: usize, horizon: usize) -> Vec<f64> {
    let mut values = Vec::with_capacity(history.len());
    let mut last = history.iter().copied().find(|value| value.is_finite()).unwrap_or(0.0);
    for value in history {
        if value.is_finite() {
            last = *value;
        }
        values.push(last);
    }
    let season = season.max(1);
    if season == 1 || !is_seasonal(&values, season) {
        return vec![last; horizon];
    }
    let Some(indices) = seasonal_indices(&values, season) else { return vec![last; horizon] };
    let adjusted = last / indices[(values.len() - 1) % season];
    (0..horizon).map(|step| adjusted * indices[(values.len() + step) % season]).collect()
}

/// M4's test: at least three seasons of values, and an autocorrelation at the season whose absolute
/// value is beyond 1.645 standard errors by Bartlett's formula.
fn is_seasonal(values: &[f64], season: usize) -> bool {
    let n = values.len();
    if n < 3 * season {
        return false;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    if variance <= 0.0 {
        return false;
    }
    let correlation = |lag: usize| -> f64 {
        let products = values.iter().zip(&values[lag..]).map(|(a, b)| (a - mean) * (b - mean));
        products.sum::<f64>() / variance
    };
    let sum: f64 = (1..season).map(|lag| correlation(lag).powi(2)).sum();
    let limit = 1.645 * ((1.0 + 2.0 * sum) / n as f64).sqrt();
    correlation(season).abs() > limit
}

/// Indices of classical multiplicative decomposition, with mean 1; `None` where the trend or an
/// index is not positive, so that dividing by it makes no sense.
fn seasonal_indices(values: &[f64], season: usize) -> Option<Vec<f64>> {
    let half = season / 2;
    let (mut sums, mut counts) = (vec![0.0; season], vec![0_u32; season]);
    for middle in half..values.len().checked_sub(half)? {
        let trend = if season % 2 == 1 {
            values[middle - half..=middle + half].iter().sum::<f64>() / season as f64
        } else {
            let inner: f64 = values[middle - half + 1..middle + half].iter().sum();
            (inner + (values[middle - half] + values[middle + half]) / 2.0) / season as f64
        };
        if trend <= 0.0 {
            return None;
        }
        sums[middle % season] += values[middle] / trend;
        counts[middle % season] += 1;
    }
    let indices: Vec<f64> =
        sums.iter().zip(&counts).map(|(sum, count)| sum / f64::from((*count).max(1))).collect();
    let mean = indices.iter().sum::<f64>() / season as f64;
    let indices: Vec<f64> = indices.iter().map(|index| index / mean).collect();
    indices.iter().all(|index| *index > 0.0 && index.is_finite()).then_some(indices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_without_a_season() {
        assert_eq!(naive2(&[1.0, 5.0, f64::NAN], 1, 2), [5.0, 5.0]);
        assert_eq!(naive2(&[], 12, 1), [0.0]);
        assert_eq!(naive2(&[3.0; 40], 4, 2), [3.0, 3.0]);
    }

    #[test]
    fn a_season_goes_on() {
        let pattern = [10.0, 20.0, 30.0, 20.0];
        let values: Vec<f64> = (0..40).map(|step| pattern[step % 4]).collect();
        let forecast = naive2(&values, 4, 5);
        for (step, value) in forecast.iter().enumerate() {
            assert!((value - pattern[step % 4]).abs() < 1e-9);
        }
    }
}
