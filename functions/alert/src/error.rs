//! Why `alert` fails. Its `errorType` begins with `Retryable` where the same event may succeed later, and
//! with `Permanent` where somebody has to act:
//!
//! - `Permanent.Event`, `Permanent.ForeignLayer`, `Permanent.NotOfTheLake`, `Permanent.NotDefined`: the
//!   event asks for nothing that can be done here. From a queue it ends with the dead letters.
//! - `Retryable.NotTold`: the topic did not answer; the alert stays pending and is told by the next run.
//! - `Permanent.NotTold`: the topic refuses: it is gone, this function may not publish to it, or it does
//!   not take one of the alerts. The others were told.
//! - `Retryable.Lake`: reports, tables or the outbox could not be read or written.
//! - `Permanent.Lake`: how old a table is cannot be told, as it is damaged. What is known of the others was told.
//! - `Permanent.Panic`: a defect of smelt, to be reported. What else was asked for is done.

pub use smelt_runtime::WorkError as AlertError;
