//! The objects of an answer that is in memory already.

use std::path::Path;

use serde_json::value::RawValue;

use super::table::Table;
use crate::SourceBatch;
use crate::batch::MAX_COLUMNS;

/// One batch of all objects, whose `line`s count on from `first_line`; or why they form no table.
///
/// Columns are named by what `header` makes of their keys; an element that is no object becomes a
/// malformed row.
pub(crate) fn batch_of(
    objects: &[&RawValue],
    first_line: u64,
    header: fn(&str) -> &str,
) -> Result<SourceBatch, String> {
    let mut table = Table::with_headers(header);
    for (line, object) in (first_line..).zip(objects) {
        table
            .accept(Path::new(""), object.get().as_bytes(), line)
            .map_err(|_| format!("its rows have more than {MAX_COLUMNS} columns"))?;
    }
    table.finish().map_err(|error| format!("its rows form no table ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(key: &str) -> &str {
        if key == ":id" { "socrata_id" } else { key }
    }

    #[test]
    fn objects_become_one_batch_under_the_headers_given() {
        let text = r#"[{":id":"r1","id":7},{"id":8,"new":{"a": [1]}}, 3]"#;
        let objects: Vec<&RawValue> = serde_json::from_str(text).unwrap();
        let batch = batch_of(&objects, 11, header).unwrap();
        let names: Vec<_> =
            batch.fields.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["socrata_id", "id", "new"]);
        assert_eq!(batch.line.values(), &[11, 12, 13]);
        assert_eq!(batch.malformed.iter().flatten().collect::<Vec<_>>(), ["not a JSON object"]);
    }

    #[test]
    fn no_objects_are_an_empty_batch() {
        assert_eq!(batch_of(&[], 1, |key| key).unwrap().fields.num_rows(), 0);
    }
}
