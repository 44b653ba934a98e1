//! Bridges over gaps, so that models see a number everywhere.

/// Values without gaps: infinite ones count as gaps, those before the first number are dropped.
/// The second answer is how many were. A gap becomes the mean of the nearest numbers one or more
/// seasons before and after it; without such, the straight line between its neighbours.
pub(crate) fn bridge(values: &[f64], season: usize) -> (Vec<f64>, usize) {
    let Some(first) = values.iter().position(|value| value.is_finite()) else {
        return (Vec::new(), values.len());
    };
    let values = &values[first..];
    if values.iter().all(|value| value.is_finite()) {
        return (values.to_vec(), first);
    }
    let line = straight(values);
    if season < 2 || values.len() < 2 * season {
        return (line, first);
    }
    let filled = values
        .iter()
        .enumerate()
        .map(|(t, value)| {
            if value.is_finite() {
                return *value;
            }
            let before = (1..=4)
                .filter_map(|k| t.checked_sub(k * season))
                .find(|at| values[*at].is_finite());
            let after = (1..=4)
                .map(|k| t + k * season)
                .find(|at| values.get(*at).is_some_and(|v| v.is_finite()));
            // Levels differ one season away: what is carried over is the distance from the line.
            match (before, after) {
                (Some(a), Some(b)) => (values[a] + values[b]) / 2.0,
                (Some(a), None) => values[a],
                (None, Some(b)) => values[b],
                (None, None) => line[t],
            }
        })
        .collect();
    (filled, first)
}

fn straight(values: &[f64]) -> Vec<f64> {
    let mut line = Vec::with_capacity(values.len());
    let mut before: Option<(usize, f64)> = None;
    for (t, value) in values.iter().enumerate() {
        if !value.is_finite() {
            continue;
        }
        if let Some((from, start)) = before {
            let steps = (t - from) as f64;
            for between in from + 1..t {
                let share = (between - from) as f64 / steps;
                line.push(start * (1.0 - share) + value * share);
            }
        }
        line.push(*value);
        before = Some((t, *value));
    }
    let last = before.map_or(0.0, |(_, value)| value);
    line.resize(values.len(), last);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = f64::NAN;

    #[test]
    fn gaps_are_bridged() {
        assert_eq!(bridge(&[GAP, 1.0, GAP, 3.0, f64::INFINITY], 0), (vec![1.0, 2.0, 3.0, 3.0], 1));
        assert_eq!(
            bridge(&[1.0, 10.0, 3.0, GAP, 5.0, 14.0], 2).0,
            [1.0, 10.0, 3.0, 12.0, 5.0, 14.0]
        );
        assert_eq!(bridge(&[GAP, GAP], 7), (vec![], 2));
    }
}
