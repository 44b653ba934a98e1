//! Columns discovered as the objects come, and the batch that is being collected.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::error::ArrowError;

use super::object::{self, ObjectField};
use crate::batch::{BatchLimit, Delivery, MAX_COLUMNS, RowNotes, SourceBatch, text_schema};
use crate::error::FileError;
use crate::names::UniqueNames;
use crate::window::Window;

/// The rows of the current batch over all columns seen so far.
#[derive(Debug)]
pub(super) struct Table {
    /// The header that a key stands for.
    header: fn(&str) -> &str,
    columns: Vec<Column>,
    by_key: HashMap<String, usize>,
    names: UniqueNames,
    pub(super) notes: RowNotes,
    bytes: usize,
    /// Per column one more than the index of its field in the current object, or 0 without one.
    field_of_column: Vec<usize>,
}

#[derive(Debug)]
struct Column {
    key: String,
    name: String,
    values: StringBuilder,
}

impl Default for Table {
    fn default() -> Self {
        Self::with_headers(|key| key)
    }
}

impl Table {
    /// An empty table whose columns are named by what `header` makes of their keys.
    pub(super) fn with_headers(header: fn(&str) -> &str) -> Self {
        Self {
            header,
            columns: Vec::new(),
            by_key: HashMap::new(),
            names: UniqueNames::default(),
            notes: RowNotes::default(),
            bytes: 0,
            field_of_column: Vec::new(),
        }
    }

    pub(super) fn is_full(&self, limit: BatchLimit) -> bool {
        limit.reached(self.notes.rows(), self.columns.len(), self.bytes + self.notes.bytes())
    }

    /// Takes over one record, as a row or as a malformed row.
    pub(super) fn accept(&mut self, path: &Path, bytes: &[u8], line: u64) -> Result<(), FileError> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.malformed(
                line,
                "not valid UTF-8".to_owned(),
                String::from_utf8_lossy(bytes).into_owned(),
            );
            return Ok(());
        };
        match object::parse(text) {
            Ok(fields) => {
                self.add_columns(path, &fields, line)?;
                self.append(&fields);
                self.bytes += text.len();
                self.notes.fine(line);
            }
            Err(reason) => self.malformed(line, reason, text.to_owned()),
        }
        Ok(())
    }

    pub(super) fn malformed(&mut self, line: u64, reason: String, raw: String) {
        self.notes.malformed(line, reason, raw);
        self.keep_step();
    }

    /// Gives every column a null for a malformed row just noted.
    pub(super) fn keep_step(&mut self) {
        self.columns.iter_mut().for_each(|column| column.values.append_null());
    }

    /// Finds the column of every field, adding those not seen before with nulls for the rows above.
    /// Of a key given twice the last one counts.
    fn add_columns(
        &mut self,
        path: &Path,
        fields: &[ObjectField<'_>],
        line: u64,
    ) -> Result<(), FileError> {
        self.field_of_column.clear();
        self.field_of_column.resize(self.columns.len(), 0);
        // Objects mostly have the same keys in the same order.
        let mut likely = 0;
        for (index, (key, _)) in fields.iter().enumerate() {
            let column = match self.columns.get(likely) {
                Some(column) if column.key == *key => likely,
                _ => match self.by_key.get(key.as_ref()) {
                    Some(known) => *known,
                    None => self.add_column(path, key, line)?,
                },
            };
            self.field_of_column[column] = index + 1;
            likely = column + 1;
        }
        Ok(())
    }

    fn add_column(&mut self, path: &Path, key: &str, line: u64) -> Result<usize, FileError> {
        let index = self.columns.len();
        if index == MAX_COLUMNS {
            return Err(FileError::TooManyColumns {
                path: path.to_path_buf(),
                line,
                limit: MAX_COLUMNS,
            });
        }
        let mut values = StringBuilder::new();
        values.append_nulls(self.notes.rows());
        self.columns.push(Column {
            key: key.to_owned(),
            name: self.names.name((self.header)(key), index + 1),
            values,
        });
        self.by_key.insert(key.to_owned(), index);
        self.field_of_column.push(0);
        Ok(index)
    }

    fn append(&mut self, fields: &[ObjectField<'_>]) {
        for (column, field) in self.columns.iter_mut().zip(&self.field_of_column) {
            let value: Option<&Cow<'_, str>> =
                field.checked_sub(1).and_then(|index| fields[index].1.as_ref());
            match value {
                Some(text) => column.values.append_value(text),
                None => column.values.append_null(),
            }
        }
    }

    /// Hands over what was collected, if anything.
    pub(super) fn deliver(
        &mut self,
        window: &Window,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), FileError> {
        if self.notes.rows() == 0 {
            return Ok(());
        }
        delivery.deliver(window.path(), self.finish())
    }

    /// The batch of what was collected.
    pub(super) fn finish(&mut self) -> Result<SourceBatch, ArrowError> {
        self.bytes = 0;
        let schema = text_schema(self.columns.iter().map(|column| column.name.as_str()));
        let columns: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|column| Arc::new(column.values.finish()) as ArrayRef)
            .collect();
        self.notes.finish(schema, columns)
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.columns.into_iter().map(|column| column.name).collect()
    }
}
