use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;
use smelt_domain::Dataset;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, SettingsError, Sources, StartError,
    Variable,
};
use smelt_stages::Upkeep;

use crate::{MaintainError, handler};

const RETENTION_HOURS: &str = "SMELT_RETENTION_HOURS";
const TARGET_FILE_MB: &str = "SMELT_TARGET_FILE_MB";

const SECONDS_PER_HOUR: u64 = 3600;
const BYTES_PER_MEGABYTE: u64 = 1 << 20;

/// What `maintain` builds once.
#[derive(Debug)]
pub struct MaintainContext {
    pub(crate) shared: FunctionContext,
    pub(crate) upkeep: Upkeep,
    pub(crate) sources: Sources,
}

impl Context for MaintainContext {
    const FUNCTION: Function = Function {
        name: "maintain",
        writes: &[
            "bronze",
            "quarantine",
            "silver",
            "gold",
            "published",
            "alerts",
            "uploads",
            "runs",
            "failures",
        ],
    };
    const VARIABLES: &'static [Variable] = &[
        Variable::optional(
            RETENTION_HOURS,
            "168",
            "hours that replaced files stay for readers of older versions, from 24 to 720",
        ),
        Variable::optional(
            TARGET_FILE_MB,
            "128",
            "megabytes up to which small files are put together",
        ),
        Sources::VARIABLE,
    ];
    type Error = MaintainError;

    fn variables_of(datasets: &[Dataset]) -> Vec<String> {
        Sources::url_variables(datasets)
    }

    async fn build(shared: FunctionContext, settings: &Settings) -> Result<Self, StartError> {
        let hours = within(RETENTION_HOURS, 24..=720, settings)?;
        let megabytes = within(TARGET_FILE_MB, 1..=u64::MAX, settings)?;
        let upkeep = Upkeep {
            retention: Duration::from_secs(hours.saturating_mul(SECONDS_PER_HOUR)),
            target_bytes: megabytes.saturating_mul(BYTES_PER_MEGABYTE),
        };
        Ok(Self { shared, upkeep, sources: Sources::of(settings)? })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, MaintainError> {
        handler::handle(&event, &invocation, self).await
    }
}

/// A shorter retention would delete files that a long run is about to commit, a longer one is more than
/// the logs remember.
fn within(
    name: &'static str,
    range: RangeInclusive<u64>,
    settings: &Settings,
) -> Result<u64, SettingsError> {
    let number: u64 = settings.parsed(name)?;
    if range.contains(&number) {
        return Ok(number);
    }
    let (least, most) = range.into_inner();
    Err(SettingsError::Invalid {
        name,
        meaning: "a whole number",
        reason: format!("{number} is not from {least} to {most}"),
    })
}
