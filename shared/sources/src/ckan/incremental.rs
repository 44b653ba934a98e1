//! Rows behind the greatest value of a column, which takes queries in SQL.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, AsArray};
use async_trait::async_trait;

use super::cursor::{CkanCursor, Reached};
use super::portal::{Portal, ROW_NUMBER, SearchResult, row_numbers};
use crate::{Page, Pages, SourceBatch, SourceError, column_name};

/// The pages of all resources, one resource after the other.
#[derive(Debug)]
pub(super) struct IncrementalPages {
    portal: Arc<Portal>,
    page_rows: u32,
    deadline: Option<Instant>,
    column: String,
    waiting: VecDeque<String>,
    /// The columns of the resource that is being read, as a select list.
    select: Option<String>,
    cursor: CkanCursor,
    next_line: u64,
}

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
            waiting: resources.into(),
            select: None,
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

    fn query(&self, resource: &str, select: &str) -> String {
        let (table, column) = (identifier(resource), identifier(&self.column));
        let number = identifier(ROW_NUMBER);
        let behind = match self.cursor.resources.get(resource) {
            Some(Reached::Behind { value, id }) => {
                let value = literal(value);
                format!("{column} > {value} OR ({column} = {value} AND {number} > {id})")
            }
            // Rows without a value have no place in the order.
            _ => format!("{column} IS NOT NULL"),
        };
        format!(
            "SELECT {select} FROM {table} WHERE {behind} ORDER BY {column}, {number} LIMIT {}",
            self.page_rows
        )
    }

    async fn read(&mut self, resource: &str, select: &str) -> Result<SourceBatch, SourceError> {
        let query = self.query(resource, select);
        let body = match self.portal.search_sql(&query, self.deadline).await {
            Err(error) if is_switched_off(&error) => {
                return Err(self.definition_error(
                    "the portal has queries in SQL (datastore_search_sql) switched off".to_owned(),
                    "load its resources as snapshots".to_owned(),
                ));
            }
            answer => answer?,
        };
        let answer: SearchResult<'_> = self.portal.result(&body)?;
        let rows = self.portal.batch(&answer.records, self.next_line)?;
        self.next_line += rows.line.len() as u64;
        Ok(rows)
    }

    /// The place of the last row, when no row came twice.
    fn place(&self, resource: &str, rows: &SourceBatch) -> Result<Reached, SourceError> {
        let numbers = row_numbers(rows);
        let column = rows.fields.column_by_name(&column_name(&self.column, 1));
        let values = column.and_then(|column| column.as_string_opt::<i32>());
        let mut before = match self.cursor.resources.get(resource) {
            Some(Reached::Behind { value, id }) => Some((value.clone(), *id)),
            _ => None,
        };
        for (row, number) in numbers.into_iter().enumerate() {
            let value =
                values.filter(|values| values.is_valid(row)).map(|values| values.value(row));
            let (Some(id), Some(value)) = (number, value) else {
                return Err(self.portal.unsteady(format!(
                    "{resource} gave a row without `{ROW_NUMBER}` or `{}`",
                    self.column
                )));
            };
            if before.as_ref().is_some_and(|(last, last_id)| last == value && *last_id >= id) {
                return Err(self
                    .portal
                    .unsteady(format!("in {resource} the row _id {id} came out of order")));
            }
            before = Some((value.to_owned(), id));
        }
        match before {
            Some((value, id)) => Ok(Reached::Behind { value, id }),
            None => Err(self.portal.unsteady(format!("{resource} gave no rows"))),
        }
    }

    fn definition_error(&self, detail: String, remedy: String) -> SourceError {
        SourceError::Definition { source_label: self.portal.label().to_owned(), detail, remedy }
    }
}

#[async_trait]
impl Pages for IncrementalPages {
    async fn next(&mut self) -> Result<Option<Page>, SourceError> {
        while let Some(resource) = self.waiting.front().cloned() {
            let select = match self.select.take() {
                Some(select) => select,
                None => self.select_list(&resource).await?,
            };
            self.select = Some(select.clone());
            let rows = self.read(&resource, &select).await?;
            let page = if rows.line.is_empty() {
                None
            } else {
                let reached = self.place(&resource, &rows)?;
                self.cursor.resources.insert(resource, reached);
                Some(Page { cursor: self.cursor.write(), snapshot: None, rows })
            };
            // Only an empty answer is the end: a portal may give fewer rows than it is asked for.
            if page.is_none() {
                self.waiting.pop_front();
                self.select = None;
            }
            if page.is_some() {
                return Ok(page);
            }
        }
        Ok(None)
    }
}

/// The portal answers as for an action that does not exist.
fn is_switched_off(error: &SourceError) -> bool {
    let SourceError::Definition { detail, .. } = error else { return false };
    detail.contains("404") || detail.contains("Action name not known")
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
