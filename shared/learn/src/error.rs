/// Why there are no clusters, no classifier or no prediction. Each kind is for another thing that the
/// caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// A setting that cannot be followed: change it.
    #[error("{0}")]
    Setting(String),
    /// Rows of another shape than their names, or lists of different lengths: correct the call.
    #[error("{0}")]
    Shape(String),
    /// Too few rows to learn from: bring more.
    #[error("{rows} rows are too few to learn from; {needed} are needed")]
    TooFewRows {
        /// Rows there are.
        rows: usize,
        /// Rows that are needed.
        needed: usize,
    },
    /// More rows than can be compared in pairs: group or sample them.
    #[error("{rows} rows are too many to compare in pairs; at most {most}")]
    TooManyRows {
        /// Rows there are.
        rows: usize,
        /// Most rows.
        most: usize,
    },
    /// Two rows of one name: make the names unique.
    #[error("two rows are called {0:?}")]
    Twice(String),
    /// No feature tells rows apart: bring others.
    #[error("no feature tells the rows apart: each is unknown or the same everywhere")]
    NothingVaries,
    /// All rows that are learnt from have one label: choose another threshold or another time.
    #[error("all {rows} rows to learn from are {label}; choose another threshold")]
    OneClass {
        /// Rows there are.
        rows: usize,
        /// Their label: high or low.
        label: &'static str,
    },
    /// A number that is the label in disguise: do not give it to the classifier.
    #[error(
        "the number {0:?} alone separates high from low: it must not be what the label was made of"
    )]
    Leak(String),
    /// Nothing before or nothing after the moment: choose another.
    #[error("{train} rows before the moment and {test} from it on: both parts need rows")]
    EmptyPart {
        /// Rows before the moment.
        train: usize,
        /// Rows from it on.
        test: usize,
    },
    /// An amount that is no number: leave the row out.
    #[error("the amount of row {0} is not a number")]
    Amount(usize),
    /// The library that grows trees failed, or its trees look other than expected: report it.
    #[error("the library could not fit: {0}")]
    Library(String),
}
