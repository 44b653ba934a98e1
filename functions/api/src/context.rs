use axum::Router;
use serde_json::Value;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, StartError, Variable,
};

use crate::{ApiError, handler, router};

/// What `api` builds once.
#[derive(Debug)]
pub struct ApiContext {
    pub(crate) shared: FunctionContext,
    pub(crate) router: Router,
}

impl Context for ApiContext {
    const FUNCTION: Function = Function { name: "api", writes: &[] };
    const VARIABLES: &'static [Variable] = &[];
    type Error = ApiError;

    async fn build(shared: FunctionContext, _settings: &Settings) -> Result<Self, StartError> {
        let router = router::router(shared.clone());
        Ok(Self { shared, router })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, _invocation: Invocation) -> Result<Value, ApiError> {
        handler::handle(event, self).await
    }
}
