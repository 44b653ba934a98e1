//! Files as people upload them.

/// A file of a table, whole in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    /// The table that it belongs to.
    pub table: &'static str,
    /// Its name within the table's folder.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl UploadFile {
    /// Its path relative to the dataset's folder.
    pub(crate) fn relative_path(&self) -> String {
        format!("{}/{}", self.table, self.name)
    }
}

/// Adds a CSV record with its line end; fields are quoted only where they have to be.
pub(crate) fn push_csv_record(out: &mut Vec<u8>, fields: &[&str], line_end: &str) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            out.push(b'"');
            out.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(field.as_bytes());
        }
    }
    out.extend_from_slice(line_end.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        let mut out = Vec::new();
        push_csv_record(&mut out, &["a", "b, \"c\"", "", "1,234.56 "], "\r");
        assert_eq!(out, b"a,\"b, \"\"c\"\"\",,\"1,234.56 \"\r");
    }
}
