//! Rows of the tables about series, column by column.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Field, Float64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use smelt_domain::TableId;
use smelt_lake::{DataFile, DataFileWriter, FileLayout, LakeError, Table};
use uuid::Uuid;

use crate::StageError;

/// Columns with their names, all of one length.
#[derive(Debug, Default)]
pub(super) struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    pub(super) fn text<T: Into<String>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.map(Into::into));
        self.with(name, DataType::Utf8, Arc::new(values.collect::<StringArray>()))
    }

    pub(super) fn number(self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let values = values.into_iter().map(|value| value.filter(|value| value.is_finite()));
        self.with(name, DataType::Float64, Arc::new(values.collect::<Float64Array>()))
    }

    pub(super) fn count(self, name: &str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let values = values.into_iter();
        self.with(name, DataType::Int64, Arc::new(values.collect::<Int64Array>()))
    }

    /// Times in microseconds since 1970.
    pub(super) fn time(self, name: &str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let values = values.into_iter();
        let time = DataType::Timestamp(TimeUnit::Microsecond, None);
        self.with(name, time, Arc::new(values.collect::<TimestampMicrosecondArray>()))
    }

    fn with(mut self, name: &str, data_type: DataType, array: ArrayRef) -> Self {
        self.fields.push(Field::new(name, data_type, true));
        self.arrays.push(array);
        self
    }

    pub(super) fn rows(self) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.arrays)
    }
}

/// Writes rows as one file of the table, among those of the mart.
pub(super) async fn write_rows(
    table: &Table,
    mart: &str,
    columns: Columns,
    sorted_by: &[&str],
) -> Result<(DataFile, SchemaRef), StageError> {
    let rows = columns
        .rows()
        .map_err(|error| StageError::engine(format!("writing {}", table.id()), error.into()))?;
    let schema = rows.schema();
    let path = format!("{}/{}.parquet", folder_of(mart), Uuid::now_v7().simple());
    let layout = FileLayout::SortedBy(sorted_by.iter().map(|&name| name.to_owned()).collect());
    let mut writer =
        DataFileWriter::new(table, path, Default::default(), Arc::clone(&schema), &layout)?;
    writer.write(&rows).await?;
    Ok((writer.finish().await?, schema))
}

/// Where the files of a mart's rows are: nothing but the path tells them apart.
pub(super) fn folder_of(mart: &str) -> String {
    format!("mart={mart}")
}

/// Reads columns back, by name and row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowReader<'a> {
    pub(super) batch: &'a RecordBatch,
    pub(super) row: usize,
}

impl<'a> RowReader<'a> {
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        let column = self.batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    pub(super) fn number(self, name: &str) -> Option<f64> {
        let column = self.batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    pub(super) fn time(self, name: &str) -> Option<i64> {
        let column =
            self.batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }
}

/// A table whose rows are not what it is to hold.
pub(super) fn corrupt(table: &TableId, detail: String) -> LakeError {
    LakeError::Corrupt { table: table.sql_name(), detail }
}
