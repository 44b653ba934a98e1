use crate::Frequency;

/// Why there is no forecast, no table or no judgement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// A setting that cannot be followed.
    #[error("{0}")]
    Setting(String),
    /// A stored model that cannot be followed.
    #[error("stored model: {0}")]
    Model(String),
    /// A series without one usable number.
    #[error("series {id}: no usable value among {rows}")]
    Empty {
        /// The series.
        id: String,
        /// How many rows it has.
        rows: usize,
    },
    /// A series of one usable number, which says nothing about how far others may be from it.
    #[error("series {id}: one value does not say how far others may be; a forecast needs two")]
    Single {
        /// The series.
        id: String,
    },
    /// Rows that do not lie on one regular grid of times.
    #[error("series {id}: {time} is not on the {frequency} grid of this series")]
    OffGrid {
        /// The series.
        id: String,
        /// The time, as text.
        time: String,
        /// The frequency that was told or found.
        frequency: Frequency,
    },
    /// Two rows for one time.
    #[error("series {id}: two rows for {time}")]
    Twice {
        /// The series.
        id: String,
        /// The time, as text.
        time: String,
    },
    /// A grid much larger than what is on it.
    #[error("series {id}: {steps} steps of {frequency} for {rows} rows; is the frequency right?")]
    Sparse {
        /// The series.
        id: String,
        /// Steps from the first to the last time.
        steps: i64,
        /// Rows there are.
        rows: usize,
        /// The frequency that was told or found.
        frequency: Frequency,
    },
    /// Nothing says how far apart values are.
    #[error("series {id}: its rows do not say how far apart values are")]
    NoFrequency {
        /// The series.
        id: String,
    },
    /// A frequency that was told, on whose grid most steps are missing, while another one fits.
    #[error(
        "series {id}: {rows} rows in {steps} {frequency} steps, nearly all of which are missing; the rows are \
         {found}"
    )]
    TooFine {
        /// The series.
        id: String,
        /// Steps from the first to the last time.
        steps: i64,
        /// Rows there are.
        rows: usize,
        /// The frequency that was told.
        frequency: Frequency,
        /// The frequency that the rows have.
        found: Frequency,
    },
    /// A text that is no time.
    #[error(
        "{0:?} is not a time; expected 2024-01-31, 2024-01-31 18:00:00 or 2024-01-31T18:00:00, without or with \
         an offset such as Z or +02:00"
    )]
    Time(String),
    /// No window of a backtest can be scored.
    #[error(
        "series {id}: {rows} rows leave none of {windows} windows of {horizon} steps to score; they are too \
         few, or never change from season to season"
    )]
    Short {
        /// The series.
        id: String,
        /// Rows there are.
        rows: usize,
        /// Windows asked for.
        windows: usize,
        /// Steps of each window.
        horizon: usize,
    },
}
