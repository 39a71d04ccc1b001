//! A pool of workers that tests can hand records to.

use super::*;
use crate::handlers::testing::{HOUR, TestPool, TestedPool};

impl TestedPool for WorkerPool {
    fn hand(&mut self, attempt: Attempt) {
        WorkerPool::hand(self, attempt);
    }

    fn flush(&mut self) {
        WorkerPool::flush(self);
    }

    fn done(&mut self) -> Option<Done> {
        WorkerPool::done(self)
    }
}

pub type TestWorkers = TestPool<WorkerPool>;

impl TestWorkers {
    pub fn new(script: &str) -> TestWorkers {
        TestWorkers::with(script, 1, |_| {})
    }

    pub(super) fn with(
        script: &str,
        parallel: usize,
        change: impl FnOnce(&mut WorkerSettings),
    ) -> TestWorkers {
        TestPool::start(|context| {
            let limits = TimeLimits { timeout: None, grace: HOUR };
            let mut settings =
                WorkerSettings { command: script.to_owned(), start: Child::start, limits, context };
            change(&mut settings);
            let workers = Workers { parallel, in_flight: 64, timeout: settings.limits.timeout };
            WorkerPool::start_with(&settings, workers).unwrap()
        })
    }

    /// Hands over a record with this value; returns its ticket, which is its offset, too.
    pub fn hand(&mut self, value: &[u8]) -> u64 {
        self.hand_value(Some(value))
    }

    /// Waits for the next record that is answered.
    pub fn done(&mut self) -> (u64, Outcome) {
        let done = self.next_done();
        assert!(done.output.is_empty());
        (done.ticket, done.outcome)
    }

    /// What comes of a record.
    pub fn run(&mut self, value: &[u8]) -> Outcome {
        let ticket = self.hand(value);
        let (done, outcome) = self.done();
        assert_eq!(done, ticket);
        outcome
    }

    /// What comes of `count` records that are handed over at once, in the order of their tickets.
    pub fn run_all(&mut self, count: usize) -> Vec<Outcome> {
        let first = self.tickets + 1;
        (0..count).for_each(|_| {
            self.hand(b"1");
        });
        let mut done: Vec<_> = (0..count).map(|_| self.done()).collect();
        done.sort_by_key(|(ticket, _)| *ticket);
        assert!(done.iter().map(|(ticket, _)| *ticket).eq(first..first + count as u64));
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }

    pub fn wait_until_closed(&mut self) {
        self.wait("all workers to end", |pool| pool.is_closed().then_some(()));
    }
}
