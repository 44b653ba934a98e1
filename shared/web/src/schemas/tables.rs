//! Rows as JSON.

#![expect(dead_code, reason = "only described: see `smelt_query`, which writes answers")]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A page of rows.
#[derive(ToSchema)]
pub(crate) struct TableAnswer {
    /// The dataset.
    dataset: String,
    /// The table.
    table: String,
    /// Its version.
    version: u64,
    /// When this version was published.
    published_at: DateTime<Utc>,
    /// The columns of the rows, in their order.
    columns: Vec<AnswerColumn>,
    /// The rows, each with all columns.
    rows: Vec<BTreeMap<String, Cell>>,
    /// The cursor of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// A column of an answer.
#[derive(ToSchema)]
pub(crate) struct AnswerColumn {
    /// Its name.
    name: String,
    /// Its type, as in SQL.
    #[schema(rename = "type")]
    column_type: String,
}

/// A value: a number, a truth value, or a text, which days and times are as well; null is unknown.
pub(crate) struct Cell;

impl PartialSchema for Cell {
    fn schema() -> RefOr<Schema> {
        let types = [Type::String, Type::Number, Type::Boolean, Type::Null];
        let text = "A number, a truth value, or a text, which days and times are as well; null is unknown.";
        let types: SchemaType = types.into_iter().collect();
        ObjectBuilder::new().schema_type(types).description(Some(text)).into()
    }
}

impl ToSchema for Cell {}
