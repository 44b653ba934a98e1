//! Level and seasons apart, several seasons at once: backfitting of moving averages and seasonal
//! profiles, as STL and MSTL have it (Cleveland and others, 1990; Bandara, Hyndman, Bergmeir, 2021),
//! but made for what comes next. Of a profile only its last state is needed, so it is averaged with
//! weights that fade backwards, and smoothed and shrunk as far as predicting each cycle from those
//! before it says.

/// A series taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    /// The values without seasons.
    pub(crate) adjusted: Vec<f64>,
    /// The sum of the seasons in the steps ahead.
    pub(crate) ahead: Vec<f64>,
}

/// Takes seasons (in values, ascending, of each at least one and a half in the series) out of values
/// without gaps.
pub(crate) fn decompose(values: &[f64], seasons: &[f64], horizon: usize) -> Parts {
    decompose_some(values, seasons, 0, horizon)
}

/// The same, but the first `stay` seasons stay in the values and out of what is ahead.
pub(crate) fn decompose_some(
    values: &[f64],
    seasons: &[f64],
    stay: usize,
    horizon: usize,
) -> Parts {
    let n = values.len();
    let mut profiles: Vec<Profile> = seasons.iter().map(|_| Profile::none(n, horizon)).collect();
    let rounds = if seasons.len() > 1 { 3 } else { 2 };
    let mut rest = values.to_vec();
    for round in 0..rounds {
        for (number, period) in seasons.iter().enumerate() {
            // Everything but this season.
            rest.copy_from_slice(values);
            for (other, profile) in profiles.iter().enumerate() {
                if other != number && (round > 0 || other < number) {
                    for (value, part) in rest.iter_mut().zip(&profile.past) {
                        *value -= part;
                    }
                }
            }
            let level = moving_average(&rest, period.round() as usize);
            for (value, level) in rest.iter_mut().zip(&level) {
                *value -= level;
            }
            profiles[number] = Profile::of(&rest, *period, horizon);
        }
    }
    let mut adjusted = values.to_vec();
    let mut ahead = vec![0.0; horizon];
    for profile in &profiles[stay.min(profiles.len())..] {
        for (value, part) in adjusted.iter_mut().zip(&profile.past) {
            *value -= part;
        }
        for (sum, part) in ahead.iter_mut().zip(&profile.ahead) {
            *sum += part;
        }
    }
    Parts { adjusted, ahead }
}

/// A centred moving average over `width` values; over the ends, what is there is continued by the
/// slope of the last full averages, halved.
pub(crate) fn moving_average(values: &[f64], width: usize) -> Vec<f64> {
    let n = values.len();
    let width = width.clamp(1, n.max(1));
    let half = width / 2;
    if n == 0 || half == 0 || 2 * half >= n {
        let mean = values.iter().sum::<f64>() / n.max(1) as f64;
        return if half == 0 { values.to_vec() } else { vec![mean; n] };
    }
    let mut sums = Vec::with_capacity(n + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for value in values {
        sum += value;
        sums.push(sum);
    }
    let mut average = vec![0.0; n];
    for middle in half..n - half {
        // An even width takes half of the values at either end.
        average[middle] = if width % 2 == 1 {
            (sums[middle + half + 1] - sums[middle - half]) / width as f64
        } else {
            (sums[middle + half] - sums[middle - half + 1]
                + (values[middle - half] + values[middle + half]) / 2.0)
                / width as f64
        };
    }
    let (first, last) = (half, n - half - 1);
    let reach = (last - first).min(half).max(1);
    let slope = |a: usize, b: usize| {
        if b > a { (average[b] - average[a]) / (b - a) as f64 / 2.0 } else { 0.0 }
    };
    let (at_start, at_end) = (
        slope(first, (first + reach).min(last)),
        slope(last.saturating_sub(reach).max(first), last),
    );
    for step in 1..=half {
        average[first - step] = average[first] - at_start * step as f64;
        average[last + step] = average[last] + at_end * step as f64;
    }
    average
}

/// One season: its part in every value, and in those ahead.
struct Profile {
    past: Vec<f64>,
    ahead: Vec<f64>,
}

/// Weights of older cycles tried, relative to the cycle after them.
const FADES: [f64; 4] = [1.0, 0.8, 0.55, 0.3];

impl Profile {
    fn none(n: usize, horizon: usize) -> Self {
        Self { past: vec![0.0; n], ahead: vec![0.0; horizon] }
    }

    /// The season of values without a level.
    fn of(rest: &[f64], period: f64, horizon: usize) -> Self {
        let n = rest.len();
        let bins = period.round().max(2.0) as usize;
        let cycles = (n as f64 / period).ceil() as usize;
        if (n as f64) < 1.5 * period {
            return Self::none(n, horizon);
        }
        // Cycles are counted from the end, so that the last one is whole.
        let whole = period.fract() == 0.0;
        let place = |t: usize| -> (usize, usize) {
            if whole {
                let back = n - 1 - t;
                (back / bins, bins - 1 - back % bins)
            } else {
                let back = (n - 1 - t) as f64 / period;
                let within = 1.0 - back.fract() - 1e-12;
                (back as usize, ((within * bins as f64) as usize).min(bins - 1))
            }
        };
        let long = bins >= 40;
        let widths: &[usize] = if long { &[0, 1, 2, 4, 8] } else { &[0] };
        // table[cycle][bin], the newest cycle first; gaps of uneven cycles are NaN.
        let all = cycles;
        let mut table = vec![f64::NAN; all * bins];
        for (t, value) in rest.iter().enumerate() {
            let (cycle, bin) = place(t);
            if cycle < all {
                table[cycle * bins + bin] = *value;
            }
        }
        let judged = (cycles - 1).min(8);
        let mut best: Option<(f64, f64, usize, f64)> = None;
        for fade in FADES {
            if fade < 1.0 && cycles < 3 {
                continue;
            }
            let predictions = predict_cycles(&table, bins, judged, fade);
            for width in widths {
                let (mut squares, mut products, mut norm) = (0.0, 0.0, 0.0);
                for cycle in 0..judged {
                    let smooth = smooth_circle(
                        &predictions[cycle * bins..(cycle + 1) * bins],
                        *width * bins / 100,
                    );
                    for (seen, guess) in table[cycle * bins..(cycle + 1) * bins].iter().zip(&smooth)
                    {
                        if seen.is_finite() && guess.is_finite() {
                            squares += seen * seen;
                            products += seen * guess;
                            norm += guess * guess;
                        }
                    }
                }
                // The share of the prediction that would have been best, drawn towards all of it
                // by the cycles that are too few to tell.
                let share = if norm > 0.0 { (products / norm).clamp(0.0, 1.0) } else { 0.0 };
                let error = squares - 2.0 * share * products + share * share * norm;
                if best.is_none_or(|best| error < best.0 * (1.0 - 1e-9)) {
                    best = Some((error, fade, *width * bins / 100, share));
                }
            }
        }
        let Some((_, fade, width, share)) = best else { return Self::none(n, horizon) };
        // The profile as it is now, from all cycles.
        let mut now = vec![0.0; bins];
        let mut weights = vec![0.0; bins];
        // In the past: around each cycle, fading both ways.
        for cycle in (0..all).rev() {
            for bin in 0..bins {
                let value = table[cycle * bins + bin];
                now[bin] *= fade;
                weights[bin] *= fade;
                if value.is_finite() {
                    now[bin] += value;
                    weights[bin] += 1.0;
                }
            }
        }
        for (value, weight) in now.iter_mut().zip(&weights) {
            *value = if *weight > 0.0 { *value / weight } else { 0.0 };
        }
        let now = finish(&now, width, share);
        let mut fitted = vec![0.0; all * bins];
        if fade >= 1.0 {
            for cycle in 0..all {
                fitted[cycle * bins..(cycle + 1) * bins].copy_from_slice(&now);
            }
        } else {
            let forward = fading_sums(&table, bins, all, fade, true);
            let backward = fading_sums(&table, bins, all, fade, false);
            let mut row = vec![0.0; bins];
            for cycle in 0..all {
                for (bin, value) in row.iter_mut().enumerate() {
                    let at = cycle * bins + bin;
                    let own = table[at];
                    let (own, one) = if own.is_finite() { (own, 1.0) } else { (0.0, 0.0) };
                    let sum = forward[at].0 + backward[at].0 - own;
                    let weight = forward[at].1 + backward[at].1 - one;
                    *value = if weight > 0.0 { sum / weight } else { 0.0 };
                }
                fitted[cycle * bins..(cycle + 1) * bins]
                    .copy_from_slice(&finish(&row, width, share));
            }
        }
        let past = (0..n)
            .map(|t| {
                let (cycle, bin) = place(t);
                fitted[cycle.min(all - 1) * bins + bin]
            })
            .collect();
        let ahead = (0..horizon)
            .map(|step| {
                if whole {
                    now[step % bins]
                } else {
                    let within = ((step + 1) as f64 / period).fract();
                    now[((within * bins as f64 - 1e-12).max(0.0) as usize).min(bins - 1)]
                }
            })
            .collect();
        Self { past, ahead }
    }
}

/// Smoothed, with mean 0, and shrunk.
fn finish(profile: &[f64], width: usize, share: f64) -> Vec<f64> {
    let mut smooth = smooth_circle(profile, width);
    let mean = smooth.iter().sum::<f64>() / smooth.len().max(1) as f64;
    for value in &mut smooth {
        *value = share * (*value - mean);
    }
    smooth
}

/// For each of the newest cycles the weighted mean of those before it.
fn predict_cycles(table: &[f64], bins: usize, judged: usize, fade: f64) -> Vec<f64> {
    let all = table.len() / bins;
    let mut predictions = vec![0.0; judged * bins];
    let mut sums = vec![(0.0, 0.0); bins];
    for cycle in (0..all).rev() {
        if cycle < judged {
            for (bin, (sum, weight)) in sums.iter().enumerate() {
                predictions[cycle * bins + bin] =
                    if *weight > 0.0 { sum / weight } else { f64::NAN };
            }
        }
        for (bin, (sum, weight)) in sums.iter_mut().enumerate() {
            let value = table[cycle * bins + bin];
            (*sum, *weight) = (*sum * fade, *weight * fade);
            if value.is_finite() {
                (*sum, *weight) = (*sum + value, *weight + 1.0);
            }
        }
    }
    predictions
}

/// Weighted sums and weights up to each cycle, itself included, from the oldest or the newest on.
fn fading_sums(
    table: &[f64],
    bins: usize,
    all: usize,
    fade: f64,
    from_oldest: bool,
) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); all * bins];
    let mut running = vec![(0.0, 0.0); bins];
    for number in 0..all {
        let cycle = if from_oldest { all - 1 - number } else { number };
        for bin in 0..bins {
            let value = table[cycle * bins + bin];
            let (sum, weight) = &mut running[bin];
            (*sum, *weight) = (*sum * fade, *weight * fade);
            if value.is_finite() {
                (*sum, *weight) = (*sum + value, *weight + 1.0);
            }
            sums[cycle * bins + bin] = running[bin];
        }
    }
    sums
}

/// A weighted mean around a circle: weights fall in a straight line to 0 beyond `width`.
fn smooth_circle(values: &[f64], width: usize) -> Vec<f64> {
    let n = values.len();
    if width == 0 || n < 2 * width + 1 {
        return values.to_vec();
    }
    // What is not known stays so, and is its neighbours' mean to them.
    if values.iter().any(|value| value.is_nan()) {
        let filled = crate::gaps::bridge(values, 0);
        let mut known = vec![filled.0.first().copied().unwrap_or(0.0); filled.1];
        known.extend(filled.0);
        let mut smooth = smooth_circle(&known, width);
        for (value, before) in smooth.iter_mut().zip(values) {
            if before.is_nan() {
                *value = f64::NAN;
            }
        }
        return smooth;
    }
    // A triangle is two boxes, one after the other.
    let boxed = |values: &[f64]| -> Vec<f64> {
        let mut sum: f64 = (0..=width).map(|offset| values[(n + offset - width / 2) % n]).sum();
        let mut out = vec![0.0; n];
        for (at, value) in out.iter_mut().enumerate() {
            *value = sum / (width + 1) as f64;
            let (leaves, enters) = ((n + at - width / 2) % n, (at + n + width + 1 - width / 2) % n);
            sum += values[enters] - values[leaves];
        }
        out
    };
    let once = boxed(values);
    // The second box leans the other way when the width is odd.
    let mut reversed: Vec<f64> = once.into_iter().rev().collect();
    reversed = boxed(&reversed);
    reversed.reverse();
    reversed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seasons_come_apart() {
        let day = |t: usize| ((t % 24) as f64 - 11.5).abs();
        let week = |t: usize| if t % 168 < 48 { -5.0 } else { 2.0 };
        let values: Vec<f64> =
            (0..168 * 6).map(|t| 100.0 + 0.01 * t as f64 + day(t) + week(t)).collect();
        let parts = decompose(&values, &[24.0, 168.0], 168);
        for step in 0..168 {
            let expected = day(step) - 6.0 + week(step);
            assert!(
                (parts.ahead[step] - expected).abs() < 0.5,
                "{step} {} {expected}",
                parts.ahead[step]
            );
        }
    }

    #[test]
    fn noise_has_no_season() {
        let values: Vec<f64> =
            (0..200_u64).map(|t| (t.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64).collect();
        let parts = decompose(&values, &[7.0], 7);
        let size = values.iter().copied().fold(0.0, f64::max);
        assert!(parts.ahead.iter().all(|season| season.abs() < 0.1 * size), "{:?}", parts.ahead);
    }

    #[test]
    fn averages_reach_over_the_ends() {
        let line: Vec<f64> = (0..20).map(f64::from).collect();
        let average = moving_average(&line, 4);
        assert!((average[10] - 10.0).abs() < 1e-9);
        assert_eq!(average.len(), 20);
        assert_eq!(moving_average(&[1.0, 3.0], 9), [2.0, 2.0]);
        assert!(moving_average(&[], 3).is_empty());
    }
}
