use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything that a bill can have a line for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Item {
    LambdaCompute,
    LambdaRequests,
    S3Writes,
    S3Reads,
    S3Storage,
    SqsRequests,
    SnsPublishes,
    SnsEmails,
    Scheduler,
    LogIngestion,
    Metrics,
    Alarms,
    Dashboards,
    Secrets,
    SecretReads,
    ApiRequests,
    CdnBytes,
    AthenaScans,
}

/// What a region asks for, in US dollars.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    pub(crate) region: String,
    /// The day on which the pages of prices said so.
    pub(crate) as_of: String,
    pub(crate) items: BTreeMap<Item, Price>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    /// The item as people call it.
    pub(crate) label: String,
    pub(crate) unit: String,
    /// Of one unit.
    pub(crate) price: f64,
    /// Units that an account has free each month.
    pub(crate) free: f64,
}
