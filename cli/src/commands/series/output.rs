//! Tables as CSV or JSON on standard output, or in a file; Parquet only in a file.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;
use smelt_forecast::{Column, Table};

use crate::arguments::SeriesFormat;
use crate::output::print;
use crate::result_file::ResultFile;

const MICROSECONDS: i64 = 1_000_000;

/// Results never replace what they are made from.
pub(super) fn refuse_input(input: &Path, output: Option<&Path>) -> Result<()> {
    let Some(output) = output else { return Ok(()) };
    // What is not there yet is no input.
    if let (Ok(from), Ok(to)) = (input.canonicalize(), output.canonicalize())
        && from == to
    {
        bail!("{} is the input: give another file as --output", output.display());
    }
    Ok(())
}

pub(super) fn write(table: &Table, format: SeriesFormat, output: Option<&Path>) -> Result<()> {
    match (format, output) {
        (SeriesFormat::Parquet, Some(path)) => write_parquet(table, path),
        (SeriesFormat::Json, _) => {
            write_text(&format!("{}\n", serde_json::to_string(table)?), output)
        }
        (SeriesFormat::Csv | SeriesFormat::Parquet, _) => write_text(&table.to_csv(), output),
    }
}

fn write_text(text: &str, output: Option<&Path>) -> Result<()> {
    let Some(path) = output else { return print(text) };
    let cannot = || format!("{} cannot be written", path.display());
    let mut file = ResultFile::create(path)?;
    file.write_all(text.as_bytes()).with_context(cannot)?;
    file.finish()
}

fn write_parquet(table: &Table, path: &Path) -> Result<()> {
    let columns = table.columns.iter().map(|(name, column)| {
        let array =
            array(column).with_context(|| format!("{name} cannot be written as Parquet"))?;
        anyhow::Ok((name, array, true))
    });
    let rows = RecordBatch::try_from_iter_with_nullable(columns.collect::<Result<Vec<_>>>()?)?;
    let mut file = ResultFile::create(path)?;
    let mut writer = ArrowWriter::try_new(&mut file, rows.schema(), None)?;
    writer.write(&rows)?;
    writer.close()?;
    file.finish()
}

fn array(column: &Column) -> Result<ArrayRef> {
    Ok(match column {
        Column::Text(texts) => Arc::new(StringArray::from_iter_values(texts)),
        Column::Time(seconds) => Arc::new(TimestampMicrosecondArray::from_iter_values(
            seconds.iter().map(|second| second.saturating_mul(MICROSECONDS)),
        )),
        Column::Count(numbers) => Arc::new(Int64Array::from_iter_values(numbers.iter().copied())),
        Column::Number(numbers) => {
            let known = numbers.iter().map(|number| Some(*number).filter(|n| !n.is_nan()));
            Arc::new(Float64Array::from_iter(known))
        }
        Column::Flag(flags) => Arc::new(BooleanArray::from(flags.clone())),
        other => anyhow::bail!("this kind of column is not known here: {other:?}"),
    })
}
