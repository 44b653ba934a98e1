use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::{Error, Result, bail};
use arrow::array::RecordBatch;
use arrow::util::display::FormatOptions;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::arguments::{Global, QueryArguments, QueryFormat};
use crate::exit::Ending;
use crate::output::{Output, print};
use crate::result_file::ResultFile;
use crate::session::open_existing;

/// Rows that a table for people shows; more are counted and pointed to the other formats.
const TABLE_ROWS: usize = 1000;

pub(crate) async fn run(global: &Global, arguments: QueryArguments) -> Result<Ending> {
    let format = arguments.format().map_err(Error::msg)?;
    if format == QueryFormat::Parquet
        && arguments.output.is_none()
        && std::io::stdout().is_terminal()
    {
        bail!("Parquet is not for a terminal: name a file with --output")
    }
    let platform = open_existing(global)?;
    let rows = smelt_stages::query(&platform, &arguments.sql).await?;
    match (format, &arguments.output) {
        (QueryFormat::Table, output) => write_table(rows, output.as_deref()).await?,
        (QueryFormat::Parquet, None) => write_parquet(rows, Output::new()).await?,
        (QueryFormat::Parquet, Some(path)) => {
            let mut file = ResultFile::create(path)?;
            write_parquet(rows, &mut file).await?;
            file.finish()?;
        }
        (format, Some(path)) => {
            let mut file = ResultFile::create(path)?;
            write_text(rows, format, BufWriter::new(&mut file)).await?;
            file.finish()?;
        }
        (format, None) => write_text(rows, format, Output::new()).await?,
    }
    Ok(Ending::Fine)
}

async fn write_table(mut rows: SendableRecordBatchStream, output: Option<&Path>) -> Result<()> {
    let schema = rows.schema();
    let mut shown: Vec<RecordBatch> = Vec::new();
    let (mut kept, mut total) = (0, 0);
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        total += batch.num_rows();
        let take = batch.num_rows().min(TABLE_ROWS - kept);
        kept += take;
        if take > 0 {
            shown.push(batch.slice(0, take));
        }
    }
    if shown.is_empty() {
        shown.push(RecordBatch::new_empty(schema));
    }
    let options = FormatOptions::default().with_display_error(true);
    let mut text =
        format!("{}\n", arrow::util::pretty::pretty_format_batches_with_options(&shown, &options)?);
    if total > kept {
        text.push_str(&format!("{kept} of {total} rows shown; --format csv gives all\n"));
    }
    match output {
        Some(path) => {
            let mut file = ResultFile::create(path)?;
            file.write_all(text.as_bytes())?;
            file.finish()
        }
        None => print(&text),
    }
}

async fn write_text(
    mut rows: SendableRecordBatchStream,
    format: QueryFormat,
    mut output: impl Write,
) -> Result<()> {
    let schema = rows.schema();
    if format == QueryFormat::Csv {
        output.write_all(&as_text(&RecordBatch::new_empty(schema), format, true)?)?;
    }
    while let Some(batch) = rows.next().await {
        output.write_all(&as_text(&batch?, format, false)?)?;
    }
    output.flush()?;
    Ok(())
}

/// A batch as CSV or JSON lines. It is written by the caller: the writers of Arrow turn a closed
/// pipe into a text that cannot be told from other errors.
fn as_text(batch: &RecordBatch, format: QueryFormat, header: bool) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    if format == QueryFormat::Csv {
        arrow::csv::WriterBuilder::new().with_header(header).build(&mut text).write(batch)?;
    } else {
        let mut writer = arrow::json::LineDelimitedWriter::new(&mut text);
        writer.write(batch)?;
        writer.finish()?;
    }
    Ok(text)
}

/// Parquet as it comes. It is written here and not by the writer, which wants an output that may change
/// threads, as the lock on standard output may not.
async fn write_parquet(mut rows: SendableRecordBatchStream, mut output: impl Write) -> Result<()> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::<u8>::new(), rows.schema(), Some(properties))?;
    while let Some(batch) = rows.next().await {
        writer.write(&batch?)?;
        output.write_all(&std::mem::take(writer.inner_mut()))?;
    }
    output.write_all(&writer.into_inner()?)?;
    output.flush()?;
    Ok(())
}
