//! Handlers at the end of a run, and of an assignment: finish what runs, within its time.

use super::queue::{Job, Stage};
use super::{Handling, Run};
use crate::commits::AssignmentId;
use crate::handlers::{Done, Outcome};
use crate::record::TopicPartition;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// From TERM to KILL.
const GRACE: Duration = Duration::from_secs(2);

/// Workers that have answered everything may take that long to exit by themselves.
const EXIT: Duration = Duration::from_secs(5);

/// When handlers that still run are told to end. Nothing is set before the run comes to its end.
#[derive(Debug, Default)]
pub struct End {
    terminate: Option<Instant>,
    kill: Option<Instant>,
    /// What is not accepted by then is not waited for.
    give_up: Option<Instant>,
    is_given_up: bool,
    /// Workers were told that no more records come.
    is_closing: bool,
    /// Those that stay on are ended then.
    close: Option<Instant>,
}

impl End {
    pub fn due(&self) -> Option<Instant> {
        [self.terminate, self.kill, self.give_up, self.close].into_iter().flatten().min()
    }
}

impl Handling<'_> {
    /// Starts no more records: those that wait or would be tried again are given up, those that run may go on
    /// until `terminate`.
    pub fn begin_end(&mut self, terminate: Instant, deadline: Instant) {
        self.stop_waiting_for_commits();
        let idle = self.idle(|_| true);
        self.remove_all(&idle);
        let rest = deadline.saturating_duration_since(terminate);
        let kill = terminate + GRACE.min(rest / 3);
        self.end.terminate = Some(terminate);
        self.end.kill = Some(kill);
        self.end.give_up = Some(kill + (Duration::from_secs(1)).min(rest / 3));
    }

    /// Records that no handler works on and that match.
    fn idle(&self, is_meant: impl Fn(&Job) -> bool) -> Vec<u64> {
        self.queue.tickets(|job| is_idle(job.stage) && is_meant(job))
    }

    /// The highest record of an assignment that a handler works on, or has just done.
    fn highest_at_work(&self, claim: AssignmentId) -> Option<i64> {
        let at_work = self.queue.tickets(|job| job.claim == claim && !is_idle(job.stage));
        at_work.iter().filter_map(|ticket| Some(self.queue.job(*ticket)?.record.offset)).max()
    }

    /// Everything that was begun is finished, or is not waited for any more.
    pub fn is_drained(&self) -> bool {
        self.queue.is_empty() || self.end.is_given_up
    }

    /// Workers have exited, or have had their time to.
    pub fn is_closed(&mut self, now: Instant) -> bool {
        if !self.end.is_closing {
            self.end.is_closing = true;
            self.crew.close();
            let limit = now + EXIT;
            self.end.close = Some(self.end.terminate.map_or(limit, |terminate| terminate.min(limit)));
        }
        self.crew.is_closed() || self.end.is_given_up
    }

    /// Takes records that are not ours any more out of hand, the last first. What a handler may still accept has
    /// its id until then.
    fn disown(&mut self, tickets: &[u64]) {
        for ticket in tickets.iter().rev() {
            let is_running = self.queue.job(*ticket).is_some_and(|job| job.stage == Stage::Running);
            match &mut self.ids {
                Some(ids) if is_running => {
                    if let Some(id) = self.queue.remove(*ticket).and_then(|job| job.event_id) {
                        ids.disown(*ticket, id);
                    }
                }
                Some(_) | None => self.remove(*ticket),
            }
        }
    }

    /// The handler of a record that is not ours is done with it. If that had its effect, and nothing to print, its id
    /// is kept: whoever handles the record now may not know, but a later run will.
    pub(super) fn disowned_ended(&mut self, done: &Done) {
        let Some(ids) = &mut self.ids else { return };
        let Some(id) = ids.disowned_ended(done.ticket) else { return };
        if done.outcome == Outcome::Accepted && done.output.is_empty() {
            ids.keep(&id, done.ticket);
        }
        self.release(&id, done.ticket);
    }

    /// Leaves nothing behind; the store is closed until `deadline` at most.
    pub fn close(mut self, deadline: Instant) {
        self.crew.end_all(Signal::SIGKILL);
        if let Some(ids) = self.ids {
            ids.close(deadline);
        }
    }
}

fn is_idle(stage: Stage) -> bool {
    match stage {
        Stage::Unclear | Stage::Waiting | Stage::Delayed | Stage::Claiming => true,
        Stage::Running | Stage::Closing => false,
    }
}

impl Run<'_> {
    /// Ends handlers whose time is over.
    pub(super) fn watch_handlers(&mut self, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let is_due = |at: &mut Instant| now >= *at;
        if handling.end.close.take_if(is_due).is_some() {
            handling.end.terminate = Some(now);
            let (kill, give_up) = (now + GRACE, now + GRACE + Duration::from_secs(1));
            handling.end.kill = Some(handling.end.kill.map_or(kill, |at| at.min(kill)));
            handling.end.give_up = Some(handling.end.give_up.map_or(give_up, |at| at.min(give_up)));
        }
        if handling.end.terminate.take_if(is_due).is_some() {
            handling.crew.end_all(Signal::SIGTERM);
        }
        if handling.end.kill.take_if(is_due).is_some() {
            handling.crew.end_all(Signal::SIGKILL);
        }
        if handling.end.give_up.take_if(is_due).is_some() {
            handling.end.is_given_up = true;
        }
    }

    /// The group takes partitions back: what has not started and lies above the highest record that is done or at
    /// work is given up; what lies below still starts, or records above it would be repeated by the next owner.
    pub(in crate::pipeline) fn give_up_unstarted(&mut self, partitions: &[TopicPartition]) {
        let claims = self.claims_of(partitions);
        let Some(handling) = &mut self.handling else { return };
        let watermarks = self.commits.watermarks();
        let highest = |claim: &AssignmentId| {
            let (settled, at_work) = (watermarks.highest_settled(*claim), handling.highest_at_work(*claim));
            (*claim, settled.max(at_work))
        };
        let highest: Vec<(AssignmentId, Option<i64>)> = claims.iter().map(highest).collect();
        let is_above = |job: &Job| {
            let highest = highest.iter().find(|(claim, _)| *claim == job.claim);
            highest.is_some_and(|(_, highest)| highest.is_none_or(|highest| job.record.offset > highest))
        };
        handling.stop_waiting_for_commits();
        let above = handling.idle(is_above);
        handling.remove_all(&above);
    }

    /// Nothing of these partitions is with a handler or on its way.
    pub(in crate::pipeline) fn is_handled(&self, partitions: &[TopicPartition]) -> Option<bool> {
        let handling = self.handling.as_ref()?;
        let claims = self.claims_of(partitions);
        Some(claims.iter().all(|claim| handling.queue.load(*claim).records == 0))
    }

    /// The partitions are not ours any more: their handlers are killed, their records nobody's.
    pub(in crate::pipeline) fn disown(&mut self, partitions: &[TopicPartition]) {
        let claims = self.claims_of(partitions);
        let Some(handling) = &mut self.handling else { return };
        let tickets = handling.tickets_of(&claims);
        if tickets.is_empty() {
            return;
        }
        handling.crew.end(&tickets, Signal::SIGKILL);
        handling.disown(&tickets);
    }

    fn claims_of(&self, partitions: &[TopicPartition]) -> Vec<AssignmentId> {
        let lanes = self.lanes.iter().filter(|lane| partitions.contains(&lane.partition));
        lanes.map(|lane| lane.claim).collect()
    }
}
