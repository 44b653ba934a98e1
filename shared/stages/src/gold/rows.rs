//! The rows of a mart as its SQL gives them, in the declared columns.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Column, ScalarValue, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{cast, lit};
use datafusion::prelude::{DataFrame, Expr, SessionContext};
use smelt_domain::{MART_PARTITION, Mart, MartReads, TableId};
use smelt_lake::{DataFile, FilesTable, arrow_type};

use super::pieces::PartitionValue;
use crate::silver::plan::engine_type;
use crate::sql_types::require_castable;

/// Makes files of a table known to SQL under the table's own name.
pub(crate) fn register(
    session: &SessionContext,
    id: &TableId,
    schema: &Schema,
    partition_columns: &[String],
    files: Vec<DataFile>,
) -> Result<(), DataFusionError> {
    let table = FilesTable::new(id, schema, partition_columns, files);
    let name = TableReference::partial(id.layer.as_str(), id.sql_table());
    session.register_table(name, Arc::new(table))?;
    Ok(())
}

/// The mart's rows in the declared columns and types, sorted by its key; of a mart that reads
/// neighbours, only those of the partition that is kept.
pub(crate) async fn mart_rows(
    session: &SessionContext,
    mart: &Mart,
    keeps: Option<&PartitionValue>,
) -> Result<DataFrame, DataFusionError> {
    let selected = session.sql(&mart.sql).await?;
    check_columns(mart, selected.schema().fields().iter().map(|field| field.name().as_str()))?;
    let mut columns = Vec::new();
    for column in &mart.columns {
        let name = column.name.as_str();
        let field = selected.schema().field_with_unqualified_name(name).map_err(|_| {
            DataFusionError::Plan(format!(
                "column `{name}` is declared but the SQL does not select it"
            ))
        })?;
        let wanted = engine_type(&arrow_type(&column.column_type));
        require_castable(&column.name, field.data_type(), &wanted)?;
        let same = *field.data_type() == wanted;
        columns.push(if same { named(name) } else { cast(named(name), wanted).alias(name) });
    }
    let kept = match keeps {
        None => selected,
        Some(value) => {
            let partition = cast(named(MART_PARTITION), DataType::Utf8View);
            selected.filter(match value {
                Some(value) => partition.eq(lit(ScalarValue::Utf8View(Some(value.clone())))),
                None => partition.is_null(),
            })?
        }
    };
    let key = mart.key.iter().map(|name| named(name.as_str()).sort(true, true));
    kept.select(columns)?.sort(key.collect())
}

/// Only declared columns are selected, and `_partition` by the marts that need it.
fn check_columns<'a>(
    mart: &Mart,
    mut selected: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), DataFusionError> {
    let reads_neighbours = matches!(mart.reads, MartReads::Around { .. });
    let is_known = |name: &str| {
        (reads_neighbours && name == MART_PARTITION)
            || mart.columns.iter().any(|column| column.name.as_str() == name)
    };
    if let Some(unknown) = selected.clone().find(|name| !is_known(name)) {
        return Err(DataFusionError::Plan(format!(
            "the SQL selects `{unknown}`, which is not declared under `columns`"
        )));
    }
    if reads_neighbours && !selected.any(|name| name == MART_PARTITION) {
        return Err(DataFusionError::Plan(format!(
            "the mart reads neighbouring partitions, so its SQL has to select as \
             `{MART_PARTITION}` the partition that each row belongs to"
        )));
    }
    Ok(())
}

fn named(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// The mart's schema as stored.
pub(crate) fn mart_schema(mart: &Mart) -> SchemaRef {
    let fields: Vec<Field> = mart
        .columns
        .iter()
        .map(|column| Field::new(column.name.as_str(), arrow_type(&column.column_type), true))
        .collect();
    Arc::new(Schema::new(fields))
}
