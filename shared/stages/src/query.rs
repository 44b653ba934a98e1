//! SQL over every table of the lake.

use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use smelt_domain::{Dataset, SeriesTable, TableId};

use crate::gold::register;
use crate::{Platform, StageError, boxed};

/// Runs a query; tables are named `<layer>.<dataset>_<table or mart>`.
///
/// Only the tables that the query names are opened, each at its newest version.
#[boxed]
pub async fn query(
    platform: &Platform,
    sql: &str,
) -> Result<SendableRecordBatchStream, StageError> {
    let session = platform.engine.session()?;
    let statement = session
        .state()
        .sql_to_statement(sql, &session.state().config_options().sql_parser.dialect)
        .map_err(StageError::query)?;
    let named = session.state().resolve_table_references(&statement).map_err(StageError::query)?;
    let lists_tables = named.iter().any(|name| name.schema() == Some("information_schema"));
    for id in platform.datasets.iter().flat_map(table_ids) {
        let is_named = named.iter().any(|name| {
            name.schema().is_none_or(|schema| schema == id.layer.as_str())
                && name.table() == id.sql_table()
        });
        if is_named || lists_tables {
            open(platform, &session, &id).await?;
        }
    }
    let plan = session.state().statement_to_plan(statement).await.map_err(StageError::query)?;
    only_reads(&plan)?;
    let rows = session.execute_logical_plan(plan).await.map_err(StageError::query)?;
    rows.execute_stream().await.map_err(StageError::query)
}

/// Refuses statements that would create, change or write something.
fn only_reads(plan: &LogicalPlan) -> Result<(), StageError> {
    let reading =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reading.verify_plan(plan).map_err(|error| {
        let why = error.strip_backtrace();
        StageError::query(DataFusionError::Plan(format!("a query only reads ({why})")))
    })
}

async fn open(
    platform: &Platform,
    session: &SessionContext,
    id: &TableId,
) -> Result<(), StageError> {
    if let Some(snapshot) = platform.lake.table(id.clone())?.snapshot().await? {
        let (schema, partitioned) = (snapshot.schema(), snapshot.partition_columns());
        let files = snapshot.files().to_vec();
        register(session, id, schema, partitioned, files).map_err(StageError::query)?;
    }
    Ok(())
}

/// Every table that a dataset can have.
pub fn table_ids(dataset: &Dataset) -> Vec<TableId> {
    let tables = dataset.tables.iter().flat_map(|table| {
        [
            dataset.bronze_id(&table.name),
            dataset.quarantine_id(&table.name),
            dataset.silver_id(&table.name),
        ]
    });
    let marts = dataset.marts.iter().map(|mart| dataset.gold_id(&mart.name));
    let with_series = if dataset.marts_with_series().next().is_some() || !dataset.models.is_empty()
    {
        SeriesTable::ALL.map(|table| dataset.series_id(table)).to_vec()
    } else {
        Vec::new()
    };
    tables.chain(marts).chain(with_series).chain([dataset.outbox_id()]).collect()
}
