//! A published table in memory.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::concat;
use arrow::compute::kernels::aggregate::{max, max_boolean, min, min_boolean};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use smelt_domain::ColumnType;

use crate::chunk::{Chunk, conform};
use crate::coded;
use crate::evaluation::Evaluation;
use crate::filter::Bounds;
use crate::parquet_file::{columns_in, unreadable};
use crate::value::Value;
use crate::{Answer, AnswerError, Columns, Query};

/// Rows that are looked at, or left out, at once.
const ZONE_ROWS: usize = 2_048;

/// All rows of a snapshot, decoded.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Chunk,
    zones: Vec<Zone>,
}

/// Neighbouring rows, and within what bounds their columns are.
#[derive(Debug)]
struct Zone {
    start: usize,
    rows: usize,
    bounds: Vec<Bounds>,
}

impl Table {
    /// Decodes a Parquet file.
    pub(crate) fn decode(path: &str, file: Bytes, columns: &Columns) -> Result<Self, AnswerError> {
        let failed = |error| unreadable(path, error);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
        let places = columns_in(path, builder.schema(), columns)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().copied());
        let reader = builder.with_projection(mask).build().map_err(failed)?;
        let mut batches: Vec<Vec<ArrayRef>> = vec![Vec::new(); columns.all().len()];
        let mut rows = 0;
        for batch in reader {
            let batch = batch.map_err(|error| unreadable(path, error.into()))?;
            rows += batch.num_rows();
            for (place, (name, column_type)) in columns.all().iter().enumerate() {
                let array =
                    batch.column_by_name(name).ok_or_else(|| AnswerError::OtherColumns {
                        path: path.to_owned(),
                        problem: format!("there is no column `{name}`"),
                    })?;
                batches[place].push(conform(array, *column_type)?);
            }
        }
        let arrays: Result<Vec<ArrayRef>, AnswerError> = batches
            .into_iter()
            .zip(columns.all())
            .map(|(batches, (_, column_type))| in_memory(&batches, *column_type))
            .collect();
        Self::new(Chunk { columns: arrays?, rows })
    }

    fn new(rows: Chunk) -> Result<Self, AnswerError> {
        let mut zones = Vec::new();
        let mut start = 0;
        while start < rows.rows {
            let length = ZONE_ROWS.min(rows.rows - start);
            let bounds =
                rows.columns.iter().map(|column| bounds(&column.slice(start, length))).collect();
            zones.push(Zone { start, rows: length, bounds });
            start += length;
        }
        Ok(Self { rows, zones })
    }

    /// Memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.columns.iter().map(|column| column.get_array_memory_size()).sum()
    }

    pub(crate) fn answer(&self, query: &Query) -> Result<Answer, AnswerError> {
        let mut evaluation = Evaluation::new(query)?;
        let reads = query.reads();
        let route =
            evaluation.route(self.zones.len(), |zone, column| &self.zones[zone].bounds[column]);
        for zone in route {
            let zone = &self.zones[zone];
            if evaluation.may_change(|column| &zone.bounds[column]) {
                evaluation.add(&self.rows.slice(zone.start, zone.rows, &reads))?;
            }
        }
        evaluation.finish()
    }
}

/// One array of a column; texts are coded.
fn in_memory(batches: &[ArrayRef], column_type: ColumnType) -> Result<ArrayRef, AnswerError> {
    let arrays: Vec<&dyn Array> = batches.iter().map(|array| array.as_ref()).collect();
    if arrays.is_empty() {
        return Ok(crate::value::array_of(column_type, &[])?);
    }
    let array = concat(&arrays)?;
    match array.as_string_opt::<i32>() {
        Some(texts) => Ok(coded::code(texts)?),
        None => Ok(array),
    }
}

fn bounds(array: &ArrayRef) -> Bounds {
    let may_be_null = array.null_count() > 0;
    let may_be_known = array.null_count() < array.len();
    Bounds { range: range(array), may_be_null, may_be_known }
}

fn range(array: &ArrayRef) -> Option<(Value, Value)> {
    if let Some((codes, values)) = coded::parts(array) {
        let text = |code: i32| {
            let code = usize::try_from(code).ok()?;
            Some(Value::Text(values.value(code).to_owned()))
        };
        return Some((text(min(codes)?)?, text(max(codes)?)?));
    }
    match array.data_type() {
        DataType::Int32 => exact_range::<Int32Type>(array),
        DataType::Int64 => exact_range::<Int64Type>(array),
        DataType::Date32 => exact_range::<Date32Type>(array),
        DataType::Timestamp(_, _) => exact_range::<TimestampMicrosecondType>(array),
        DataType::Decimal128(_, _) => exact_range::<Decimal128Type>(array),
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            Some((Value::Double(min(array)?), Value::Double(max(array)?)))
        }
        DataType::Boolean => {
            let array = array.as_boolean();
            let exact = |truth: bool| Value::Exact(truth.into());
            Some((exact(min_boolean(array)?), exact(max_boolean(array)?)))
        }
        _ => None,
    }
}

fn exact_range<Type>(array: &ArrayRef) -> Option<(Value, Value)>
where
    Type: ArrowPrimitiveType,
    Type::Native: Into<i128>,
{
    let array = array.as_primitive::<Type>();
    Some((Value::Exact(min(array)?.into()), Value::Exact(max(array)?.into())))
}
