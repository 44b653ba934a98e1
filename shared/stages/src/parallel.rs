use std::future::Future;

use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::task::JoinError;

use crate::{Panic, StageError};

/// Runs jobs on the runtime's threads, at most `limit` of them at a time; results come in the order
/// of the jobs. The first error ends all; so does dropping the future.
pub(crate) async fn in_parallel<T, F>(
    limit: usize,
    jobs: impl Iterator<Item = F> + Send,
) -> Result<Vec<T>, StageError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StageError>> + Send + 'static,
{
    let mut jobs = jobs.enumerate();
    let mut running = FuturesUnordered::new();
    let mut results = Vec::new();
    loop {
        while running.len() < limit.max(1)
            && let Some((position, job)) = jobs.next()
        {
            running.push(SpawnedTask::spawn(async move { (position, job.await) }));
        }
        let Some(joined) = running.next().await else { break };
        let (position, result) = joined.map_err(of_join)?;
        results.push((position, result?));
    }
    results.sort_unstable_by_key(|(position, _)| *position);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

fn of_join(error: JoinError) -> StageError {
    match error.try_into_panic() {
        Ok(payload) => Panic::of("a part of the work", payload.as_ref()).into(),
        Err(error) => {
            StageError::engine("running in parallel", DataFusionError::External(error.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn so_many_at_a_time_and_results_in_order() {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs = (0..20u64).map(|number| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20 - number)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(number)
            }
        });
        let results = in_parallel(3, jobs).await.unwrap();
        assert_eq!(results, Vec::from_iter(0..20));
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn an_error_ends_all_at_once() {
        let jobs = (0..2).map(|number| async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
            Err::<(), _>(StageError::engine("failing", DataFusionError::Plan("x".to_owned())))
        });
        in_parallel(2, jobs).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_panic_is_told_in_its_own_words() {
        let jobs = (0..2).map(|number| async move {
            assert_ne!(number, 1, "no one");
            Ok(())
        });
        let error = in_parallel(2, jobs).await.unwrap_err();
        assert!(matches!(error, StageError::Panicked(_)), "{error:?}");
        assert!(error.to_string().contains("no one") && !error.retryable(), "{error}");
    }
}
