use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use crate::StageError;

/// That work broke off where nothing is meant to break off: a defect, which trying again does not mend.
///
/// The process lives on: what others do in it is nobody's fault, and somebody has to be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} broke off: {message}; what was committed before stays; this is a defect of smelt, please \
     report it, with the line of the log that says where"
)]
pub struct Panic {
    what: String,
    message: String,
}

impl Panic {
    /// Does the work to its end, even if that is a panic. `what` says what it does.
    pub async fn catch<T>(what: &str, work: impl Future<Output = T>) -> Result<T, Self> {
        // What the work shares with others is behind locks, and what it owns is gone with it.
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        ended.map_err(|payload| Self::of(what, payload.as_ref()))
    }

    /// Does work that may fail as well: a panic is one more way to.
    pub async fn contain<T>(
        what: &str,
        work: impl Future<Output = Result<T, StageError>>,
    ) -> Result<T, StageError> {
        Self::catch(what, work).await?
    }

    /// Made of what a panic carries, which is a text unless somebody took trouble.
    pub(crate) fn of(what: &str, payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        let message = text.unwrap_or_else(|| "a panic without words".to_owned());
        Self { what: what.to_owned(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(work: impl Future<Output = ()>) -> String {
        Panic::catch("adding", work).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn the_words_of_a_panic_are_kept() {
        assert_eq!(Panic::catch("adding", async { 1 + 1 }).await, Ok(2));
        let number = 7;
        let formatted = told(async { panic!("no {number}") }).await;
        assert!(formatted.starts_with("adding broke off: no 7; what was committed"), "{formatted}");
        let plain = told(async { panic!("plain") }).await;
        assert!(plain.contains("broke off: plain; "), "{plain}");
        let odd = told(async { std::panic::panic_any(7) }).await;
        assert!(odd.contains("a panic without words"), "{odd}");
    }
}
