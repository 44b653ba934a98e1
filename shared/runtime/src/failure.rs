//! What a function answers when it fails: whether trying again may help can be read off the type.

use lambda_runtime::Diagnostic;
use smelt_stages::{Panic, StageError};

use crate::inbox::Refusal;

/// An error of a function.
pub trait FunctionError: std::error::Error + Send + Sync + 'static {
    /// Whether the same invocation may succeed later without anyone changing anything.
    fn retryable(&self) -> bool;

    /// One word for what went wrong.
    fn kind(&self) -> &'static str;

    /// As the Lambda service shows it: `Retryable.Stage`, `Permanent.NotDefined`.
    fn diagnostic(&self) -> Diagnostic {
        let class = if self.retryable() { "Retryable" } else { "Permanent" };
        Diagnostic {
            error_type: format!("{class}.{}", self.kind()),
            error_message: self.to_string(),
        }
    }
}

impl FunctionError for StageError {
    fn retryable(&self) -> bool {
        self.retryable()
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Lake(_) => "Lake",
            Self::File(_) => "File",
            Self::Source(_) => "Source",
            Self::Definition(_) | Self::UnknownDataset { .. } => "Definition",
            Self::Expectation { .. } => "Expectation",
            Self::Unbalanced { .. } => "Unbalanced",
            Self::NotTold(_) => "NotTold",
            Self::Panicked(panic) => panic.kind(),
            _ => "Stage",
        }
    }
}

impl FunctionError for Panic {
    fn retryable(&self) -> bool {
        false
    }

    fn kind(&self) -> &'static str {
        "Panic"
    }
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered<E: FunctionError> {
    /// The function says why.
    #[error(transparent)]
    Failed(E),
    /// The function broke off, outside of the run of any work.
    #[error(transparent)]
    Panicked(#[from] Panic),
}

impl<E: FunctionError> FunctionError for Unanswered<E> {
    fn retryable(&self) -> bool {
        match self {
            Self::Failed(error) => error.retryable(),
            Self::Panicked(panic) => FunctionError::retryable(panic),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Failed(error) => error.kind(),
            Self::Panicked(panic) => panic.kind(),
        }
    }
}

impl FunctionError for Refusal {
    fn retryable(&self) -> bool {
        false
    }

    fn kind(&self) -> &'static str {
        self.kind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventError;

    #[test]
    fn the_type_tells_whether_trying_again_helps() {
        let refusal = Refusal::from(EventError::TooDeep);
        assert_eq!(refusal.diagnostic().error_type, "Permanent.Event");
        let busy = smelt_lake::LakeError::Contended { table: "t".to_owned(), attempts: 16 };
        let busy = StageError::from(busy).diagnostic();
        assert_eq!(busy.error_type, "Retryable.Lake");
        assert!(busy.error_message.contains("run again"), "{}", busy.error_message);
    }
}
