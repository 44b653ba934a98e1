//! Logs as JSON lines, and traces to a collector if there is one.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::context::StartError;
use crate::log_lines::log_lines;
use crate::settings::Settings;

/// Libraries whose own words are of no use to who operates smelt.
const QUIET: &str =
    "buoyant_kernel=off,delta_kernel=off,deltalake=warn,hyper=warn,opentelemetry=warn";

/// What was started; traces that wait are sent with [`Telemetry::flush`].
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logging to standard output, and tracing if `SMELT_OTLP_ENDPOINT` names a collector.
    pub fn start(function: &'static str, settings: &Settings) -> Result<Self, StartError> {
        let (telemetry, subscriber) = Self::to(std::io::stdout, function, settings)?;
        subscriber.init();
        Ok(telemetry)
    }

    /// The same for whoever takes lines elsewhere, and makes the subscriber his own.
    pub fn to<W>(
        writer: W,
        function: &'static str,
        settings: &Settings,
    ) -> Result<(Self, impl Subscriber + Send + Sync), StartError>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let filter = format!("{QUIET},{}", settings.text("SMELT_LOG")?);
        let filter = EnvFilter::try_new(&filter).map_err(|error| {
            StartError::Other(format!("SMELT_LOG cannot be understood: {error}"))
        })?;
        let traces = match settings.text_if_set("SMELT_OTLP_ENDPOINT")? {
            Some(endpoint) => Some(provider(function, &endpoint)?),
            None => None,
        };
        let spans = traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer().with_tracer(provider.tracer("smelt")).boxed()
        });
        let subscriber = tracing_subscriber::registry().with(filter).with(log_lines(writer));
        Ok((Self { traces }, subscriber.with(spans)))
    }

    /// Sends what waits: between invocations the process may be frozen.
    pub async fn flush(&self) {
        let Some(traces) = self.traces.clone() else { return };
        let flushed = tokio::task::spawn_blocking(move || traces.force_flush()).await;
        match flushed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "traces were not sent"),
            Err(error) => tracing::warn!(%error, "traces were not sent"),
        }
    }
}

fn provider(function: &'static str, endpoint: &str) -> Result<SdkTracerProvider, StartError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(|error| {
            StartError::Other(format!("SMELT_OTLP_ENDPOINT cannot be used: {error}"))
        })?;
    let resource = Resource::builder().with_service_name(format!("smelt-{function}")).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
