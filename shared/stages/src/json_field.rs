//! `json_field(json, name)`: a property of a JSON object whose values are texts; null where it has
//! none.

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::Value;

/// The function as the engine knows it.
pub(crate) fn json_field_function() -> ScalarUDF {
    let text = DataType::Utf8View;
    ScalarUDF::new_from_impl(JsonField {
        signature: Signature::exact(vec![text.clone(), text], Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonField {
    signature: Signature,
}

impl ScalarUDFImpl for JsonField {
    fn name(&self) -> &str {
        "json_field"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [json, ColumnarValue::Scalar(name)] = args.args.as_slice() else {
            return Err(DataFusionError::Internal("the name is a literal".to_owned()));
        };
        let name = name.try_as_str().flatten().unwrap_or_default();
        let json = cast(&json.to_array(args.number_rows)?, &DataType::Utf8View)?;
        let json = json.as_string_view();
        let mut fields = StringViewBuilder::with_capacity(json.len());
        for row in 0..json.len() {
            let object = json.is_valid(row).then(|| serde_json::from_str(json.value(row)).ok());
            match object.flatten() {
                Some(Value::Object(object)) => {
                    fields.append_option(object.get(name).and_then(Value::as_str));
                }
                _ => fields.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(fields.finish())))
    }
}
