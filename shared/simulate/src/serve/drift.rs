//! Columns that come, go or change their type in the middle of a load.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::value::{Column, ColumnKind, Row};

/// A change of a portal's columns, as `new-column=weather@3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What happens to the column.
    pub kind: DriftKind,
    /// The column.
    pub column: String,
    /// The first page with it, counted from 1 over all answers that give whole rows.
    pub page: u64,
}

/// What may happen to a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftKind {
    /// It is new: every row has a text in it.
    NewColumn,
    /// It is gone.
    MissingColumn,
    /// Its values become objects, as when a text becomes a link: `{"value": …}`.
    RetypedColumn,
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
        for Drift { kind, column, .. } in &drifts {
            let is_there = columns.iter().any(|known| known.name == *column);
            if is_there == (*kind == DriftKind::NewColumn) {
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
    /// Changes the columns and rows of a resource.
    pub(super) fn apply(&self, columns: &mut Vec<Column>, rows: &mut [Row]) {
        match self.kind {
            DriftKind::NewColumn => {
                columns.push(Column::new(self.column.as_str(), ColumnKind::Text));
                for row in rows {
                    row.insert(self.column.clone(), Value::from("new"));
                }
            }
            DriftKind::MissingColumn => {
                columns.retain(|column| column.name != self.column);
                for row in rows {
                    row.shift_remove(&self.column);
                }
            }
            DriftKind::RetypedColumn => {
                for column in columns.iter_mut().filter(|column| column.name == self.column) {
                    column.kind = ColumnKind::Json;
                }
                let values = rows.iter_mut().filter_map(|row| row.get_mut(&self.column));
                for value in values.filter(|value| !value.is_null()) {
                    *value = json!({ "value": value.take() });
                }
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
        let mut rows = [row(json!({"a": "x", "b": "y"})), row(json!({"a": null}))];
        for change in ["new-column=c@1", "missing-column=b@1", "retyped-column=a@1"] {
            drift(change).apply(&mut columns, &mut rows);
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(Value::from(rows[0].clone()), json!({"a": {"value": "x"}, "c": "new"}));
        assert_eq!(Value::from(rows[1].clone()), json!({"a": null, "c": "new"}));
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
