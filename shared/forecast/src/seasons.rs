//! A season in numbers without a clock.

use crate::decompose::moving_average;
use crate::gaps::bridge;

/// The newest values looked at.
const NEWEST: usize = 2_000;
/// The longest season looked for.
const LONGEST: usize = 400;
/// Autocorrelation from which on a season is one.
const CLEAR: f64 = 0.3;

/// The lag of the first clear peak of the autocorrelation around the level, if it is one at twice
/// the lag as well.
pub(crate) fn find(values: &[f64]) -> Option<f64> {
    let (values, _) = bridge(&values[values.len().saturating_sub(NEWEST)..], 0);
    let n = values.len();
    let longest = (n / 3).min(LONGEST);
    if longest < 2 {
        return None;
    }
    let level = moving_average(&values, (2 * longest / 3).max(5));
    let rest: Vec<f64> = values.iter().zip(&level).map(|(value, level)| value - level).collect();
    let power: f64 = rest.iter().map(|value| value * value).sum();
    if !(power > 0.0 && power.is_finite()) {
        return None;
    }
    let correlation = |lag: usize| -> f64 {
        let products = rest.iter().zip(&rest[lag.min(n)..]).map(|(a, b)| a * b);
        products.sum::<f64>() / power
    };
    let all: Vec<f64> = (0..=longest + 1).map(correlation).collect();
    // Next to 1 neighbours of a wandering level are alike; a season comes after they are not.
    let apart = all.iter().position(|value| *value < 0.1)?;
    let highest = all.iter().skip(apart).copied().fold(0.0, f64::max);
    (apart.max(2)..=longest)
        .find(|lag| {
            let at = all[*lag];
            at >= CLEAR
                && at >= 0.8 * highest
                && at >= all[lag - 1]
                && at >= all[lag + 1]
                && (2 * lag >= n || correlation(2 * lag) >= CLEAR / 2.0)
        })
        .map(|lag| lag as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seasons_are_found_and_noise_has_none() {
        let season = |period: usize| -> Vec<f64> {
            (0..300).map(|t| ((t % period) as f64 - 3.0).abs() + 0.02 * t as f64).collect()
        };
        assert_eq!(find(&season(12)), Some(12.0));
        assert_eq!(find(&season(7)), Some(7.0));
        let noise: Vec<f64> = (0..300_u64)
            .map(|t| {
                let mixed = (t ^ (t << 13)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                ((mixed ^ (mixed >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 40) as f64
            })
            .collect();
        assert_eq!(find(&noise), None);
        assert_eq!(find(&(0..200).map(f64::from).collect::<Vec<_>>()), None);
        assert_eq!(find(&[1.0; 90]), None);
        assert_eq!(find(&[f64::NAN; 9]), None);
        assert_eq!(find(&[]), None);
    }
}
