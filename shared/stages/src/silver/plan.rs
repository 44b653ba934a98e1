//! The silver SQL as a plan that loses no row: every bronze row comes out once, with its silver
//! columns, what it broke, and where it came from.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::TableReference;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::datasource::{TableProvider, ViewTable, provider_as_source};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias, cast, lit, try_cast, when,
};
use datafusion::prelude::{SessionContext, coalesce};
use smelt_domain::{ColumnName, Dataset, OnViolation, Table};
use smelt_lake::{ORDINAL_COLUMN, arrow_type};

use crate::bronze::{
    CONTENT_KEY, LINE, MALFORMED, OPERATION, ORDER, RAW, RECORD, SOURCE, is_source_column,
};
use crate::clean::clean_function;
use crate::json_field::json_field_function;
use crate::records::{DELETE, PUT, VANISHED};
use crate::sql_types::require_castable;

/// The row's place in the order of arrival among the rows of one refresh (BIGINT).
pub(crate) const ARRIVAL: &str = "_arrival";
/// The rule by which the row is refused; null for accepted rows.
pub(crate) const RULE: &str = "_rule";
/// Whether the row deletes its key (BOOLEAN); only in tables that have had corrections.
pub(crate) const DELETED: &str = "_deleted";
/// Whether the row was put or deleted by hand, and holds against rows of the same version that come
/// later (BOOLEAN); only in tables that have had corrections.
pub(crate) const HELD: &str = "_held";
/// Rule of rows that could not be read at all.
pub(crate) const MALFORMED_RULE: &str = "malformed";
/// Rule of rows that no rule of the dataset refuses, but whose key or part of it is missing: they
/// cannot be told from each other.
pub(crate) const NO_KEY_RULE: &str = "key_is_missing";
/// Prefix of the boolean columns that say whether an accepted row breaks a rule.
pub(crate) const BREAKS: &str = "_breaks_";
/// Prefix of the source fields as received.
pub(crate) const RECEIVED: &str = "_received_";
/// Prefix of source columns within expectations.
pub(super) const BRONZE: &str = "_bronze_";
/// Lines that one file may have.
const LINES_PER_FILE: i64 = 1 << 40;

/// The plan over these rows of bronze: the declared silver columns in order and type, then
/// `_arrival`, `_rule`, one `_breaks_<rule>` per rule that warns or fails, `_source`, `_line`,
/// `_malformed`, `_raw` and `_received_<field>`.
pub(crate) fn silver_plan(
    session: &SessionContext,
    dataset: &Dataset,
    table: &Table,
    received: Arc<dyn TableProvider>,
) -> Result<LogicalPlan> {
    let source = source_plan(table, received)?;
    let bronze = dataset.bronze_id(&table.name);
    let name = TableReference::partial(bronze.layer.as_str(), bronze.sql_table());
    session.register_table(name, Arc::new(ViewTable::new(source, None)))?;

    let selected = session.state_ref().read().clone();
    let selected = futures::executor::block_on(selected.create_logical_plan(&table.sql))?;
    let typed = typed(table, carry_origin(selected)?)?;
    judged(session, table, typed)
}

/// The source columns cleaned, beside everything as received.
fn source_plan(table: &Table, received: Arc<dyn TableProvider>) -> Result<LogicalPlan> {
    let schema = received.schema();
    let clean = clean_function();
    let cleaned = |name: &str| schema.column_with_name(name).map(|_| clean.call(vec![exact(name)]));
    let mut columns = Vec::new();
    for column in &table.source_columns {
        let names = std::iter::once(&column.name).chain(&column.aliases);
        let present = names.filter_map(|name| cleaned(name.as_str())).collect();
        columns.push(first_of(present).alias(column.name.as_str()));
    }
    if table.content_key {
        columns.push(cleaned(CONTENT_KEY).unwrap_or_else(null_text).alias(CONTENT_KEY));
    }
    let line = match schema.column_with_name(ORDER) {
        Some(_) => coalesce(vec![exact(ORDER), exact(LINE)]),
        None => exact(LINE),
    };
    let arrival = exact(ORDINAL_COLUMN) * lit(LINES_PER_FILE) + line;
    columns.push(arrival.alias(ARRIVAL));
    columns.extend([SOURCE, LINE, MALFORMED, RAW].map(exact));
    if has_corrections(&schema) {
        let is_any = |operations: &[&str]| {
            let known = operations.iter().map(|operation| text(operation)).collect();
            coalesce(vec![exact(OPERATION).in_list(known, false), lit(false)])
        };
        columns.extend([
            exact(RECORD),
            is_any(&[DELETE, VANISHED]).alias(DELETED),
            is_any(&[DELETE, PUT]).alias(HELD),
        ]);
    }
    for field in schema.fields() {
        if is_source_column(field.name()) {
            columns.push(exact(field.name()).alias(format!("{RECEIVED}{}", field.name())));
        }
    }
    LogicalPlanBuilder::scan("received", provider_as_source(received), None)?
        .project(columns)?
        .build()
}

/// A column by its exact name, dots and capitals included.
pub(crate) fn exact(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

fn is_origin(name: &str) -> bool {
    [ARRIVAL, SOURCE, LINE, MALFORMED, RAW, RECORD, DELETED, HELD].contains(&name)
        || name.starts_with(RECEIVED)
}

/// Lets the columns that say where a row came from pass through every SELECT of the plan.
///
/// Only nested SELECTs are possible: anything that drops, joins or folds rows would lose some.
fn carry_origin(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::TableScan(_) => Ok(plan),
        LogicalPlan::SubqueryAlias(alias) => {
            let input = carry_origin(Arc::unwrap_or_clone(alias.input))?;
            SubqueryAlias::try_new(Arc::new(input), alias.alias).map(LogicalPlan::SubqueryAlias)
        }
        LogicalPlan::Projection(projection) => {
            let input = carry_origin(Arc::unwrap_or_clone(projection.input))?;
            let given: Vec<String> =
                projection.schema.fields().iter().map(|field| field.name().clone()).collect();
            let carried = input
                .schema()
                .iter()
                .filter(|(_, field)| is_origin(field.name()) && !given.contains(field.name()))
                .map(Expr::from);
            let expressions: Vec<Expr> = projection.expr.iter().cloned().chain(carried).collect();
            Projection::try_new(expressions, Arc::new(input)).map(LogicalPlan::Projection)
        }
        other => Err(DataFusionError::Plan(format!(
            "silver SQL maps each bronze row to one silver row, so it may only nest SELECTs; \
             found {}; refuse rows by expectations, and join or aggregate in gold",
            other.display()
        ))),
    }
}

/// The declared columns in order and type, then the origin.
fn typed(table: &Table, plan: LogicalPlan) -> Result<LogicalPlan> {
    let schema = Arc::clone(plan.schema());
    let mut columns = Vec::new();
    for column in &table.columns {
        let (qualifier, field) = schema
            .iter()
            .find(|(_, field)| field.name() == column.name.as_str())
            .ok_or_else(|| {
                DataFusionError::Plan(format!(
                    "column `{}` is declared but the SQL does not select it",
                    column.name
                ))
            })?;
        let value = Expr::from((qualifier, field));
        let wanted = engine_type(&arrow_type(&column.column_type));
        require_castable(&column.name, field.data_type(), &wanted)?;
        let same = *field.data_type() == wanted;
        let value = if same { value } else { cast(value, wanted.clone()) };
        let value = match schema.has_column_with_unqualified_name(RECORD) {
            true => corrected(column.name.as_str(), value, wanted)?,
            false => value,
        };
        columns.push(value.alias(column.name.as_str()));
    }
    for (_, field) in schema.iter() {
        let declared = table.columns.iter().any(|column| column.name.as_str() == field.name());
        if !declared && !is_origin(field.name()) {
            return Err(DataFusionError::Plan(format!(
                "the SQL selects `{}`, which is not declared under `columns`",
                field.name()
            )));
        }
    }
    columns.extend(
        schema
            .iter()
            .filter(|(_, field)| is_origin(field.name()))
            .map(|(qualifier, field)| Expr::from((qualifier, field)).alias(field.name())),
    );
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// What a correction says of a column, in rows that are one.
fn corrected(column: &str, value: Expr, wanted: DataType) -> Result<Expr> {
    let said = json_field_function().call(vec![exact(RECORD), text(column)]);
    when(exact(RECORD).is_not_null(), try_cast(said, wanted)).otherwise(value)
}

/// The type in which the engine computes a stored type.
pub(crate) fn engine_type(stored: &DataType) -> DataType {
    match stored {
        DataType::Utf8 => DataType::Utf8View,
        other => other.clone(),
    }
}

/// Adds what each row breaks: the rule that refuses it, and the rules that warn or fail.
fn judged(session: &SessionContext, table: &Table, plan: LogicalPlan) -> Result<LogicalPlan> {
    let scope = expectation_scope(table)?;
    let deletes =
        plan.schema().has_column_with_unqualified_name(DELETED).then(|| exact(DELETED).is_true());
    let mut rule = when(exact(MALFORMED).is_not_null(), text(MALFORMED_RULE));
    if let Some(deletes) = &deletes {
        // Of a row that deletes, the key is all that matters.
        for key in &table.key {
            let nameless = deletes.clone().and(exact(key.as_str()).is_null());
            rule = rule.when(nameless, text(NO_KEY_RULE));
        }
        rule = rule.when(deletes.clone(), null_text());
    }
    let mut breaks = Vec::new();
    for expectation in &table.expectations {
        let name = expectation.rule.as_str();
        let good = parse_condition(session, &expectation.predicate(), &scope)
            .map_err(|error| error.context(format!("expectation {name}")))?;
        let broken = Expr::Not(Box::new(resolve_bronze(table, good, plan.schema())?));
        match expectation.on_violation {
            OnViolation::Reject => rule = rule.when(broken, text(name)),
            OnViolation::Warn | OnViolation::Fail => {
                let broken = match &deletes {
                    Some(deletes) => broken.and(Expr::Not(Box::new(deletes.clone()))),
                    None => broken,
                };
                breaks.push(broken.alias(format!("{BREAKS}{name}")));
            }
        }
    }
    for key in &table.key {
        rule = rule.when(exact(key.as_str()).is_null(), text(NO_KEY_RULE));
    }
    let mut columns: Vec<Expr> = plan.schema().iter().map(Expr::from).collect();
    columns.push(rule.end()?.alias(RULE));
    columns.extend(breaks);
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// Whether a bronze table has ever had corrections.
pub(crate) fn has_corrections(bronze: &Schema) -> bool {
    bronze.column_with_name(RECORD).is_some()
}

fn null_text() -> Expr {
    lit(ScalarValue::Utf8View(None))
}

fn text(value: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(value.to_owned())))
}

/// The condition of an expectation, over its scope. `bronze.<column>` becomes one name: a schema cannot
/// hold a plain and a qualified column of one name.
pub(super) fn parse_condition(
    session: &SessionContext,
    condition: &str,
    scope: &DFSchema,
) -> Result<Expr> {
    session.parse_sql_expr(&condition.replace("bronze.", BRONZE), scope)
}

/// What an expectation may name: silver columns plainly, source columns as `bronze.<column>`.
pub(super) fn expectation_scope(table: &Table) -> Result<DFSchema> {
    let silver = table.columns.iter().map(|column| {
        let data_type = engine_type(&arrow_type(&column.column_type));
        (None, Arc::new(Field::new(column.name.as_str(), data_type, true)))
    });
    let bronze = table.source_columns.iter().map(|column| {
        (None, Arc::new(Field::new(format!("{BRONZE}{}", column.name), DataType::Utf8View, true)))
    });
    DFSchema::new_with_metadata(silver.chain(bronze).collect(), HashMap::new())
}

/// Replaces `bronze.<column>` by the field as received, cleaned: of its name and its aliases the
/// first that is not null; null when no file has it.
fn resolve_bronze(table: &Table, predicate: Expr, schema: &DFSchema) -> Result<Expr> {
    let clean = clean_function();
    let received = |name: &ColumnName| {
        let received = format!("{RECEIVED}{name}");
        let is_there = schema.has_column_with_unqualified_name(&received);
        is_there.then(|| clean.call(vec![exact(&received)]))
    };
    let resolved = predicate.transform(|expr| match &expr {
        Expr::Column(Column { name, .. }) if name.starts_with(BRONZE) => {
            let name = name.strip_prefix(BRONZE).unwrap_or_default();
            let column = table.source_columns.iter().find(|column| column.name.as_str() == name);
            let names = column.map(|column| std::iter::once(&column.name).chain(&column.aliases));
            let fields: Vec<Expr> = names.into_iter().flatten().filter_map(received).collect();
            Ok(Transformed::yes(first_of(fields)))
        }
        _ => Ok(Transformed::no(expr)),
    })?;
    Ok(resolved.data)
}

/// The first that is not null; null when there is none.
fn first_of(mut values: Vec<Expr>) -> Expr {
    match values.len() {
        0 => null_text(),
        1 => values.remove(0),
        _ => coalesce(values),
    }
}

/// A bronze schema with every column that the definition reads, for planning without data.
pub(crate) fn declared_bronze_schema(table: &Table) -> arrow::datatypes::SchemaRef {
    let source_columns = table.source_columns.iter().map(|column| column.name.as_str());
    crate::bronze::bronze_schema(source_columns.chain(table.content_key.then_some(CONTENT_KEY)))
}

/// The silver schema as stored, partition column included.
pub(crate) fn silver_schema(table: &Table) -> Arc<Schema> {
    let fields: Vec<Field> = table
        .columns
        .iter()
        .map(|column| Field::new(column.name.as_str(), arrow_type(&column.column_type), true))
        .collect();
    Arc::new(Schema::new(fields))
}
