//! Rows to bytes.

mod cells;
mod csv_rows;
mod json;

use arrow::ipc::writer::StreamWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::{Answer, AnswerError};

pub(crate) use csv_rows::to_csv;
pub(crate) use json::to_json;

/// A Parquet file, compressed as the published ones are.
pub(crate) fn to_parquet(answer: &Answer) -> Result<Vec<u8>, AnswerError> {
    let failed = |error| AnswerError::failed("writing an answer as Parquet", error);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut out = Vec::new();
    let schema = answer.rows().schema();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties)).map_err(failed)?;
    writer.write(answer.rows()).map_err(failed)?;
    writer.close().map_err(failed)?;
    Ok(out)
}

/// A stream of Arrow IPC messages.
pub(crate) fn to_arrow(answer: &Answer) -> Result<Vec<u8>, AnswerError> {
    let failed = |error| AnswerError::failed("writing an answer as Arrow", error);
    let mut out = Vec::new();
    let mut writer = StreamWriter::try_new(&mut out, &answer.rows().schema()).map_err(failed)?;
    writer.write(answer.rows()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    drop(writer);
    Ok(out)
}
