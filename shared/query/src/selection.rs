//! Which rows of a chunk pass the filters.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Scalar, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp::{eq, gt, gt_eq, lt, lt_eq, neq};
use arrow::compute::kernels::comparison::{contains, starts_with};
use arrow::compute::{is_not_null, is_null, or_kleene};
use arrow::error::ArrowError;
use smelt_domain::ColumnType;

use crate::coded;
use crate::filter::{Bounds, Comparison, Filter, Test};
use crate::value::{Value, array_of};

/// A test made ready for a column of one type.
#[derive(Debug)]
pub(crate) struct Matcher {
    column_type: ColumnType,
    test: Test,
    /// The same test of the codes of a coded column: there is one such column per test.
    codes: Option<Codes>,
}

/// The codes of the texts of which a test is true.
#[derive(Debug)]
enum Codes {
    Within(Range<i32>),
    Among(Vec<bool>),
}

impl Matcher {
    pub(crate) fn new(column_type: ColumnType, test: Test) -> Self {
        Self { column_type, test, codes: None }
    }

    /// Whether it may be true of a value within these bounds.
    pub(crate) fn may_match(&self, bounds: &Bounds) -> bool {
        bounds.may_match(&self.test)
    }

    /// The rows of which it is true.
    pub(crate) fn matches(&mut self, array: &ArrayRef) -> Result<BooleanBuffer, ArrowError> {
        if let Test::Null(wanted) = &self.test {
            let matches = if *wanted { is_null(array)? } else { is_not_null(array)? };
            return Ok(truth(matches));
        }
        let Some((codes, values)) = coded::parts(array) else {
            return Ok(truth(matches(&self.test, self.column_type, array)?));
        };
        let wanted = match &mut self.codes {
            Some(wanted) => wanted,
            empty => empty.insert(wanted_codes(&self.test, values)?),
        };
        Ok(match wanted {
            Codes::Within(range) => coded::within(codes, range),
            Codes::Among(wanted) => coded::among(codes, wanted),
        })
    }
}

/// What makes the rows that pass: all filters of a question.
#[derive(Debug)]
pub(crate) struct Selection(Vec<(usize, Matcher)>);

impl Selection {
    pub(crate) fn new(filters: &[Filter], type_of: impl Fn(usize) -> ColumnType) -> Self {
        let matchers = filters.iter().map(|filter| {
            (filter.column, Matcher::new(type_of(filter.column), filter.test.clone()))
        });
        Self(matchers.collect())
    }

    /// Whether rows may pass whose columns are within these bounds.
    pub(crate) fn may_match<'a>(&self, bounds: impl Fn(usize) -> &'a Bounds) -> bool {
        self.0.iter().all(|(column, matcher)| matcher.may_match(bounds(*column)))
    }

    /// The rows that pass; `None` if all do.
    pub(crate) fn select(
        &mut self,
        columns: &[ArrayRef],
    ) -> Result<Option<BooleanBuffer>, ArrowError> {
        let mut selected: Option<BooleanBuffer> = None;
        for (column, matcher) in &mut self.0 {
            let matches = matcher.matches(&columns[*column])?;
            let both = match selected {
                Some(before) => &before & &matches,
                None => matches,
            };
            if both.count_set_bits() == 0 {
                return Ok(Some(both));
            }
            selected = Some(both);
        }
        Ok(selected)
    }
}

/// Unknown is not true.
pub(crate) fn truth(matches: BooleanArray) -> BooleanBuffer {
    match matches.nulls() {
        Some(nulls) => matches.values() & nulls.inner(),
        None => matches.values().clone(),
    }
}

fn wanted_codes(test: &Test, values: &StringArray) -> Result<Codes, ArrowError> {
    let before = |text: &str| coded::partition(values, |value| value < text);
    let up_to = |text: &str| coded::partition(values, |value| value <= text);
    let all = coded::partition(values, |_| true);
    let range = match test {
        Test::AnyOf(texts) => match texts.as_slice() {
            [Value::Text(text)] => Some(before(text)..up_to(text)),
            _ => None,
        },
        Test::Compare(Comparison::Less, Value::Text(text)) => Some(0..before(text)),
        Test::Compare(Comparison::LessOrEqual, Value::Text(text)) => Some(0..up_to(text)),
        Test::Compare(Comparison::Greater, Value::Text(text)) => Some(up_to(text)..all),
        Test::Compare(Comparison::GreaterOrEqual, Value::Text(text)) => Some(before(text)..all),
        Test::Starts(parts) => match parts.as_slice() {
            [part] => {
                let end = coded::partition(values, |value| {
                    value < part.as_str() || value.starts_with(part.as_str())
                });
                Some(before(part)..end)
            }
            _ => None,
        },
        _ => None,
    };
    if let Some(range) = range {
        return Ok(Codes::Within(range));
    }
    let values: ArrayRef = Arc::new(values.clone());
    let wanted = truth(matches(test, ColumnType::Text, &values)?);
    Ok(Codes::Among(wanted.iter().collect()))
}

/// Of which values a test is true; unknown where the value is.
fn matches(
    test: &Test,
    column_type: ColumnType,
    array: &ArrayRef,
) -> Result<BooleanArray, ArrowError> {
    let scalar = |value: &Value| -> Result<Scalar<ArrayRef>, ArrowError> {
        Ok(Scalar::new(array_of(column_type, &[Some(value.clone())])?))
    };
    match test {
        Test::Null(true) => is_null(array),
        Test::Null(false) => is_not_null(array),
        Test::AnyOf(values) => any(array, values, |value| eq(array, &scalar(value)?)),
        Test::NoneOf(values) => match values.as_slice() {
            [value] => neq(array, &scalar(value)?),
            values => {
                let any = any(array, values, |value| eq(array, &scalar(value)?))?;
                arrow::compute::not(&any)
            }
        },
        Test::Compare(Comparison::Less, value) => lt(array, &scalar(value)?),
        Test::Compare(Comparison::LessOrEqual, value) => lt_eq(array, &scalar(value)?),
        Test::Compare(Comparison::Greater, value) => gt(array, &scalar(value)?),
        Test::Compare(Comparison::GreaterOrEqual, value) => gt_eq(array, &scalar(value)?),
        Test::Contains(parts) => any(array, parts, |part| contains(array, &part_scalar(part))),
        Test::Starts(parts) => any(array, parts, |part| starts_with(array, &part_scalar(part))),
    }
}

fn part_scalar(part: &str) -> Scalar<StringArray> {
    StringArray::new_scalar(part)
}

/// Of which values one of the tests is true.
fn any<Item>(
    array: &dyn Array,
    items: &[Item],
    test: impl Fn(&Item) -> Result<BooleanArray, ArrowError>,
) -> Result<BooleanArray, ArrowError> {
    let mut any: Option<BooleanArray> = None;
    for item in items {
        let matches = test(item)?;
        any = Some(match any {
            Some(before) => or_kleene(&before, &matches)?,
            None => matches,
        });
    }
    let nothing =
        || BooleanArray::new(BooleanBuffer::new_unset(array.len()), array.logical_nulls());
    Ok(any.unwrap_or_else(nothing))
}
