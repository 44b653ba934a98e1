//! The models: each from values without gaps to values ahead.

mod autoregression;
mod candidates;
mod ets;
mod intermittent;
mod names;
mod theta;

pub(crate) use autoregression::Pooled;
pub(crate) use candidates::{Candidates, View, candidates};
pub(crate) use names::{Model, Wanted};
