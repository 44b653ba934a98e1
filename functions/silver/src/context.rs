use serde_json::Value;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, StartError, Variable,
};

use crate::{SilverError, handler};

/// What `silver` builds once.
#[derive(Debug)]
pub struct SilverContext {
    pub(crate) shared: FunctionContext,
}

impl Context for SilverContext {
    const FUNCTION: Function =
        Function { name: "silver", writes: &["silver", "quarantine", "runs", "failures"] };
    const VARIABLES: &'static [Variable] = &[];
    type Error = SilverError;

    async fn build(shared: FunctionContext, _settings: &Settings) -> Result<Self, StartError> {
        Ok(Self { shared })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, SilverError> {
        handler::handle(&event, &invocation, self).await
    }
}
