//! Why `train` fails. Its `errorType` begins with `Retryable` where the same event may succeed later, and
//! with `Permanent` where somebody has to act:
//!
//! - `Permanent.Event`, `Permanent.ForeignLayer`, `Permanent.NotOfTheLake`, `Permanent.NotDefined`: the
//!   event asks for nothing that can be done here. From a queue it ends with the dead letters.
//! - `Permanent.NotDefined`: the dataset is not among the definitions of this function.
//! - `Permanent.Panic`: a defect of smelt, to be reported. What else was asked for is done.

pub use smelt_runtime::WorkError as TrainError;
