//! The threads that serve connections, one for each processor.
//!
//! # Why is each a runtime of its own?
//!
//! A request is the work of two tasks by turns: of its client's connection, and of the
//! upstream's. The workers of one runtime take such tasks from each other whenever one is
//! idle, which took a tenth of all processor time. Here both stay on the thread that the
//! client's connection was given to; only large bodies leave it, since `block_in_place`
//! hands what else there is to a thread that is free.

use std::future::Future;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// The threads that serve connections, until this is dropped.
#[derive(Default)]
#[must_use]
pub(crate) struct Workers(Vec<Worker>);

struct Worker {
    /// Taken when everything ends.
    runtime: Option<Runtime>,
    /// Shared by its connections.
    mark: Arc<()>,
}

impl Workers {
    /// As many as there are processors for us.
    ///
    /// # Errors
    ///
    /// The system gives no threads or descriptors for them.
    pub(crate) fn start() -> io::Result<Self> {
        let count = available_parallelism().map_or(1, NonZero::get);
        let workers = (0..count).map(|_| {
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("http")
                .enable_all()
                .build()?;
            Ok(Worker {
                runtime: Some(runtime),
                mark: Arc::default(),
            })
        });
        workers.collect::<io::Result<_>>().map(Self)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Has the one with the fewest connections serve another: what `serve` makes for the
    /// worker with this index.
    pub(crate) fn spawn<F>(&self, serve: impl FnOnce(usize) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let all = self.0.iter().enumerate();
        let idlest = all.min_by_key(|(_, worker)| Arc::strong_count(&worker.mark));
        let Some((index, worker)) = idlest else {
            return;
        };
        let mark = worker.mark.clone();
        let connection = serve(index);
        if let Some(runtime) = &worker.runtime {
            runtime.spawn(async move {
                connection.await;
                drop(mark);
            });
        }
    }
}

impl Drop for Workers {
    /// What is still worked on is cut off, not awaited: who ends has waited already.
    fn drop(&mut self) {
        for worker in &mut self.0 {
            if let Some(runtime) = worker.runtime.take() {
                runtime.shutdown_background();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn connections_go_where_the_fewest_are() {
        let workers = Workers::start().unwrap();
        let (told, indexes) = mpsc::channel();
        let mut ends = Vec::new();
        for _ in 0..2 * workers.count() {
            let (end, ended) = tokio::sync::oneshot::channel::<()>();
            ends.push(end);
            workers.spawn(|index| {
                told.send(index).unwrap();
                async move {
                    // It is dropped, not sent.
                    let _ = ended.await;
                }
            });
        }
        let mut indexes: Vec<_> = indexes.try_iter().collect();
        indexes.sort_unstable();
        let expected: Vec<_> = (0..2 * workers.count()).map(|index| index / 2).collect();
        assert_eq!(indexes, expected);
    }
}
