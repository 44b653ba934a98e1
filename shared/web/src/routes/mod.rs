//! Each route in a file with its kin.

pub(crate) mod announcements;
pub(crate) mod datasets;
pub(crate) mod health;
pub(crate) mod marts;
pub(crate) mod models;
pub(crate) mod predict;
pub(crate) mod quarantine;
pub(crate) mod records;
pub(crate) mod refresh;
pub(crate) mod runs;
pub(crate) mod series;
mod table_answers;
pub(crate) mod uploads;
