//! What every question to a table is answered with, for the description.

use std::collections::BTreeMap;

use smelt_query::Format;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder, ResponsesBuilder, Schema};
use utoipa::{IntoResponses, ToSchema};

use crate::schemas::TableAnswer;

/// Rows in one of the formats, or what is wrong with the question.
pub(super) struct TableAnswers;

impl IntoResponses for TableAnswers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let rows = Format::ALL.into_iter().fold(ResponseBuilder::new(), |answer, format| {
            let schema: RefOr<Schema> = match format {
                Format::Json => Ref::from_schema_name(TableAnswer::name()).into(),
                _ => ObjectBuilder::new().schema_type(Type::String).into(),
            };
            let name = format.content_type().split(';').next().unwrap_or_default();
            answer.content(name, Content::new(Some(schema)))
        });
        let unchanged = ResponseBuilder::new().description("It has not changed");
        let problem = || {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            ResponseBuilder::new().content("application/problem+json", problem)
        };
        ResponsesBuilder::new()
            .response("200", rows)
            .response("304", unchanged)
            .response("400", problem())
            .response("404", problem())
            .response("406", problem())
            .response("413", problem())
            .build()
            .responses
    }
}
