//! Declared columns that change while rows are pulled: some pages have them, or values of one kind,
//! and others do not.

use std::collections::BTreeMap;
use std::fmt;

use arrow::array::{AsArray, RecordBatch};
use smelt_domain::{ColumnName, Table as TableDefinition};

/// So many values would have to be expected in the rows without a column: portals leave out what is
/// null, so that a page without any value of a column that is seldom filled says nothing.
const VALUES_EXPECTED: u64 = 20;

/// A declared column that was not the same in all pages of a pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDrift {
    /// The column, as it is declared.
    pub column: ColumnName,
    /// What was other.
    pub kind: ColumnDriftKind,
    /// In so many rows.
    pub rows: u64,
    /// Of so many.
    pub of_rows: u64,
}

/// How a column differs from page to page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnDriftKind {
    /// Rows came without it, and others with it.
    Missing,
    /// Rows came with objects in it, and others with plain values.
    Retyped,
}

impl fmt::Display for ColumnDrift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, kind, rows, of_rows } = self;
        match kind {
            ColumnDriftKind::Missing => write!(
                formatter,
                "{rows} of {of_rows} rows came without the column `{column}`; it is null in them"
            ),
            ColumnDriftKind::Retyped => write!(
                formatter,
                "{rows} of {of_rows} rows came with objects in the column `{column}`, the others \
                 with plain values"
            ),
        }
    }
}

/// What the pages of a pull have of each declared column.
pub(super) struct ColumnWatch<'a> {
    table: &'a TableDefinition,
    /// By what is copied, if anything is (its parts are made at different times, and may well differ),
    /// and by column.
    seen: BTreeMap<(String, ColumnName), Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    rows_with: u64,
    values: u64,
    rows_without: u64,
    /// Rows of pages that have nothing but objects, and nothing but plain values.
    rows_of_objects: u64,
    rows_of_plain: u64,
}

impl<'a> ColumnWatch<'a> {
    pub(super) fn new(table: &'a TableDefinition) -> Self {
        Self { table, seen: BTreeMap::new() }
    }

    /// Takes in a page of rows, of this copy.
    pub(super) fn see(&mut self, copy: &str, page: &RecordBatch) {
        let rows = page.num_rows() as u64;
        for column in &self.table.source_columns {
            let seen = self.seen.entry((copy.to_owned(), column.name.clone())).or_default();
            let mut names = std::iter::once(&column.name).chain(&column.aliases);
            let there = names.find_map(|name| page.column_by_name(name.as_str()));
            let Some(texts) = there.and_then(|there| there.as_string_opt::<i32>()) else {
                seen.rows_without += rows;
                continue;
            };
            let values = texts.iter().flatten().count() as u64;
            let objects = texts.iter().flatten().filter(|text| text.starts_with('{'));
            seen.rows_with += rows;
            seen.values += values;
            match objects.count() as u64 {
                _ if values == 0 => {}
                0 => seen.rows_of_plain += rows,
                objects if objects == values => seen.rows_of_objects += rows,
                _ => {}
            }
        }
    }

    /// The columns that differed.
    pub(super) fn drifts(&self) -> Vec<ColumnDrift> {
        let drifts = self.seen.iter().flat_map(|((_, column), seen)| {
            let kinds = [
                (ColumnDriftKind::Missing, seen.missing()),
                (ColumnDriftKind::Retyped, seen.retyped()),
            ];
            let of_rows = seen.rows_with + seen.rows_without;
            kinds.into_iter().filter_map(move |(kind, rows)| {
                Some(ColumnDrift { column: column.clone(), kind, rows: rows?, of_rows })
            })
        });
        drifts.collect()
    }
}

impl Seen {
    fn missing(&self) -> Option<u64> {
        let expected = (self.values * self.rows_without).checked_div(self.rows_with)?;
        (expected >= VALUES_EXPECTED).then_some(self.rows_without)
    }

    fn retyped(&self) -> Option<u64> {
        (self.rows_of_objects > 0 && self.rows_of_plain > 0).then_some(self.rows_of_objects)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};
    use smelt_domain::{Dataset, DefinitionFiles, parse_dataset};

    use super::*;

    fn dataset() -> Dataset {
        let yaml = "dataset: d\ndescription: d\ntables:\n  t:\n    description: t\n    \
                    source_columns: [id, {name: borough, aliases: [boro]}, note]\n    key: [id]\n    \
                    columns: {id: TEXT}\n";
        let sql = "SELECT id FROM bronze.d_t";
        let files = [("dataset.yaml", yaml), ("silver/t.sql", sql)]
            .map(|(path, text)| (path.to_owned(), text.to_owned()));
        parse_dataset(&DefinitionFiles { folder: "d".to_owned(), files: files.into() }).unwrap()
    }

    /// So many rows with an id and these columns, each filled in so many of them.
    fn page(rows: usize, columns: &[(&str, &str, usize)]) -> RecordBatch {
        let filled = |value: &str, filled: usize| -> ArrayRef {
            Arc::new((0..rows).map(|row| (row < filled).then_some(value)).collect::<StringArray>())
        };
        let id = std::iter::once(("id", filled("1", rows)));
        let others = columns.iter().map(|(name, value, count)| (*name, filled(value, *count)));
        RecordBatch::try_from_iter(id.chain(others)).unwrap()
    }

    fn drifts(pages: &[(&str, RecordBatch)]) -> Vec<String> {
        let dataset = dataset();
        let mut watch = ColumnWatch::new(&dataset.tables[0]);
        pages.iter().for_each(|(copy, page)| watch.see(copy, page));
        watch.drifts().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_column_that_some_pages_lack_is_told_under_whatever_name_they_have_it() {
        let with = |name: &'static str| ("", page(100, &[(name, "BRONX", 50)]));
        let without = ("", page(100, &[]));
        assert_eq!(drifts(&[with("borough"), with("boro")]), [""; 0]);
        assert_eq!(
            drifts(&[with("borough"), without.clone(), with("boro")]),
            ["100 of 300 rows came without the column `borough`; it is null in them"]
        );
        assert_eq!(drifts(&[without.clone(), without]), [""; 0], "the source never has it");
    }

    #[test]
    fn a_page_without_a_value_of_a_column_that_is_seldom_filled_says_nothing() {
        let seldom = page(1000, &[("note", "x", 19)]);
        let filled = page(1000, &[("note", "x", 20)]);
        let nothing = page(1000, &[]);
        assert_eq!(drifts(&[("", seldom), ("", nothing.clone())]), [""; 0]);
        assert_eq!(drifts(&[("", filled), ("", nothing)]).len(), 1);
    }

    #[test]
    fn copies_of_different_things_may_differ() {
        let (old, new) = (page(100, &[]), page(100, &[("note", "x", 100)]));
        assert_eq!(drifts(&[("2022", old), ("2023", new)]), [""; 0]);
    }

    #[test]
    fn values_that_become_objects_are_told_and_those_that_are_of_both_kinds_are_not() {
        let plain = || ("", page(100, &[("note", "x", 100)]));
        let objects = || ("", page(10, &[("note", "{\"value\":\"x\"}", 10)]));
        let told = drifts(&[plain(), objects()]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("10 of 110 rows came with objects in the column `note`"));
        assert_eq!(drifts(&[objects(), objects()]), [""; 0]);
    }
}
