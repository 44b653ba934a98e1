//! The files in which events arrive, with all that goes wrong on the way.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::event::Event;
use super::moment::{HOUR, Moment};
use super::properties::{properties, spoil};
use super::{Events, TABLE};
use crate::SimulateError;
use crate::dataset_folder::DatasetFolder;
use crate::random::{Chance, Random, running_totals};
use crate::truth::RowTally;

const RANDOM_STREAM: u64 = 42;

const BAD_TIMES: [&str; 4] =
    ["yesterday", "", "2024-02-30 10:15:00.000", "2024-05-06 25:61:00.000"];

/// What makes an event unacceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Properties,
    Time,
    Malformed,
}

impl Fault {
    fn rule(self) -> &'static str {
        match self {
            Self::Properties => "properties_fit_schema",
            Self::Time => "occurred_at_is_readable",
            Self::Malformed => "malformed",
        }
    }
}

/// What was delivered.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) rows: RowTally,
    /// The events that deserve silver, each once; `None` where the truth is not wanted.
    pub(super) accepted: Option<Vec<Event>>,
}

/// A line and when it arrives.
#[derive(Debug, Clone)]
struct Line {
    received: Moment,
    bytes: Vec<u8>,
}

pub(super) struct Courier<'a> {
    folder: &'a DatasetFolder,
    progress: &'a mut dyn FnMut(u64),
    random: Random,
    faults: Vec<(Chance, Fault)>,
    duplicate: Chance,
    late: Chance,
    /// Lines of files that have not been written yet.
    files: BTreeMap<NaiveDate, Vec<Line>>,
    lines_written: u64,
    delivered: Delivered,
}

impl<'a> Courier<'a> {
    pub(super) fn new(
        settings: &Events,
        folder: &'a DatasetFolder,
        progress: &'a mut dyn FnMut(u64),
    ) -> Self {
        let dirt = &settings.dirt;
        Self {
            folder,
            progress,
            random: Random::new(settings.seed, RANDOM_STREAM),
            faults: running_totals(&[
                (dirt.schema_violations, Fault::Properties),
                (dirt.unreadable_times, Fault::Time),
                (dirt.malformed, Fault::Malformed),
            ]),
            duplicate: Chance::new(dirt.duplicates),
            late: Chance::new(dirt.late),
            files: BTreeMap::new(),
            lines_written: 0,
            delivered: Delivered {
                rows: RowTally::default(),
                accepted: settings.truth.then(Vec::new),
            },
        }
    }

    /// Takes an event to the file of the day on which it arrives.
    pub(super) fn accept(&mut self, event: &Event) -> Result<(), SimulateError> {
        let fault = self.random.one_of(&self.faults);
        let delay = if self.random.happens(self.late) {
            HOUR + i64::from(self.random.below(20 * HOUR as u32))
        } else {
            40 + i64::from(self.random.below(2_500))
        };
        let received = event.at.after(delay);
        let line = Line { received, bytes: self.line(event, received, fault)? };
        match fault {
            Some(fault) => self.delivered.rows.refuse(fault.rule()),
            None => {
                self.delivered.rows.silver += 1;
                if let Some(accepted) = &mut self.delivered.accepted {
                    accepted.push(*event);
                }
                if self.random.happens(self.duplicate) {
                    self.delivered.rows.superseded += 1;
                    let days_later = Days::new(u64::from(self.random.below(2)));
                    let date = received.date();
                    let date = date.checked_add_days(days_later).unwrap_or(date);
                    self.files.entry(date).or_default().push(line.clone());
                }
            }
        }
        self.files.entry(received.date()).or_default().push(line);
        Ok(())
    }

    /// Writes the file of a day, for which nothing more can arrive.
    pub(super) fn finish_day(&mut self, date: NaiveDate) -> Result<(), SimulateError> {
        let mut lines = self.files.remove(&date).unwrap_or_default();
        lines.sort_by_key(|line| line.received);
        let mut bytes = Vec::with_capacity(lines.iter().map(|line| line.bytes.len()).sum());
        for line in &lines {
            bytes.extend_from_slice(&line.bytes);
        }
        self.folder.write(&format!("{TABLE}/events_{date}.jsonl"), &bytes)?;
        self.lines_written += lines.len() as u64;
        (self.progress)(self.lines_written);
        Ok(())
    }

    /// Writes what arrives after the last day.
    pub(super) fn finish(mut self) -> Result<Delivered, SimulateError> {
        while let Some(date) = self.files.keys().next().copied() {
            self.finish_day(date)?;
        }
        Ok(self.delivered)
    }

    fn line(
        &mut self,
        event: &Event,
        received: Moment,
        fault: Option<Fault>,
    ) -> Result<Vec<u8>, SimulateError> {
        let mut properties = properties(event.kind, &mut self.random);
        if fault == Some(Fault::Properties) {
            spoil(&mut properties, &mut self.random);
        }
        let occurred_at = match fault {
            Some(Fault::Time) => BAD_TIMES[self.random.below(4) as usize].to_owned(),
            _ => event.at.text(),
        };
        let mut bytes = serde_json::to_vec(&json!({
            "event_id": event.event_id(),
            "event": event.kind.name(),
            "user_id": event.user_id(),
            "session_id": event.session_id(),
            "occurred_at": occurred_at,
            "received_at": received.text(),
            "platform": event.platform,
            "country": event.country,
            "properties": properties,
        }))?;
        if fault == Some(Fault::Malformed) {
            bytes.truncate(bytes.len() / 2);
        }
        bytes.push(b'\n');
        Ok(bytes)
    }
}
