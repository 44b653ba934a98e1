//! What the simulators know beside what the lake says.

use anyhow::Result;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use smelt_simulate::Check;
use smelt_stages::Platform;

/// One value that the simulator knows and the lake must have.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) what: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Finding {
    pub(crate) fn new(what: &str, expected: u64, found: u64) -> Self {
        Self { what: what.to_owned(), expected: expected.to_string(), found: found.to_string() }
    }

    /// The answer of the lake to a check.
    pub(crate) async fn of(platform: &Platform, check: &Check) -> Result<Self> {
        let found = answer(platform, &check.sql).await?;
        Ok(Self { what: check.what.clone(), expected: check.expected.clone(), found })
    }

    /// The answer of the lake to a question whose answer is a number.
    pub(crate) async fn number(
        platform: &Platform,
        what: &str,
        expected: u64,
        sql: &str,
    ) -> Result<Self> {
        let (what, expected) = (what.to_owned(), expected.to_string());
        Ok(Self { what, expected, found: answer(platform, sql).await? })
    }

    pub(crate) fn agrees(&self) -> bool {
        self.expected == self.found
    }
}

/// The first value of a query's first row, as text.
async fn answer(platform: &Platform, sql: &str) -> Result<String> {
    let rows = smelt_stages::query(platform, sql).await?;
    let batches: Vec<_> = rows.try_collect().await?;
    let has_value = |batch: &&RecordBatch| batch.num_rows() > 0 && batch.num_columns() > 0;
    let Some(batch) = batches.iter().find(has_value) else {
        return Ok("no row".to_owned());
    };
    let texts = cast(batch.column(0), &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    Ok(if texts.is_valid(0) { texts.value(0).to_owned() } else { "null".to_owned() })
}
