//! Some rows of a table: what is evaluated at once.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::array::{Array, ArrayRef, DictionaryArray, NullArray};
use arrow::compute::CastOptions;
use arrow::compute::cast_with_options;
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Float64Type, Int32Type};
use arrow::error::ArrowError;
use arrow::util::display::FormatOptions;
use smelt_domain::ColumnType;

use crate::coded;
use crate::value::data_type;

/// Rows by column, at the positions of the table; what is not needed is a column of nothing.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) rows: usize,
}

impl Chunk {
    /// Some of the rows; of the columns those that are needed.
    pub(crate) fn slice(&self, start: usize, rows: usize, needed: &[bool]) -> Self {
        let columns = self.columns.iter().zip(needed).map(|(column, needed)| {
            if *needed { column.slice(start, rows) } else { nothing(rows) }
        });
        Self { columns: columns.collect(), rows }
    }

    /// Rows picked from several chunks, each by chunk and row; of the columns those that are needed.
    pub(crate) fn gather(
        chunks: &[Self],
        picks: &[(usize, usize)],
        needed: &[bool],
    ) -> Result<Self, ArrowError> {
        let columns: Result<Vec<ArrayRef>, ArrowError> = needed
            .iter()
            .enumerate()
            .map(|(position, needed)| {
                if !needed {
                    return Ok(nothing(picks.len()));
                }
                let arrays: Vec<&ArrayRef> =
                    chunks.iter().map(|chunk| &chunk.columns[position]).collect();
                gather_column(&arrays, picks)
            })
            .collect();
        Ok(Self { columns: columns?, rows: picks.len() })
    }
}

/// A column that is not needed.
pub(crate) fn nothing(rows: usize) -> ArrayRef {
    Arc::new(NullArray::new(rows))
}

/// Coded columns of one table have the same values, so only their codes are picked.
fn gather_column(arrays: &[&ArrayRef], picks: &[(usize, usize)]) -> Result<ArrayRef, ArrowError> {
    let coded: Option<Vec<_>> = arrays.iter().map(|array| coded::parts(array)).collect();
    match coded.as_deref() {
        Some([(_, values), ..]) => {
            let values = Arc::new((*values).clone());
            let codes: Vec<&dyn Array> =
                coded.iter().flatten().map(|(codes, _)| *codes as &dyn Array).collect();
            let codes = interleave(&codes, picks)?;
            Ok(Arc::new(DictionaryArray::try_new(
                codes.as_primitive::<Int32Type>().clone(),
                values,
            )?))
        }
        _ => {
            let arrays: Vec<&dyn Array> = arrays.iter().map(|array| array.as_ref()).collect();
            interleave(&arrays, picks)
        }
    }
}

/// A column of a file as its type is in memory, if it is of that kind at all.
///
/// There is one zero and one NaN: in a total order, -0.0 is less than 0.0.
pub(crate) fn conform(array: &ArrayRef, column_type: ColumnType) -> Result<ArrayRef, ArrowError> {
    let wanted = data_type(column_type);
    let array = if *array.data_type() == wanted {
        Arc::clone(array)
    } else if kind(array.data_type()).is_some_and(|it| kind(&wanted) == Some(it)) {
        let options = CastOptions { safe: false, format_options: FormatOptions::default() };
        cast_with_options(array, &wanted, &options)?
    } else {
        return Err(ArrowError::CastError(format!("{} is no {column_type}", array.data_type())));
    };
    match array.as_primitive_opt::<Float64Type>() {
        Some(doubles) => {
            let one = |it: f64| if it.is_nan() { f64::NAN } else { it + 0.0 };
            Ok(Arc::new(doubles.unary::<_, Float64Type>(one)))
        }
        None => Ok(array),
    }
}

#[derive(PartialEq)]
enum Kind {
    Whole,
    Decimal,
    Float,
    Text,
    Boolean,
    Day,
    Time,
}

fn kind(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Boolean => Some(Kind::Boolean),
        DataType::Date32 => Some(Kind::Day),
        DataType::Timestamp(_, None) => Some(Kind::Time),
        DataType::Dictionary(_, values) => kind(values),
        it if it.is_integer() => Some(Kind::Whole),
        it if it.is_floating() => Some(Kind::Float),
        it if it.is_decimal() => Some(Kind::Decimal),
        it if it.is_string() => Some(Kind::Text),
        _ => None,
    }
}
