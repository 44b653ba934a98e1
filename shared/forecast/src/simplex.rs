//! Minimising without derivatives: Nelder and Mead's simplex (A simplex method for function
//! minimization, 1965), within bounds.

/// The best point found within `bounds`, from `start`, with at most `evaluations` calls.
pub(crate) fn minimise<const N: usize>(
    start: [f64; N],
    bounds: [(f64, f64); N],
    evaluations: usize,
    tolerance: f64,
    mut value_at: impl FnMut(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let clamp = |mut point: [f64; N]| {
        for (value, (lo, hi)) in point.iter_mut().zip(bounds) {
            *value = value.clamp(lo, hi);
        }
        point
    };
    let mut evaluate = |point: &[f64; N]| {
        let value = value_at(point);
        if value.is_nan() { f64::INFINITY } else { value }
    };
    let start = clamp(start);
    let mut corners = Vec::with_capacity(N + 1);
    corners.push((start, evaluate(&start)));
    for axis in 0..N {
        let (lo, hi) = bounds[axis];
        let mut point = start;
        let step = 0.25 * (hi - lo);
        point[axis] =
            if point[axis] + step <= hi { point[axis] + step } else { point[axis] - step };
        let point = clamp(point);
        corners.push((point, evaluate(&point)));
    }
    let mut calls = N + 1;
    while calls < evaluations {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (corners[0].1, corners[N].1);
        if worst - best <= tolerance * (best.abs() + 1e-300) {
            break;
        }
        let mut centre = [0.0; N];
        for (corner, _) in &corners[..N] {
            for (sum, value) in centre.iter_mut().zip(corner) {
                *sum += value / N as f64;
            }
        }
        let along = |factor: f64, corners: &[([f64; N], f64)]| {
            let mut point = centre;
            for (value, from) in point.iter_mut().zip(&corners[N].0) {
                *value += factor * (*value - from);
            }
            clamp(point)
        };
        let reflected = along(1.0, &corners);
        let at_reflected = evaluate(&reflected);
        calls += 1;
        if at_reflected < best {
            let expanded = along(2.0, &corners);
            let at_expanded = evaluate(&expanded);
            calls += 1;
            corners[N] = if at_expanded < at_reflected {
                (expanded, at_expanded)
            } else {
                (reflected, at_reflected)
            };
        } else if at_reflected < corners[N - 1].1 {
            corners[N] = (reflected, at_reflected);
        } else {
            let inner = if at_reflected < worst { 0.5 } else { -0.5 };
            let contracted = along(inner, &corners);
            let at_contracted = evaluate(&contracted);
            calls += 1;
            if at_contracted < worst.min(at_reflected) {
                corners[N] = (contracted, at_contracted);
            } else {
                let towards = corners[0].0;
                for corner in &mut corners[1..] {
                    for (value, best) in corner.0.iter_mut().zip(towards) {
                        *value = (*value + best) / 2.0;
                    }
                    corner.1 = evaluate(&corner.0);
                    calls += 1;
                }
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_minimum_within_bounds() {
        let bowl = |p: &[f64; 2]| (p[0] - 0.3).powi(2) + 2.0 * (p[1] + 0.2).powi(2);
        let (point, value) = minimise([0.9, 0.9], [(0.0, 1.0), (-1.0, 1.0)], 300, 1e-12, bowl);
        assert!((point[0] - 0.3).abs() < 1e-3 && (point[1] + 0.2).abs() < 1e-3 && value < 1e-6);
        let (point, _) = minimise([0.9, 0.9], [(0.5, 1.0), (0.0, 1.0)], 300, 1e-12, bowl);
        assert!((point[0] - 0.5).abs() < 1e-3 && point[1] < 1e-3);
    }
}
