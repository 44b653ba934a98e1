//! Which models forecast a series: trials from earlier origins, and weights by how they went.

mod trials;
mod weights;

pub use trials::experiment;
