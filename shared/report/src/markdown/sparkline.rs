//! A line of blocks: how values went, for whoever sees only text.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A value that is not known.
const GAP: char = '·';
/// Blocks in a line; of more values each block is the mean of some.
const LONGEST: usize = 62;

/// The values as blocks, from the least to the greatest; nothing for fewer than two.
pub(super) fn sparkline(values: &[Option<f64>]) -> String {
    let values = at_most(values, LONGEST);
    let known = || values.iter().flatten().copied();
    if known().count() < 2 {
        return String::new();
    }
    let (least, greatest) = known()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), value| (lo.min(value), hi.max(value)));
    let level = |value: f64| {
        let part = (value - least) / (greatest - least);
        let level = if part.is_finite() { (part * 7.0).round() as usize } else { 3 };
        LEVELS[level.min(LEVELS.len() - 1)]
    };
    values.iter().map(|value| value.map_or(GAP, level)).collect()
}

fn at_most(values: &[Option<f64>], most: usize) -> Vec<Option<f64>> {
    let together = values.len().div_ceil(most).max(1);
    let mean = |part: &[Option<f64>]| {
        let known: Vec<f64> =
            part.iter().flatten().copied().filter(|value| value.is_finite()).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    values.chunks(together).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_least_to_the_greatest() {
        assert_eq!(sparkline(&[Some(0.0), Some(7.0), None, Some(3.0)]), "▁█·▄");
        assert_eq!(sparkline(&[Some(-5.0), Some(5.0)]), "▁█");
        assert_eq!(sparkline(&[Some(4.0), Some(4.0)]), "▄▄");
        assert_eq!(sparkline(&[Some(4.0), None]), "");
        assert_eq!(sparkline(&vec![Some(1.0); 366]).chars().count(), 61);
    }
}
