use std::collections::BTreeMap;

use serde::Deserialize;
use smelt_domain::DatasetName;

/// What a month brings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Volumes {
    pub(crate) datasets: BTreeMap<DatasetName, Volume>,
    /// Wake-ups by the scheduler in a month and for each dataset, by function.
    pub(crate) schedules: BTreeMap<String, f64>,
    pub(crate) api_requests: f64,
    pub(crate) cdn_gb: f64,
    pub(crate) athena_tb: f64,
    pub(crate) emails: f64,
    pub(crate) alarms: f64,
    pub(crate) dashboards: f64,
    pub(crate) secrets: f64,
    pub(crate) queues: f64,
    /// Long polls by which Lambda asks an empty queue at once.
    pub(crate) pollers: f64,
    /// Seconds that such a poll waits.
    pub(crate) poll_seconds: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Volume {
    /// In a month.
    pub(crate) deliveries: f64,
    /// Rows of its tables, all of them.
    pub(crate) rows_held: f64,
}
