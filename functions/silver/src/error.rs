//! Why `silver` fails. Its `errorType` begins with `Retryable` where the same event may succeed later, and
//! with `Permanent` where somebody has to act:
//!
//! - `Permanent.Event`, `Permanent.ForeignLayer`, `Permanent.NotOfTheLake`, `Permanent.NotDefined`: the
//!   event asks for nothing that can be done here. From a queue it ends with the dead letters.
//! - `Permanent.Expectation`: a row breaks a rule that stops the pipeline; nothing was committed.
//! - `Retryable.Lake`: the store did not answer, or others changed the table; it comes again.
//! - `Permanent.Panic`: a defect of smelt, to be reported. What else was asked for is done.

pub use smelt_runtime::WorkError as SilverError;
