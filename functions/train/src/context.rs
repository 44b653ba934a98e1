use serde_json::Value;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, StartError, Variable,
};

use crate::{TrainError, handler};

/// What `train` builds once.
#[derive(Debug)]
pub struct TrainContext {
    pub(crate) shared: FunctionContext,
}

impl Context for TrainContext {
    const FUNCTION: Function =
        Function { name: "train", writes: &["gold", "models", "published", "runs", "failures"] };
    const VARIABLES: &'static [Variable] = &[];
    type Error = TrainError;

    async fn build(shared: FunctionContext, _settings: &Settings) -> Result<Self, StartError> {
        Ok(Self { shared })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, TrainError> {
        handler::handle(&event, &invocation, self).await
    }
}
