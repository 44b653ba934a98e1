//! An answer as a JSON object.

use serde_json::{Map, Value};

use crate::{Answer, AnswerError};

use super::cells::Cells;

/// Bytes of a cell, more or less: room is made once.
const CELL_BYTES: usize = 24;

/// The members of `about`, then `columns`, `rows` and `next`.
pub(crate) fn to_json(answer: &Answer, about: &Map<String, Value>) -> Result<Vec<u8>, AnswerError> {
    write(answer, about).map_err(|error| AnswerError::failed("writing an answer as JSON", error))
}

fn write(answer: &Answer, about: &Map<String, Value>) -> serde_json::Result<Vec<u8>> {
    let rows = answer.rows();
    let cells = rows.num_rows() * rows.num_columns();
    let mut out = Vec::with_capacity(1_024 + cells * CELL_BYTES);
    out.push(b'{');
    for (name, value) in about {
        serde_json::to_writer(&mut out, name)?;
        out.push(b':');
        serde_json::to_writer(&mut out, value)?;
        out.push(b',');
    }
    out.extend_from_slice(b"\"columns\":[");
    for (place, (name, column_type)) in answer.columns().iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"{\"name\":" } else { b",{\"name\":" });
        serde_json::to_writer(&mut out, name)?;
        out.extend_from_slice(b",\"type\":");
        serde_json::to_writer(&mut out, &column_type.to_string())?;
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"rows\":[");
    write_rows(&mut out, answer)?;
    out.extend_from_slice(b"],\"next\":");
    serde_json::to_writer(&mut out, &answer.next())?;
    out.push(b'}');
    Ok(out)
}

fn write_rows(out: &mut Vec<u8>, answer: &Answer) -> serde_json::Result<()> {
    let rows = answer.rows();
    let mut columns = Vec::new();
    for (place, (array, (name, _))) in rows.columns().iter().zip(answer.columns()).enumerate() {
        let cells = Cells::of(array).map_err(serde::ser::Error::custom)?;
        let mut label = vec![if place == 0 { b'{' } else { b',' }];
        serde_json::to_writer(&mut label, name)?;
        label.push(b':');
        columns.push((label, cells));
    }
    for row in 0..rows.num_rows() {
        if row > 0 {
            out.push(b',');
        }
        for (label, cells) in &columns {
            out.extend_from_slice(label);
            write_cell(out, cells, row)?;
        }
        out.push(b'}');
    }
    Ok(())
}

fn write_cell(out: &mut Vec<u8>, cells: &Cells<'_>, row: usize) -> serde_json::Result<()> {
    if cells.is_null(row) {
        out.extend_from_slice(b"null");
    } else if let Some(text) = cells.text(row) {
        serde_json::to_writer(out, text)?;
    } else if cells.is_quoted() {
        out.push(b'"');
        cells.write(out, row)?;
        out.push(b'"');
    } else {
        cells.write(out, row)?;
    }
    Ok(())
}
