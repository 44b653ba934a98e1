//! Which models forecast a series: trials from earlier origins, and weights by how they went.

mod errors;
mod prepare;
mod study;
mod trials;
mod weights;

pub(crate) use prepare::Input;
pub(crate) use study::{Answer, Clock, Tried, finite, study};
