use serde_json::Value;
use smelt_domain::Dataset;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, StartError, Variable,
};

use crate::secrets::Secrets;
use crate::{IngestError, handler};

const SECRETS: &str = "SMELT_SECRETS";

/// What `ingest` builds once.
#[derive(Debug)]
pub struct IngestContext {
    pub(crate) shared: FunctionContext,
    pub(crate) settings: Settings,
    pub(crate) secrets: Secrets,
}

impl Context for IngestContext {
    const FUNCTION: Function =
        Function { name: "ingest", writes: &["bronze", "uploads", "runs", "failures"] };
    const VARIABLES: &'static [Variable] = &[Variable::optional(
        SECRETS,
        "",
        "the ARN of a secret in Secrets Manager, a JSON object of what sources need (tokens, URLs of \
         databases) by the names in the definitions; empty: they are in the environment",
    )];
    type Error = IngestError;

    fn variables_of(datasets: &[Dataset]) -> Vec<String> {
        let sources = datasets
            .iter()
            .flat_map(|dataset| dataset.sources.iter().map(|source| (&dataset.name, source)));
        sources.map(|(dataset, source)| source.url_variable(dataset)).collect()
    }

    async fn build(shared: FunctionContext, settings: &Settings) -> Result<Self, StartError> {
        let secrets = Secrets::of(settings.text_if_set(SECRETS)?);
        Ok(Self { shared, settings: settings.clone(), secrets })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, IngestError> {
        handler::handle(&event, &invocation, self).await
    }
}
