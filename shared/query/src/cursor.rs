//! Where the next page begins: the values of the last row in the columns of the order.
//!
//! A cursor is base64url of JSON: the fingerprint of its question, then a text or null for each column of the order.
//! It holds values, not a row number, so it is right for any later version of the table.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use smelt_domain::ColumnType;

use crate::filter::Filter;
use crate::query::{Order, Shape};
use crate::value::{Value, array_of};
use crate::{Columns, Query, QueryError};

/// Enough of a hash to tell questions apart; nothing is guarded by it.
const FINGERPRINT_BYTES: usize = 8;

/// Tells questions apart, whatever page of them is asked for.
pub(crate) fn fingerprint(
    columns: &Columns,
    filters: &[Filter],
    shape: &Shape,
    order: &[Order],
) -> String {
    let question = format!("{columns:?} {filters:?} {shape:?} {order:?}");
    let hash = Sha256::digest(question.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..FINGERPRINT_BYTES])
}

/// The cursor behind a row that has these values in the columns of the order.
pub(crate) fn encode_cursor(query: &Query, last: &[Option<Value>]) -> String {
    let mut parts = vec![Json::String(query.fingerprint.clone())];
    parts.extend(last.iter().map(|value| value.as_ref().map(text).into()));
    BASE64_URL_SAFE_NO_PAD.encode(Json::Array(parts).to_string())
}

/// What a cursor says, if it belongs to the question.
pub(crate) fn decode_cursor(cursor: &str, query: &Query) -> Result<Vec<Option<Value>>, QueryError> {
    let error = |problem: &str| QueryError::Cursor { problem: problem.to_owned() };
    let unreadable = || error("it is none that an answer gave");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| unreadable())?;
    let parts: Vec<Json> = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
    let (Some(Json::String(fingerprint)), values) = (parts.first(), parts.get(1..).unwrap_or(&[]))
    else {
        return Err(unreadable());
    };
    if *fingerprint != query.fingerprint {
        return Err(error("it belongs to another question: filters, columns or order were others"));
    }
    let types = query.order_types();
    // An answer of one row has no order, and no cursor.
    if values.len() != types.len() || values.is_empty() {
        return Err(unreadable());
    }
    values
        .iter()
        .zip(types)
        .map(|(value, column_type)| match value {
            Json::Null => Ok(None),
            Json::String(text) => parse(text, column_type).map(Some).ok_or_else(unreadable),
            _ => Err(unreadable()),
        })
        .collect()
}

/// A value as it is in memory: exactly this float, be it infinite.
fn text(value: &Value) -> String {
    match value {
        Value::Exact(exact) => exact.to_string(),
        Value::Double(double) => double.to_bits().to_string(),
        Value::Text(text) => text.clone(),
    }
}

fn parse(text: &str, column_type: ColumnType) -> Option<Value> {
    let value = match column_type {
        ColumnType::Double => Value::Double(f64::from_bits(text.parse().ok()?)),
        ColumnType::Text => Value::Text(text.to_owned()),
        _ => Value::Exact(text.parse().ok()?),
    };
    let fits = array_of(column_type, &[Some(value.clone())]).is_ok();
    fits.then_some(value)
}
