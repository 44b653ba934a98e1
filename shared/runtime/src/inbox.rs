//! The work of one invocation: what its messages ask for, each thing once, and which messages have to
//! come again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use smelt_domain::LakeKeyError;

use crate::address::NotOfTheLake;
use crate::event::{Event, EventError, WakeUp};

/// Why a message asks for nothing that can be done. Coming again does not help: in a queue it ends
/// where somebody looks at it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be understood.
    #[error(transparent)]
    Event(#[from] EventError),
    /// It is about an object that is not in the lake.
    #[error(transparent)]
    NotOfTheLake(#[from] NotOfTheLake),
    /// Its key is none that a lake has.
    #[error(transparent)]
    Key(#[from] LakeKeyError),
    /// It is about something that this function has nothing to do with.
    #[error(
        "`{key}` is no matter of {function}, which is woken by {expected}; correct the notification"
    )]
    ForeignLayer {
        /// The key.
        key: String,
        /// The function.
        function: &'static str,
        /// What it is woken by.
        expected: &'static str,
    },
    /// It gives a field that means nothing to this function.
    #[error(
        "`{field}` means nothing to {function}; send the command to the function that it is for"
    )]
    NotTaken {
        /// The field.
        field: &'static str,
        /// The function.
        function: &'static str,
    },
    /// It names a dataset, table or source that is not defined here.
    #[error(
        "there is no {what} `{name}` in the definitions of this function; deploy them, then redrive the message"
    )]
    NotDefined {
        /// `dataset`, `table of nyc311`, `source of nyc311`.
        what: String,
        /// The name.
        name: String,
    },
}

impl Refusal {
    /// One word for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "Event",
            Self::NotOfTheLake(_) => "NotOfTheLake",
            Self::Key(_) => "Key",
            Self::ForeignLayer { .. } => "ForeignLayer",
            Self::NotTaken { .. } => "NotTaken",
            Self::NotDefined { .. } => "NotDefined",
        }
    }
}

/// What the messages of an invocation ask for.
#[derive(Debug)]
pub struct Inbox<W> {
    from_queue: bool,
    ids: Vec<String>,
    /// Each thing to do, with the numbers of the messages that ask for it.
    works: BTreeMap<W, BTreeSet<usize>>,
    /// Messages that have to come again, or end with the dead letters.
    failed: BTreeSet<usize>,
    refusals: Vec<Refusal>,
    again: u64,
}

impl<W: Ord + Clone> Inbox<W> {
    /// Reads an event. `interpret` says what a wake-up asks the function to do; things that are asked
    /// for by several messages are done once.
    pub fn read(event: &Value, interpret: impl Fn(&WakeUp) -> Result<Vec<W>, Refusal>) -> Self {
        let event = Event::read(event);
        let mut inbox = Self {
            from_queue: event.from_queue,
            ids: event.messages.iter().map(|message| message.id.clone()).collect(),
            works: BTreeMap::new(),
            failed: BTreeSet::new(),
            refusals: Vec::new(),
            again: event.messages.iter().filter(|message| message.received > 1).count() as u64,
        };
        for (number, message) in event.messages.into_iter().enumerate() {
            let asked = message.content.map_err(Refusal::from).and_then(|wake_ups| {
                wake_ups.iter().map(&interpret).collect::<Result<Vec<_>, _>>()
            });
            match asked {
                Ok(works) => {
                    for work in works.into_iter().flatten() {
                        inbox.works.entry(work).or_default().insert(number);
                    }
                }
                Err(refusal) => {
                    inbox.failed.insert(number);
                    inbox.refusals.push(refusal);
                }
            }
        }
        inbox
    }

    /// What is to be done, in order.
    pub fn works(&self) -> Vec<W> {
        self.works.keys().cloned().collect()
    }

    /// Why messages were refused.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// How many messages have come before.
    pub fn come_again(&self) -> u64 {
        self.again
    }

    /// Whether the messages came from a queue, so that single ones can come again.
    pub fn from_queue(&self) -> bool {
        self.from_queue
    }

    /// This was not done, or not to its end: the messages that ask for it have to come again.
    pub fn not_done(&mut self, work: &W) {
        if let Some(messages) = self.works.get(work) {
            self.failed.extend(messages);
        }
    }

    /// The answer that a queue understands: the messages that have to come again.
    pub fn batch_answer(&self) -> Value {
        let failures: Vec<Value> = self
            .failed
            .iter()
            .filter_map(|number| self.ids.get(*number))
            .map(|id| json!({ "itemIdentifier": id }))
            .collect();
        json!({ "batchItemFailures": failures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(keys: &[&str]) -> Value {
        let records: Vec<Value> = keys
            .iter()
            .enumerate()
            .map(|(number, key)| {
                let body = json!({ "Records": [{
                    "eventSource": "aws:s3",
                    "eventName": "ObjectCreated:Put",
                    "s3": { "bucket": { "name": "lake" }, "object": { "key": key } },
                }]});
                json!({
                    "eventSource": "aws:sqs",
                    "messageId": format!("m{number}"),
                    "body": if key.is_empty() { "{".to_owned() } else { body.to_string() },
                })
            })
            .collect();
        json!({ "Records": records })
    }

    fn table_of(wake_up: &WakeUp) -> Result<Vec<String>, Refusal> {
        match wake_up {
            WakeUp::Created { key, .. } => {
                Ok(key.split('/').next().map(str::to_owned).into_iter().collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn failures(inbox: &Inbox<String>) -> Vec<String> {
        let answer = inbox.batch_answer();
        let failures = answer["batchItemFailures"].as_array().unwrap();
        let id = |failure: &Value| failure["itemIdentifier"].as_str().unwrap().to_owned();
        failures.iter().map(id).collect()
    }

    #[test]
    fn each_thing_is_done_once_and_fails_for_all_who_asked_for_it() {
        let mut inbox = Inbox::read(&queue(&["a/1", "b/1", "a/2"]), table_of);
        assert_eq!(inbox.works(), ["a", "b"]);
        assert!(failures(&inbox).is_empty());
        inbox.not_done(&"a".to_owned());
        assert_eq!(failures(&inbox), ["m0", "m2"]);
    }

    #[test]
    fn a_poisoned_message_fails_alone() {
        let inbox = Inbox::read(&queue(&["a/1", "", "a/2"]), table_of);
        assert_eq!(inbox.works(), ["a"]);
        assert_eq!(failures(&inbox), ["m1"]);
        assert_eq!(inbox.refusals().len(), 1);
        assert_eq!(inbox.refusals()[0].kind(), "Event");
    }
}
