//! A panic is a failure of what broke off and of nothing beside it, and somebody is told.

use std::sync::Mutex;

use serde_json::{Value, json};
use smelt_domain::{DatasetName, FailureKind};
use smelt_runtime::{
    Context, Done, Function, FunctionContext, FunctionError, Inbox, Invocation, Refusal, Settings,
    StartError, Variable, WakeUp, WorkError, Working, answer_in_span, work_off,
};
use smelt_silver::SilverContext;
use smelt_stages::{Platform, StageError};

use super::Home;
use super::work::{created, failures, reports};

const BROKEN: &str = "landing/nyc311/requests/a.csv";
const FINE: &str = "landing/nyc311/requests/b.csv";

/// Does its work for every key, each in a run of its own, and breaks off for one.
#[derive(Default)]
struct Breaking {
    done: Mutex<Vec<String>>,
}

impl Working for Breaking {
    type Work = String;
    type Group = String;

    fn group(&self, key: &String) -> String {
        key.clone()
    }

    fn command(&self, key: &String) -> (String, Option<DatasetName>) {
        (format!("break {key}"), Some("nyc311".parse().unwrap()))
    }

    async fn run(&self, _: &Platform, key: &String, _: &[String]) -> Result<Done, StageError> {
        tokio::task::yield_now().await;
        assert_ne!(key, BROKEN, "nobody thought of this");
        self.done.lock().unwrap().push(key.clone());
        Ok(Done::default())
    }
}

fn asked(wake_up: &WakeUp) -> Result<Vec<String>, Refusal> {
    match wake_up {
        WakeUp::Created { key, .. } => Ok(vec![key.clone()]),
        _ => Ok(vec![BROKEN.to_owned()]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_its_own_messages_and_is_told() {
    let home = Home::new();
    let silver: SilverContext = home.context().await;
    let (breaking, invocation) = (Breaking::default(), Invocation::local("request-1"));
    let inbox = Inbox::read(&created(&[BROKEN, FINE]), asked);
    let answer = work_off(&breaking, silver.shared(), &invocation, inbox).await.unwrap();
    assert_eq!(failures(&answer), ["1"]);
    assert_eq!(*breaking.done.lock().unwrap(), [FINE]);
    for folder in ["failures/", "runs/"] {
        let told = reports(&home, folder);
        assert_eq!(told.len(), 1, "{folder}: {told:?}");
        assert_eq!(told[0].command, format!("break {BROKEN}"));
        assert_eq!(told[0].failure, Some(FailureKind::Lasting));
        let error = told[0].error.as_deref().unwrap();
        for text in ["a.csv broke off: ", "nobody thought of this", "defect of smelt"] {
            assert!(error.contains(text), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_by_hand_is_told_of_a_panic_as_of_any_failure() {
    let home = Home::new();
    let silver: SilverContext = home.context().await;
    let inbox = Inbox::read(&json!({ "dataset": "nyc311" }), asked);
    let invocation = Invocation::local("request-1");
    let answer = work_off(&Breaking::default(), silver.shared(), &invocation, inbox).await;
    let error = answer.unwrap_err();
    assert!(matches!(error, WorkError::Stage(StageError::Panicked(_))), "{error:?}");
    assert_eq!(error.diagnostic().error_type, "Permanent.Panic");
}

/// A function that answers nothing but null.
struct Careless {
    shared: FunctionContext,
}

impl Context for Careless {
    const FUNCTION: Function = Function { name: "careless", writes: &[] };
    const VARIABLES: &'static [Variable] = &[];
    type Error = WorkError;

    async fn build(shared: FunctionContext, _: &Settings) -> Result<Self, StartError> {
        Ok(Self { shared })
    }

    fn shared(&self) -> &FunctionContext {
        &self.shared
    }

    async fn handle(&self, event: Value, _: Invocation) -> Result<Value, WorkError> {
        assert!(event.is_null(), "there is {event}");
        Ok(event)
    }
}

#[tokio::test]
async fn a_panic_outside_of_a_run_is_an_error_of_the_functions_own_style() {
    let careless: Careless = Home::new().context().await;
    let answer = async |event| answer_in_span(&careless, event, Invocation::local("r")).await;
    let told = answer(json!(7)).await.unwrap_err().diagnostic();
    assert_eq!(told.error_type, "Permanent.Panic");
    assert!(told.error_message.starts_with("careless broke off: there is 7"), "{told:?}");
    assert_eq!(answer(Value::Null).await.unwrap(), Value::Null, "the next one is answered");
}
