use std::collections::BTreeMap;

use serde::Deserialize;
use smelt_domain::DatasetName;

/// What `make cost` measured: deliveries and wake-ups through the functions as they are deployed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    /// The day of it.
    pub(crate) measured_at: String,
    /// One delivery to tables that hold rows already, from its arrival to gold.
    pub(crate) deliveries: BTreeMap<DatasetName, Delivery>,
    /// One wake-up by the scheduler, for one dataset, by function.
    pub(crate) schedules: BTreeMap<String, Effort>,
    /// One request to the API.
    pub(crate) api_request: Effort,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delivery {
    /// Rows that came.
    pub(crate) rows: u64,
    /// Rows that were there before.
    pub(crate) rows_before: u64,
    /// Of all tables together at the end, published files included.
    pub(crate) stored_bytes: u64,
    /// By function.
    pub(crate) functions: BTreeMap<String, Effort>,
}

/// What a function did in all its invocations together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Effort {
    pub(crate) invocations: u64,
    /// Size of the function.
    pub(crate) memory_mb: u64,
    /// From the event to the answer, and the starts of processes.
    pub(crate) wall_ms: u64,
    /// Of all threads.
    pub(crate) cpu_ms: u64,
    /// PUT, POST, COPY and LIST.
    pub(crate) s3_writes: u64,
    /// GET and HEAD.
    pub(crate) s3_reads: u64,
    /// Messages sent, receives that brought something, and deletes.
    pub(crate) sqs_requests: u64,
    pub(crate) sns_publishes: u64,
    pub(crate) secret_reads: u64,
    pub(crate) log_bytes: u64,
    /// Different metrics, by name and dimensions.
    pub(crate) metrics: u64,
}
