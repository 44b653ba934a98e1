//! Columns of a table as texts and numbers, read without the engine.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use futures::TryStreamExt;
use smelt_domain::ColumnName;
use smelt_lake::{LakeError, Snapshot, Table};

use crate::StageError;
use crate::series::DAY;

/// Some columns of some rows.
pub(super) struct Columns {
    texts: Vec<StringArray>,
    numbers: Vec<Float64Array>,
    times: Vec<Option<i64>>,
}

impl Columns {
    pub(super) fn rows(&self) -> usize {
        let first = self.texts.first().map(Array::len);
        first.or(self.numbers.first().map(Array::len)).unwrap_or(0)
    }

    /// Empty where it is null.
    pub(super) fn text(&self, column: usize, row: usize) -> &str {
        match self.texts.get(column) {
            Some(texts) if texts.is_valid(row) => texts.value(row),
            _ => "",
        }
    }

    /// NaN where it is null.
    pub(super) fn number(&self, column: usize, row: usize) -> f64 {
        match self.numbers.get(column) {
            Some(numbers) if numbers.is_valid(row) => numbers.value(row),
            _ => f64::NAN,
        }
    }

    /// Seconds since 1970 on the wall clock.
    pub(super) fn time(&self, row: usize) -> Option<i64> {
        self.times.get(row).copied().flatten()
    }
}

/// Which columns are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub texts: &'a [ColumnName],
    pub numbers: &'a [ColumnName],
    pub time: Option<&'a ColumnName>,
}

/// Reads columns of all rows, batch by batch.
pub(super) async fn read(
    table: &Table,
    snapshot: &Snapshot,
    wanted: Wanted<'_>,
    mut each: impl FnMut(&Columns),
) -> Result<(), StageError> {
    let names = wanted.texts.iter().chain(wanted.numbers).chain(wanted.time);
    let mut names: Vec<&str> = names.map(ColumnName::as_str).collect();
    // Columns of partitions are not in the files, but in the log.
    let partitions = snapshot.partition_columns();
    names.retain(|name| !partitions.iter().any(|partition| partition == name));
    for file in snapshot.files() {
        let mut batches = table.read_columns(file, &names).await?;
        while let Some(batch) = batches.try_next().await? {
            let columns = columns_of(&batch, wanted, |name| {
                file.partition.get(name).map(|value| value.as_deref())
            });
            let columns = columns.ok_or_else(|| LakeError::Corrupt {
                table: table.id().sql_name(),
                detail: format!("{} has not the columns that a model learns from", file.path),
            })?;
            each(&columns);
        }
    }
    Ok(())
}

fn columns_of<'p>(
    batch: &RecordBatch,
    wanted: Wanted<'_>,
    partition: impl Fn(&str) -> Option<Option<&'p str>>,
) -> Option<Columns> {
    let column = |name: &ColumnName| -> Option<ArrayRef> {
        if let Some(column) = batch.column_by_name(name.as_str()) {
            return Some(column.clone());
        }
        let value = partition(name.as_str())?;
        let texts: StringArray = std::iter::repeat_n(value, batch.num_rows()).collect();
        Some(std::sync::Arc::new(texts))
    };
    let texts = wanted
        .texts
        .iter()
        .map(|name| cast(&column(name)?, &DataType::Utf8).ok()?.as_string_opt::<i32>().cloned());
    let numbers = wanted.numbers.iter().map(|name| {
        cast(&column(name)?, &DataType::Float64).ok()?.as_primitive_opt::<Float64Type>().cloned()
    });
    let texts: Option<Vec<StringArray>> = texts.collect();
    let numbers: Option<Vec<Float64Array>> = numbers.collect();
    let times = match wanted.time {
        Some(name) => times_of(&column(name)?)?,
        None => Vec::new(),
    };
    Some(Columns { texts: texts?, numbers: numbers?, times })
}

fn times_of(column: &ArrayRef) -> Option<Vec<Option<i64>>> {
    let whole = |to: &DataType| cast(&cast(column, to).ok()?, &DataType::Int64).ok();
    let (values, unit): (ArrayRef, fn(i64) -> i64) = match column.data_type() {
        // Days become whole numbers by way of 32 bits.
        DataType::Date32 => (whole(&DataType::Int32)?, |days| days * DAY),
        DataType::Timestamp(_, zone) => {
            let micros = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            (whole(&micros)?, |micros| micros.div_euclid(1_000_000))
        }
        _ => return None,
    };
    let values = values.as_primitive_opt::<Int64Type>()?;
    Some(values.iter().map(|value| value.map(unit)).collect())
}
