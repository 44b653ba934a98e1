//! Names that would need quoting in some engine, and columns that the platform itself adds.

/// Words that at least one of DataFusion, DuckDB, Spark and Athena does not take as a plain
/// column name. Columns are never quoted, so that SQL stays the same everywhere.
const SQL_WORDS: &[&str] = &[
    "all",
    "alter",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "between",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "cross",
    "cube",
    "current_catalog",
    "current_date",
    "current_path",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "deallocate",
    "default",
    "deferrable",
    "delete",
    "desc",
    "describe",
    "distinct",
    "do",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "execute",
    "exists",
    "extract",
    "false",
    "fetch",
    "filter",
    "for",
    "foreign",
    "from",
    "full",
    "grant",
    "group",
    "grouping",
    "having",
    "in",
    "initially",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "lambda",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "normalize",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "pivot",
    "placing",
    "prepare",
    "primary",
    "qualify",
    "recursive",
    "references",
    "returning",
    "right",
    "rollup",
    "select",
    "session_user",
    "show",
    "skip",
    "some",
    "summarize",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "uescape",
    "union",
    "unique",
    "unnest",
    "unpivot",
    "user",
    "using",
    "values",
    "variadic",
    "when",
    "where",
    "window",
    "with",
];

/// Columns that the platform adds to bronze.
const BRONZE_COLUMNS: &[&str] = &["ingestion_date"];

/// Whether a word of SQL stands in the way of using this as a column's name.
pub(crate) fn is_sql_word(name: &str) -> bool {
    SQL_WORDS.binary_search(&name).is_ok()
}

/// Whether the platform adds a bronze column of this name (besides those that start with `_`).
pub(crate) fn is_bronze_column(name: &str) -> bool {
    BRONZE_COLUMNS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(SQL_WORDS.is_sorted());
        assert!(is_sql_word("order"));
        assert!(!is_sql_word("date"), "date, hour and month are plain names everywhere");
    }
}
