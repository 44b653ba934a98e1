//! Why `maintain` fails. Its `errorType` begins with `Retryable` where the same event may succeed later, and
//! with `Permanent` where somebody has to act:
//!
//! - `Permanent.Event`, `Permanent.ForeignLayer`, `Permanent.NotOfTheLake`, `Permanent.NotDefined`: the
//!   event asks for nothing that can be done here. From a queue it ends with the dead letters.
//! - `Retryable.Lake`: the store did not answer; the next schedule does the rest.
//! - What is wrong with one table fails the run in the end: `Permanent.Expectation`, `Permanent.Lake`. The others
//!   were looked after.
//! - `Permanent.Panic`: a defect of smelt, to be reported. What else was asked for is done.

pub use smelt_runtime::WorkError as MaintainError;
