//! What becomes of the rows: selected, grouped and aggregated, in an order.

use smelt_domain::{ColumnType, shown};

use crate::aggregate::{Aggregate, Function, GroupKey};
use crate::bucket::Bucket;
use crate::{Columns, QueryError};

use super::parameters::Parameters;
use super::{Order, Shape};

/// What becomes of the rows.
pub(super) fn shape(parameters: &Parameters, columns: &Columns) -> Result<Shape, QueryError> {
    if parameters.group.is_none() && parameters.aggregate.is_none() {
        return selected(parameters.select.as_deref(), columns).map(Shape::Rows);
    }
    if parameters.select.is_some() {
        return Err(QueryError::Contradiction {
            parameter: "select".to_owned(),
            problem: "the columns of an answer in groups are those of `group` and `aggregate`; \
                      leave it out"
                .to_owned(),
        });
    }
    let keys: Vec<GroupKey> = parameters
        .group
        .iter()
        .flatten()
        .map(|item| group_key(item, columns))
        .collect::<Result<_, _>>()?;
    let aggregates: Vec<Aggregate> = parameters
        .aggregate
        .iter()
        .flatten()
        .map(|item| aggregate(item, columns))
        .collect::<Result<_, _>>()?;
    let names: Vec<String> =
        group_columns(&keys, &aggregates, columns).into_iter().map(|(name, _)| name).collect();
    refuse_repetition("group, aggregate", &names)?;
    Ok(Shape::Groups { keys, aggregates })
}

fn selected(select: Option<&[String]>, columns: &Columns) -> Result<Vec<usize>, QueryError> {
    let Some(names) = select else { return Ok((0..columns.all().len()).collect()) };
    refuse_repetition("select", names)?;
    names.iter().map(|name| column("select", name, columns)).collect()
}

/// Names of an answer stand for one column each.
fn refuse_repetition(parameter: &str, names: &[String]) -> Result<(), QueryError> {
    let repeated = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name));
    match repeated {
        None => Ok(()),
        Some((_, name)) => Err(QueryError::Contradiction {
            parameter: parameter.to_owned(),
            problem: format!("`{}` comes twice; name it once", shown(name)),
        }),
    }
}

/// `borough`, or `date.month`.
fn group_key(item: &str, columns: &Columns) -> Result<GroupKey, QueryError> {
    let Some((name, span)) = item.split_once('.') else {
        return Ok(GroupKey { column: column("group", item, columns)?, bucket: None });
    };
    let position = column("group", name, columns)?;
    let column_type = columns.type_of(position);
    let bucket = Bucket::ALL.into_iter().find(|bucket| bucket.as_str() == span);
    if let Some(bucket) = bucket.filter(|bucket| bucket.divides(column_type)) {
        return Ok(GroupKey { column: position, bucket: Some(bucket) });
    }
    let known: Vec<&str> = Bucket::ALL
        .into_iter()
        .filter(|bucket| bucket.divides(column_type))
        .map(Bucket::as_str)
        .collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(QueryError::UnknownOperator {
        parameter: "group".to_owned(),
        operator: shown(span),
        problem: format!("no span of time of {column_type}, which `{name}` is"),
        known,
    })
}

/// `count`, or `sum(requests)`.
fn aggregate(item: &str, columns: &Columns) -> Result<Aggregate, QueryError> {
    let functions = || Function::ALL.map(Function::as_str).join(", ");
    let (name, argument) = match item.strip_suffix(')').and_then(|item| item.split_once('(')) {
        Some((name, argument)) => (name.trim(), Some(argument.trim())),
        None => (item, None),
    };
    let function = Function::ALL.into_iter().find(|function| function.as_str() == name);
    let unknown = |problem: String, known: String| QueryError::UnknownOperator {
        parameter: "aggregate".to_owned(),
        operator: shown(name),
        problem,
        known,
    };
    match (function, argument) {
        (None, _) => Err(unknown("no function of a column".to_owned(), functions())),
        (Some(Function::Count), None) => Ok(Aggregate { function: Function::Count, column: None }),
        (Some(function), None) => Err(QueryError::WrongType {
            parameter: "aggregate".to_owned(),
            expected: format!("a column, as in {}(column)", function.as_str()),
            value: format!("`{}`", shown(item)),
        }),
        (Some(function), Some(argument)) => {
            let position = column("aggregate", argument, columns)?;
            let column_type = columns.type_of(position);
            if function.takes(column_type) {
                return Ok(Aggregate { function, column: Some(position) });
            }
            let known: Vec<&str> = Function::ALL
                .into_iter()
                .filter(|function| function.takes(column_type))
                .map(Function::as_str)
                .collect();
            let problem = format!("no function of {column_type}, which `{argument}` is");
            Err(unknown(problem, known.join(", ")))
        }
    }
}

fn column(parameter: &str, name: &str, columns: &Columns) -> Result<usize, QueryError> {
    columns.position(name).ok_or_else(|| QueryError::UnknownColumn {
        parameter: parameter.to_owned(),
        table: columns.table().to_owned(),
        column: shown(name),
        known: format!("there are {}", columns.names().join(", ")),
    })
}

/// Names and types of an answer in groups.
pub(super) fn group_columns(
    keys: &[GroupKey],
    aggregates: &[Aggregate],
    columns: &Columns,
) -> Vec<(String, ColumnType)> {
    let keys = keys.iter().map(|key| {
        let name = columns.name(key.column);
        let name = match key.bucket {
            Some(bucket) => format!("{name}_{}", bucket.as_str()),
            None => name.to_owned(),
        };
        (name, columns.type_of(key.column))
    });
    let aggregates = aggregates.iter().map(|aggregate| {
        let function = aggregate.function;
        match aggregate.column {
            Some(column) => (
                format!("{}_{}", function.as_str(), columns.name(column)),
                function.gives(columns.type_of(column)),
            ),
            None => (function.as_str().to_owned(), ColumnType::BigInt),
        }
    });
    keys.chain(aggregates).collect()
}

/// The order of the answer, with what identifies a row appended.
pub(super) fn order(
    parameters: &Parameters,
    shape: &Shape,
    columns: &Columns,
) -> Result<Vec<Order>, QueryError> {
    let names: Vec<String> = match shape {
        Shape::Rows(_) => columns.names().into_iter().map(str::to_owned).collect(),
        Shape::Groups { keys, aggregates } => {
            group_columns(keys, aggregates, columns).into_iter().map(|(name, _)| name).collect()
        }
    };
    let is_grouped = matches!(shape, Shape::Groups { .. });
    let mut order: Vec<Order> = Vec::new();
    for item in parameters.order.iter().flatten() {
        let (name, descending) = match item.rsplit_once('.') {
            Some((name, "desc")) => (name, true),
            Some((name, "asc")) => (name, false),
            _ => (item.as_str(), false),
        };
        let column = names
            .iter()
            .position(|known| *known == *name || is_grouped && *known == as_named(name))
            .ok_or_else(|| unknown_order(item, name, &names, columns))?;
        if order.iter().any(|known| known.column == column) {
            return Err(QueryError::Contradiction {
                parameter: "order".to_owned(),
                problem: format!("`{}` comes twice; name it once", shown(name)),
            });
        }
        order.push(Order { column, descending });
    }
    let identifying: Vec<usize> = match shape {
        Shape::Rows(_) => columns.key().to_vec(),
        Shape::Groups { keys, .. } => (0..keys.len()).collect(),
    };
    for column in identifying {
        if !order.iter().any(|known| known.column == column) {
            order.push(Order { column, descending: false });
        }
    }
    Ok(order)
}

/// What a column of an answer in groups is called that was asked for as `date.month` or `sum(requests)`.
fn as_named(asked: &str) -> String {
    asked.trim_end_matches(')').replace(['.', '('], "_")
}

fn unknown_order(item: &str, name: &str, names: &[String], columns: &Columns) -> QueryError {
    let parameter = "order".to_owned();
    if let Some((before, direction)) = name.rsplit_once('.')
        && names.iter().any(|known| known == before)
    {
        return QueryError::UnknownOperator {
            parameter,
            operator: shown(direction),
            problem: "no direction".to_owned(),
            known: "asc, desc".to_owned(),
        };
    }
    QueryError::UnknownColumn {
        parameter,
        table: format!("the answer about {}", columns.table()),
        column: shown(item),
        known: format!("there are {}", names.join(", ")),
    }
}
