//! Seeded, deterministic source data, together with the truth about it.
//!
//! A simulation writes files as a source system would deliver them: late versions, duplicates,
//! dirt and planted anomalies included. Beside them it writes a truth file that says exactly what
//! a correct pipeline must find. The same settings and the same seed give the same bytes, on every
//! machine and in every later version of the program.
//!
//! One module per dataset:
//!
//! - [`events`]: a shop's stream of events as JSON lines, millions of them if need be;
//! - [`llm_usage`]: who uses which language model, where users may arrive after what they did;
//! - [`nyc311`]: a city's service requests, with late versions and corrections, as CSV files;
//! - [`restaurant`]: an order database whose rows change, for pulling twice;
//! - [`spending`]: two cities' payments, from an open-data portal and as untidy CSV files.
//!
//! With the feature `serve`, simulated portals answer over HTTP and an order database can be filled.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod check;
mod dataset_folder;
mod error;
pub mod events;
mod holidays;
pub mod llm_usage;
pub mod nyc311;
mod random;
pub mod restaurant;
#[cfg(feature = "serve")]
pub mod serve;
pub mod spending;
mod truth;
mod upload;

pub use check::Check;
pub use error::SimulateError;
pub use nyc311::Truth;
pub use truth::DatasetTruth;
pub use upload::UploadFile;
