//! Pages by place instead of by number: a page starts behind the last row of the page before it, so
//! rows that come and go in between shift nothing.

use arrow::array::{Array, AsArray, StringArray};

use super::portal::header;
use super::soql::literal;
use super::update_time::UpdateTime;
use crate::{SourceBatch, SourceError, column_name};

/// The portal's id of a row.
pub(super) const ROW_ID: &str = ":id";
/// The portal's time of the row's last change.
pub(super) const UPDATED_AT: &str = ":updated_at";

/// The columns that rows are ordered by, which together tell every row apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keyset {
    columns: Vec<String>,
    at_a_place: AtAPlace,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtAPlace {
    OneRow,
    /// Rows of which only the place is asked for: one of them tells as much as all.
    RowsAlike,
}

/// A row's values of the columns of a [`Keyset`].
pub(super) type Place = Vec<String>;

impl Keyset {
    pub(super) fn new(columns: Vec<String>) -> Self {
        Self { columns, at_a_place: AtAPlace::OneRow }
    }

    /// For an inventory of these columns' values, which several rows may share.
    pub(super) fn of_values(columns: Vec<String>) -> Self {
        Self { columns, at_a_place: AtAPlace::RowsAlike }
    }

    /// By update time, and within one update time by `tie`.
    pub(super) fn by_update(tie: &[String]) -> Self {
        let mut columns = vec![UPDATED_AT.to_owned()];
        columns.extend_from_slice(tie);
        Self::new(columns)
    }

    pub(super) fn order(&self) -> String {
        self.columns.join(", ")
    }

    /// The condition for rows behind a place.
    pub(super) fn behind(&self, place: &Place) -> String {
        let mut pairs = self.columns.iter().zip(place).rev();
        let Some((column, value)) = pairs.next() else { return "true".to_owned() };
        let last = format!("{column} > {}", literal(value));
        pairs.fold(last, |rest, (column, value)| {
            let value = literal(value);
            format!("{column} > {value} OR ({column} = {value} AND ({rest}))")
        })
    }

    /// The place of the last row, when the rows really come in order and all behind `start`.
    ///
    /// The order of row ids is the portal's secret (they stand for numbers), and so is how it
    /// collates texts: of these it is only checked that no value comes twice, or, where rows share
    /// values, that none comes again on the next page.
    pub(super) fn check(
        &self,
        rows: &SourceBatch,
        start: Option<&Place>,
        source_label: &str,
    ) -> Result<Option<Place>, SourceError> {
        let values = self
            .columns
            .iter()
            .map(|column| self.values(rows, column, source_label))
            .collect::<Result<Vec<_>, _>>()?;
        let mut before: Option<Place> = start.cloned();
        for row in 0..rows.line.len() {
            let place: Place = values.iter().map(|column| column.value(row).to_owned()).collect();
            let is_alike = row > 0
                && self.at_a_place == AtAPlace::RowsAlike
                && before.as_ref() == Some(&place);
            if let Some(before) = before.as_ref().filter(|_| !is_alike) {
                self.check_step(before, &place).map_err(|detail| SourceError::Unsteady {
                    source_label: source_label.to_owned(),
                    detail,
                })?;
            }
            before = Some(place);
        }
        Ok(before.filter(|_| !rows.line.is_empty()))
    }

    fn check_step(&self, before: &Place, place: &Place) -> Result<(), String> {
        if before == place {
            return Err(format!("the row at {} came twice", self.describe(place)));
        }
        let timed = self.columns.first().is_some_and(|column| column == UPDATED_AT);
        let (Some(earlier), Some(later)) = (before.first(), place.first()) else { return Ok(()) };
        if !timed || earlier == later {
            return Ok(());
        }
        let Some(time) = UpdateTime::read(later) else {
            return Err(format!("a row has the update time `{later}`, which is none"));
        };
        if UpdateTime::read(earlier).is_some_and(|earlier| earlier > time) {
            return Err(format!(
                "the row at {} came behind the one at {}",
                self.describe(place),
                self.describe(before)
            ));
        }
        Ok(())
    }

    fn describe(&self, place: &Place) -> String {
        let parts: Vec<String> = self
            .columns
            .iter()
            .zip(place)
            .map(|(column, value)| format!("{column} `{value}`"))
            .collect();
        parts.join(", ")
    }

    fn values<'a>(
        &self,
        rows: &'a SourceBatch,
        column: &str,
        source_label: &str,
    ) -> Result<KeyValues<'a>, SourceError> {
        let array = rows
            .fields
            .column_by_name(&column_name(header(column), 1))
            .and_then(|array| array.as_string_opt::<i32>());
        match array {
            _ if rows.line.is_empty() => Ok(KeyValues(None)),
            Some(array) if array.null_count() == 0 => Ok(KeyValues(Some(array))),
            _ => Err(SourceError::Definition {
                source_label: source_label.to_owned(),
                detail: format!("rows come without `{column}`, which tells them apart"),
                remedy: "name `key` columns that every row has".to_owned(),
            }),
        }
    }
}

/// The values of a column of rows, if there are rows.
struct KeyValues<'a>(Option<&'a StringArray>);

impl KeyValues<'_> {
    fn value(&self, row: usize) -> &str {
        self.0.map_or("", |array| array.value(row))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::json::batch_of;

    fn check(rows: &str, start: Option<&[&str]>) -> Result<Option<Place>, SourceError> {
        let objects: Vec<&RawValue> = serde_json::from_str(rows).unwrap();
        let batch = batch_of(&objects, 1, header).unwrap();
        let start = start.map(|values| values.iter().map(ToString::to_string).collect());
        Keyset::by_update(&[ROW_ID.to_owned()]).check(&batch, start.as_ref(), "x")
    }

    const FIRST: &str = r#"{":id":"b",":updated_at":"2024-01-01T00:00:00.000Z"}"#;
    const SECOND: &str = r#"{":id":"a",":updated_at":"2024-01-01T00:00:00.000Z"}"#;
    const LATER: &str = r#"{":id":"c",":updated_at":"2024-01-01T00:00:00.001Z"}"#;

    #[test]
    fn behind_a_place_means_greater_in_the_first_column_that_differs() {
        let keyset = Keyset::new(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let place = vec!["1".to_owned(), "2".to_owned(), "3'".to_owned()];
        assert_eq!(
            keyset.behind(&place),
            "a > '1' OR (a = '1' AND (b > '2' OR (b = '2' AND (c > '3'''))))"
        );
    }

    #[test]
    fn rows_in_order_end_at_the_last_ones_place() {
        let place = check(&format!("[{FIRST},{SECOND},{LATER}]"), None).unwrap().unwrap();
        assert_eq!(place, ["2024-01-01T00:00:00.001Z", "c"]);
        assert_eq!(check("[]", None).unwrap(), None);
    }

    #[test]
    fn rows_out_of_order_or_not_behind_the_start_are_unsteady() {
        for (rows, start) in [
            (format!("[{LATER},{FIRST}]"), None),
            (format!("[{FIRST},{FIRST}]"), None),
            (format!("[{FIRST}]"), Some(["2024-01-01T00:00:00.000Z", "b"])),
            (format!("[{FIRST}]"), Some(["2024-01-01T00:00:00.001Z", "c"])),
            (
                r#"[{":id":"b",":updated_at":"soon"}]"#.to_owned(),
                Some(["2024-01-01T00:00:00Z", "c"]),
            ),
        ] {
            let error = check(&rows, start.as_ref().map(|start| start.as_slice())).unwrap_err();
            assert!(matches!(error, SourceError::Unsteady { .. }), "{rows}: {error}");
        }
    }

    #[test]
    fn an_inventory_takes_a_value_as_often_as_it_comes_but_never_the_same_page_again() {
        let rows: Vec<&RawValue> =
            serde_json::from_str(r#"[{"key":"1"},{"key":"1"},{"key":"2"},{"key":"2"}]"#).unwrap();
        let batch = batch_of(&rows, 1, header).unwrap();
        let key = vec!["key".to_owned()];
        let inventory = Keyset::of_values(key.clone());
        assert_eq!(inventory.check(&batch, None, "x").unwrap().unwrap(), ["2"]);
        assert_eq!(inventory.behind(&vec!["2".to_owned()]), "key > '2'");
        for (keyset, start) in [(inventory, Some(vec!["1".to_owned()])), (Keyset::new(key), None)] {
            let error = keyset.check(&batch, start.as_ref(), "x").unwrap_err();
            assert!(error.to_string().contains("key `1` came twice"), "{error}");
        }
    }

    #[test]
    fn rows_without_a_key_are_told() {
        let error = check(r#"[{":updated_at":"2024-01-01T00:00:00Z"}]"#, None).unwrap_err();
        assert!(error.to_string().contains("`:id`"), "{error}");
    }
}
