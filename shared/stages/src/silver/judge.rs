//! What the rules of a table say of a correction, before it is noted.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use smelt_domain::{Dataset, Expectation, OnViolation, Table};
use smelt_lake::ORDINAL_COLUMN;

use super::plan::{BREAKS, RULE, declared_bronze_schema, engine_type, silver_plan};
use crate::bronze::{LINE, OPERATION, RECORD, grown_schema};
use crate::records::PUT;
use crate::{Platform, StageError};

/// The first rule by which a refresh would refuse this row, put by hand, or end because of it.
/// `record` is the whole row, as JSON of texts.
pub(crate) async fn rule_against<'a>(
    platform: &Platform,
    dataset: &Dataset,
    table: &'a Table,
    record: &str,
) -> Result<Option<&'a Expectation>, StageError> {
    let failed = |error: DataFusionError| {
        let id = dataset.silver_id(&table.name);
        StageError::engine(format!("judging a correction of {id}"), error)
    };
    let session = platform.engine.session()?;
    let row = in_bronze(table, record).map_err(|error| failed(error.into()))?;
    let bronze = MemTable::try_new(row.schema(), vec![vec![row]]).map_err(failed)?;
    let plan = silver_plan(&session, dataset, table, Arc::new(bronze)).map_err(failed)?;
    let judged = session.execute_logical_plan(plan).await.map_err(failed)?;
    let judged = judged.collect().await.map_err(failed)?;
    let mut rules = table.expectations.iter();
    Ok(rules.find(|rule| judged.iter().any(|rows| is_against(rule, rows))))
}

/// The correction as bronze would have it.
fn in_bronze(table: &Table, record: &str) -> Result<RecordBatch, arrow::error::ArrowError> {
    let declared = declared_bronze_schema(table);
    let columns = [OPERATION, RECORD].map(str::to_owned);
    let schema = grown_schema(&declared, &columns).unwrap_or(declared);
    let ordinal = Arc::new(Field::new(ORDINAL_COLUMN, DataType::Int64, false));
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .chain([&ordinal])
        .map(|field| field.as_ref().clone().with_data_type(engine_type(field.data_type())))
        .collect();
    let values = fields.iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            OPERATION => Arc::new(StringViewArray::from(vec![PUT])),
            RECORD => Arc::new(StringViewArray::from(vec![record])),
            LINE => Arc::new(Int64Array::from(vec![1])),
            ORDINAL_COLUMN => Arc::new(Int64Array::from(vec![0])),
            _ => new_null_array(field.data_type(), 1),
        }
    });
    let values = values.collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), values)
}

/// Whether a judged row breaks the rule, and the rule does more than warn.
fn is_against(rule: &Expectation, judged: &RecordBatch) -> bool {
    match rule.on_violation {
        OnViolation::Reject => judged
            .column_by_name(RULE)
            .and_then(|refused| refused.as_string_view_opt())
            .is_some_and(|refused| refused.iter().flatten().any(|by| by == rule.rule.as_str())),
        OnViolation::Fail => judged
            .column_by_name(&format!("{BREAKS}{}", rule.rule))
            .and_then(|breaks| breaks.as_boolean_opt())
            .is_some_and(|breaks| breaks.true_count() > 0),
        OnViolation::Warn => false,
    }
}
