//! `clean(text)`: what the silver SQL sees of a source field, trimmed and empty as null.

use std::sync::Arc;

use arrow::array::builder::make_view;
use arrow::array::{Array, ArrayRef, AsArray, NullBufferBuilder, StringViewArray};
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The function as the engine knows it.
pub(crate) fn clean_function() -> ScalarUDF {
    ScalarUDF::new_from_impl(Clean {
        signature: Signature::exact(vec![DataType::Utf8View], Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Clean {
    signature: Signature,
}

impl ScalarUDFImpl for Clean {
    fn name(&self) -> &str {
        "clean"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [array] = arrays.as_slice() else {
            return Err(DataFusionError::Internal("clean takes one argument".to_owned()));
        };
        Ok(ColumnarValue::Array(clean(array)?))
    }
}

/// Trims space, tab, CR and LF at both ends; what is then empty becomes null.
fn clean(array: &ArrayRef) -> Result<ArrayRef> {
    let texts = array.as_string_view_opt().ok_or_else(|| {
        DataFusionError::Internal(format!("clean takes text, not {}", array.data_type()))
    })?;
    // Most columns of most batches are clean already and pass as they are.
    let first = (0..texts.len()).find(|row| texts.is_valid(*row) && is_unclean(texts.value(*row)));
    let Some(first) = first else {
        return Ok(Arc::clone(array));
    };

    let mut views = texts.views().to_vec();
    let mut nulls = NullBufferBuilder::new(texts.len());
    for (row, view) in views.iter_mut().enumerate() {
        if texts.is_null(row) {
            nulls.append_null();
            continue;
        }
        let text = texts.value(row);
        if row < first || !is_unclean(text) {
            nulls.append_non_null();
            continue;
        }
        let trimmed = text.trim_matches(is_blank);
        if trimmed.is_empty() {
            nulls.append_null();
            *view = 0;
            continue;
        }
        nulls.append_non_null();
        // A long text lies in a buffer that the old view names; the new one starts further in it.
        let lead = text.len() - text.trim_start_matches(is_blank).len();
        let (buffer, offset) = ((*view >> 64) as u32, (*view >> 96) as u32);
        *view = make_view(trimmed.as_bytes(), buffer, offset.wrapping_add(lead as u32));
    }
    let cleaned =
        StringViewArray::try_new(views.into(), texts.data_buffers().to_vec(), nulls.finish())?;
    Ok(Arc::new(cleaned))
}

/// Whether a character is nothing at the ends of a field.
pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_unclean(text: &str) -> bool {
    let blank = |byte: Option<&u8>| byte.is_none_or(|byte| is_blank(char::from(*byte)));
    blank(text.as_bytes().first()) || blank(text.as_bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(texts: &[Option<&str>]) -> Vec<Option<String>> {
        let array: ArrayRef = Arc::new(StringViewArray::from(texts.to_vec()));
        let cleaned = clean(&array).unwrap();
        cleaned.as_string_view().iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn trims_short_and_long_texts_and_empties_become_null() {
        let long = "\t a text that is longer than twelve bytes \r\n";
        assert_eq!(
            cleaned(&[Some("a"), Some(" b\n"), None, Some(" \t"), Some(""), Some(long)]),
            [
                Some("a".to_owned()),
                Some("b".to_owned()),
                None,
                None,
                None,
                Some("a text that is longer than twelve bytes".to_owned()),
            ]
        );
    }

    #[test]
    fn a_long_text_may_become_short() {
        assert_eq!(cleaned(&[Some("                   x  ")]), [Some("x".to_owned())]);
        assert_eq!(cleaned(&[Some("     thirteen bytes  ")]), [Some("thirteen bytes".to_owned())]);
    }

    #[test]
    fn clean_columns_pass_untouched() {
        let array: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a b"), None]));
        assert!(Arc::ptr_eq(&array, &clean(&array).unwrap()));
    }
}
