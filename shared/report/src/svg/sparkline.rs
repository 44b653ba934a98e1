//! A line without axes: how a figure came about.

use maud::{Markup, html};

use super::scale::Scale;
use super::{path, px};

const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 36.0;
const MARGIN: f64 = 3.0;

/// The line of these values, with gaps where they are not known; nothing for fewer than two. The figure
/// itself stands beside it, so that it is for the eye only.
pub(crate) fn sparkline(values: &[Option<f64>]) -> Markup {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    if known().count() < 2 {
        return html! {};
    }
    let (least, greatest) = known()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), value| (lo.min(value), hi.max(value)));
    let across = Scale::new((0.0, (values.len() - 1) as f64), (MARGIN, WIDTH - MARGIN));
    let up = Scale::new((least, greatest), (HEIGHT - MARGIN, MARGIN));
    let places: Vec<Option<(f64, f64)>> = values
        .iter()
        .enumerate()
        .map(|(step, value)| {
            let value = value.filter(|value| value.is_finite())?;
            Some((across.place(step as f64), up.place(value)))
        })
        .collect();
    let last = places.iter().rev().flatten().next().copied();
    html! {
        svg class="sparkline" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" aria-hidden="true" {
            @for part in places.split(Option::is_none).filter(|part| !part.is_empty()) {
                path class="line" d=(path(part.iter().flatten().copied())) {}
            }
            @if let Some((x, y)) = last {
                circle class="dot" cx=(px(x)) cy=(px(y)) r="2.5" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_gaps() {
        let drawn = sparkline(&[Some(1.0), Some(2.0), None, Some(-3.0), Some(4.0)]).into_string();
        assert_eq!(drawn.matches("<path").count(), 2, "{drawn}");
        assert!(!drawn.contains("NaN"), "{drawn}");
    }

    #[test]
    fn there_is_no_line_through_one_point() {
        for values in
            [&[][..], &[None], &[Some(1.0)], &[Some(1.0), None], &[Some(f64::NAN), Some(1.0)]]
        {
            assert_eq!(sparkline(values).into_string(), "");
        }
    }

    #[test]
    fn the_same_value_always_is_a_straight_line() {
        let drawn = sparkline(&[Some(5.0), Some(5.0)]).into_string();
        assert!(drawn.contains("M3.0 18.0L197.0 18.0"), "{drawn}");
    }
}
