//! Rows behind the greatest value of a column, which takes queries in SQL.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, AsArray};
use async_trait::async_trait;

use super::cursor::{CkanCursor, Reached};
use super::cursor_column::CursorColumn;
use super::portal::{FieldDescription, Portal, ROW_NUMBER, SearchResult, header, row_numbers};
use crate::moment::Moment;
use crate::present::Present;
use crate::{Page, Pages, SourceBatch, SourceError, column_name};

/// What new rows are found by.
#[derive(Debug, Clone)]
pub(super) struct IncrementalSettings {
    pub(super) page_rows: u32,
    /// The column.
    pub(super) column: String,
    pub(super) overlap_seconds: u32,
}

/// The pages of all resources, one resource after the other.
#[derive(Debug)]
pub(super) struct IncrementalPages {
    portal: Arc<Portal>,
    settings: IncrementalSettings,
    deadline: Option<Instant>,
    present: Present,
    waiting: VecDeque<String>,
    reading: Option<Reading>,
    cursor: CkanCursor,
    /// Whether the cursor moved without a page that says so.
    cursor_is_untold: bool,
    notes: Vec<String>,
    next_line: u64,
}

/// The resource that is being read.
#[derive(Debug, Clone)]
struct Reading {
    resource: String,
    /// Its columns as a select list.
    select: String,
    column: CursorColumn,
    /// Its rows when the reading began.
    total: Option<u64>,
    /// The least value that is asked for; `None` for all rows that have one.
    from: Option<String>,
    /// The last row that was read. The cursor stays before rows of the future.
    last: Option<Place>,
    /// The greatest value when the reading began, or when the one did that it completes.
    began_at: Option<String>,
    /// Whether it goes on behind a pull that was cut short, and has found nothing there yet.
    may_have_ended_before: bool,
}

/// A row's value of the column, and its number.
type Place = (String, i64);

impl IncrementalPages {
    pub(super) fn new(
        portal: Arc<Portal>,
        settings: IncrementalSettings,
        resources: Vec<String>,
        cursor: CkanCursor,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            portal,
            settings,
            deadline,
            present: Present::of_this_machine(),
            waiting: resources.into(),
            reading: None,
            cursor,
            cursor_is_untold: false,
            notes: Vec::new(),
            next_line: 1,
        }
    }

    /// Starts where the last pull ended, or a little before; at the beginning when that was in the
    /// future, as nothing would ever be behind it.
    async fn begin(&self, resource: &str) -> Result<Reading, SourceError> {
        let body = self.portal.search(resource, 0, 0, self.deadline).await?;
        let answer: SearchResult<'_> = self.portal.result(&body)?;
        let column = cursor_column(&self.portal, resource, &answer.fields, &self.settings.column)?;
        // By name: `*` would bring the datastore's search index along.
        let names = answer.fields.iter().map(|field| identifier(&field.id));
        let mut reading = Reading {
            resource: resource.to_owned(),
            select: names.collect::<Vec<String>>().join(", "),
            column,
            total: answer.total,
            from: None,
            last: None,
            began_at: None,
            may_have_ended_before: false,
        };
        self.find_start(&mut reading).await?;
        if reading.column.is_text() && (reading.from.is_some() || reading.last.is_some()) {
            let column = &reading.column;
            let least = least_value(&self.portal, resource, column.name(), self.deadline).await?;
            check_value(&self.portal, resource, column, least.as_deref())?;
        }
        Ok(reading)
    }

    async fn find_start(&self, reading: &mut Reading) -> Result<(), SourceError> {
        let seconds = self.settings.overlap_seconds;
        let (column, resource) = (reading.column.clone(), reading.resource.clone());
        let overlaps = column.has_overlap(seconds);
        let reached = match self.cursor.resources.get(&resource) {
            Some(Reached::Behind { value, id, began_at, unfinished })
                if !self.present.is_before(value) =>
            {
                Some((value.clone(), *id, began_at.clone(), *unfinished))
            }
            _ => None,
        };
        if let Some((value, id, began_at, true)) = reached.clone().filter(|_| overlaps) {
            reading.last = Some((value, id));
            reading.began_at = began_at;
            reading.may_have_ended_before = true;
            return Ok(());
        }
        if overlaps {
            let portal = &self.portal;
            reading.began_at =
                greatest_value(portal, &resource, column.name(), self.deadline).await?;
        }
        let Some((value, id, began_at, _)) = reached else { return Ok(()) };
        let earliest = began_at.filter(|began_at| is_earlier(began_at, &value));
        match column.earlier(earliest.as_deref().unwrap_or(&value), seconds) {
            Some(from) => reading.from = Some(from),
            None => reading.last = Some((value, id)),
        }
        Ok(())
    }

    fn query(&self, reading: &Reading) -> String {
        let Reading { resource, select, last, from, .. } = reading;
        let (table, column) = (identifier(resource), identifier(reading.column.name()));
        let number = identifier(ROW_NUMBER);
        let behind = match (last, from) {
            (Some((value, id)), _) => {
                let value = literal(value);
                format!("{column} > {value} OR ({column} = {value} AND {number} > {id})")
            }
            (None, Some(from)) => format!("{column} >= {}", literal(from)),
            // Rows without a value have no place in the order.
            (None, None) => format!("{column} IS NOT NULL"),
        };
        format!(
            "SELECT {select} FROM {table} WHERE {behind} ORDER BY {column}, {number} LIMIT {}",
            self.settings.page_rows
        )
    }

    async fn read(&mut self, reading: &Reading) -> Result<SourceBatch, SourceError> {
        let body = self.portal.search_sql(&self.query(reading), self.deadline).await?;
        let answer: SearchResult<'_> = self.portal.result(&body)?;
        let rows = self.portal.batch(&answer.records, self.next_line)?;
        self.next_line += rows.line.len() as u64;
        Ok(rows)
    }

    /// The places of the rows, when no row came twice and their values sort as they should.
    fn places(&self, reading: &Reading, rows: &SourceBatch) -> Result<Vec<Place>, SourceError> {
        let (resource, column) = (&reading.resource, &reading.column);
        let numbers = row_numbers(rows);
        let values = rows.fields.column_by_name(&column_name(header(column.name()), 1));
        let values = values.and_then(|values| values.as_string_opt::<i32>());
        let mut places: Vec<Place> = Vec::with_capacity(numbers.len());
        for (row, number) in numbers.into_iter().enumerate() {
            let value =
                values.filter(|values| values.is_valid(row)).map(|values| values.value(row));
            let (Some(id), Some(value)) = (number, value) else {
                return Err(self.portal.unsteady(format!(
                    "{resource} gave a row without `{ROW_NUMBER}` or `{}`",
                    column.name()
                )));
            };
            check_value(&self.portal, resource, column, Some(value))?;
            if let Some((last, last_id)) = places.last().or(reading.last.as_ref()) {
                if last == value && *last_id >= id {
                    return Err(self
                        .portal
                        .unsteady(format!("in {resource} the row _id {id} came out of order")));
                }
                if let Some(disorder) = column.disorder(last, value) {
                    return Err(no_cursor(&self.portal, format!("in {resource}, {disorder}")));
                }
            }
            places.push((value.to_owned(), id));
        }
        Ok(places)
    }

    /// Moves the cursor behind the last of the rows that lies in no future.
    fn reach(&mut self, reading: &Reading, places: &[Place]) {
        let believed = places.iter().rfind(|(value, _)| !self.present.is_before(value));
        let Some((value, id)) = believed.cloned() else { return };
        let unfinished = reading.column.has_overlap(self.settings.overlap_seconds);
        let reached = Reached::Behind { value, id, began_at: reading.began_at.clone(), unfinished };
        self.cursor.resources.insert(reading.resource.clone(), reached);
        self.cursor_is_untold = false;
    }

    /// Takes in that there is nothing more, and looks for rows that became visible late where
    /// that was left to do.
    async fn end(&mut self, reading: &Reading) -> Result<(), SourceError> {
        if let Some(Reached::Behind { value, began_at, unfinished: unfinished @ true, .. }) =
            self.cursor.resources.get_mut(&reading.resource)
        {
            *unfinished = false;
            *began_at = began_at.take().filter(|began_at| is_earlier(began_at, value));
            self.cursor_is_untold = true;
        }
        if reading.may_have_ended_before {
            self.reading = Some(self.begin(&reading.resource).await?);
            return Ok(());
        }
        let (resource, column) = (&reading.resource, reading.column.name());
        let missing = rows_without(&self.portal, resource, column, self.deadline).await?;
        if let Some(rows) = missing.filter(|rows| *rows > 0) {
            let of = reading.total.map(|total| format!(" of {total}")).unwrap_or_default();
            self.notes.push(format!("{resource}: {}", never_pulled(rows, &of, column)));
        }
        self.waiting.pop_front();
        self.reading = None;
        Ok(())
    }
}

#[async_trait]
impl Pages for IncrementalPages {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        while let Some(resource) = self.waiting.front() {
            let reading = match self.reading.clone() {
                Some(reading) => reading,
                None => self.begin(resource).await?,
            };
            let rows = self.read(&reading).await?;
            // Only an empty answer is the end: a portal may give fewer rows than it is asked for.
            if rows.line.is_empty() {
                self.end(&reading).await?;
                continue;
            }
            let places = self.places(&reading, &rows)?;
            self.reach(&reading, &places);
            let last = places.last().cloned();
            self.reading = Some(Reading { last, may_have_ended_before: false, ..reading });
            return Ok(Some(Page { cursor: self.cursor.write(), snapshot: None, rows }));
        }
        if std::mem::take(&mut self.cursor_is_untold) {
            let rows = self.portal.batch(&[], self.next_line)?;
            return Ok(Some(Page { cursor: self.cursor.write(), snapshot: None, rows }));
        }
        Ok(None)
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

/// The column that new rows are found by, in one of the resources.
pub(super) fn cursor_column(
    portal: &Portal,
    resource: &str,
    fields: &[FieldDescription],
    name: &str,
) -> Result<CursorColumn, SourceError> {
    CursorColumn::of(fields, name).ok_or_else(|| {
        let names: Vec<&str> = fields.iter().map(|field| field.id.as_str()).collect();
        SourceError::Definition {
            source_label: portal.label().to_owned(),
            detail: format!("{resource} has no column `{name}`"),
            remedy: format!("name one of {}", names.join(", ")),
        }
    })
}

/// Refuses a value behind which later rows may be missed.
pub(super) fn check_value(
    portal: &Portal,
    resource: &str,
    column: &CursorColumn,
    value: Option<&str>,
) -> Result<(), SourceError> {
    match value.and_then(|value| column.defect(value)) {
        Some(defect) => Err(no_cursor(portal, format!("in {resource}, {defect}"))),
        None => Ok(()),
    }
}

fn no_cursor(portal: &Portal, detail: String) -> SourceError {
    SourceError::Definition {
        source_label: portal.label().to_owned(),
        detail,
        remedy: "name a column of times or numbers as `cursor`, or write `load: snapshot`"
            .to_owned(),
    }
}

/// What is said of rows that have no place in the order.
pub(super) fn never_pulled(rows: u64, of: &str, column: &str) -> String {
    format!("{rows}{of} rows have no value in `{column}` and are never pulled")
}

/// How many rows have no value in a column; `None` of a portal that does not count.
pub(super) async fn rows_without(
    portal: &Portal,
    resource: &str,
    column: &str,
    deadline: Option<Instant>,
) -> Result<Option<u64>, SourceError> {
    let (table, column) = (identifier(resource), identifier(column));
    let query = format!("SELECT COUNT(*) AS rows FROM {table} WHERE {column} IS NULL");
    match first_value(portal, &query, deadline).await {
        Ok(count) => Ok(count.and_then(|count| count.parse().ok())),
        Err(error) if error.retryable() => Err(error),
        // A portal may allow queries and forbid functions in them.
        Err(_) => Ok(None),
    }
}

/// The greatest value of a column over all rows of a resource; `None` when no row has one.
pub(super) async fn greatest_value(
    portal: &Portal,
    resource: &str,
    column: &str,
    deadline: Option<Instant>,
) -> Result<Option<String>, SourceError> {
    first_value(portal, &values_in_order(resource, column, "DESC"), deadline).await
}

/// The least value, likewise.
pub(super) async fn least_value(
    portal: &Portal,
    resource: &str,
    column: &str,
    deadline: Option<Instant>,
) -> Result<Option<String>, SourceError> {
    first_value(portal, &values_in_order(resource, column, "ASC"), deadline).await
}

fn values_in_order(resource: &str, column: &str, order: &str) -> String {
    let (table, column) = (identifier(resource), identifier(column));
    format!(
        "SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} {order} LIMIT 1"
    )
}

/// The first field of the first row.
async fn first_value(
    portal: &Portal,
    query: &str,
    deadline: Option<Instant>,
) -> Result<Option<String>, SourceError> {
    let body = portal.search_sql(query, deadline).await?;
    let answer: SearchResult<'_> = portal.result(&body)?;
    let row = portal.batch(&answer.records, 1)?;
    let values = row.fields.columns().first().and_then(|column| column.as_string_opt::<i32>());
    Ok(values.and_then(|values| values.iter().flatten().next()).map(str::to_owned))
}

/// Whether one time is before another.
fn is_earlier(one: &str, other: &str) -> bool {
    match (Moment::read(one), Moment::read(other)) {
        (Some(one), Some(other)) => one.time < other.time,
        _ => false,
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
