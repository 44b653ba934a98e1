//! What is made of something that is kept elsewhere and may change there, such as a secret.

use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

/// A value that is made anew when what it was made of has changed. Whether it has is looked at from time to
/// time, when the value is asked for.
pub struct Renewed<K, T> {
    looks_every: Duration,
    made: Mutex<Made<K, T>>,
}

struct Made<K, T> {
    of: K,
    value: T,
    /// By the wall clock: a function is frozen between invocations, and other clocks may stand still.
    looked_at: SystemTime,
}

/// What it is made of may be secret.
impl<K, T> fmt::Debug for Renewed<K, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Renewed");
        shown.field("looks_every", &self.looks_every).finish_non_exhaustive()
    }
}

impl<K: PartialEq, T: Clone> Renewed<K, T> {
    /// The value that has just been made of this.
    pub fn new(of: K, value: T, looks_every: Duration) -> Self {
        let made = Made { of, value, looked_at: SystemTime::now() };
        Self { looks_every, made: Mutex::new(made) }
    }

    /// The value. If the last look is long enough ago, `read` says what it is to be made of, and `make` makes
    /// it where that has changed. Where either fails, the value stays and the next look is as far away: that
    /// is logged.
    pub async fn get<E: fmt::Display>(
        &self,
        read: impl Future<Output = Result<K, E>>,
        make: impl FnOnce(&K) -> Result<T, E>,
    ) -> T {
        let mut made = self.made.lock().await;
        if made.looked_at.elapsed().is_ok_and(|since| since < self.looks_every) {
            return made.value.clone();
        }
        made.looked_at = SystemTime::now();
        let renewed = match read.await {
            Ok(of) if of == made.of => return made.value.clone(),
            Ok(of) => make(&of).map(|value| (of, value)),
            Err(error) => Err(error),
        };
        match renewed {
            Ok((of, value)) => {
                tracing::info!("settings that changed are taken");
                (made.of, made.value) = (of, value);
            }
            Err(error) => tracing::error!(%error, "settings could not be read again; they stay"),
        }
        made.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALWAYS: Duration = Duration::ZERO;

    async fn looked(renewed: &Renewed<String, usize>, found: Result<&str, &str>) -> usize {
        let read = async { found.map(str::to_owned).map_err(str::to_owned) };
        let make = |text: &String| match text.as_str() {
            "bad" => Err("it is bad".to_owned()),
            text => Ok(text.len()),
        };
        renewed.get(read, make).await
    }

    #[tokio::test]
    async fn what_has_changed_is_made_anew() {
        let renewed = Renewed::new("one".to_owned(), 3, ALWAYS);
        assert_eq!(looked(&renewed, Ok("three")).await, 5);
        assert_eq!(looked(&renewed, Ok("three")).await, 5);
    }

    #[tokio::test]
    async fn what_cannot_be_read_or_used_leaves_the_last_one() {
        let renewed = Renewed::new("one".to_owned(), 3, ALWAYS);
        assert_eq!(looked(&renewed, Err("nobody answers")).await, 3);
        assert_eq!(looked(&renewed, Ok("bad")).await, 3);
        assert_eq!(looked(&renewed, Ok("three")).await, 5);
    }

    #[tokio::test]
    async fn nobody_looks_before_it_is_time() {
        let renewed = Renewed::new("one".to_owned(), 3, Duration::from_secs(3600));
        assert_eq!(looked(&renewed, Ok("three")).await, 3);
    }
}
