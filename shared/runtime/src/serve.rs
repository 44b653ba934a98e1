//! The loop of a function: builds its context once, then answers one invocation after the other.

use std::future::Future;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use smelt_domain::Dataset;
use smelt_stages::{Panic, read_definitions};
use tracing::Instrument;

use crate::context::{Function, FunctionContext, StartError};
use crate::failure::{FunctionError, Unanswered};
use crate::invocation::{Invocation, Trace, work_until};
use crate::metrics::Fact;
use crate::settings::{COMMON, Settings, Variable};
use crate::telemetry::Telemetry;

/// What a function has beside its name.
pub trait Context: Send + Sync + Sized + 'static {
    /// Its name and where it may write.
    const FUNCTION: Function;
    /// The variables that only it reads.
    const VARIABLES: &'static [Variable];
    /// Why it failed.
    type Error: FunctionError;

    /// Variables that its definitions give a meaning, such as the URL of a source.
    fn variables_of(_datasets: &[Dataset]) -> Vec<String> {
        Vec::new()
    }

    /// Builds what only this function has.
    fn build(
        shared: FunctionContext,
        settings: &Settings,
    ) -> impl Future<Output = Result<Self, StartError>> + Send;

    /// What every function has.
    fn shared(&self) -> &FunctionContext;

    /// Answers an event.
    fn handle(
        &self,
        event: Value,
        invocation: Invocation,
    ) -> impl Future<Output = Result<Value, Self::Error>> + Send;
}

/// Builds a function's context from its environment, without logging: what tests call.
pub async fn build<C: Context>(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<C, StartError> {
    let (settings, datasets) = read_environment::<C>(environment)?;
    let shared = FunctionContext::new(C::FUNCTION, &settings, datasets)?;
    C::build(shared, &settings).await
}

fn read_environment<C: Context>(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(Settings, Vec<Dataset>), StartError> {
    let environment: Vec<(String, String)> = environment.into_iter().collect();
    let variables: Vec<Variable> = COMMON.iter().chain(C::VARIABLES).copied().collect();
    // What sources are called has to be known before unknown variables can be told.
    let settings = Settings::read(environment, &variables);
    let datasets = read_definitions(Path::new(&settings.text("SMELT_DATASETS")?))?;
    settings.refuse_unknown(&C::variables_of(&datasets))?;
    Ok((settings, datasets))
}

/// The whole of a function's `main`.
pub fn main<C: Context>() -> ExitCode {
    let (before, started) = (age_of_process(), Instant::now());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return not_started(C::FUNCTION.name, &error.to_string()),
    };
    // A variable that is no text is nobody's setting.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    runtime.block_on(async {
        let (context, settings, telemetry) = match start::<C>(environment).await {
            Ok(started) => started,
            Err(error) => return not_started(C::FUNCTION.name, &error.to_string()),
        };
        let init = before + started.elapsed();
        log_start(context.shared(), &settings, init.as_secs_f64() * 1000.0);
        match answer(Arc::new(context), Arc::new(telemetry)).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => not_started(C::FUNCTION.name, &error.to_string()),
        }
    })
}

async fn start<C: Context>(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(C, Settings, Telemetry), StartError> {
    let (settings, datasets) = read_environment::<C>(environment)?;
    let telemetry = Telemetry::start(C::FUNCTION.name, &settings)?;
    let shared = FunctionContext::new(C::FUNCTION, &settings, datasets)?;
    Ok((C::build(shared, &settings).await?, settings, telemetry))
}

/// Logs once what the function is and its settings as they were understood, without what may be secret, and
/// counts the milliseconds that its start took.
pub fn log_start(context: &FunctionContext, settings: &Settings, init_ms: f64) {
    let datasets: Vec<&str> =
        context.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    tracing::info!(
        function = context.function.name,
        version = env!("CARGO_PKG_VERSION"),
        lake = context.lake.location(),
        writes = context.function.writes.join(","),
        datasets = datasets.join(","),
        parallelism = context.engine.parallelism(),
        memory_bytes = context.engine.memory_bytes(),
        settings = %serde_json::json!(settings.shown()),
        init_ms,
        "function started"
    );
    context.metrics.emit(&Fact::Started { init_ms });
}

async fn answer<C: Context>(
    context: Arc<C>,
    telemetry: Arc<Telemetry>,
) -> Result<(), lambda_runtime::Error> {
    let is_first = Arc::new(AtomicBool::new(true));
    let handler = service_fn(move |event: LambdaEvent<Value>| {
        let (context, telemetry) = (Arc::clone(&context), Arc::clone(&telemetry));
        let cold_start = is_first.swap(false, Ordering::Relaxed);
        async move {
            let invocation = invocation(&event.context, cold_start);
            let answer = answer_in_span(&*context, event.payload, invocation).await;
            telemetry.flush().await;
            answer.map_err(|error| error.diagnostic())
        }
    });
    lambda_runtime::run(handler).await
}

/// Answers an event within a span that says whose invocation it is, and logs why it failed. A panic is a failure
/// of this invocation alone, with a type like that of any other.
pub async fn answer_in_span<C: Context>(
    context: &C,
    event: Value,
    invocation: Invocation,
) -> Result<Value, Unanswered<C::Error>> {
    let span = span(C::FUNCTION.name, &invocation);
    let work = Box::pin(context.handle(event, invocation)).instrument(span.clone());
    let answer = match Panic::catch(C::FUNCTION.name, work).await {
        Ok(answer) => answer.map_err(Unanswered::Failed),
        Err(panic) => Err(panic.into()),
    };
    if let Err(error) = &answer {
        let error_type = error.diagnostic().error_type;
        span.in_scope(|| tracing::error!(error_type, %error, "invocation failed"));
    }
    answer
}

fn invocation(context: &lambda_runtime::Context, cold_start: bool) -> Invocation {
    Invocation {
        request_id: context.request_id.clone(),
        work_until: work_until(context.deadline),
        trace: context.xray_trace_id.as_deref().and_then(Trace::of_x_ray),
        cold_start,
    }
}

/// The span of an invocation, within the trace of whoever called.
fn span(function: &'static str, invocation: &Invocation) -> tracing::Span {
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    let trace_id = invocation.trace.as_ref().map(|trace| trace.trace_id.as_str());
    let span = tracing::info_span!(
        "invocation",
        function,
        request_id = invocation.request_id,
        trace_id,
        cold_start = invocation.cold_start
    );
    if let Some(parent) = invocation.trace.as_ref().and_then(Trace::traceparent) {
        let carrier = std::collections::HashMap::from([("traceparent".to_owned(), parent)]);
        // Without a collector there is nothing that a parent could be set for.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
    }
    span
}

/// Logging may not have been started: this line stands for itself.
fn not_started(function: &str, error: &str) -> ExitCode {
    let line = serde_json::json!({
        "level": "ERROR",
        "message": "function not started",
        "function": function,
        "error": error,
    });
    println!("{line}");
    ExitCode::FAILURE
}

/// How long this process has been there, as far as the system tells (Linux, to a hundredth of a
/// second).
fn age_of_process() -> Duration {
    /// Clock ticks of a second in `/proc`, the same on all Linux systems that are in use.
    const TICKS_PER_SECOND: f64 = 100.0;
    let age = || {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // Fields behind the program's name, which may hold anything but ends with the last bracket.
        let (_, fields) = stat.rsplit_once(") ")?;
        let ticks: f64 = fields.split(' ').nth(19)?.parse().ok()?;
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split(' ').next()?.parse().ok()?;
        Duration::try_from_secs_f64(uptime - ticks / TICKS_PER_SECOND).ok()
    };
    age().unwrap_or_default()
}
