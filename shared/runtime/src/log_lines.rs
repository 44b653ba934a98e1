//! Log lines: one JSON object for each event, with the fields of the spans around it at its root.

use std::fmt;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{
    FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter, layer,
};
use tracing_subscriber::registry::LookupSpan;

/// Writes lines such as
/// `{"timestamp":"…","level":"INFO","request_id":"…","run_id":"…","dataset":"nyc311","message":"committed",…}`.
///
/// A field of the event goes before one of a span, and an inner span before an outer one.
pub(crate) fn log_lines<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    layer()
        .fmt_fields(JsonFields::new())
        .event_format(OneObject)
        .with_ansi(false)
        .with_writer(writer)
}

struct OneObject;

impl<S, N> FormatEvent<S, N> for OneObject
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Map::new();
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        line.insert("timestamp".to_owned(), time.into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                // Fields of a span are kept as a JSON object.
                line.extend(serde_json::from_str::<Map<String, Value>>(fields).unwrap_or_default());
            }
        }
        event.record(&mut Fields(&mut line));
        // Libraries that log without `tracing` name their target in a field.
        let target = line.remove("log.target");
        line.retain(|name, _| !name.starts_with("log."));
        line.insert("target".to_owned(), target.unwrap_or_else(|| metadata.target().into()));
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Puts the fields of an event into an object.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }
}
