//! `fits_json_schema(json, kind, schemas)`: whether a JSON object has the properties of its kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::Value;
use smelt_domain::{FITS_JSON_SCHEMA, JsonProperty};

/// The function as the engine knows it.
pub(crate) fn fits_json_schema_function() -> ScalarUDF {
    let text = DataType::Utf8View;
    ScalarUDF::new_from_impl(FitsJsonSchema {
        signature: Signature::exact(vec![text.clone(), text.clone(), text], Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct FitsJsonSchema {
    signature: Signature,
}

impl ScalarUDFImpl for FitsJsonSchema {
    fn name(&self) -> &str {
        FITS_JSON_SCHEMA
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [json, kind, ColumnarValue::Scalar(schemas)] = args.args.as_slice() else {
            return Err(DataFusionError::Internal("the schemas are a literal".to_owned()));
        };
        let schemas = Schemas::parse(schemas.try_as_str().flatten().unwrap_or_default())?;
        let json = texts(json, args.number_rows)?;
        let kind = texts(kind, args.number_rows)?;
        let fits: BooleanArray =
            json.iter().zip(kind.iter()).map(|(json, kind)| schemas.fits(json?, kind?)).collect();
        Ok(ColumnarValue::Array(Arc::new(fits)))
    }
}

fn texts(value: &ColumnarValue, rows: usize) -> Result<StringViewArray> {
    let array: ArrayRef = value.to_array(rows)?;
    Ok(cast(&array, &DataType::Utf8View)?.as_string_view().clone())
}

/// The properties of each kind.
struct Schemas(BTreeMap<String, Vec<JsonProperty>>);

impl Schemas {
    fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| DataFusionError::Internal(format!("the schemas are no JSON: {error}")))
    }

    /// `None` where there is no schema for the kind.
    fn fits(&self, json: &str, kind: &str) -> Option<bool> {
        let properties = self.0.get(kind)?;
        let Ok(Value::Object(object)) = serde_json::from_str(json) else {
            return Some(false);
        };
        Some(properties.iter().all(|property| match object.get(&property.name) {
            None | Some(Value::Null) => !property.required,
            Some(value) => property.json_type.fits(value),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(json: &str, kind: &str) -> Option<bool> {
        let schemas = r#"{"purchase": [
            {"name": "amount", "type": "number", "required": true},
            {"name": "items", "type": "integer", "required": true},
            {"name": "note", "type": "text", "required": false}
        ]}"#;
        Schemas::parse(schemas).unwrap().fits(json, kind)
    }

    #[test]
    fn required_properties_have_to_be_there_and_all_have_their_types() {
        assert_eq!(fits(r#"{"amount": 1.5, "items": 2, "more": []}"#, "purchase"), Some(true));
        assert_eq!(fits(r#"{"amount": 1, "items": 2.0, "note": "x"}"#, "purchase"), Some(true));
        assert_eq!(fits(r#"{"amount": 1, "items": 2, "note": null}"#, "purchase"), Some(true));
        assert_eq!(fits(r#"{"amount": "1", "items": 2}"#, "purchase"), Some(false));
        assert_eq!(fits(r#"{"amount": 1, "items": 2.5}"#, "purchase"), Some(false));
        assert_eq!(fits(r#"{"items": 2}"#, "purchase"), Some(false));
        assert_eq!(fits(r#"{"amount": 1, "items": 2, "note": 3}"#, "purchase"), Some(false));
    }

    #[test]
    fn what_is_no_object_does_not_fit_and_kinds_without_schema_do() {
        assert_eq!(fits("[]", "purchase"), Some(false));
        assert_eq!(fits("{broken", "purchase"), Some(false));
        assert_eq!(fits("{broken", "page_view"), None);
    }
}
