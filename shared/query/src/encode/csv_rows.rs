//! An answer as comma-separated values, RFC 4180. What is unknown is empty.

use csv::{Terminator, WriterBuilder};

use crate::{Answer, AnswerError};

use super::cells::Cells;

/// A header, then a line per row. Texts stay as they are, also those that a spreadsheet takes for a formula.
pub(crate) fn to_csv(answer: &Answer) -> Result<Vec<u8>, AnswerError> {
    let failed = |error| AnswerError::failed("writing an answer as CSV", error);
    let rows = answer.rows();
    let columns: Result<Vec<Cells<'_>>, arrow::error::ArrowError> =
        rows.columns().iter().map(|array| Cells::of(array)).collect();
    let columns = columns?;
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(answer.columns().iter().map(|(name, _)| name)).map_err(failed)?;
    let mut cell = Vec::new();
    for row in 0..rows.num_rows() {
        for cells in &columns {
            cell.clear();
            if !cells.is_null(row) {
                cells
                    .write(&mut cell, row)
                    .map_err(|error| AnswerError::failed("writing an answer as CSV", error))?;
            }
            writer.write_field(&cell).map_err(failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|error| AnswerError::failed("writing an answer as CSV", error.into_error()))
}
