use std::time::Duration;

use serde_json::Value;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, SettingsError, StartError, Variable,
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
            "hours that replaced files stay for readers of older versions, at least 1",
        ),
        Variable::optional(
            TARGET_FILE_MB,
            "128",
            "megabytes up to which small files are put together",
        ),
    ];
    type Error = MaintainError;

    async fn build(shared: FunctionContext, settings: &Settings) -> Result<Self, StartError> {
        let hours = at_least_one(RETENTION_HOURS, settings)?;
        let megabytes = at_least_one(TARGET_FILE_MB, settings)?;
        let upkeep = Upkeep {
            retention: Duration::from_secs(hours.saturating_mul(SECONDS_PER_HOUR)),
            target_bytes: megabytes.saturating_mul(BYTES_PER_MEGABYTE),
        };
        Ok(Self { shared, upkeep })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, MaintainError> {
        handler::handle(&event, &invocation, self).await
    }
}

/// Zero would delete files that somebody is about to commit.
fn at_least_one(name: &'static str, settings: &Settings) -> Result<u64, SettingsError> {
    match settings.parsed(name)? {
        0 => Err(SettingsError::Invalid {
            name,
            meaning: "a whole number",
            reason: "0 is too little; 1 is the least".to_owned(),
        }),
        number => Ok(number),
    }
}
