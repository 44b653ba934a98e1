//! Numbers as people read them.

use crate::content::{Band, Measure};

/// What is not known.
pub(crate) const UNKNOWN: &str = "—";
const MINUS: char = '\u{2212}';

/// The amount from which on nobody reads digits after the point.
const ROUND_FROM: f64 = 10_000.0;

/// A number with separators between thousands, rounded to so many digits after the point.
pub(crate) fn grouped(value: f64, decimals: u8) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{:.*}", usize::from(decimals), value.abs());
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::with_capacity(text.len() + text.len() / 3 + 3);
    if value < 0.0 && !is_zero {
        grouped.push(MINUS);
    }
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped.push_str(rest);
    grouped
}

/// A count.
pub(crate) fn count(value: u64) -> String {
    let text = value.to_string();
    let digits = text.len();
    let mut grouped = String::with_capacity(digits + digits / 3);
    for (position, digit) in text.chars().enumerate() {
        if position > 0 && (digits - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with the word for what is counted.
pub(crate) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// An amount of a measure.
pub(crate) fn amount(value: Option<f64>, measure: &Measure) -> String {
    amount_of(value, measure.decimals)
}

/// An amount with so many digits after the point, none if it is large.
pub(crate) fn amount_of(value: Option<f64>, decimals: u8) -> String {
    match value {
        Some(value) if value.abs() >= ROUND_FROM => grouped(value, 0),
        Some(value) => grouped(value, decimals),
        None => UNKNOWN.to_owned(),
    }
}

/// Both bounds.
pub(crate) fn between(band: Option<Band>, decimals: u8) -> String {
    let Some(band) = band else { return UNKNOWN.to_owned() };
    // Both with as many digits as the larger one has.
    let is_large = band.lo.abs().max(band.hi.abs()) >= ROUND_FROM;
    let decimals = if is_large { 0 } else { decimals };
    format!("{} to {}", grouped(band.lo, decimals), grouped(band.hi, decimals))
}

/// The change from one amount to another as a part of the first; `None` if one of them is not known, or
/// if there was nothing that could have changed.
pub(crate) fn change(before: Option<f64>, value: Option<f64>) -> Option<f64> {
    let (before, value) = (before?, value?);
    let change = (value - before) / before.abs();
    change.is_finite().then_some(change)
}

/// A change as percentage with its sign: `+12.3 %`.
pub(crate) fn signed_percent(change: Option<f64>) -> String {
    let Some(change) = change else { return UNKNOWN.to_owned() };
    let percent = 100.0 * change;
    let text = percent_text(percent);
    if percent > 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        format!("+{text}")
    } else {
        text
    }
}

/// A part as percentage.
pub(crate) fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| UNKNOWN.to_owned(), |part| percent_text(100.0 * part))
}

fn percent_text(percent: f64) -> String {
    let decimals = if percent.abs() < 99.95 { 1 } else { 0 };
    format!("{}\u{a0}%", grouped(percent, decimals))
}

/// The part of a total, where parts add up to a whole: not if there is nothing, or less.
pub(crate) fn share(value: Option<f64>, total: Option<f64>) -> Option<f64> {
    let (value, total) = (value?, total?);
    (total > 0.0 && value >= 0.0).then(|| value / total).filter(|share| share.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thousands_are_separated_and_signs_are_signs() {
        assert_eq!(grouped(0.0, 0), "0");
        assert_eq!(grouped(999.0, 0), "999");
        assert_eq!(grouped(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(grouped(-1_234.5, 1), "−1,234.5");
        assert_eq!(grouped(-0.001, 1), "0.0", "no minus before nothing");
        assert_eq!(grouped(999.95, 1), "1,000.0", "rounded before it is grouped");
        assert_eq!(grouped(f64::NAN, 0), "—");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(counted(0, "row", "rows"), "0 rows");
    }

    #[test]
    fn large_amounts_are_round() {
        let dollars = Measure { name: "cost".to_owned(), description: None, decimals: 2 };
        assert_eq!(amount(Some(9_999.994), &dollars), "9,999.99");
        assert_eq!(amount(Some(12_345.67), &dollars), "12,346");
        assert_eq!(amount(None, &dollars), "—");
        assert_eq!(between(Some(Band { lo: -1.0, hi: 20_000.4 }), 1), "−1 to 20,000");
    }

    #[test]
    fn a_change_is_known_only_if_there_was_something() {
        assert_eq!(signed_percent(change(Some(200.0), Some(225.0))), "+12.5\u{a0}%");
        assert_eq!(signed_percent(change(Some(200.0), Some(100.0))), "−50.0\u{a0}%");
        assert_eq!(signed_percent(change(Some(-100.0), Some(-50.0))), "+50.0\u{a0}%");
        assert_eq!(signed_percent(change(Some(3.0), Some(3.0))), "0.0\u{a0}%");
        assert_eq!(signed_percent(change(Some(1_000_000.0), Some(1_000_001.0))), "0.0\u{a0}%");
        assert_eq!(signed_percent(change(Some(1.0), Some(31.0))), "+3,000\u{a0}%");
        for (before, value) in [(Some(0.0), Some(5.0)), (None, Some(5.0)), (Some(5.0), None)] {
            assert_eq!(change(before, value), None);
        }
        assert_eq!(signed_percent(None), "—");
    }

    #[test]
    fn shares_are_of_something() {
        assert_eq!(percent(share(Some(1.0), Some(8.0))), "12.5\u{a0}%");
        assert_eq!(percent(share(Some(8.0), Some(8.0))), "100\u{a0}%");
        assert_eq!(percent(share(Some(1.0), Some(0.0))), "—");
        assert_eq!(percent(share(Some(-1.0), Some(8.0))), "—");
    }

    proptest! {
        #[test]
        fn separators_are_all_that_is_added(value in -1e15..1e15_f64, decimals in 0..5_u8) {
            let text = grouped(value, decimals);
            let plain: String = text.replace(',', "").replace(MINUS, "-");
            let read: f64 = plain.parse().unwrap();
            prop_assert!((read - value).abs() <= 0.5 * 10_f64.powi(-i32::from(decimals)) + value.abs() * 1e-15);
            let whole = text.trim_start_matches(MINUS).split('.').next().unwrap().to_owned();
            prop_assert!(whole.split(',').skip(1).all(|group| group.len() == 3));
        }
    }
}
