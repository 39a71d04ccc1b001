//! Waiting for a fact instead of sleeping.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Asks again and again until `fact` gives something, and fails naming `what` when `limit` is over.
#[track_caller]
pub fn wait_until<T>(what: &str, limit: Duration, fact: impl FnMut() -> Option<T>) -> T {
    match try_until(limit, fact) {
        Some(found) => found,
        None => panic!("waited {limit:?} in vain: {what}"),
    }
}

/// Asks again and again until `fact` gives something; nothing when `limit` is over.
pub fn try_until<T>(limit: Duration, mut fact: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        let now = Instant::now();
        if let Some(found) = fact() {
            return Some(found);
        }
        // The fact is looked at once more after the deadline, so that a busy machine does not fail a test unasked.
        if now >= deadline {
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// Runs a future of rdkafka's admin client to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
