//! What is told of each group, row by row.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use smelt_domain::ColumnType;

use crate::aggregate::{Aggregate, Function};
use crate::chunk::Chunk;
use crate::coded;
use crate::value::Value;
use crate::{AnswerError, Columns, QueryError};

use super::exact_sum::ExactSum;

/// The greatest decimal and its opposite.
const MOST_DECIMAL: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

/// One aggregate of all groups.
#[derive(Debug)]
pub(super) struct Accumulator {
    aggregate: Aggregate,
    column_type: Option<ColumnType>,
    /// Per group, the values that are known, or the rows.
    counts: Vec<i64>,
    state: State,
}

#[derive(Debug)]
enum State {
    Count,
    Exact(Vec<ExactSum>),
    /// In the order of the rows: sums of floats depend on it.
    Float(Vec<f64>),
    /// The least, or the greatest.
    Extreme(Vec<Option<Value>>),
}

impl Accumulator {
    pub(super) fn new(aggregate: Aggregate, columns: &Columns) -> Self {
        let column_type = aggregate.column.map(|column| columns.type_of(column));
        let state = match (aggregate.function, column_type) {
            (Function::Count, _) | (_, None) => State::Count,
            (Function::Sum | Function::Average, Some(ColumnType::Double)) => {
                State::Float(Vec::new())
            }
            (Function::Sum | Function::Average, Some(_)) => State::Exact(Vec::new()),
            (Function::Least | Function::Greatest, Some(_)) => State::Extreme(Vec::new()),
        };
        Self { aggregate, column_type, counts: Vec::new(), state }
    }

    pub(super) fn column(&self) -> Option<usize> {
        self.aggregate.column
    }

    fn resize(&mut self, count: usize) {
        self.counts.resize(count, 0);
        match &mut self.state {
            State::Count => {}
            State::Exact(sums) => sums.resize(count, ExactSum::default()),
            State::Float(sums) => sums.resize(count, 0.0),
            State::Extreme(values) => values.resize(count, None),
        }
    }

    /// Adds the rows of a chunk, each to its group.
    pub(super) fn add(
        &mut self,
        chunk: &Chunk,
        groups: &[u32],
        count: usize,
    ) -> Result<(), AnswerError> {
        self.resize(count);
        let Some(column) = self.aggregate.column else {
            for &group in groups {
                self.counts[group as usize] += 1;
            }
            return Ok(());
        };
        let array = &chunk.columns[column];
        let nulls = array.logical_nulls();
        let known = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        for (row, &group) in groups.iter().enumerate() {
            self.counts[group as usize] += i64::from(known(row));
        }
        match &mut self.state {
            State::Count => Ok(()),
            State::Exact(sums) => each_exact(array, |row, value| {
                sums[groups[row] as usize].add(value);
            }),
            State::Float(sums) => {
                each::<Float64Type>(array, |row, value| sums[groups[row] as usize] += value);
                Ok(())
            }
            State::Extreme(extremes) => {
                let greatest = self.aggregate.function == Function::Greatest;
                extreme(array, groups, extremes, greatest)
            }
        }
    }

    /// What is told of each group, in their order.
    pub(super) fn finish(
        mut self,
        count: usize,
        name: &str,
    ) -> Result<Vec<Option<Value>>, AnswerError> {
        self.resize(count);
        let counts = self.counts;
        let is_sum = self.aggregate.function == Function::Sum;
        let column_type = self.column_type;
        let known = |group: usize| counts[group] > 0;
        Ok(match self.state {
            State::Count => {
                counts.iter().map(|count| Some(Value::Exact((*count).into()))).collect()
            }
            State::Extreme(values) => values,
            State::Float(sums) => {
                let values = sums.into_iter().enumerate().map(|(group, sum)| {
                    let told = if is_sum { sum } else { sum / counts[group] as f64 };
                    known(group).then_some(Value::Double(told + 0.0))
                });
                values.collect()
            }
            State::Exact(sums) if is_sum => {
                let values = sums.into_iter().enumerate().map(|(group, sum)| {
                    if !known(group) {
                        return Ok(None);
                    }
                    let sum = sum.exact().filter(|sum| fits(*sum, column_type));
                    sum.map(Value::Exact).map(Some).ok_or_else(|| too_large(name, column_type))
                });
                values.collect::<Result<_, QueryError>>()?
            }
            State::Exact(sums) => {
                let scale = match column_type {
                    Some(ColumnType::Decimal { scale, .. }) => 10_f64.powi(scale.into()),
                    _ => 1.0,
                };
                let values = sums.into_iter().enumerate().map(|(group, sum)| {
                    let average = sum.rounded() / scale / counts[group] as f64;
                    known(group).then_some(Value::Double(average))
                });
                values.collect()
            }
        })
    }
}

fn fits(sum: i128, column_type: Option<ColumnType>) -> bool {
    match column_type {
        Some(ColumnType::Decimal { .. }) => (-MOST_DECIMAL..=MOST_DECIMAL).contains(&sum),
        _ => i64::try_from(sum).is_ok(),
    }
}

fn too_large(name: &str, column_type: Option<ColumnType>) -> QueryError {
    let most = match column_type {
        Some(ColumnType::Decimal { .. }) => "38 digits",
        _ => "a BIGINT",
    };
    QueryError::OutOfRange {
        parameter: "aggregate".to_owned(),
        expected: format!("`{name}` of at most {most}: filter, or group by more"),
        value: "a larger one".to_owned(),
    }
}

/// Each known value and its row.
fn each<Type: ArrowPrimitiveType>(array: &ArrayRef, mut tell: impl FnMut(usize, Type::Native)) {
    let array = array.as_primitive::<Type>();
    match array.nulls() {
        None => {
            for (row, value) in array.values().iter().enumerate() {
                tell(row, *value);
            }
        }
        Some(nulls) => {
            for row in nulls.valid_indices() {
                tell(row, array.value(row));
            }
        }
    }
}

fn each_exact(array: &ArrayRef, mut tell: impl FnMut(usize, i128)) -> Result<(), AnswerError> {
    match array.data_type() {
        DataType::Int32 => each::<Int32Type>(array, |row, value| tell(row, value.into())),
        DataType::Int64 => each::<Int64Type>(array, |row, value| tell(row, value.into())),
        DataType::Date32 => each::<Date32Type>(array, |row, value| tell(row, value.into())),
        DataType::Decimal128(_, _) => each::<Decimal128Type>(array, tell),
        DataType::Timestamp(_, _) => {
            each::<TimestampMicrosecondType>(array, |row, value| tell(row, value.into()));
        }
        DataType::Boolean => {
            for (row, value) in array.as_boolean().iter().enumerate() {
                if let Some(value) = value {
                    tell(row, value.into());
                }
            }
        }
        other => {
            return Err(AnswerError::failed(
                "aggregating",
                arrow::error::ArrowError::NotYetImplemented(format!("aggregates of {other}")),
            ));
        }
    }
    Ok(())
}

/// Keeps the least or the greatest value of each group.
fn extreme(
    array: &ArrayRef,
    groups: &[u32],
    extremes: &mut [Option<Value>],
    greatest: bool,
) -> Result<(), AnswerError> {
    let beats = |ordering: std::cmp::Ordering| {
        if greatest { ordering.is_gt() } else { ordering.is_lt() }
    };
    if let Some((codes, values)) = coded::parts(array) {
        each::<Int32Type>(&(std::sync::Arc::new(codes.clone()) as ArrayRef), |row, code| {
            keep_text(&mut extremes[groups[row] as usize], values.value(code as usize), beats);
        });
        return Ok(());
    }
    match array.data_type() {
        DataType::Utf8 => {
            for (row, text) in array.as_string::<i32>().iter().enumerate() {
                if let Some(text) = text {
                    keep_text(&mut extremes[groups[row] as usize], text, beats);
                }
            }
            Ok(())
        }
        DataType::Float64 => {
            each::<Float64Type>(array, |row, value| {
                let place = &mut extremes[groups[row] as usize];
                let is_better = match place {
                    Some(Value::Double(held)) => beats(value.total_cmp(held)),
                    _ => true,
                };
                if is_better {
                    *place = Some(Value::Double(value));
                }
            });
            Ok(())
        }
        _ => each_exact(array, |row, value| {
            let place = &mut extremes[groups[row] as usize];
            let is_better = match place {
                Some(Value::Exact(held)) => beats(value.cmp(held)),
                _ => true,
            };
            if is_better {
                *place = Some(Value::Exact(value));
            }
        }),
    }
}

fn keep_text(place: &mut Option<Value>, text: &str, beats: impl Fn(std::cmp::Ordering) -> bool) {
    let is_better = match place {
        Some(Value::Text(held)) => beats(text.cmp(held.as_str())),
        _ => true,
    };
    if is_better {
        *place = Some(Value::Text(text.to_owned()));
    }
}
