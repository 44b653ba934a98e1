//! What answers look like whose types are those of the platform, for the description only: the platform
//! itself knows nothing of OpenAPI. A test compares them with what is answered.

mod datasets;
mod models;
mod runs;
mod tables;

pub(crate) use datasets::{DatasetDescription, DatasetOverview, RuleQuality, Status};
pub(crate) use models::ModelCard;
pub(crate) use runs::RunReport;
pub(crate) use tables::{Cell, TableAnswer};
