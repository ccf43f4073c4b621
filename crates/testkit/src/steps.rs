//! Stopping somebody in the middle.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Runs a future up to its `stop`-th wait, then `meanwhile`, then the rest of the future. Answers its output, or
/// nothing when it ended before it waited that often; then `meanwhile` does not happen.
///
/// When `meanwhile` runs, what the future waited for has come, and the future does not know yet: a reader
/// stands there with an answer of the database that is about to become old. Going through all stops therefore
/// meets every interleaving of the two, without chance.
pub fn interrupted<F: Future>(
    future: F,
    stop: usize,
    meanwhile: impl Future,
) -> impl Future<Output = Option<F::Output>> {
    let (mut future, meanwhile) = (Box::pin(future), Box::pin(meanwhile));
    async move {
        for _ in 0..stop {
            if step(future.as_mut()).await.is_ready() {
                return None;
            }
        }
        meanwhile.await;
        Some(future.await)
    }
}

/// Polls once; if the future waits, returns when it could go on.
async fn step<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    let mut was_polled = false;
    poll_fn(|cx| {
        if was_polled {
            return Poll::Ready(Poll::Pending);
        }
        was_polled = true;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Poll::Ready(output)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
