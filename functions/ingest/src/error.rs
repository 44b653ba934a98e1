//! Why `ingest` fails. Its `errorType` begins with `Retryable` where the same event may succeed later, and
//! with `Permanent` where somebody has to act:
//!
//! - `Permanent.Event`, `Permanent.ForeignLayer`, `Permanent.NotOfTheLake`, `Permanent.NotDefined`: the
//!   event asks for nothing that can be done here. From a queue it ends with the dead letters.
//! - `Retryable.Source`: a source is down or busy; what was pulled before is committed.
//! - `Permanent.Source`: a source is not what its definition says, or its secret is missing.
//! - `Retryable.File`: a file was still being written.
//! - `Permanent.Panic`: a defect of smelt, to be reported. What else was asked for is done.

pub use smelt_runtime::WorkError as IngestError;
