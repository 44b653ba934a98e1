//! The distinct values of a key, each with a number.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use hashbrown::HashMap;

use crate::AnswerError;
use crate::aggregate::GroupKey;
use crate::coded;
use crate::value::Value;

/// No number yet.
const NONE: u32 = u32::MAX;

/// Values that came so far, in that order.
#[derive(Debug)]
pub(super) struct Distinct {
    key: GroupKey,
    values: Vec<Option<Value>>,
    null: Option<u32>,
    /// Numbers of exact values, and of the bits of floats.
    bits: HashMap<i128, u32>,
    texts: HashMap<String, u32>,
    /// Numbers of the codes of a coded column.
    codes: Vec<u32>,
}

impl Distinct {
    pub(super) fn new(key: GroupKey) -> Self {
        Self {
            key,
            values: Vec::new(),
            null: None,
            bits: HashMap::new(),
            texts: HashMap::new(),
            codes: Vec::new(),
        }
    }

    pub(super) fn column(&self) -> usize {
        self.key.column
    }

    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    pub(super) fn values(&self) -> &[Option<Value>] {
        &self.values
    }

    /// The number of the value of each row.
    pub(super) fn numbers(&mut self, array: &ArrayRef) -> Result<Vec<u32>, AnswerError> {
        let bucket = self.key.bucket;
        if let Some((codes, values)) = coded::parts(array) {
            self.codes.resize(values.len(), NONE);
            let mut numbers = Vec::with_capacity(codes.len());
            for (row, &code) in codes.values().iter().enumerate() {
                if codes.is_null(row) {
                    numbers.push(self.null());
                    continue;
                }
                let code = code as usize;
                if self.codes[code] == NONE {
                    self.codes[code] = self.push(Value::Text(values.value(code).to_owned()));
                }
                numbers.push(self.codes[code]);
            }
            return Ok(numbers);
        }
        Ok(match array.data_type() {
            DataType::Int32 => self.primitive::<Int32Type>(array, |it| Value::Exact(it.into())),
            DataType::Int64 => self.primitive::<Int64Type>(array, |it| Value::Exact(it.into())),
            DataType::Decimal128(_, _) => self.primitive::<Decimal128Type>(array, Value::Exact),
            DataType::Float64 => self.primitive::<Float64Type>(array, Value::Double),
            DataType::Date32 => self.primitive::<Date32Type>(array, |day| {
                let day = i64::from(day);
                Value::Exact(bucket.map_or(day, |bucket| bucket.start_of_day(day)).into())
            }),
            DataType::Timestamp(_, _) => {
                self.primitive::<TimestampMicrosecondType>(array, |time| {
                    Value::Exact(bucket.map_or(time, |bucket| bucket.start_of_time(time)).into())
                })
            }
            DataType::Boolean => {
                let truths = array.as_boolean().iter();
                truths
                    .map(|truth| match truth {
                        Some(truth) => self.bits(Value::Exact(truth.into())),
                        None => self.null(),
                    })
                    .collect()
            }
            DataType::Utf8 => array.as_string::<i32>().iter().map(|text| self.text(text)).collect(),
            other => {
                return Err(AnswerError::failed(
                    "grouping",
                    arrow::error::ArrowError::NotYetImplemented(format!("groups of {other}")),
                ));
            }
        })
    }

    /// Neighbours are often equal: files are sorted.
    fn primitive<Type: ArrowPrimitiveType>(
        &mut self,
        array: &ArrayRef,
        value: impl Fn(Type::Native) -> Value,
    ) -> Vec<u32> {
        let array: &PrimitiveArray<Type> = array.as_primitive();
        let mut before = None;
        let mut numbers = Vec::with_capacity(array.len());
        for (row, &native) in array.values().iter().enumerate() {
            let number = if array.is_null(row) {
                self.null()
            } else {
                match before {
                    Some((same, number)) if same == native => number,
                    _ => {
                        let number = self.bits(value(native));
                        before = Some((native, number));
                        number
                    }
                }
            };
            numbers.push(number);
        }
        numbers
    }

    fn bits(&mut self, value: Value) -> u32 {
        let bits = match &value {
            Value::Exact(exact) => *exact,
            Value::Double(double) => double.to_bits().into(),
            Value::Text(_) => return NONE,
        };
        if let Some(number) = self.bits.get(&bits) {
            return *number;
        }
        let number = self.push(value);
        self.bits.insert(bits, number);
        number
    }

    fn text(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return self.null() };
        if let Some(number) = self.texts.get(text) {
            return *number;
        }
        let number = self.push(Value::Text(text.to_owned()));
        self.texts.insert(text.to_owned(), number);
        number
    }

    fn null(&mut self) -> u32 {
        match self.null {
            Some(number) => number,
            None => {
                let number = self.values.len() as u32;
                self.values.push(None);
                *self.null.insert(number)
            }
        }
    }

    fn push(&mut self, value: Value) -> u32 {
        let number = self.values.len() as u32;
        self.values.push(Some(value));
        number
    }
}
