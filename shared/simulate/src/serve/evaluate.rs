//! Answers a query from rows in memory.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::query::{Comparison, Condition, NotUnderstood, Output, Query, Selected, Term};
use super::value::{Column, ColumnKind, Comparable, Row};

/// Rows and what is known about their columns.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) rows: &'a [Row],
    /// Columns of the data.
    pub(super) columns: &'a [Column],
    /// The portal's own columns.
    pub(super) system: &'a [Column],
}

impl Table<'_> {
    /// The rows that a query selects, in its order.
    pub(super) fn answer(&self, query: &Query) -> Result<Vec<Row>, NotUnderstood> {
        let filter = query.filter.as_ref().map(|filter| self.check(filter)).transpose()?;
        let rows: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| filter.as_ref().is_none_or(|filter| filter.holds(row) == Some(true)))
            .collect();
        let mut answer = if query.group_by.is_empty() && !query.aggregates() {
            let rows = self.sorted(rows, &query.order_by)?;
            let limit = query.limit.unwrap_or(usize::MAX);
            rows.into_iter()
                .take(limit)
                .map(|row| self.select(row, &query.select))
                .collect::<Result<Vec<_>, _>>()?
        } else {
            self.grouped(rows, query)?
        };
        answer.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(answer)
    }

    fn kind(&self, name: &str) -> Result<ColumnKind, NotUnderstood> {
        self.system
            .iter()
            .chain(self.columns)
            .find(|column| column.name == name)
            .map(|column| column.kind)
            .ok_or_else(|| format!("No such column: {name}"))
    }

    fn sorted<'r>(
        &self,
        rows: Vec<&'r Row>,
        order_by: &[(Term, bool)],
    ) -> Result<Vec<&'r Row>, NotUnderstood> {
        let mut keyed = rows
            .into_iter()
            .map(|row| {
                let keys = order_by
                    .iter()
                    .map(|(term, _)| self.sort_key(row, term))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok((keys, row))
            })
            .collect::<Result<Vec<_>, NotUnderstood>>()?;
        keyed.sort_by(|(left, _), (right, _)| {
            left.iter()
                .zip(right)
                .zip(order_by)
                .map(|((left, right), (_, ascends))| {
                    let order = compare_nulls_last(left.as_ref(), right.as_ref());
                    if *ascends { order } else { order.reverse() }
                })
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }

    fn sort_key(&self, row: &Row, term: &Term) -> Result<Option<Comparable>, NotUnderstood> {
        match term {
            Term::Column(name) => {
                let kind = self.kind(name)?;
                Ok(row.get(name).and_then(|value| kind.comparable(value)))
            }
            Term::Month(name) => Ok(self.month(row, name)?.map(Comparable::Text)),
        }
    }

    /// The first moment of the month of a time, as SODA writes it.
    fn month(&self, row: &Row, name: &str) -> Result<Option<String>, NotUnderstood> {
        match self.kind(name)? {
            ColumnKind::Time | ColumnKind::ZonedTime => Ok(row
                .get(name)
                .and_then(Value::as_str)
                .and_then(|time| time.get(..7))
                .map(|month| format!("{month}-01T00:00:00.000"))),
            _ => Err(format!("Type mismatch for date_trunc_ym: {name} is no time")),
        }
    }

    fn select(&self, row: &Row, select: &[Selected]) -> Result<Row, NotUnderstood> {
        let mut answer = Map::new();
        let is_system = |name: &str| self.system.iter().any(|column| column.name == name);
        for selected in select {
            match selected {
                Selected::System if self.system.is_empty() => {
                    return Err("No such column: :*".to_owned());
                }
                Selected::System => {
                    answer.extend(copied(row, is_system));
                }
                Selected::Data => answer.extend(copied(row, |name| !is_system(name))),
                Selected::Value(Output::Term(term), name) => {
                    if let Some(value) = self.term(row, term)? {
                        answer.insert(name.clone(), value);
                    }
                }
                Selected::Value(_, name) => return Err(format!("{name} needs a GROUP BY")),
            }
        }
        Ok(answer)
    }

    fn term(&self, row: &Row, term: &Term) -> Result<Option<Value>, NotUnderstood> {
        match term {
            Term::Column(name) => {
                self.kind(name)?;
                Ok(row.get(name).cloned())
            }
            Term::Month(name) => Ok(self.month(row, name)?.map(Value::String)),
        }
    }

    fn grouped(&self, rows: Vec<&Row>, query: &Query) -> Result<Vec<Row>, NotUnderstood> {
        if !query.order_by.is_empty() {
            return Err("an ORDER BY of groups is not understood".to_owned());
        }
        let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        if query.group_by.is_empty() {
            // Without groups there is one, even of no rows.
            groups.insert(json!([]).to_string(), Vec::new());
        }
        for row in rows {
            let keys = query
                .group_by
                .iter()
                .map(|term| self.term(row, term))
                .collect::<Result<Vec<_>, _>>()?;
            groups.entry(json!(keys).to_string()).or_default().push(row);
        }
        groups.into_values().map(|rows| self.aggregate(&rows, query)).collect()
    }

    fn aggregate(&self, rows: &[&Row], query: &Query) -> Result<Row, NotUnderstood> {
        let mut answer = Map::new();
        for selected in &query.select {
            let Selected::Value(output, name) = selected else {
                return Err("Column * must be in the GROUP BY".to_owned());
            };
            let value = match output {
                Output::Count => Some(Value::String(rows.len().to_string())),
                Output::Min(column) => self.extreme(rows, column, Ordering::Less)?,
                Output::Max(column) => self.extreme(rows, column, Ordering::Greater)?,
                Output::Term(term) if query.group_by.contains(term) => {
                    rows.first().map(|row| self.term(row, term)).transpose()?.flatten()
                }
                Output::Term(_) => return Err(format!("Column {name} must be in the GROUP BY")),
            };
            if let Some(value) = value {
                answer.insert(name.clone(), value);
            }
        }
        Ok(answer)
    }

    /// The value of the column that comes before (`Less`) or behind (`Greater`) all others.
    fn extreme(
        &self,
        rows: &[&Row],
        column: &str,
        wanted: Ordering,
    ) -> Result<Option<Value>, NotUnderstood> {
        let kind = self.kind(column)?;
        let mut best: Option<(Comparable, &Value)> = None;
        for value in rows.iter().filter_map(|row| row.get(column)) {
            let Some(comparable) = kind.comparable(value) else { continue };
            if best.as_ref().is_none_or(|(best, _)| comparable.order(best) == wanted) {
                best = Some((comparable, value));
            }
        }
        Ok(best.map(|(_, value)| value.clone()))
    }

    /// The condition with its columns known and its literals read.
    fn check(&self, condition: &Condition) -> Result<Checked, NotUnderstood> {
        Ok(match condition {
            Condition::And(left, right) => {
                Checked::And(self.check(left)?.into(), self.check(right)?.into())
            }
            Condition::Or(left, right) => {
                Checked::Or(self.check(left)?.into(), self.check(right)?.into())
            }
            Condition::Compare(column, comparison, literal) => {
                let kind = self.kind(column)?;
                let literal = kind
                    .parse(literal)
                    .ok_or_else(|| format!("Type mismatch: {column} and '{literal}'"))?;
                Checked::Compare { column: column.clone(), kind, comparison: *comparison, literal }
            }
            Condition::IsNull(column) => {
                self.kind(column)?;
                Checked::IsNull(column.clone(), true)
            }
            Condition::IsNotNull(column) => {
                self.kind(column)?;
                Checked::IsNull(column.clone(), false)
            }
        })
    }
}

/// A condition that can be asked of a row.
#[derive(Debug)]
enum Checked {
    And(Box<Checked>, Box<Checked>),
    Or(Box<Checked>, Box<Checked>),
    Compare { column: String, kind: ColumnKind, comparison: Comparison, literal: Comparable },
    IsNull(String, bool),
}

impl Checked {
    /// Whether it holds; `None` when a null leaves that open.
    fn holds(&self, row: &Row) -> Option<bool> {
        match self {
            Self::And(left, right) => match (left.holds(row), right.holds(row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.holds(row), right.holds(row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Compare { column, kind, comparison, literal } => {
                let order = kind.comparable(row.get(column)?)?.order(literal);
                Some(match comparison {
                    Comparison::Equal => order.is_eq(),
                    Comparison::NotEqual => order.is_ne(),
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                })
            }
            Self::IsNull(column, wanted) => {
                Some(row.get(column).is_none_or(Value::is_null) == *wanted)
            }
        }
    }
}

impl Query {
    fn aggregates(&self) -> bool {
        self.select.iter().any(|selected| {
            matches!(selected, Selected::Value(Output::Count | Output::Min(_) | Output::Max(_), _))
        })
    }
}

fn copied(row: &Row, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (String, Value)> {
    row.iter()
        .filter(move |(name, value)| wanted(name) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
}

fn compare_nulls_last(left: Option<&Comparable>, right: Option<&Comparable>) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => left.order(right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
