//! Payments that are unlike the others on their account.

use std::collections::BTreeMap;

use super::payment::{City, Payment};

/// Fewer payments than this say nothing about what is usual.
const LEAST_PAYMENTS: usize = 30;
/// Scores beyond this, on either side, are outliers.
const THRESHOLD: f64 = 3.5;

/// The outliers with their scores, by city and account.
pub(super) fn outliers(payments: &[Payment]) -> Vec<(&Payment, f64)> {
    let mut groups: BTreeMap<(City, &str), Vec<&Payment>> = BTreeMap::new();
    for payment in payments.iter().filter(|payment| payment.cents > 0) {
        groups.entry((payment.city, payment.account)).or_default().push(payment);
    }
    groups
        .into_values()
        .filter(|group| group.len() >= LEAST_PAYMENTS)
        .flat_map(|group| {
            let logarithms: Vec<f64> =
                group.iter().map(|payment| (payment.cents as f64 / 100.0).ln()).collect();
            group.into_iter().zip(robust_scores(&logarithms))
        })
        .filter(|(_, score)| score.abs() > THRESHOLD)
        .collect()
}

/// How many standard deviations each value lies from the median, the deviation estimated by the
/// median absolute deviation; all 0 where that is 0.
fn robust_scores(values: &[f64]) -> Vec<f64> {
    let centre = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    let deviation = median(&deviations);
    let score = |value: &f64| {
        if deviation == 0.0 { 0.0 } else { 0.674_5 * (value - centre) / deviation }
    };
    values.iter().map(score).collect()
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(half) } else { (at(half.saturating_sub(1)) + at(half)) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_by_hand() {
        // Median 3; deviations 2, 1, 0, 1, 97 with the median 1.
        let scores = robust_scores(&[1.0, 2.0, 3.0, 4.0, 100.0]);
        assert!((scores[0] + 2.0 * 0.674_5).abs() < 1e-12);
        assert!((scores[4] - 97.0 * 0.674_5).abs() < 1e-9);
        assert_eq!(robust_scores(&[5.0, 5.0, 5.0, 9.0]), [0.0; 4]);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
    }

    #[test]
    fn small_groups_and_refunds_have_no_outliers() {
        let payment = |cents| Payment {
            city: City::Phoenix,
            payment_id: None,
            date: Default::default(),
            department: "Fire",
            account: "FOOD",
            vendor: "Sysco",
            cents,
        };
        let mut payments: Vec<Payment> = (1..=28).map(|number| payment(10_000 + number)).collect();
        payments.push(payment(-1_000_000_000));
        payments.push(payment(1_000_000_000));
        assert!(outliers(&payments).is_empty());
        payments.push(payment(10_015));
        let found: Vec<i64> =
            outliers(&payments).into_iter().map(|(payment, _)| payment.cents).collect();
        assert_eq!(found, [1_000_000_000]);
    }
}
