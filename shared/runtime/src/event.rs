//! What a function is woken by: every envelope that notifications come in, as one closed type.
//!
//! ```text
//!  S3 notification ───────────────┐
//!    in an SNS message ───────────┤
//!    in an SQS message (of SNS) ──┼──▶ WakeUp::Created { bucket, key }     key decoded
//!  EventBridge "Object Created" ──┘
//!  s3:TestEvent ─────────────────────▶ WakeUp::Test
//!  Scheduler input, by hand ─────────▶ WakeUp::Asked(Command)
//! ```
//!
//! After this nobody sees an encoded key, an envelope or a field that may be missing.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use smelt_domain::{DatasetName, SourceName, TableName};

/// Envelopes within envelopes that are looked into: SQS, SNS, the notification.
const DEEPEST: usize = 3;

/// What a function is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WakeUp {
    /// An object was created.
    Created {
        /// Its bucket.
        bucket: String,
        /// Its key, decoded.
        key: String,
    },
    /// The bucket tries whether its notifications arrive; there is nothing to do.
    Test,
    /// Something else happened to an object; there is nothing to do.
    Ignored {
        /// What, such as `ObjectRemoved:Delete`.
        event: String,
    },
    /// A schedule or a human asks to look.
    Asked(Command),
}

/// Where to look, by a schedule or by hand: `{"dataset": "nyc311"}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The dataset.
    pub dataset: DatasetName,
    /// Only this source: pull it (ingest), or find what was deleted there (maintain).
    #[serde(default)]
    pub source: Option<SourceName>,
    /// Only this table or mart.
    #[serde(default)]
    pub table: Option<TableName>,
    /// Whether to compute everything anew from bronze (silver).
    #[serde(default)]
    pub anew: bool,
    /// The period to report on (train): `2026-10`, or `last_month`, of which a dataset may have nothing.
    #[serde(default)]
    pub report: Option<String>,
}

impl Command {
    /// The fields that are given beside the dataset.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("source", self.source.is_some()),
            ("table", self.table.is_some()),
            ("anew", self.anew),
            ("report", self.report.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name)
    }
}

/// Why an event, or a message of it, cannot be understood. Coming again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// A message's body is no JSON.
    #[error("the message is not JSON ({0})")]
    NotJson(String),
    /// It is none of the known envelopes.
    #[error(
        "the event is none that is known here: expected an S3 notification (directly, in SQS, in \
         SNS, or of EventBridge), or {{\"dataset\": \"<name>\"}}; it has {found}"
    )]
    Unknown {
        /// The fields that it has.
        found: String,
    },
    /// A field is missing or of another type.
    #[error("the event has no `{field}` where one is expected")]
    Missing {
        /// Path of the field.
        field: &'static str,
    },
    /// A key is not UTF-8 once decoded.
    #[error("the key `{0}` is not UTF-8 once it is decoded")]
    Key(String),
    /// The notification has a form of which nothing is known.
    #[error("the notification has version {0}; versions 2.x are known")]
    Version(String),
    /// A command names something that is no name.
    #[error("the command cannot be understood: {0}; expected {{\"dataset\": \"<name>\"}}")]
    Command(String),
    /// Envelopes within envelopes without end.
    #[error("the message is wrapped too often")]
    TooDeep,
}

/// An event: messages of a queue, or one message that is the event itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Whether the messages come from a queue, which takes an answer for each of them.
    pub from_queue: bool,
    /// The messages.
    pub messages: Vec<Message>,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id in the queue; empty outside of one.
    pub id: String,
    /// How often it came, this time included.
    pub received: u32,
    /// What it tells.
    pub content: Result<Vec<WakeUp>, EventError>,
}

impl Event {
    /// Reads an event as it is given to a function.
    pub fn read(event: &Value) -> Self {
        match queue_records(event) {
            Some(records) => {
                Self { from_queue: true, messages: records.iter().map(queue_message).collect() }
            }
            None => {
                let content = wake_ups(event, 0);
                let message = Message { id: String::new(), received: 1, content };
                Self { from_queue: false, messages: vec![message] }
            }
        }
    }
}

/// The messages of a queue, if the event is such.
fn queue_records(event: &Value) -> Option<&[Value]> {
    let records = event.get("Records")?.as_array()?;
    let of_queue = |record: &Value| record.get("eventSource").is_some_and(|it| it == "aws:sqs");
    (!records.is_empty() && records.iter().all(of_queue)).then_some(records)
}

fn queue_message(record: &Value) -> Message {
    let id = record.get("messageId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let content = match record.get("body").and_then(Value::as_str) {
        Some(body) => embedded(body, 0),
        None => Err(EventError::Missing { field: "Records[].body" }),
    };
    let received = record.pointer("/attributes/ApproximateReceiveCount").and_then(Value::as_str);
    let received = received.and_then(|count| count.parse().ok()).unwrap_or(1);
    Message { id, received, content }
}

/// What a text tells that is an event itself.
fn embedded(text: &str, depth: usize) -> Result<Vec<WakeUp>, EventError> {
    let event =
        serde_json::from_str(text).map_err(|error| EventError::NotJson(error.to_string()))?;
    wake_ups(&event, depth + 1)
}

fn wake_ups(event: &Value, depth: usize) -> Result<Vec<WakeUp>, EventError> {
    if depth > DEEPEST {
        return Err(EventError::TooDeep);
    }
    let text = |field: &str| event.get(field).and_then(Value::as_str);
    if text("Event") == Some("s3:TestEvent") {
        return Ok(vec![WakeUp::Test]);
    }
    if text("Type") == Some("Notification") {
        let message = text("Message").ok_or(EventError::Missing { field: "Message" })?;
        return embedded(message, depth);
    }
    match text("detail-type") {
        Some("Object Created") => return event_bridge(event).map(|wake_up| vec![wake_up]),
        Some(other) if text("source") == Some("aws.s3") => {
            return Ok(vec![WakeUp::Ignored { event: other.to_owned() }]);
        }
        _ => {}
    }
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        let told = records.iter().map(|record| of_record(record, depth));
        return Ok(told.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
    }
    if event.get("dataset").is_some() {
        let command = Command::deserialize(event);
        let command = command.map_err(|error| EventError::Command(error.to_string()))?;
        return Ok(vec![WakeUp::Asked(command)]);
    }
    Err(unknown(event))
}

fn of_record(record: &Value, depth: usize) -> Result<Vec<WakeUp>, EventError> {
    if let Some(message) = record.pointer("/Sns/Message") {
        let message =
            message.as_str().ok_or(EventError::Missing { field: "Records[].Sns.Message" })?;
        return embedded(message, depth);
    }
    if record.get("s3").is_some() { Ok(vec![s3_record(record)?]) } else { Err(unknown(record)) }
}

/// A record of an S3 notification; its key is encoded as in a form.
fn s3_record(record: &Value) -> Result<WakeUp, EventError> {
    let text = |pointer: &str, field: &'static str| {
        record.pointer(pointer).and_then(Value::as_str).ok_or(EventError::Missing { field })
    };
    if let Some(version) = record.get("eventVersion").and_then(Value::as_str)
        && version.split('.').next() != Some("2")
    {
        return Err(EventError::Version(version.to_owned()));
    }
    let event = text("/eventName", "Records[].eventName")?;
    if !event.trim_start_matches("s3:").starts_with("ObjectCreated:") {
        return Ok(WakeUp::Ignored { event: event.to_owned() });
    }
    let bucket = text("/s3/bucket/name", "Records[].s3.bucket.name")?;
    let key = text("/s3/object/key", "Records[].s3.object.key")?;
    Ok(WakeUp::Created { bucket: bucket.to_owned(), key: decoded(key)? })
}

/// An EventBridge event; its key is not encoded.
fn event_bridge(event: &Value) -> Result<WakeUp, EventError> {
    let text = |pointer: &str, field: &'static str| {
        event.pointer(pointer).and_then(Value::as_str).ok_or(EventError::Missing { field })
    };
    let bucket = text("/detail/bucket/name", "detail.bucket.name")?;
    let key = text("/detail/object/key", "detail.object.key")?;
    Ok(WakeUp::Created { bucket: bucket.to_owned(), key: key.to_owned() })
}

/// A key as it is: S3 writes a space as `+`, and a plus as `%2B`.
fn decoded(key: &str) -> Result<String, EventError> {
    let with_spaces = key.replace('+', " ");
    let decoded = percent_decode_str(&with_spaces).decode_utf8();
    decoded.map(String::from).map_err(|_| EventError::Key(key.to_owned()))
}

fn unknown(event: &Value) -> EventError {
    let found = match event {
        Value::Object(fields) if fields.is_empty() => "no fields".to_owned(),
        Value::Object(fields) => {
            let names: Vec<&str> = fields.keys().take(8).map(String::as_str).collect();
            names.join(", ")
        }
        Value::Null => "nothing in it".to_owned(),
        _ => "no fields".to_owned(),
    };
    EventError::Unknown { found }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn notification(key: &str) -> Value {
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": { "bucket": { "name": "lake" }, "object": { "key": key, "size": 3 } },
        }]})
    }

    fn in_queue(bodies: &[String]) -> Value {
        let records: Vec<Value> = (1..)
            .zip(bodies)
            .map(|(number, body)| {
                json!({ "messageId": number.to_string(), "body": body, "eventSource": "aws:sqs" })
            })
            .collect();
        json!({ "Records": records })
    }

    fn in_sns(message: &Value) -> Value {
        json!({ "Type": "Notification", "Message": message.to_string() })
    }

    fn only(event: &Value) -> Result<Vec<WakeUp>, EventError> {
        let mut read = Event::read(event);
        assert_eq!(read.messages.len(), 1);
        read.messages.remove(0).content
    }

    fn created(key: &str) -> Vec<WakeUp> {
        vec![WakeUp::Created { bucket: "lake".to_owned(), key: key.to_owned() }]
    }

    #[test]
    fn every_envelope_tells_the_same() {
        let plain = notification("landing/a/b/c.csv");
        let sns_to_lambda = json!({ "Records": [{
            "EventSource": "aws:sns",
            "Sns": { "Message": plain.to_string() },
        }]});
        let bridge = json!({
            "detail-type": "Object Created",
            "source": "aws.s3",
            "detail": { "bucket": { "name": "lake" }, "object": { "key": "landing/a/b/c.csv" } },
        });
        for event in [
            plain.clone(),
            sns_to_lambda,
            in_queue(&[plain.to_string()]),
            in_queue(&[in_sns(&plain).to_string()]),
            bridge.clone(),
            in_queue(&[bridge.to_string()]),
        ] {
            assert_eq!(only(&event).unwrap(), created("landing/a/b/c.csv"), "{event}");
        }
    }

    #[test]
    fn keys_are_decoded_but_for_those_of_event_bridge() {
        let key = |encoded: &str| only(&notification(encoded)).unwrap();
        assert_eq!(
            key("landing/a/b/an+export+%281%29.csv"),
            created("landing/a/b/an export (1).csv")
        );
        assert_eq!(key("landing%2Fa%2Fb%2F1%2B1.csv"), created("landing/a/b/1+1.csv"));
        assert_eq!(key("landing/a/b/Z%C3%BCrich.csv"), created("landing/a/b/Zürich.csv"));
        assert_eq!(only(&notification("landing/%FF")), Err(EventError::Key("landing/%FF".into())));
        let bridge = json!({
            "detail-type": "Object Created",
            "detail": { "bucket": { "name": "lake" }, "object": { "key": "landing/1+1%.csv" } },
        });
        assert_eq!(only(&bridge).unwrap(), created("landing/1+1%.csv"));
    }

    #[test]
    fn a_bad_message_is_no_matter_of_the_others() {
        let good = notification("landing/a/b/c.csv").to_string();
        let read = Event::read(&in_queue(&[good, "{".to_owned(), "[]".to_owned()]));
        assert!(read.from_queue);
        assert_eq!(read.messages[0].content, Ok(created("landing/a/b/c.csv")));
        assert!(matches!(read.messages[1].content, Err(EventError::NotJson(_))));
        assert!(matches!(read.messages[2].content, Err(EventError::Unknown { .. })));
        let ids: Vec<&str> = read.messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
    }

    #[test]
    fn tests_deletes_and_commands() {
        let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "lake" });
        assert_eq!(only(&test).unwrap(), [WakeUp::Test]);
        let mut deleted = notification("landing/a");
        deleted["Records"][0]["eventName"] = json!("ObjectRemoved:Delete");
        let ignored = WakeUp::Ignored { event: "ObjectRemoved:Delete".to_owned() };
        assert_eq!(only(&deleted).unwrap(), [ignored]);

        let command = |event: Value| only(&event);
        let expected = Command {
            dataset: "nyc311".parse().unwrap(),
            source: Some("portal".parse().unwrap()),
            table: None,
            anew: false,
            report: None,
        };
        let asked = json!({ "dataset": "nyc311", "source": "portal" });
        assert_eq!(command(asked).unwrap(), [WakeUp::Asked(expected)]);
        for wrong in [
            json!({ "dataset": "../x" }),
            json!({ "dataset": 3 }),
            json!({ "dataset": "nyc311", "sauce": "x" }),
        ] {
            assert!(matches!(command(wrong), Err(EventError::Command(_))));
        }
    }

    #[test]
    fn what_is_not_known_says_what_it_has() {
        let message = |event: Value| only(&event).unwrap_err().to_string();
        assert!(message(json!({ "body": "x", "path": "/" })).ends_with("it has body, path"));
        assert!(message(json!({})).ends_with("it has no fields"));
        assert!(message(json!(null)).ends_with("it has nothing in it"));
        let mut of_future = notification("a");
        of_future["Records"][0]["eventVersion"] = json!("3.0");
        assert_eq!(only(&of_future), Err(EventError::Version("3.0".to_owned())));
        let deep = in_sns(&in_sns(&in_sns(&in_sns(&notification("a")))));
        assert_eq!(only(&deep), Err(EventError::TooDeep));
    }

    /// JSON of any shape, with the names that mean something here.
    fn any_event() -> impl Strategy<Value = Value> {
        let name = prop::sample::select(vec![
            "Records",
            "eventSource",
            "body",
            "s3",
            "bucket",
            "name",
            "object",
            "key",
            "Type",
            "Message",
            "Sns",
            "detail",
            "detail-type",
            "dataset",
            "eventName",
            "Event",
        ]);
        let text = prop::sample::select(vec![
            "aws:sqs",
            "aws:s3",
            "Notification",
            "Object Created",
            "s3:TestEvent",
            "{}",
            "%",
            "x",
            "ObjectCreated:Put",
            "{\"Records\":[]}",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            let object = prop::collection::vec((name.clone(), inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(Value::from),
                object.prop_map(|fields| {
                    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_event_does_harm(event in any_event()) {
            let read = Event::read(&event);
            prop_assert!(!read.messages.is_empty());
        }
    }
}
