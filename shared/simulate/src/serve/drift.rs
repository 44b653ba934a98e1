//! Columns that come, go or change their type in the middle of a load, and rows that come, go or move.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::value::{Column, ColumnKind, Row};

/// A change of what a portal has, as `new-column=weather@3` or `rows-go=5@2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What happens.
    pub change: Change,
    /// The first page with it, counted from 1 over all answers that give whole rows.
    pub page: u64,
}

/// What may happen to a portal's columns and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This column is new: every row has a text in it.
    NewColumn(String),
    /// This column is gone.
    MissingColumn(String),
    /// Values of this column become objects, as when a text becomes a link: `{"value": …}`.
    RetypedColumn(String),
    /// So many rows are new, with the data of the first ones: they come last.
    RowsCome(usize),
    /// So many of the first rows are gone, so that those behind them move up.
    RowsGo(usize),
    /// So many of the first rows are the last ones now, as if they had just been written.
    RowsMove(usize),
}

/// The changes that are still to come, and how many pages were given.
#[derive(Debug, Default)]
pub(super) struct Drifts(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    pages: u64,
    drifts: Vec<Drift>,
}

impl Drifts {
    /// Refuses a change that no resource can take: its columns are `columns`.
    pub(super) fn new(drifts: Vec<Drift>, columns: &[Column]) -> io::Result<Self> {
        for drift in &drifts {
            let (column, is_new) = match &drift.change {
                Change::NewColumn(column) => (column, true),
                Change::MissingColumn(column) | Change::RetypedColumn(column) => (column, false),
                Change::RowsCome(_) | Change::RowsGo(_) | Change::RowsMove(_) => continue,
            };
            let is_there = columns.iter().any(|known| known.name == *column);
            if is_there == is_new {
                let names: BTreeSet<&str> =
                    columns.iter().map(|column| column.name.as_str()).collect();
                let names: Vec<&str> = names.into_iter().collect();
                let has = if is_there { "has the column" } else { "has no column" };
                let problem = format!("the portal {has} `{column}`; it has {}", names.join(", "));
                return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
            }
        }
        Ok(Self(Mutex::new(Waiting { pages: 0, drifts })))
    }

    /// Counts a page that is about to be given; what changes with it.
    pub(super) fn of_next_page(&self) -> Vec<Drift> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pages += 1;
        let page = waiting.pages;
        waiting.drifts.extract_if(.., |drift| drift.page <= page).collect()
    }
}

impl Drift {
    /// Whether it happens to the resource only that is being asked for.
    pub(super) fn is_of_rows(&self) -> bool {
        matches!(self.change, Change::RowsCome(_) | Change::RowsGo(_) | Change::RowsMove(_))
    }

    /// Changes the columns and rows of a resource. `as_newest` gives rows what the portal tells its
    /// newest rows by, beside those that it has.
    pub(super) fn apply(
        &self,
        columns: &mut Vec<Column>,
        rows: &mut Vec<Row>,
        as_newest: impl Fn(&[Row], &mut [Row]),
    ) {
        match &self.change {
            Change::NewColumn(new) => {
                columns.push(Column::new(new.as_str(), ColumnKind::Text));
                for row in rows {
                    row.insert(new.clone(), Value::from("new"));
                }
            }
            Change::MissingColumn(missing) => {
                columns.retain(|column| column.name != *missing);
                for row in rows {
                    row.shift_remove(missing);
                }
            }
            Change::RetypedColumn(retyped) => {
                for column in columns.iter_mut().filter(|column| column.name == *retyped) {
                    column.kind = ColumnKind::Json;
                }
                let values = rows.iter_mut().filter_map(|row| row.get_mut(retyped));
                for value in values.filter(|value| !value.is_null()) {
                    *value = json!({ "value": value.take() });
                }
            }
            Change::RowsCome(count) => {
                let mut new: Vec<Row> = rows.iter().take(*count).cloned().collect();
                as_newest(rows, &mut new);
                rows.extend(new);
            }
            Change::RowsGo(count) => drop(rows.drain(..rows.len().min(*count))),
            Change::RowsMove(count) => {
                let mut moved: Vec<Row> = rows.drain(..rows.len().min(*count)).collect();
                as_newest(rows, &mut moved);
                rows.extend(moved);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drift(text: &str) -> Drift {
        text.parse().unwrap()
    }

    #[test]
    fn columns_change_in_three_ways() {
        let mut columns =
            vec![Column::new("a", ColumnKind::Text), Column::new("b", ColumnKind::Text)];
        let row = |value: Value| value.as_object().cloned().unwrap();
        let mut rows = vec![row(json!({"a": "x", "b": "y"})), row(json!({"a": null}))];
        for change in ["new-column=c@1", "missing-column=b@1", "retyped-column=a@1"] {
            drift(change).apply(&mut columns, &mut rows, |_, _| {});
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(Value::from(rows[0].clone()), json!({"a": {"value": "x"}, "c": "new"}));
        assert_eq!(Value::from(rows[1].clone()), json!({"a": null, "c": "new"}));
    }

    #[test]
    fn rows_change_in_three_ways() {
        let row = |id: u64| Row::from_iter([("id".to_owned(), Value::from(id))]);
        let as_newest = |rows: &[Row], newest: &mut [Row]| {
            let greatest = rows.iter().filter_map(|row| row["id"].as_u64()).max().unwrap_or(0);
            for (id, row) in (greatest + 1..).zip(newest) {
                row.insert("id".to_owned(), Value::from(id));
            }
        };
        for (change, expected) in [
            ("rows-come=2@1", &[1, 2, 3, 4, 5][..]),
            ("rows-go=2@1", &[3]),
            ("rows-move=2@1", &[3, 4, 5]),
            ("rows-go=9@1", &[]),
        ] {
            let mut rows: Vec<Row> = (1..=3).map(row).collect();
            drift(change).apply(&mut Vec::new(), &mut rows, as_newest);
            let ids: Vec<u64> = rows.iter().filter_map(|row| row["id"].as_u64()).collect();
            assert_eq!(ids, expected, "{change}");
        }
    }

    #[test]
    fn a_change_comes_with_its_page_and_once() {
        let columns = [Column::new("a", ColumnKind::Text)];
        let planned = vec![drift("new-column=b@2"), drift("missing-column=a@3")];
        let drifts = Drifts::new(planned.clone(), &columns).unwrap();
        let pages: Vec<Vec<Drift>> = (0..4).map(|_| drifts.of_next_page()).collect();
        assert_eq!(pages, [vec![], vec![planned[0].clone()], vec![planned[1].clone()], vec![]]);
        for impossible in ["new-column=a@1", "missing-column=b@1", "retyped-column=b@1"] {
            let error = Drifts::new(vec![drift(impossible)], &columns).unwrap_err();
            assert!(error.to_string().ends_with("it has a"), "{error}");
        }
    }
}
