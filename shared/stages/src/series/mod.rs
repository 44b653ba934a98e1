//! The series of marts: what is forecast, what was not as expected, and the models behind both.
//!
//! ```text
//!  gold.<dataset>_<mart> ──▶ train ──▶ models/, gold.<dataset>_experiments, …_forecast_accuracy
//!                       │      └─ the model in production ──▶ gold.<dataset>_forecast
//!                       └──▶ detect ──▶ gold.<dataset>_anomalies ──▶ alert
//! ```

mod anomaly_rows;
mod calendar;
mod columns;
mod detect;
mod experiments;
mod forecasting;
mod holidays;
mod incidents;
mod newest_step;
mod promotion;
mod read;
mod registry;
mod train;

pub use self::anomaly_rows::anomalies;
pub(crate) use self::anomaly_rows::{count_open_anomalies, files_of};
pub use self::calendar::step_text;
pub(crate) use self::calendar::{DAY, start_of_step, step_after};
pub use self::detect::detect;
pub(crate) use self::detect::judged_property;
pub(crate) use self::experiments::{Experiment, append_clusters, append_experiment};
pub(crate) use self::forecasting::in_background;
pub use self::incidents::{Anomaly, AnomalyStatus, Found};
pub use self::registry::{ModelRegistry, model_versions};
pub(crate) use self::train::DUE;
pub use self::train::{Refit, Trained, train};
