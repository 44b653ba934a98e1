//! Filters: `column.operator=value`.

use smelt_domain::{ColumnType, shown};

use crate::filter::{Comparison, Filter, Test};
use crate::value::{Value, ValueProblem, notation};
use crate::{Columns, QueryError};

use super::parameters::{Parameters, RESERVED};

/// What is compared how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    In,
    NotEqual,
    Compare(Comparison),
    Contains,
    Starts,
    Null,
}

impl Operator {
    const ALL: [(&'static str, Self); 10] = [
        ("eq", Self::Equal),
        ("in", Self::In),
        ("ne", Self::NotEqual),
        ("lt", Self::Compare(Comparison::Less)),
        ("lte", Self::Compare(Comparison::LessOrEqual)),
        ("gt", Self::Compare(Comparison::Greater)),
        ("gte", Self::Compare(Comparison::GreaterOrEqual)),
        ("contains", Self::Contains),
        ("starts", Self::Starts),
        ("null", Self::Null),
    ];

    /// Whether it says anything about columns of that type.
    fn takes(self, column_type: ColumnType) -> bool {
        match self {
            Self::Equal | Self::In | Self::NotEqual | Self::Null => true,
            Self::Compare(_) => column_type != ColumnType::Boolean,
            Self::Contains | Self::Starts => column_type == ColumnType::Text,
        }
    }
}

/// The filters of a question, in the order of column and operator.
pub(super) fn filters(
    parameters: &Parameters,
    columns: &Columns,
) -> Result<Vec<Filter>, QueryError> {
    let mut filters: Vec<Filter> = Vec::new();
    for ((column, operator), texts) in &parameters.filters {
        let spelled = spelled(column, operator);
        let position = position(&spelled, column, columns)?;
        let column_type = columns.type_of(position);
        let operator = known_operator(&spelled, operator, column, column_type)?;
        let test = test(&spelled, operator, column_type, texts)?;
        // `column=a` and `column.in=b,c` are one list.
        let list = filters.iter_mut().find_map(|filter| match &mut filter.test {
            Test::AnyOf(list) if filter.column == position => Some(list),
            _ => None,
        });
        match (test, list) {
            (Test::AnyOf(more), Some(list)) => {
                list.extend(more);
                list.sort();
                list.dedup();
            }
            (test, _) => filters.push(Filter { column: position, test }),
        }
    }
    Ok(filters)
}

/// The parameter as it was most likely written.
fn spelled(column: &str, operator: &str) -> String {
    if operator == "eq" { shown(column) } else { shown(&format!("{column}.{operator}")) }
}

fn position(spelled: &str, column: &str, columns: &Columns) -> Result<usize, QueryError> {
    columns.position(column).ok_or_else(|| QueryError::UnknownColumn {
        parameter: spelled.to_owned(),
        table: columns.table().to_owned(),
        column: shown(column),
        known: format!(
            "there are {}; other parameters are {}",
            columns.names().join(", "),
            RESERVED.join(", ")
        ),
    })
}

fn known_operator(
    spelled: &str,
    name: &str,
    column: &str,
    column_type: ColumnType,
) -> Result<Operator, QueryError> {
    let found = Operator::ALL.into_iter().find(|(known, _)| *known == name);
    let problem = match found {
        Some((_, operator)) if operator.takes(column_type) => return Ok(operator),
        Some(_) => format!("no operator for {column_type}, which `{column}` is"),
        None => "no operator".to_owned(),
    };
    let known: Vec<&str> = Operator::ALL
        .into_iter()
        .filter(|(_, operator)| operator.takes(column_type))
        .map(|(name, _)| name)
        .collect();
    Err(QueryError::UnknownOperator {
        parameter: spelled.to_owned(),
        operator: shown(name),
        problem,
        known: known.join(", "),
    })
}

fn test(
    spelled: &str,
    operator: Operator,
    column_type: ColumnType,
    texts: &[String],
) -> Result<Test, QueryError> {
    let list = || {
        let values: Result<Vec<Value>, QueryError> =
            texts.iter().map(|text| value(spelled, column_type, text)).collect();
        values.map(|mut values| {
            values.sort();
            values.dedup();
            values
        })
    };
    Ok(match operator {
        Operator::Equal | Operator::In => Test::AnyOf(list()?),
        Operator::NotEqual => Test::NoneOf(list()?),
        Operator::Contains => Test::Contains(texts.to_vec()),
        Operator::Starts => Test::Starts(texts.to_vec()),
        Operator::Compare(comparison) => {
            let text = only(spelled, texts)?;
            Test::Compare(comparison, value(spelled, column_type, text)?)
        }
        Operator::Null => {
            let wanted = value(spelled, ColumnType::Boolean, only(spelled, texts)?)?;
            Test::Null(wanted == Value::Exact(1))
        }
    })
}

fn only<'a>(spelled: &str, texts: &'a [String]) -> Result<&'a str, QueryError> {
    match texts {
        [text] => Ok(text),
        _ => Err(QueryError::Contradiction {
            parameter: spelled.to_owned(),
            problem: "given twice; give it once".to_owned(),
        }),
    }
}

fn value(spelled: &str, column_type: ColumnType, text: &str) -> Result<Value, QueryError> {
    Value::parse(column_type, text).map_err(|problem| {
        let parameter = spelled.to_owned();
        let expected = notation(column_type);
        let value = format!("`{}`", shown(text));
        match problem {
            ValueProblem::Type => QueryError::WrongType { parameter, expected, value },
            ValueProblem::Range => QueryError::OutOfRange { parameter, expected, value },
        }
    })
}
