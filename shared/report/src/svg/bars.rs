//! A bar in a row of a table.

use maud::{Markup, html};

use super::px;
use super::scale::Scale;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 10.0;

/// A bar from zero to the value, among values between these ends; nothing if the value is not known. It
/// says what stands beside it in digits, so that it is for the eye only.
pub(crate) fn bar(value: Option<f64>, (least, greatest): (f64, f64)) -> Markup {
    let (least, greatest) = (least.min(0.0), greatest.max(0.0));
    let Some(value) = value.filter(|value| value.is_finite() && greatest > least) else {
        return html! {};
    };
    let scale = Scale::new((least, greatest), (0.0, WIDTH));
    let (zero, end) = (scale.place(0.0), scale.place(value.clamp(least, greatest)));
    let class = if value < 0.0 { "bar negative" } else { "bar" };
    html! {
        svg class="bars" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) aria-hidden="true" {
            rect class=(class) x=(px(zero.min(end))) y="0" width=(px((end - zero).abs())) height=(HEIGHT) rx="2" {}
            @if least < 0.0 {
                line class="zero" x1=(px(zero)) x2=(px(zero)) y1="0" y2=(HEIGHT) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_at_nothing() {
        let drawn = bar(Some(50.0), (10.0, 100.0)).into_string();
        assert!(drawn.contains(r#"x="0.0""#) && drawn.contains(r#"width="60.0""#), "{drawn}");
        let drawn = bar(Some(-50.0), (-50.0, 100.0)).into_string();
        assert!(drawn.contains(r#"x="0.0""#) && drawn.contains(r#"width="40.0""#), "{drawn}");
        assert!(drawn.contains("negative") && drawn.contains(r#"class="zero""#), "{drawn}");
    }

    #[test]
    fn what_is_not_known_has_no_bar() {
        assert_eq!(bar(None, (0.0, 1.0)).into_string(), "");
        assert_eq!(bar(Some(f64::NAN), (0.0, 1.0)).into_string(), "");
        assert_eq!(bar(Some(0.0), (0.0, 0.0)).into_string(), "");
    }
}
