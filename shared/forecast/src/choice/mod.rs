//! Which models forecast a series: trials from earlier origins, weights by how they went, and
//! forecasts by these.

mod apply;
mod errors;
mod learn;
mod member;
mod named;
mod prepare;
mod stored;
mod trials;
mod tried;
mod weighed;
mod weights;

pub(crate) use apply::{Answer, Asked, apply};
pub(crate) use learn::{Clock, learn};
pub(crate) use prepare::Input;
pub(crate) use stored::Choice;
pub use stored::FittedSeries;

/// The nearest number that is not infinite.
pub(crate) fn finite(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}
