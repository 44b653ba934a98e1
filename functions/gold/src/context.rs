use serde_json::Value;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, StartError, Variable,
};

use crate::{GoldError, handler};

/// What `gold` builds once.
#[derive(Debug)]
pub struct GoldContext {
    pub(crate) shared: FunctionContext,
}

impl Context for GoldContext {
    const FUNCTION: Function =
        Function { name: "gold", writes: &["gold", "published", "runs", "failures"] };
    const VARIABLES: &'static [Variable] = &[];
    type Error = GoldError;

    async fn build(shared: FunctionContext, _settings: &Settings) -> Result<Self, StartError> {
        Ok(Self { shared })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, GoldError> {
        handler::handle(&event, &invocation, self).await
    }
}
