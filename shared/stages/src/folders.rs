//! Folder names of partitions.

/// What stands for a null partition, as in other Hive-style layouts.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The folder of a table or a mart that is one piece.
pub(crate) const WHOLE: &str = "whole";

/// `column=value`, with whatever is not safe in object keys and URLs escaped as `!xx`; without a
/// column the one folder that there is.
pub(crate) fn partition_folder(column: Option<&str>, value: Option<&str>) -> String {
    let Some(column) = column else {
        return WHOLE.to_owned();
    };
    let Some(value) = value else {
        return format!("{column}={NULL_PARTITION}");
    };
    let mut folder = format!("{column}=");
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            folder.push(char::from(byte));
        } else {
            folder.push_str(&format!("!{byte:02x}"));
        }
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_values_have_different_folders() {
        assert_eq!(partition_folder(Some("month"), Some("2026-04")), "month=2026-04");
        assert_eq!(partition_folder(Some("city"), Some("a/b!")), "city=a!2fb!21");
        assert_eq!(partition_folder(Some("city"), None), "city=__HIVE_DEFAULT_PARTITION__");
        assert_eq!(partition_folder(None, None), "whole");
    }
}
