use serde_json::Value;
use smelt_runtime::{
    Context, Function, FunctionContext, Invocation, Settings, StartError, Variable,
};

use crate::topic::Topic;
use crate::{AlertError, handler};

const ALERT_TOPIC: &str = "SMELT_ALERT_TOPIC";
const DASHBOARD_URL: &str = "SMELT_DASHBOARD_URL";

/// What `alert` builds once.
#[derive(Debug)]
pub struct AlertContext {
    pub(crate) shared: FunctionContext,
    pub(crate) topic: Topic,
}

impl Context for AlertContext {
    const FUNCTION: Function = Function { name: "alert", writes: &["alerts", "runs"] };
    const VARIABLES: &'static [Variable] = &[
        Variable::required(ALERT_TOPIC, "the ARN of the SNS topic that alerts are published to"),
        Variable::optional(DASHBOARD_URL, "", "link at the end of messages; empty: none"),
    ];
    type Error = AlertError;

    async fn build(shared: FunctionContext, settings: &Settings) -> Result<Self, StartError> {
        let arn = settings.text(ALERT_TOPIC)?;
        let topic = Topic::open(arn, settings.text_if_set(DASHBOARD_URL)?).await;
        Ok(Self { shared, topic })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, AlertError> {
        handler::handle(&event, &invocation, self).await
    }
}
