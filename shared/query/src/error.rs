//! What is wrong with a question.

/// Why a question cannot be asked; whoever asked can put it right, a retry does not help.
///
/// Every message names the parameter, what was expected and what there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No column has that name.
    #[error("`{parameter}`: {table} has no column `{column}`; {known}")]
    UnknownColumn {
        /// The parameter.
        parameter: String,
        /// What was asked about.
        table: String,
        /// The name.
        column: String,
        /// The names that there are.
        known: String,
    },
    /// No operator, function or time bucket has that name, or none for a column of that type.
    #[error("`{parameter}`: `{operator}` is {problem}; there are {known}")]
    UnknownOperator {
        /// The parameter.
        parameter: String,
        /// The name.
        operator: String,
        /// What is wrong with it.
        problem: String,
        /// What there is instead.
        known: String,
    },
    /// A value is none of the type that is wanted.
    #[error("`{parameter}`: expected {expected}, got {value}")]
    WrongType {
        /// The parameter.
        parameter: String,
        /// What was expected.
        expected: String,
        /// The value, cut short.
        value: String,
    },
    /// A value is of the right type, but too large, too small, too long or one too many.
    #[error("`{parameter}`: expected {expected}, got {value}")]
    OutOfRange {
        /// The parameter.
        parameter: String,
        /// What was expected.
        expected: String,
        /// What was given, cut short.
        value: String,
    },
    /// Parameters that exclude each other.
    #[error("`{parameter}`: {problem}")]
    Contradiction {
        /// The parameter.
        parameter: String,
        /// What it contradicts, and the remedy.
        problem: String,
    },
    /// A cursor that is none, or that belongs to another question.
    #[error("`cursor`: {problem}; ask without a cursor for the first page")]
    Cursor {
        /// What is wrong with it.
        problem: String,
    },
}
