use serde_json::Value;
use smelt_domain::Dataset;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, Sources, StartError, Variable,
};

use crate::{IngestError, handler};

/// What `ingest` builds once.
#[derive(Debug)]
pub struct IngestContext {
    pub(crate) shared: FunctionContext,
    pub(crate) sources: Sources,
}

impl Context for IngestContext {
    const FUNCTION: Function =
        Function { name: "ingest", writes: &["bronze", "uploads", "runs", "failures"] };
    const VARIABLES: &'static [Variable] = &[Sources::VARIABLE];
    type Error = IngestError;

    fn variables_of(datasets: &[Dataset]) -> Vec<String> {
        Sources::url_variables(datasets)
    }

    async fn build(shared: FunctionContext, settings: &Settings) -> Result<Self, StartError> {
        Ok(Self { shared, sources: Sources::of(settings)? })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, IngestError> {
        handler::handle(&event, &invocation, self).await
    }
}
