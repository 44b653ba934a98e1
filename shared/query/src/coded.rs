//! Texts of a table in memory: codes into their distinct values, which are sorted.
//!
//! So codes compare as their texts do, and a test of a text becomes a test of a small number. Nothing
//! else in this crate makes dictionaries: those of a file are unpacked when it is read.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take;
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

/// The codes of a column and its sorted values, if it is coded.
pub(crate) fn parts(array: &dyn Array) -> Option<(&Int32Array, &StringArray)> {
    let coded = array.as_dictionary_opt::<Int32Type>()?;
    Some((coded.keys(), coded.values().as_string_opt::<i32>()?))
}

/// Codes texts.
pub(crate) fn code(texts: &StringArray) -> Result<ArrayRef, ArrowError> {
    let mut places: HashMap<&str, i32> = HashMap::new();
    for text in texts.iter().flatten() {
        places.entry(text).or_default();
    }
    let mut distinct: Vec<&str> = places.keys().copied().collect();
    distinct.sort_unstable();
    for (code, text) in distinct.iter().enumerate() {
        let code = i32::try_from(code).map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
        places.insert(text, code);
    }
    let codes: Int32Array =
        texts.iter().map(|text| text.and_then(|text| places.get(text).copied())).collect();
    let values = Arc::new(StringArray::from(distinct));
    Ok(Arc::new(DictionaryArray::try_new(codes, values)?))
}

/// A column without codes.
pub(crate) fn decode(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match parts(array) {
        Some((codes, values)) => take(values, codes, None),
        None => Ok(Arc::clone(array)),
    }
}

/// The code of the first value for which `is_before` is false: the values are sorted.
pub(crate) fn partition(values: &StringArray, is_before: impl Fn(&str) -> bool) -> i32 {
    let (mut low, mut high) = (0, values.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if is_before(values.value(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    i32::try_from(low).unwrap_or(i32::MAX)
}

/// Which rows have a code within; an unknown text has none.
pub(crate) fn within(codes: &Int32Array, wanted: &Range<i32>) -> BooleanBuffer {
    let values = codes.values();
    let width = wanted.end.saturating_sub(wanted.start).max(0) as u32;
    let start = wanted.start;
    let found = BooleanBuffer::collect_bool(values.len(), |row| {
        (values[row].wrapping_sub(start) as u32) < width
    });
    known_only(found, codes)
}

/// Which rows have a code that is true in `wanted`.
pub(crate) fn among(codes: &Int32Array, wanted: &[bool]) -> BooleanBuffer {
    let values = codes.values();
    let found = BooleanBuffer::collect_bool(values.len(), |row| {
        usize::try_from(values[row]).ok().and_then(|code| wanted.get(code)).copied() == Some(true)
    });
    known_only(found, codes)
}

fn known_only(found: BooleanBuffer, codes: &Int32Array) -> BooleanBuffer {
    match codes.nulls() {
        Some(nulls) => &found & nulls.inner(),
        None => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_compare_as_their_texts_and_lead_back_to_them() {
        let texts = StringArray::from(vec![Some("b"), None, Some("a"), Some("c"), Some("a")]);
        let coded = code(&texts).unwrap();
        let (codes, values) = parts(&coded).unwrap();
        assert_eq!(codes, &Int32Array::from(vec![Some(1), None, Some(0), Some(2), Some(0)]));
        assert_eq!(partition(values, |text| text < "b"), 1);
        assert_eq!(partition(values, |text| text < "zebra"), 3);
        let found = within(codes, &(0..1));
        assert_eq!(found.iter().collect::<Vec<_>>(), [false, false, true, false, true]);
        let found = among(codes, &[false, true, true]);
        assert_eq!(found.iter().collect::<Vec<_>>(), [true, false, false, true, false]);
        assert_eq!(decode(&coded).unwrap().as_string::<i32>(), &texts);
    }
}
