//! The models: each from values without gaps to values ahead.

pub(crate) mod autoregression;
mod candidates;
mod ets;
mod intermittent;
mod theta;

pub(crate) use candidates::{Pooled, View, candidates, names};
