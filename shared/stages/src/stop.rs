//! The wish that a run stops: those who have something to write down first are waited for.

use tokio::sync::watch;

/// One wish, shared by its clones.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl Stop {
    /// Asks everybody to stop, and waits until those who listen have written what they have to.
    pub async fn ask(&self) {
        self.0.send_replace(true);
        self.0.closed().await;
    }

    /// To be held while there is something to write down.
    pub(crate) fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

/// Hears the wish; who asks waits until it is dropped.
#[derive(Debug)]
pub(crate) struct Listener(watch::Receiver<bool>);

impl Listener {
    /// Returns when the wish is there.
    pub(crate) async fn heard(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn who_asks_waits_for_those_who_listen_and_for_nobody_else() {
        let (stop, written) = (Stop::default(), AtomicBool::new(false));
        let mut listener = stop.listen();
        let writing = async {
            listener.heard().await;
            tokio::task::yield_now().await;
            written.store(true, Ordering::SeqCst);
            drop(listener);
        };
        let asking = async {
            stop.clone().ask().await;
            assert!(written.load(Ordering::SeqCst));
        };
        tokio::join!(asking, writing);
        Stop::default().ask().await;
    }
}
