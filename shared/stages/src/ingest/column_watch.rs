//! Columns that change while rows are pulled, or since the pulls before: some rows have them, or values of
//! one kind, and others do not.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use arrow::array::{AsArray, RecordBatch};
use smelt_domain::{ColumnName, Table as TableDefinition};

use super::seen_columns::{SeenColumn, SeenColumns};

/// So many values would have to be expected in the rows without a column: portals leave out what is
/// null, so that a page without any value of a column that is seldom filled says nothing.
const VALUES_EXPECTED: u64 = 20;
/// Names that are listed; more are counted.
const LISTED: usize = 12;

/// Columns that are not as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnDrift {
    /// Rows of a pull came without a declared column, and others with it.
    Missing {
        /// The column, as it is declared.
        column: ColumnName,
        /// In so many rows.
        rows: u64,
        /// Of so many.
        of_rows: u64,
    },
    /// Rows of a pull came with objects in a declared column, and others with plain values.
    Retyped {
        /// The column, as it is declared.
        column: ColumnName,
        /// In so many rows.
        rows: u64,
        /// Of so many.
        of_rows: u64,
    },
    /// A declared column that pulls before had is in no row any more.
    Gone {
        /// The column, as it is declared.
        column: ColumnName,
        /// The copies without it; empty where nothing is copied.
        copies: Vec<String>,
        /// The rows without it.
        rows: u64,
    },
    /// The values of a declared column were plain before and are objects now, or the other way round.
    RetypedSince {
        /// The column, as it is declared.
        column: ColumnName,
        /// The copies; empty where nothing is copied.
        copies: Vec<String>,
        /// Whether they are objects now.
        to_objects: bool,
    },
    /// Columns that no pull before had, and nobody declares.
    New {
        /// Their names in bronze.
        columns: Vec<String>,
    },
    /// Declared columns that the source should have, and that are in no row of its first load, nor in what
    /// the table has from elsewhere.
    NeverThere {
        /// The columns, as they are declared.
        columns: Vec<ColumnName>,
    },
}

impl fmt::Display for ColumnDrift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { column, rows, of_rows } => write!(
                formatter,
                "{rows} of {of_rows} rows came without the column `{column}`; it is null in them: \
                 when it is back, pull with --full"
            ),
            Self::Retyped { column, rows, of_rows } => write!(
                formatter,
                "{rows} of {of_rows} rows came with objects in the column `{column}`, the others \
                 with plain values"
            ),
            Self::Gone { column, copies, rows } => write!(
                formatter,
                "the column `{column}`, which was there before, is gone{}: it is null in {rows} \
                 rows; when it is back, pull with --full",
                of_copies(copies)
            ),
            Self::RetypedSince { column, copies, to_objects } => {
                let (before, now) = match to_objects {
                    true => ("plain values", "objects"),
                    false => ("objects", "plain values"),
                };
                let copies = of_copies(copies);
                write!(
                    formatter,
                    "the column `{column}`{copies} had {before} before and has {now} now"
                )
            }
            Self::New { columns } => write!(
                formatter,
                "columns that were not there before: {}; bronze keeps them, and nothing reads them \
                 until they are declared",
                listed(columns)
            ),
            Self::NeverThere { columns } => write!(
                formatter,
                "no row has the declared columns {}; they are null: if uploads or other sources \
                 bring them, list under `columns` of the source those that it has",
                listed(columns)
            ),
        }
    }
}

fn listed<T: fmt::Display>(names: &[T]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn of_copies(copies: &[String]) -> String {
    if copies.is_empty() { String::new() } else { format!(" (in {})", listed(copies)) }
}

/// What the pages of a pull have of each column.
pub(super) struct ColumnWatch<'a> {
    table: &'a TableDefinition,
    /// All names of declared columns.
    declared: HashSet<&'a str>,
    /// By what is copied, if anything is (its parts are made at different times, and may well differ),
    /// and by column.
    seen: BTreeMap<(String, ColumnName), Seen>,
    /// Columns that are not declared.
    others: BTreeSet<String>,
    /// What is copied no more.
    gone: Vec<String>,
    /// What the pulls before saw.
    before: SeenColumns,
    /// In a first load, the columns that the table has, or is to have, from elsewhere.
    from_elsewhere: Option<BTreeSet<String>>,
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
        let names = table.source_columns.iter();
        let names = names.flat_map(|column| std::iter::once(&column.name).chain(&column.aliases));
        Self {
            table,
            declared: names.map(ColumnName::as_str).collect(),
            seen: BTreeMap::new(),
            others: BTreeSet::new(),
            gone: Vec::new(),
            before: SeenColumns::default(),
            from_elsewhere: None,
        }
    }

    /// Compares with the pulls before.
    pub(super) fn compare_with(&mut self, before: SeenColumns) {
        self.before = before;
    }

    /// Looks for declared columns that a first load does not bring, but for these.
    pub(super) fn expect_all_but(&mut self, from_elsewhere: BTreeSet<String>) {
        self.from_elsewhere = Some(from_elsewhere);
    }

    /// Takes in a page of rows, of this copy.
    pub(super) fn see(&mut self, copy: &str, page: &RecordBatch) {
        let rows = page.num_rows() as u64;
        if rows == 0 {
            return;
        }
        for field in page.schema_ref().fields() {
            let name = field.name();
            if !self.declared.contains(name.as_str()) && !self.others.contains(name) {
                self.others.insert(name.clone());
            }
        }
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

    /// Takes in that something is copied no more.
    pub(super) fn lose(&mut self, copy: &str) {
        self.gone.push(copy.to_owned());
    }

    /// The columns that differed.
    pub(super) fn drifts(&self) -> Vec<ColumnDrift> {
        let mut drifts: Vec<ColumnDrift> = self.seen.iter().flat_map(within).collect();
        drifts.extend(self.since_before());
        let new: Vec<String> =
            self.others.iter().filter(|other| self.before.is_new(other)).cloned().collect();
        if !new.is_empty() {
            drifts.push(ColumnDrift::New { columns: new });
        }
        drifts.extend(self.never_there());
        drifts
    }

    /// Declared columns that are not as the pulls before saw them.
    fn since_before(&self) -> Vec<ColumnDrift> {
        let mut gone: BTreeMap<&ColumnName, (Vec<String>, u64)> = BTreeMap::new();
        let mut retyped: BTreeMap<(&ColumnName, bool), Vec<String>> = BTreeMap::new();
        for ((copy, column), seen) in &self.seen {
            let Some(before) = self.before.expected(copy, column) else { continue };
            let copies = (!copy.is_empty()).then(|| copy.clone());
            if seen.after(before).expected() >= VALUES_EXPECTED && seen.rows_with == 0 {
                let (of, rows) = gone.entry(column).or_default();
                of.extend(copies);
                *rows += seen.rows_without;
            } else if let (Some(was), Some(is)) = (before.objects, seen.objects())
                && was != is
            {
                retyped.entry((column, is)).or_default().extend(copies);
            }
        }
        let gone = gone.into_iter().map(|(column, (copies, rows))| ColumnDrift::Gone {
            column: column.clone(),
            copies,
            rows,
        });
        let retyped = retyped.into_iter().map(|((column, to_objects), copies)| {
            ColumnDrift::RetypedSince { column: column.clone(), copies, to_objects }
        });
        gone.chain(retyped).collect()
    }

    fn never_there(&self) -> Option<ColumnDrift> {
        let elsewhere = self.from_elsewhere.as_ref().filter(|_| self.before.is_empty())?;
        let is_missing = |name: &ColumnName| {
            let of_column = || self.seen.iter().filter(move |((_, column), _)| column == name);
            let rows: u64 = of_column().map(|(_, seen)| seen.rows_without).sum();
            rows >= VALUES_EXPECTED && of_column().all(|(_, seen)| seen.rows_with == 0)
        };
        let columns = self.table.source_columns.iter().filter(|column| {
            let mut names = std::iter::once(&column.name).chain(&column.aliases);
            is_missing(&column.name) && !names.any(|name| elsewhere.contains(name.as_str()))
        });
        let columns: Vec<ColumnName> = columns.map(|column| column.name.clone()).collect();
        (!columns.is_empty()).then_some(ColumnDrift::NeverThere { columns })
    }

    /// What the next pull compares with.
    pub(super) fn remembered(&self) -> SeenColumns {
        let mut columns = self.before.clone();
        columns.add_others(&self.others);
        for ((copy, column), seen) in &self.seen {
            let of_copy = columns.copies.entry(copy.clone()).or_default();
            let before = of_copy.get(column).copied();
            if seen.rows_with > 0 || before.is_some() {
                of_copy.insert(column.clone(), seen.after(before.unwrap_or_default()));
            }
        }
        columns.copies.retain(|copy, _| !self.gone.contains(copy));
        columns
    }
}

/// What differed from page to page of one pull.
fn within(((_, column), seen): (&(String, ColumnName), &Seen)) -> Vec<ColumnDrift> {
    let (column, of_rows) = (column.clone(), seen.rows_with + seen.rows_without);
    let missing = seen.missing();
    let missing =
        missing.map(|rows| ColumnDrift::Missing { column: column.clone(), rows, of_rows });
    let retyped = seen.retyped().map(|rows| ColumnDrift::Retyped { column, rows, of_rows });
    missing.into_iter().chain(retyped).collect()
}

impl Seen {
    fn missing(&self) -> Option<u64> {
        let expected = (self.values * self.rows_without).checked_div(self.rows_with)?;
        (expected >= VALUES_EXPECTED).then_some(self.rows_without)
    }

    fn retyped(&self) -> Option<u64> {
        (self.rows_of_objects > 0 && self.rows_of_plain > 0).then_some(self.rows_of_objects)
    }

    /// Whether the values are objects, if they are all of one kind.
    fn objects(&self) -> Option<bool> {
        match (self.rows_of_objects, self.rows_of_plain) {
            (0, 0) => None,
            (_, 0) => Some(true),
            (0, _) => Some(false),
            _ => None,
        }
    }

    /// What is known of the column after this pull. A few rows do not tell how often it is filled.
    fn after(&self, before: SeenColumn) -> SeenColumn {
        if self.rows_with == 0 {
            return SeenColumn { absent: before.absent + self.rows_without, ..before };
        }
        let filled = self.values.saturating_mul(1000).div_ceil(self.rows_with);
        let tells = self.rows_with >= VALUES_EXPECTED || before.filled == 0;
        SeenColumn {
            filled: if tells { filled } else { before.filled },
            absent: 0,
            objects: self.objects().or(before.objects),
        }
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
            ["100 of 300 rows came without the column `borough`; it is null in them: when it is \
                 back, pull with --full"]
        );
        assert_eq!(drifts(&[without.clone(), without]), [""; 0], "the source never has it");
    }

    /// What the second of two pulls tells, and what the third does that is like the second.
    fn later(first: &[(&str, RecordBatch)], second: &[(&str, RecordBatch)]) -> [Vec<String>; 2] {
        let dataset = dataset();
        let mut before = SeenColumns::default();
        let mut told = [first, second, second].map(|pages| {
            let mut watch = ColumnWatch::new(&dataset.tables[0]);
            watch.compare_with(SeenColumns::parse(before.to_text().as_deref()));
            pages.iter().for_each(|(copy, page)| watch.see(copy, page));
            before = watch.remembered();
            watch.drifts().iter().map(ToString::to_string).collect()
        });
        assert_eq!(told[0], [""; 0]);
        [std::mem::take(&mut told[1]), std::mem::take(&mut told[2])]
    }

    #[test]
    fn a_column_that_is_gone_since_is_told_until_it_is_back() {
        let with = || ("", page(100, &[("boro", "BRONX", 50)]));
        let without = ("", page(100, &[]));
        let gone = "the column `borough`, which was there before, is gone: it is null in 100 rows; \
                    when it is back, pull with --full";
        assert_eq!(later(&[with()], &[without]), [[gone], [gone]]);
        assert_eq!(later(&[with()], &[with()]), [[""; 0]; 2]);
        let other_name = ("", page(100, &[("borough", "BRONX", 50)]));
        assert_eq!(later(&[with()], &[other_name]), [[""; 0]; 2]);
        // A few rows without it say nothing, but add up.
        let few = ("", page(30, &[]));
        let [second, third] = later(&[with()], &[few]);
        assert_eq!((second.len(), third.len()), (0, 1), "{second:?} {third:?}");
    }

    #[test]
    fn copies_are_compared_with_themselves_and_new_ones_with_all() {
        let with = |copy: &'static str| (copy, page(100, &[("borough", "BRONX", 100)]));
        let without = |copy: &'static str| (copy, page(100, &[]));
        assert_eq!(later(&[with("1"), without("2")], &[with("1"), without("2")]), [[""; 0]; 2]);
        let [told, _] = later(&[with("1"), with("2")], &[without("1"), without("2")]);
        assert!(told.len() == 1 && told[0].contains("is gone (in `1`, `2`): it"), "{told:?}");
        // As every copy had it, the next year is expected to have it, too.
        let [told, again] = later(&[with("1"), with("2")], &[without("3")]);
        assert!(told.len() == 1 && told[0].contains("is gone (in `3`)"), "{told:?}");
        assert_eq!(again, [""; 0]);
        assert_eq!(later(&[with("1"), without("2")], &[without("3")]), [[""; 0]; 2]);
    }

    #[test]
    fn columns_that_are_new_or_of_another_kind_are_told_once() {
        let plain = || ("", page(100, &[("note", "x", 100)]));
        let more = ("", page(100, &[("note", "x", 100), ("weather", "fair", 100)]));
        let [told, again] = later(&[plain()], &[more]);
        assert!(told.len() == 1 && told[0].contains("not there before: `weather`;"), "{told:?}");
        assert_eq!(again, [""; 0]);
        let objects = ("", page(100, &[("note", "{\"value\":\"x\"}", 100)]));
        let [told, again] = later(&[plain()], &[objects]);
        assert_eq!(told, ["the column `note` had plain values before and has objects now"]);
        assert_eq!(again, [""; 0]);
    }

    #[test]
    fn a_first_load_without_a_declared_column_is_told_unless_others_bring_it() {
        let dataset = dataset();
        let told = |rows: usize, elsewhere: &[&str]| {
            let mut watch = ColumnWatch::new(&dataset.tables[0]);
            watch.expect_all_but(elsewhere.iter().map(|name| (*name).to_owned()).collect());
            watch.see("1", &page(rows, &[]));
            watch.see("2", &page(rows, &[("boro", "BRONX", rows)]));
            watch.drifts().iter().map(ToString::to_string).collect::<Vec<String>>()
        };
        let note = "no row has the declared columns `note`; they are null: if uploads or other sources \
                    bring them, list under `columns` of the source those that it has";
        assert_eq!(told(10, &[]), [note]);
        assert_eq!(told(10, &["note"]), [""; 0]);
        assert_eq!(told(9, &[]), [""; 0], "too few to tell");
    }

    #[test]
    fn what_is_copied_no_more_is_forgotten() {
        let dataset = dataset();
        let mut watch = ColumnWatch::new(&dataset.tables[0]);
        watch.see("1", &page(100, &[]));
        watch.see("2", &page(100, &[]));
        watch.lose("1");
        assert_eq!(watch.remembered().copies.keys().collect::<Vec<_>>(), ["2"]);
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
