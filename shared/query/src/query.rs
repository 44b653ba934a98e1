//! A question that fits a table.

use crate::{Columns, Format, QueryError};

/// A question about one table: which rows, grouped and aggregated or as they are, in which order, how many.
#[derive(Debug, Clone)]
pub struct Query {
    columns: Columns,
    limit: usize,
    format: Option<Format>,
}

impl Query {
    /// Reads the decoded parameters of a URL.
    ///
    /// | parameter | meaning |
    /// |---|---|
    /// | `column=value`, `column.eq=value`, `column.in=a,b` | any of the values, however often given |
    /// | `column.ne=value` | none of the values |
    /// | `column.gt`, `.gte`, `.lt`, `.lte` | compared as numbers, texts, days or times |
    /// | `column.contains=part`, `column.starts=part` | texts only; any of the parts |
    /// | `column.null=true` | unknown; `false`: known. Nothing else is true of an unknown value |
    /// | `select=a,b` | these columns, in this order |
    /// | `group=a,date.month` | a row per group; times by hour, day, week, month or year |
    /// | `aggregate=sum(x),avg(x),min(x),max(x),count` | of each group, or of all rows |
    /// | `order=date.desc,a` | what is unknown comes last; the key is appended |
    /// | `limit=100` | rows of a page, 1 to 10,000 |
    /// | `cursor=…` | goes on behind the page that it came with |
    /// | `format=json` | `json`, `csv`, `parquet` or `arrow` |
    ///
    /// These seven names always mean the parameter: a column called `limit` is `limit.eq`.
    pub fn parse<Name, Value>(
        _parameters: impl IntoIterator<Item = (Name, Value)>,
        columns: &Columns,
    ) -> Result<Self, QueryError>
    where
        Name: AsRef<str>,
        Value: AsRef<str>,
    {
        Ok(Self { columns: columns.clone(), limit: 100, format: None })
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
}
