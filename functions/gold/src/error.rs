//! Why `gold` fails. Its `errorType` begins with `Retryable` where the same event may succeed later, and
//! with `Permanent` where somebody has to act:
//!
//! - `Permanent.Event`, `Permanent.ForeignLayer`, `Permanent.NotOfTheLake`, `Permanent.NotDefined`: the
//!   event asks for nothing that can be done here. From a queue it ends with the dead letters.
//! - `Permanent.Lake`: a mart's SQL fails on the data, or needs more memory than the function has.
//! - `Retryable.Lake`: the store did not answer, or others changed the table; it comes again.
//! - What is wrong with one table about series fails the run in the end; the others were published.
//! - `Permanent.Panic`: a defect of smelt, to be reported. What else was asked for is done.

pub use smelt_runtime::WorkError as GoldError;
