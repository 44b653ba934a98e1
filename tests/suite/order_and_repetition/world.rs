//! Small worlds: a few uploaded files of few requests, with every kind of dirt, that collide often.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;

/// A wall-clock time as a file writes it, and what it means: year, month, day, hour, minute, second.
pub(super) type Moment = (&'static str, Option<(i64, i64, i64, i64, i64, i64)>);

/// Keys as files write them, and what they mean.
const GOOD_KEYS: [(&str, Option<i64>); 7] = [
    ("1", Some(1)),
    ("2", Some(2)),
    ("3", Some(3)),
    (" 2 ", Some(2)),
    ("+3", Some(3)),
    ("0001", Some(1)),
    ("-4", Some(-4)),
];
const BAD_KEYS: [(&str, Option<i64>); 5] =
    [("", None), ("abc", None), ("1.5", None), ("--5", None), ("9223372036854775808", None)];

const GOOD_TIMES: [Moment; 7] = [
    ("2026-01-31T23:30:00.000", Some((2026, 1, 31, 23, 30, 0))),
    ("01/31/2026 11:30:00 PM", Some((2026, 1, 31, 23, 30, 0))),
    ("2026-02-01T00:15:00.000", Some((2026, 2, 1, 0, 15, 0))),
    ("2026-02-01 00:15:00Z", Some((2026, 2, 1, 0, 15, 0))),
    ("2026-02-14T12:00:00.000", Some((2026, 2, 14, 12, 0, 0))),
    ("2026-03-07T09:00:00", Some((2026, 3, 7, 9, 0, 0))),
    ("2026-03-08", Some((2026, 3, 8, 0, 0, 0))),
];
const BAD_TIMES: [Moment; 4] = [
    ("", None),
    ("yesterday", None),
    ("2026-02-30T10:00:00.000", None),
    ("2026-01-15T24:00:00.000", None),
];
const CLOSINGS: [Moment; 6] = [
    ("", None),
    ("soon", None),
    ("2026-01-01T00:00:00.000", Some((2026, 1, 1, 0, 0, 0))),
    ("2026-02-01T06:00:00.000", Some((2026, 2, 1, 6, 0, 0))),
    ("2026-02-15T12:00:00.000", Some((2026, 2, 15, 12, 0, 0))),
    ("2026-03-09T09:30:00.000", Some((2026, 3, 9, 9, 30, 0))),
];
const UPDATES: [Moment; 5] = [
    ("", None),
    ("never", None),
    ("2026-03-10T08:00:00.000", Some((2026, 3, 10, 8, 0, 0))),
    ("2026-03-11 08:00:00", Some((2026, 3, 11, 8, 0, 0))),
    ("03/12/2026 08:00:00 AM", Some((2026, 3, 12, 8, 0, 0))),
];
const AGENCIES: [&str; 3] = ["NYPD", " HPD ", ""];
const COMPLAINTS: [&str; 3] = ["Noise", "Heat", ""];
const BOROUGHS: [&str; 4] = ["BROOKLYN", "queens", "Atlantis", ""];

/// What may be wrong with a record as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    FieldMissing,
    FieldTooMany,
}

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub key: (&'static str, Option<i64>),
    pub created: Moment,
    pub closed: Moment,
    pub updated: Moment,
    pub agency: &'static str,
    pub complaint: &'static str,
    pub borough: &'static str,
    pub flaw: Flaw,
}

/// Which columns a file has beside unique_key, created_date, complaint_type and borough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub closed_date: bool,
    pub agency: bool,
    pub updated_at: bool,
    pub unknown: bool,
}

/// One file as somebody uploads it.
#[derive(Clone, PartialEq)]
pub(super) struct File {
    pub columns: Columns,
    pub rows: Vec<Row>,
}

impl File {
    /// Its bytes. A file without columns at all is an empty file.
    pub(super) fn csv(&self) -> String {
        let mut text = self.header().join(",") + "\n";
        for row in &self.rows {
            let mut fields = self.fields(row);
            match row.flaw {
                Flaw::None => {}
                Flaw::FieldMissing => drop(fields.pop()),
                Flaw::FieldTooMany => fields.push("too much"),
            }
            text += &(fields.join(",") + "\n");
        }
        text
    }

    fn header(&self) -> Vec<&'static str> {
        let mut header = vec!["unique_key", "created_date", "complaint_type", "borough"];
        let optional = [
            (self.columns.closed_date, "closed_date"),
            (self.columns.agency, "agency"),
            (self.columns.updated_at, "updated_at"),
            (self.columns.unknown, "Mood of the Day"),
        ];
        header.extend(optional.iter().filter(|(present, _)| *present).map(|(_, name)| *name));
        header
    }

    fn fields(&self, row: &Row) -> Vec<&'static str> {
        let mut fields = vec![row.key.0, row.created.0, row.complaint, row.borough];
        let optional = [
            (self.columns.closed_date, row.closed.0),
            (self.columns.agency, row.agency),
            (self.columns.updated_at, row.updated.0),
            (self.columns.unknown, "sunny"),
        ];
        fields.extend(optional.iter().filter(|(present, _)| *present).map(|(_, value)| *value));
        fields
    }
}

/// A failing case is read by people: as the file's own text.
impl fmt::Debug for File {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\n{}", self.csv())
    }
}

/// The order of the names is not the order of arrival.
const LETTERS: [char; 6] = ['m', 'c', 'x', 'a', 'k', 'b'];

/// What lies in a landing folder in the end, in its order of arrival.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct World {
    pub files: Vec<File>,
}

impl World {
    /// Key in the lake of the file that arrives at this place.
    pub(super) fn key(&self, position: usize) -> String {
        let letter = LETTERS[position % LETTERS.len()];
        format!("landing/nyc311/requests/{letter}{position}.csv")
    }
}

pub(super) fn worlds() -> impl Strategy<Value = World> {
    // Now and then a file repeats the content of another one under its own name.
    let file =
        prop_oneof![5 => files().prop_map(Ok), 1 => any::<prop::sample::Index>().prop_map(Err)];
    prop::collection::vec(file, 2..=LETTERS.len()).prop_map(|planned| {
        let mut files: Vec<File> = Vec::new();
        for file in planned {
            match file {
                Ok(file) => files.push(file),
                Err(copied) if !files.is_empty() => files.push(copied.get(&files).clone()),
                Err(_) => {}
            }
        }
        World { files }
    })
}

fn files() -> impl Strategy<Value = File> {
    let columns =
        (prop::bool::weighted(0.8), prop::bool::weighted(0.8), any::<bool>(), any::<bool>())
            .prop_map(|(closed_date, agency, updated_at, unknown)| Columns {
                closed_date,
                agency,
                updated_at,
                unknown,
            });
    (columns, prop::collection::vec(rows(), 0..8)).prop_map(|(columns, mut rows)| {
        // Now and then a row repeats the one before it.
        for position in 1..rows.len() {
            if rows[position].agency.is_empty() {
                rows[position] = rows[position - 1].clone();
            }
        }
        File { columns, rows }
    })
}

fn rows() -> impl Strategy<Value = Row> {
    let key = prop_oneof![9 => select(&GOOD_KEYS[..]), 1 => select(&BAD_KEYS[..])];
    let created = prop_oneof![9 => select(&GOOD_TIMES[..]), 1 => select(&BAD_TIMES[..])];
    let flaw = prop_oneof![
        12 => Just(Flaw::None),
        1 => Just(Flaw::FieldMissing),
        1 => Just(Flaw::FieldTooMany),
    ];
    (
        key,
        created,
        select(&CLOSINGS[..]),
        select(&UPDATES[..]),
        select(&AGENCIES[..]),
        select(&COMPLAINTS[..]),
        select(&BOROUGHS[..]),
        flaw,
    )
        .prop_map(|(key, created, closed, updated, agency, complaint, borough, flaw)| Row {
            key,
            created,
            closed,
            updated,
            agency,
            complaint,
            borough,
            flaw,
        })
}
