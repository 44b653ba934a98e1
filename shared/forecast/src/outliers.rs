//! Values that stand out alone, drawn in: one day of a storm or of a feast says little of those to come,
//! and next to nothing of the same day a week later (Hampel's filter, around what is usual at a place of
//! the season: Hampel: The influence curve and its role in robust estimation, 1974).

/// Seasons before and after that say what is usual at a place.
const AROUND: usize = 3;
/// Fewest seasons from which outliers are told.
const LEAST: usize = 8;
/// How far from what is usual a value may be, in standard deviations.
const FAR: f64 = 3.0;
/// The standard deviation of a normal distribution with a median absolute deviation of 1.
const DEVIATION: f64 = 1.4826;

/// Values by the day or in shorter steps, of which the outliers are drawn to the nearest value that is
/// none; all others stay. `values` has no gaps. A new level is no outlier: what stays for longer than
/// half of the first season is followed. What comes once a year is one, as few years cannot tell.
pub(crate) fn drawn_in(values: &[f64], seasons: &[f64]) -> Vec<f64> {
    // A year is no whole number of days, and too long.
    let whole = seasons.iter().filter(|season| season.fract() == 0.0 && **season >= 2.0);
    let whole = || whole.clone().map(|season| *season as usize);
    let (first, longest) = (whole().next(), whole().next_back());
    let longest = longest.filter(|longest| LEAST * longest <= values.len());
    let Some((first, season)) = first.zip(longest) else { return values.to_vec() };
    let usual = usual(values, season);
    let off: Vec<f64> = values.iter().zip(&usual).map(|(value, usual)| value - usual).collect();
    let level = running_median(&off, first);
    let rest: Vec<f64> = off.iter().zip(&level).map(|(off, level)| off - level).collect();
    let spread = spreads(&rest, season);
    let one = |(at, value): (usize, &f64)| {
        let (far, middle) = (FAR * spread[at % season], usual[at] + level[at]);
        // Without a spread nothing says what is far; and closed stays closed at any level.
        if far > 0.0 && *value != usual[at] {
            value.clamp(middle - far, middle + far)
        } else {
            *value
        }
    };
    values.iter().enumerate().map(one).collect()
}

/// The median at the same place of the seasons around, as many before as after where there are.
fn usual(values: &[f64], season: usize) -> Vec<f64> {
    let mut near = Vec::with_capacity(2 * AROUND + 1);
    let at = |at: usize| {
        let (place, number) = (at % season, at / season);
        let last = (values.len() - 1 - place) / season;
        let from = number.min(last.saturating_sub(AROUND)).saturating_sub(AROUND);
        let to = (from + 2 * AROUND).min(last);
        near.clear();
        near.extend((from..=to).map(|number| values[place + number * season]));
        median(&mut near)
    };
    (0..values.len()).map(at).collect()
}

/// The median of so many values before and after, fewer at the ends.
fn running_median(values: &[f64], around: usize) -> Vec<f64> {
    let mut near = Vec::with_capacity(2 * around + 1);
    let at = |at: usize| {
        near.clear();
        near.extend_from_slice(
            &values[at.saturating_sub(around)..(at + around + 1).min(values.len())],
        );
        median(&mut near)
    };
    (0..values.len()).map(at).collect()
}

/// How far values usually are from nothing, by place in the season: as at that place, or as at all if
/// that is farther.
fn spreads(rest: &[f64], season: usize) -> Vec<f64> {
    let size = |values: &mut dyn Iterator<Item = &f64>| {
        DEVIATION * median(&mut values.map(|value| value.abs()).collect::<Vec<f64>>())
    };
    let all = size(&mut rest.iter());
    (0..season).map(|place| size(&mut rest.iter().skip(place).step_by(season)).max(all)).collect()
}

/// The upper one of two in the middle; 0 of nothing.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(at: usize) -> f64 {
        let week = [10.0, 11.0, 12.0, 11.0, 15.0, 30.0, 28.0];
        week[at % 7] + ((at * 7_919) % 13) as f64 / 6.0
    }

    /// Values move by no more than the noise of a day, some 2.2.
    #[track_caller]
    fn assert_near(drawn: &[f64], values: &[f64]) {
        assert_eq!(drawn.len(), values.len());
        for (at, (drawn, value)) in drawn.iter().zip(values).enumerate() {
            assert!((drawn - value).abs() < 2.5, "{at}: {drawn} {value}");
        }
    }

    #[test]
    fn one_day_that_stands_out_is_drawn_in_and_no_other() {
        let usual: Vec<f64> = (0..140).map(day).collect();
        for at in [0, 60, 139] {
            let mut values = usual.clone();
            values[at] += 200.0;
            let mut drawn = drawn_in(&values, &[7.0, 365.25]);
            assert!((drawn[at] - usual[at]).abs() < 10.0, "{at}: {}", drawn[at]);
            drawn[at] = usual[at];
            assert_near(&drawn, &usual);
        }
    }

    #[test]
    fn a_new_level_is_kept() {
        let values: Vec<f64> =
            (0..140).map(|at| day(at) + if at >= 133 { 100.0 } else { 0.0 }).collect();
        assert_near(&drawn_in(&values, &[7.0])[133..], &values[133..]);
    }

    #[test]
    fn closed_stays_closed_at_a_new_level() {
        let values: Vec<f64> = (0..140)
            .map(|at| if at % 7 == 0 { 0.0 } else { day(at) + if at >= 126 { 100.0 } else { 0.0 } })
            .collect();
        let drawn = drawn_in(&values, &[7.0]);
        assert!(drawn.iter().step_by(7).all(|value| *value == 0.0), "{drawn:?}");
    }

    #[test]
    fn nothing_is_told_from_few_values_without_a_season_or_without_a_spread() {
        for (seasons, length) in [(&[7.0][..], 50), (&[], 140), (&[24.0, 168.0], 900)] {
            let mut values: Vec<f64> = (0..length).map(day).collect();
            values[length / 2] = 1e6;
            assert_eq!(drawn_in(&values, seasons), values);
        }
        let mut values = vec![0.0; 140];
        values[70] = 9.0;
        assert_eq!(drawn_in(&values, &[7.0]), values);
        assert_eq!(drawn_in(&[], &[7.0]), [] as [f64; 0]);
    }
}
