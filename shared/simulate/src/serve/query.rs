//! The subset of SoQL and SQL that the simulated portals understand.
//!
//! SoQL is close enough to SQL for a parser of SQL once its own words are rewritten: `:*` has no
//! counterpart, and there is no FROM.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    LimitClause, OrderByKind, Query as SqlQuery, SelectItem, SetExpr, Statement, TableFactor,
    Value as SqlValue,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Word};

/// Stands for `:*` while a parser of SQL reads SoQL.
const SYSTEM_COLUMNS: &str = "system_columns_of_the_row";

/// A query that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub(super) select: Vec<Selected>,
    /// The table, where the language names one.
    pub(super) from: Option<String>,
    pub(super) filter: Option<Condition>,
    pub(super) group_by: Vec<Term>,
    /// Each with whether it ascends.
    pub(super) order_by: Vec<(Term, bool)>,
    pub(super) limit: Option<usize>,
}

/// One entry of a select list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selected {
    /// `:*`
    System,
    /// `*`
    Data,
    /// A value, and the name it gets.
    Value(Output, String),
}

/// What is given for a row or for a group of rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Output {
    Term(Term),
    Count,
    Min(String),
    Max(String),
}

/// A value of one row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Column(String),
    /// The month of a time: `date_trunc_ym`.
    Month(String),
}

/// A condition on a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Compare(String, Comparison, String),
    IsNull(String),
    IsNotNull(String),
}

/// How a column is compared with a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What was not understood.
pub(super) type NotUnderstood = String;

/// Reads a query of SoQL.
pub(super) fn parse_soql(text: &str) -> Result<Query, NotUnderstood> {
    let tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize()
        .map_err(|error| format!("Could not parse SoQL query: {error}"))?;
    let tokens = with_system_columns(tokens);
    let statements = Parser::new(&GenericDialect {})
        .with_tokens(tokens)
        .parse_statements()
        .map_err(|error| format!("Could not parse SoQL query `{text}`: {error}"))?;
    let query = read(statements)?;
    match query.from {
        Some(_) => Err("a FROM is not understood".to_owned()),
        None => Ok(query),
    }
}

/// Reads a query of SQL.
pub(super) fn parse_sql(text: &str) -> Result<Query, NotUnderstood> {
    read(Parser::parse_sql(&GenericDialect {}, text).map_err(|error| error.to_string())?)
}

fn with_system_columns(tokens: Vec<Token>) -> Vec<Token> {
    let mut rewritten = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token == Token::Colon && tokens.peek() == Some(&Token::Mul) {
            tokens.next();
            rewritten.push(Token::Word(Word {
                value: SYSTEM_COLUMNS.to_owned(),
                quote_style: None,
                keyword: sqlparser::keywords::Keyword::NoKeyword,
            }));
        } else {
            rewritten.push(token);
        }
    }
    rewritten
}

fn read(statements: Vec<Statement>) -> Result<Query, NotUnderstood> {
    let mut statements = statements.into_iter();
    match (statements.next(), statements.next()) {
        (Some(Statement::Query(query)), None) => read_query(*query),
        _ => Err("only one SELECT is understood".to_owned()),
    }
}

fn read_query(query: SqlQuery) -> Result<Query, NotUnderstood> {
    if query.with.is_some() || query.fetch.is_some() || !query.locks.is_empty() {
        return Err("WITH, FETCH and locks are not understood".to_owned());
    }
    let SetExpr::Select(select) = *query.body else {
        return Err("only a plain SELECT is understood".to_owned());
    };
    if select.distinct.is_some() || select.having.is_some() || select.from.len() > 1 {
        return Err("DISTINCT, HAVING and joins are not understood".to_owned());
    }
    let from = match select.from.first() {
        None => None,
        Some(table) if table.joins.is_empty() => match &table.relation {
            TableFactor::Table { name, .. } => Some(plain_name(&name.to_string())),
            other => return Err(format!("`{other}` is not understood")),
        },
        Some(_) => return Err("joins are not understood".to_owned()),
    };
    let group_by = match &select.group_by {
        GroupByExpr::Expressions(terms, modifiers) if modifiers.is_empty() => {
            terms.iter().map(read_term).collect::<Result<_, _>>()?
        }
        other => return Err(format!("`{other}` is not understood")),
    };
    let order_by = match query.order_by.map(|order| order.kind) {
        None => Vec::new(),
        Some(OrderByKind::Expressions(terms)) => terms
            .iter()
            .map(|term| Ok((read_term(&term.expr)?, term.options.asc.unwrap_or(true))))
            .collect::<Result<_, NotUnderstood>>()?,
        Some(OrderByKind::All(_)) => return Err("ORDER BY ALL is not understood".to_owned()),
    };
    Ok(Query {
        select: select.projection.iter().map(read_selected).collect::<Result<_, _>>()?,
        from,
        filter: select.selection.as_ref().map(read_condition).transpose()?,
        group_by,
        order_by,
        limit: query.limit_clause.map(read_limit).transpose()?,
    })
}

fn read_selected(item: &SelectItem) -> Result<Selected, NotUnderstood> {
    match item {
        SelectItem::Wildcard(_) => Ok(Selected::Data),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) if name.value == SYSTEM_COLUMNS => {
            Ok(Selected::System)
        }
        SelectItem::UnnamedExpr(expression) => {
            let output = read_output(expression)?;
            let name = output.usual_name();
            Ok(Selected::Value(output, name))
        }
        SelectItem::ExprWithAlias { expr, alias } => {
            Ok(Selected::Value(read_output(expr)?, alias.value.clone()))
        }
        other => Err(format!("`{other}` is not understood")),
    }
}

fn read_output(expression: &Expr) -> Result<Output, NotUnderstood> {
    let Expr::Function(function) = expression else {
        return read_term(expression).map(Output::Term);
    };
    match (function.name.to_string().to_lowercase().as_str(), argument(function)?) {
        ("count", None) => Ok(Output::Count),
        ("min", Some(column)) => Ok(Output::Min(column)),
        ("max", Some(column)) => Ok(Output::Max(column)),
        _ => read_term(expression).map(Output::Term),
    }
}

fn read_term(expression: &Expr) -> Result<Term, NotUnderstood> {
    match expression {
        Expr::Function(function)
            if function.name.to_string().eq_ignore_ascii_case("date_trunc_ym") =>
        {
            argument(function)?
                .map(Term::Month)
                .ok_or_else(|| "date_trunc_ym takes a column".to_owned())
        }
        other => read_column(other).map(Term::Column),
    }
}

/// The only argument of a function: a column, or `None` for `*`.
fn argument(function: &Function) -> Result<Option<String>, NotUnderstood> {
    let not_understood = || Err(format!("`{function}` is not understood"));
    let FunctionArguments::List(list) = &function.args else { return not_understood() };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => Ok(None),
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))] => {
            read_column(expression).map(Some)
        }
        _ => not_understood(),
    }
}

fn read_column(expression: &Expr) -> Result<String, NotUnderstood> {
    match expression {
        Expr::Identifier(name) => Ok(name.value.clone()),
        Expr::Value(value) => match &value.value {
            // What SQL takes for a parameter is a column of the portal's own in SoQL.
            SqlValue::Placeholder(name) if name.starts_with(':') => Ok(name.clone()),
            other => Err(format!("`{other}` is no column")),
        },
        other => Err(format!("`{other}` is no column")),
    }
}

fn read_condition(expression: &Expr) -> Result<Condition, NotUnderstood> {
    match expression {
        Expr::Nested(inner) => read_condition(inner),
        Expr::IsNull(column) => read_column(column).map(Condition::IsNull),
        Expr::IsNotNull(column) => read_column(column).map(Condition::IsNotNull),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            Ok(Condition::And(read_condition(left)?.into(), read_condition(right)?.into()))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
            Ok(Condition::Or(read_condition(left)?.into(), read_condition(right)?.into()))
        }
        Expr::BinaryOp { left, op, right } => {
            Ok(Condition::Compare(read_column(left)?, read_comparison(op)?, read_literal(right)?))
        }
        other => Err(format!("`{other}` is no condition that is understood")),
    }
}

fn read_comparison(operator: &BinaryOperator) -> Result<Comparison, NotUnderstood> {
    Ok(match operator {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        other => return Err(format!("the operator `{other}` is not understood")),
    })
}

fn read_literal(expression: &Expr) -> Result<String, NotUnderstood> {
    match expression {
        Expr::Value(value) => match &value.value {
            SqlValue::SingleQuotedString(text) => Ok(text.clone()),
            SqlValue::Number(number, _) => Ok(number.to_string()),
            other => Err(format!("`{other}` is no literal that is understood")),
        },
        other => Err(format!("`{other}` is no literal")),
    }
}

fn read_limit(clause: LimitClause) -> Result<usize, NotUnderstood> {
    let LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by } = clause else {
        return Err("only a plain LIMIT is understood".to_owned());
    };
    if !limit_by.is_empty() {
        return Err("LIMIT BY is not understood".to_owned());
    }
    read_literal(&limit)?.parse().map_err(|_| format!("the limit `{limit}` is no number"))
}

fn plain_name(name: &str) -> String {
    name.trim_matches('"').to_owned()
}

impl Output {
    /// The name that a portal gives to a value without one.
    fn usual_name(&self) -> String {
        match self {
            Self::Term(Term::Column(column)) => column.clone(),
            Self::Term(Term::Month(column)) => format!("date_trunc_ym_{column}"),
            Self::Count => "count".to_owned(),
            Self::Min(column) => format!("min_{}", column.trim_start_matches(':')),
            Self::Max(column) => format!("max_{}", column.trim_start_matches(':')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soql_knows_the_columns_of_the_portal() {
        let query = parse_soql(
            "SELECT :*, * WHERE (:updated_at > '2024' OR (:updated_at = '2024' AND :id > 'row-1')) \
             ORDER BY :updated_at, :id LIMIT 10",
        )
        .unwrap();
        assert_eq!(query.select, [Selected::System, Selected::Data]);
        assert_eq!(query.limit, Some(10));
        assert_eq!(query.order_by[1], (Term::Column(":id".to_owned()), true));
        assert!(matches!(query.filter, Some(Condition::Or(..))));
    }

    #[test]
    fn groups_and_aggregates_are_named() {
        let query = parse_soql(
            "SELECT date_trunc_ym(t) AS m, count(*), max(:updated_at) GROUP BY date_trunc_ym(t)",
        )
        .unwrap();
        let names: Vec<&str> = query
            .select
            .iter()
            .map(|selected| match selected {
                Selected::Value(_, name) => name.as_str(),
                _ => "*",
            })
            .collect();
        assert_eq!(names, ["m", "count", "max_updated_at"]);
        assert_eq!(query.group_by, [Term::Month("t".to_owned())]);
    }

    #[test]
    fn sql_names_its_table() {
        let query = parse_sql("SELECT \"a b\" FROM \"12-x\" WHERE \"a b\" > '1' LIMIT 5").unwrap();
        assert_eq!(query.from.as_deref(), Some("12-x"));
        let compare = Condition::Compare("a b".to_owned(), Comparison::Greater, "1".to_owned());
        assert_eq!(query.filter, Some(compare));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "DELETE",
            "SELECT",
            "SELECT * WHERE a LIKE 'x'",
            "SELECT * WHERE a",
            "SELECT * WHERE 'x' > a",
            "SELECT * WHERE a > b",
            "SELECT sum(a)",
            "SELECT * ORDER BY a LIMIT x",
            "SELECT * LIMIT 5 OFFSET 3",
            "SELECT * FROM x",
            "SELECT DISTINCT a",
            "SELECT a HAVING a > 1",
            "SELECT a; SELECT b",
        ] {
            assert!(parse_soql(text).is_err(), "{text}");
        }
    }
}
