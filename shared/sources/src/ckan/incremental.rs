//! Rows behind the greatest value of a column, which takes queries in SQL.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, AsArray};
use async_trait::async_trait;

use super::cursor::{CkanCursor, Reached};
use super::portal::{Portal, ROW_NUMBER, SearchResult, row_numbers};
use crate::present::Present;
use crate::{Page, Pages, SourceBatch, SourceError, column_name};

/// The pages of all resources, one resource after the other.
#[derive(Debug)]
pub(super) struct IncrementalPages {
    portal: Arc<Portal>,
    page_rows: u32,
    deadline: Option<Instant>,
    column: String,
    present: Present,
    waiting: VecDeque<String>,
    reading: Option<Reading>,
    cursor: CkanCursor,
    next_line: u64,
}

/// The resource that is being read.
#[derive(Debug, Clone)]
struct Reading {
    resource: String,
    /// Its columns as a select list.
    select: String,
    /// The last row that was read. The cursor stays before rows of the future.
    last: Option<Place>,
}

/// A row's value of the column, and its number.
type Place = (String, i64);

impl IncrementalPages {
    pub(super) fn new(
        portal: Arc<Portal>,
        page_rows: u32,
        resources: Vec<String>,
        column: &str,
        cursor: CkanCursor,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            portal,
            page_rows,
            deadline,
            column: column.to_owned(),
            present: Present::of_this_machine(),
            waiting: resources.into(),
            reading: None,
            cursor,
            next_line: 1,
        }
    }

    /// All columns by name: `*` would bring the datastore's search index along.
    async fn select_list(&self, resource: &str) -> Result<String, SourceError> {
        let body = self.portal.search(resource, 0, 0, self.deadline).await?;
        let answer: SearchResult<'_> = self.portal.result(&body)?;
        let names: Vec<String> = answer.fields.into_iter().map(|field| field.id).collect();
        if !names.contains(&self.column) {
            return Err(self.definition_error(
                format!("{resource} has no column `{}`", self.column),
                format!("name one of {}", names.join(", ")),
            ));
        }
        let quoted: Vec<String> = names.iter().map(|name| identifier(name)).collect();
        Ok(quoted.join(", "))
    }

    /// Starts where the last pull ended; at the beginning when that was in the future, as nothing
    /// would ever be behind it.
    async fn begin(&self, resource: &str) -> Result<Reading, SourceError> {
        let last = match self.cursor.resources.get(resource) {
            Some(Reached::Behind { value, id }) if !self.present.is_before(value) => {
                Some((value.clone(), *id))
            }
            _ => None,
        };
        let select = self.select_list(resource).await?;
        Ok(Reading { resource: resource.to_owned(), select, last })
    }

    fn query(&self, reading: &Reading) -> String {
        let Reading { resource, select, last } = reading;
        let (table, column) = (identifier(resource), identifier(&self.column));
        let number = identifier(ROW_NUMBER);
        let behind = match last {
            Some((value, id)) => {
                let value = literal(value);
                format!("{column} > {value} OR ({column} = {value} AND {number} > {id})")
            }
            // Rows without a value have no place in the order.
            None => format!("{column} IS NOT NULL"),
        };
        format!(
            "SELECT {select} FROM {table} WHERE {behind} ORDER BY {column}, {number} LIMIT {}",
            self.page_rows
        )
    }

    async fn read(&mut self, reading: &Reading) -> Result<SourceBatch, SourceError> {
        let body = self.portal.search_sql(&self.query(reading), self.deadline).await?;
        let answer: SearchResult<'_> = self.portal.result(&body)?;
        let rows = self.portal.batch(&answer.records, self.next_line)?;
        self.next_line += rows.line.len() as u64;
        Ok(rows)
    }

    /// The places of the rows, when no row came twice.
    fn places(&self, reading: &Reading, rows: &SourceBatch) -> Result<Vec<Place>, SourceError> {
        let resource = &reading.resource;
        let numbers = row_numbers(rows);
        let column = rows.fields.column_by_name(&column_name(&self.column, 1));
        let values = column.and_then(|column| column.as_string_opt::<i32>());
        let mut places = Vec::with_capacity(numbers.len());
        for (row, number) in numbers.into_iter().enumerate() {
            let value =
                values.filter(|values| values.is_valid(row)).map(|values| values.value(row));
            let (Some(id), Some(value)) = (number, value) else {
                return Err(self.portal.unsteady(format!(
                    "{resource} gave a row without `{ROW_NUMBER}` or `{}`",
                    self.column
                )));
            };
            let before = places.last().or(reading.last.as_ref());
            if before.is_some_and(|(last, last_id)| last == value && *last_id >= id) {
                return Err(self
                    .portal
                    .unsteady(format!("in {resource} the row _id {id} came out of order")));
            }
            places.push((value.to_owned(), id));
        }
        Ok(places)
    }

    fn definition_error(&self, detail: String, remedy: String) -> SourceError {
        SourceError::Definition { source_label: self.portal.label().to_owned(), detail, remedy }
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
                self.waiting.pop_front();
                self.reading = None;
                continue;
            }
            let places = self.places(&reading, &rows)?;
            let believed = places.iter().rfind(|(value, _)| !self.present.is_before(value));
            if let Some((value, id)) = believed.cloned() {
                let reached = Reached::Behind { value, id };
                self.cursor.resources.insert(reading.resource.clone(), reached);
            }
            self.reading = Some(Reading { last: places.last().cloned(), ..reading });
            return Ok(Some(Page { cursor: self.cursor.write(), snapshot: None, rows }));
        }
        Ok(None)
    }
}

/// The greatest value of a column over all rows of a resource; `None` when no row has one.
pub(super) async fn greatest_value(
    portal: &Portal,
    resource: &str,
    column: &str,
) -> Result<Option<String>, SourceError> {
    let (table, column) = (identifier(resource), identifier(column));
    let query = format!(
        "SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} DESC LIMIT 1"
    );
    let body = portal.search_sql(&query, None).await?;
    let answer: SearchResult<'_> = portal.result(&body)?;
    let row = portal.batch(&answer.records, 1)?;
    let values = row.fields.columns().first().and_then(|column| column.as_string_opt::<i32>());
    Ok(values.and_then(|values| values.iter().flatten().next()).map(str::to_owned))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
