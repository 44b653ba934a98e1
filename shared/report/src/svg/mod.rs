//! Small charts as inline SVG, coloured by the page's style.

mod bars;
mod line;
mod scale;
mod sparkline;

use std::fmt::Write;

pub(crate) use self::bars::bar;
pub(crate) use self::line::{Size, line_chart};
pub(crate) use self::sparkline::sparkline;

/// A path of straight lines through places, written with a tenth of a pixel.
fn path(places: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in places {
        let command = if path.is_empty() { 'M' } else { 'L' };
        // Writing into a text does not fail.
        let _ = write!(path, "{command}{x:.1} {y:.1}");
    }
    path
}

/// A place as attribute.
fn px(value: f64) -> String {
    format!("{value:.1}")
}
