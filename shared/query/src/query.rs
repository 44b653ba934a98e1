//! A question that fits a table.

mod filters;
mod parameters;
mod shape;
#[cfg(test)]
mod tests;

use smelt_domain::ColumnType;

use crate::aggregate::{Aggregate, GroupKey};
use crate::cursor::{decode_cursor, fingerprint};
use crate::filter::Filter;
use crate::value::Value;
use crate::{Columns, Format, QueryError};

use filters::filters;
use parameters::Parameters;
use shape::{order, shape};

/// A question about one table: which rows, grouped and aggregated or as they are, in which order, how many.
#[derive(Debug, Clone)]
pub struct Query {
    /// What is asked about.
    columns: Columns,
    /// Which rows; all have to be true.
    pub(crate) filters: Vec<Filter>,
    /// What becomes of them.
    pub(crate) shape: Shape,
    /// In which order; no two rows are equal in it.
    pub(crate) order: Vec<Order>,
    /// Rows of a page.
    limit: usize,
    /// What the last row of the page before has in the columns of the order.
    pub(crate) after: Option<Vec<Option<Value>>>,
    /// Tells this question from others, whatever page of it is asked for.
    pub(crate) fingerprint: String,
    format: Option<Format>,
}

/// What becomes of the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// They stay, with the columns at these positions.
    Rows(Vec<usize>),
    /// A row per group: its keys, then its aggregates.
    Groups {
        /// What they are grouped by; without any, all rows are one group.
        keys: Vec<GroupKey>,
        /// What is told of each.
        aggregates: Vec<Aggregate>,
    },
}

/// One column of an order. Unknown values come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    /// The position of the column in the table; with groups, in the answer.
    pub(crate) column: usize,
    /// Whether the greatest comes first.
    pub(crate) descending: bool,
}

impl Query {
    /// Reads the decoded parameters of a URL.
    ///
    /// | parameter | meaning |
    /// |---|---|
    /// | `column=value`, `column.eq=value`, `column.in=a,b` | any of the values, however often given |
    /// | `column.ne=value` | none of the values |
    /// | `column.gt`, `.gte`, `.lt`, `.lte` | compared as numbers, texts, days or times |
    /// | `column.contains=part`, `column.starts=part` | texts only; any of the parts, letters as they are |
    /// | `column.null=true` | unknown; `false`: known. Nothing else is true of an unknown value |
    /// | `select=a,b` | these columns, in this order |
    /// | `group=a,date.month` | a row per group; times by hour, day, week, month or year |
    /// | `aggregate=sum(x),avg(x),min(x),max(x),count` | of each group, or of all rows; called `sum_x` and so on |
    /// | `order=date.desc,a` | what is unknown comes last; the key is appended |
    /// | `limit=100` | rows of a page, 1 to 10,000 |
    /// | `cursor=…` | goes on behind the page that it came with |
    /// | `format=json` | `json`, `csv`, `parquet` or `arrow` |
    ///
    /// These seven names always mean the parameter: a column called `limit` is `limit.eq`. Values of
    /// `in` that contain a comma are given one by one, as `column=value`.
    pub fn parse<Name, Text>(
        parameters: impl IntoIterator<Item = (Name, Text)>,
        columns: &Columns,
    ) -> Result<Self, QueryError>
    where
        Name: AsRef<str>,
        Text: AsRef<str>,
    {
        let parameters = Parameters::read(parameters)?;
        let filters = filters(&parameters, columns)?;
        let shape = shape(&parameters, columns)?;
        let order = order(&parameters, &shape, columns)?;
        let fingerprint = fingerprint(columns, &filters, &shape, &order);
        let mut query = Self {
            columns: columns.clone(),
            filters,
            shape,
            order,
            limit: parameters.limit,
            after: None,
            fingerprint,
            format: parameters.format,
        };
        if let Some(cursor) = &parameters.cursor {
            query.after = Some(decode_cursor(cursor, &query)?);
        }
        Ok(query)
    }

    /// The format that the parameters ask for, see [`Format::negotiate`].
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// Rows of a page.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// What is asked about.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Names and types of the answer's columns.
    pub fn answer_columns(&self) -> Vec<(String, ColumnType)> {
        match &self.shape {
            Shape::Rows(select) => {
                select.iter().map(|&position| self.columns.all()[position].clone()).collect()
            }
            Shape::Groups { keys, aggregates } => {
                shape::group_columns(keys, aggregates, &self.columns)
            }
        }
    }

    /// Of the columns of the order, the type of each.
    pub(crate) fn order_types(&self) -> Vec<ColumnType> {
        let of_order = |all: &[(String, ColumnType)]| {
            self.order.iter().map(|order| all[order.column].1).collect()
        };
        match &self.shape {
            Shape::Rows(_) => of_order(self.columns.all()),
            Shape::Groups { .. } => of_order(&self.answer_columns()),
        }
    }

    /// Of each column of the table, whether it has to be read.
    pub(crate) fn reads(&self) -> Vec<bool> {
        let mut reads = vec![false; self.columns.all().len()];
        for filter in &self.filters {
            reads[filter.column] = true;
        }
        match &self.shape {
            Shape::Rows(select) => {
                for &position in select {
                    reads[position] = true;
                }
                for order in &self.order {
                    reads[order.column] = true;
                }
            }
            Shape::Groups { keys, aggregates } => {
                for position in keys.iter().map(|key| key.column) {
                    reads[position] = true;
                }
                for position in aggregates.iter().filter_map(|aggregate| aggregate.column) {
                    reads[position] = true;
                }
            }
        }
        reads
    }
}
