//! Handlers at the end of a run, and of an assignment: finish what runs, within its time.

use super::Handlers;
use super::queue::{Job, Stage};
use crate::commits::{AssignmentId, Watermarks};
use crate::handlers::{Done, Outcome};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// From TERM to KILL.
const GRACE: Duration = Duration::from_secs(2);

/// Workers that have answered everything may take that long to exit by themselves.
const EXIT: Duration = Duration::from_secs(5);

/// When handlers that still run are told to end. Nothing is set before the run comes to its end.
#[derive(Debug, Default)]
pub struct Drain {
    is_begun: bool,
    terminate: Option<Instant>,
    kill: Option<Instant>,
    /// What is not accepted by then is not waited for.
    give_up: Option<Instant>,
    is_given_up: bool,
    /// Workers were told that no more records come.
    is_closing: bool,
    /// When workers that have not exited by themselves are ended.
    close: Option<Instant>,
}

impl Drain {
    /// No record is started any more.
    pub fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// When the next step is due.
    pub fn due(&self) -> Option<Instant> {
        [self.terminate, self.kill, self.give_up, self.close].into_iter().flatten().min()
    }
}

impl Handlers<'_> {
    /// Starts no more records: those that wait or would be tried again are given up, those that run may go on
    /// until `terminate`.
    pub fn begin_drain(&mut self, terminate: Instant, deadline: Instant) {
        if std::mem::replace(&mut self.drain.is_begun, true) {
            return;
        }
        self.stop_waiting_for_commits();
        let idle = self.idle(|_| true);
        self.remove_all(&idle);
        let rest = deadline.saturating_duration_since(terminate);
        let kill = terminate + GRACE.min(rest / 3);
        self.drain.terminate = Some(terminate);
        self.drain.kill = Some(kill);
        self.drain.give_up = Some(kill + (Duration::from_secs(1)).min(rest / 3));
    }

    /// Records that no handler works on and that match.
    fn idle(&self, is_meant: impl Fn(&Job) -> bool) -> Vec<u64> {
        self.queue.tickets(|job| is_idle(job.stage) && is_meant(job))
    }

    /// The highest record of an assignment that a handler works on, or has just done.
    fn highest_at_work(&self, id: AssignmentId) -> Option<i64> {
        let at_work = self.queue.tickets(|job| job.assignment == id && !is_idle(job.stage));
        at_work.iter().filter_map(|ticket| Some(self.queue.job(*ticket)?.record.offset)).max()
    }

    /// Everything that was begun is finished, or is not waited for any more.
    pub fn is_drained(&self) -> bool {
        self.queue.is_empty() || self.drain.is_given_up
    }

    /// Workers have exited, or have had their time to.
    pub fn is_closed(&mut self, now: Instant) -> bool {
        if !self.drain.is_closing {
            self.drain.is_closing = true;
            self.pool.close();
            let limit = now + EXIT;
            self.drain.close = Some(self.drain.terminate.map_or(limit, |terminate| terminate.min(limit)));
        }
        self.pool.is_closed() || self.drain.is_given_up
    }

    /// Takes records that are not ours any more out of hand, the last first. What a handler may still accept has
    /// its id until then.
    fn abandon_records(&mut self, tickets: &[u64]) {
        for ticket in tickets.iter().rev() {
            let is_running = self.queue.job(*ticket).is_some_and(|job| job.stage == Stage::Running);
            match &mut self.ids {
                Some(ids) if is_running => {
                    if let Some(id) = self.queue.remove(*ticket).and_then(|job| job.event_id) {
                        ids.abandon(*ticket, id);
                    }
                }
                Some(_) | None => self.remove(*ticket),
            }
        }
    }

    /// The handler of a record that is not ours is done with it. If that had its effect, and nothing to print, its id
    /// is kept: whoever handles the record now may not know, but a later run will.
    pub(super) fn abandoned_ended(&mut self, done: &Done) {
        let Some(ids) = &mut self.ids else { return };
        let Some(id) = ids.abandoned_ended(done.ticket) else { return };
        if done.outcome == Outcome::Accepted && done.output.is_empty() {
            ids.keep(&id, done.ticket);
        }
        self.release(&id, done.ticket);
    }

    /// Leaves nothing behind; the store is closed until `deadline` at most.
    pub fn close(mut self, deadline: Instant) {
        self.pool.end_all(Signal::SIGKILL);
        if let Some(ids) = self.ids {
            ids.close(deadline);
        }
    }

    /// Ends handlers whose time is over.
    pub(super) fn watch_drain(&mut self, now: Instant) {
        let is_due = |at: &mut Instant| now >= *at;
        if self.drain.close.take_if(is_due).is_some() {
            self.drain.terminate = Some(now);
            let (kill, give_up) = (now + GRACE, now + GRACE + Duration::from_secs(1));
            self.drain.kill = Some(self.drain.kill.map_or(kill, |at| at.min(kill)));
            self.drain.give_up = Some(self.drain.give_up.map_or(give_up, |at| at.min(give_up)));
        }
        if self.drain.terminate.take_if(is_due).is_some() {
            self.pool.end_all(Signal::SIGTERM);
        }
        if self.drain.kill.take_if(is_due).is_some() {
            self.pool.end_all(Signal::SIGKILL);
        }
        if self.drain.give_up.take_if(is_due).is_some() {
            self.drain.is_given_up = true;
        }
    }

    /// The group takes partitions back: what has not started and lies above the highest record that is done or at
    /// work is given up; what lies below still starts, or records above it would be repeated by the next owner.
    pub fn revoke(&mut self, ids: &[AssignmentId], watermarks: &Watermarks) {
        self.revoked.extend(ids);
        let highest = |id: &AssignmentId| {
            let (settled, at_work) = (watermarks.highest_settled(*id), self.highest_at_work(*id));
            (*id, settled.max(at_work))
        };
        let highest: Vec<(AssignmentId, Option<i64>)> = ids.iter().map(highest).collect();
        let is_above = |job: &Job| {
            let highest = highest.iter().find(|(id, _)| *id == job.assignment);
            highest.is_some_and(|(_, highest)| highest.is_none_or(|highest| job.record.offset > highest))
        };
        self.stop_waiting_for_commits();
        let above = self.idle(is_above);
        self.remove_all(&above);
    }

    /// Nothing of these assignments is with a handler or on its way.
    pub fn is_done_with(&self, ids: &[AssignmentId]) -> bool {
        ids.iter().all(|id| self.queue.load(*id).records == 0)
    }

    /// The partitions are not ours any more: their handlers are killed, their records nobody's.
    pub fn abandon(&mut self, ids: &[AssignmentId]) {
        for id in ids {
            self.revoked.remove(id);
        }
        let tickets = self.tickets_of(ids);
        if !tickets.is_empty() {
            self.pool.end(&tickets, Signal::SIGKILL);
            self.abandon_records(&tickets);
        }
    }
}

fn is_idle(stage: Stage) -> bool {
    match stage {
        Stage::Unclear | Stage::Waiting | Stage::Delayed | Stage::Claiming => true,
        Stage::Running | Stage::Closing => false,
    }
}
