//! A delivery that comes to its end: what was begun is finished and written, within its time.

use super::filter::Filter;
use super::handle::Handlers;
use super::{Delivery, Target};
use crate::commits::Commits;
use crate::talk::{LinesAfterRecords, Notice};
use std::time::{Duration, Instant};

impl Delivery<'_> {
    /// Says a line on stderr once everything taken so far is on stdout.
    pub fn say(&mut self, line: LinesAfterRecords) {
        self.writer.say(line);
    }

    /// Sees to it that everything taken so far is written soon.
    pub fn seal(&mut self) {
        self.writer.seal();
    }

    pub fn seal_if_waiting(&mut self, now: Instant) {
        self.writer.seal_if_waiting(now);
    }

    /// How long until something is due by time alone.
    pub fn pause(&self, commits: &Commits, now: Instant) -> Option<Duration> {
        let of_handlers = self.handlers().and_then(|handlers| {
            let may_start = !self.writer.is_full() && handlers.may_start(commits);
            handlers.pause(now, may_start)
        });
        [self.writer.pause(now), of_handlers].into_iter().flatten().min()
    }

    /// Nothing is in hand, waits for a verdict or is being written.
    pub fn is_idle(&self) -> bool {
        self.writer.is_idle()
            && self.has_nothing_in_hand()
            && !self.filter.as_ref().is_some_and(Filter::is_waiting)
    }

    /// No handler has a record, and none waits to be decoded, for its turn or for a handler.
    pub fn has_nothing_in_hand(&self) -> bool {
        self.has_nothing_waiting()
            && !self.is_showing_newest()
            && self.handlers().is_none_or(Handlers::is_idle)
    }

    /// Everything that was rendered is written.
    pub fn is_written(&self) -> bool {
        self.writer.is_idle()
    }

    /// The writer is at work.
    pub fn is_writing(&self) -> bool {
        self.writer.is_writing()
    }

    /// Starts no more records; handlers may go on until `terminate`, and are killed before `deadline`.
    pub fn begin_drain(&mut self, terminate: Instant, deadline: Instant) {
        if let Some(waiting) = &mut self.waiting {
            waiting.give_all_up();
        }
        if let Some(newest) = &mut self.newest {
            newest.give_up();
        }
        if let Some(handlers) = self.handlers_mut() {
            handlers.begin_drain(terminate, deadline);
        }
    }

    /// Every record that was begun is finished, or is not waited for any more.
    pub fn is_drained(&self) -> bool {
        self.handlers().is_none_or(Handlers::is_drained)
    }

    /// Records that were begun and are not finished: a handler has them, or they are not written yet.
    pub fn unfinished(&self, commits: &Commits) -> u64 {
        self.handlers().map_or(commits.watermarks().in_hand(), Handlers::in_hand)
    }

    /// Workers have exited, or have had their time to.
    pub fn is_closed(&mut self, now: Instant) -> bool {
        self.handlers_mut().is_none_or(|handlers| handlers.is_closed(now))
    }

    /// What is said once all is over: of records that were printed, or what workers have said for themselves.
    pub fn last_warnings(&mut self) -> Vec<Notice> {
        match &mut self.target {
            Target::Print(printer) => printer.last_warning().into_iter().collect(),
            Target::Handle(handlers) => handlers.warnings(),
        }
    }

    /// Leaves nothing behind, until `deadline` at most.
    pub fn close(self, deadline: Instant) {
        match self.target {
            Target::Print(_) => {}
            Target::Handle(handlers) => handlers.close(deadline),
        }
    }
}
