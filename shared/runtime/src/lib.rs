//! What every function shares: events become wake-ups, messages of a queue become work, the environment
//! becomes settings, and what happened becomes logs, metrics, traces and run reports.
//!
//! ```text
//!  event ─▶ Event ─▶ Inbox ─▶ work, each thing once ─▶ Run ─▶ stages
//!                      │                                 └─▶ report, lineage, metrics, failure
//!                      └─▶ answer: which messages have to come again
//! ```
//!
//! A function is a [`Context`]: built once, then asked to handle one event after the other. Its handler
//! is a plain async function that tests call without Lambda.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod address;
mod context;
mod event;
mod failure;
mod inbox;
mod invocation;
mod log_lines;
mod metrics;
mod renewed;
mod run;
mod secrets;
mod serve;
mod settings;
mod sources;
mod telemetry;
mod work;

pub use address::{LakeAddress, NotOfTheLake};
pub use context::{Function, FunctionContext, StartError};
pub use event::{Command, Event, EventError, Message, WakeUp};
pub use failure::{FunctionError, Unanswered};
pub use inbox::{Inbox, Refusal};
pub use invocation::{Invocation, Trace, work_until};
pub use metrics::{Fact, Metrics};
pub use renewed::Renewed;
pub use run::{Done, Run};
pub use serve::{Context, answer_in_span, build, log_start, main};
pub use settings::{COMMON, Settings, SettingsError, Variable};
pub use sources::Sources;
pub use telemetry::Telemetry;
pub use work::{WorkError, Working, work_off};
