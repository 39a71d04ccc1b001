//! Taking records: from the client through the assignment to the delivery.

use super::action::{Action, Context, RunEnd, Step};
use super::assignment::{Admission, Assignment};
use super::broker::Broker;
use crate::commits::Commits;
use crate::delivery::{Decision, Delivery, Ended, Fate, HeaderUse, PartitionPlace, ReadyRecord, Submitted};
use crate::kafka::{Arrival, Trouble};
use crate::reachability::Reachability;
use crate::talk::Notice;
use std::time::{Duration, Instant};

/// Records that are looked at one by one are taken for that long at most in one turn.
const LONGEST_TURN: Duration = Duration::from_millis(50);

/// So many records are taken between two looks at the clock.
const LOOKS: u32 = 16;

/// The parts that a record passes, and what they ask for.
pub struct Intake<'i, 'a, B> {
    pub client: &'i mut B,
    pub assignment: &'i mut Assignment<'a>,
    pub commits: &'i mut Commits,
    pub delivery: &'i mut Delivery<'a>,
    pub reachability: &'i Reachability,
    pub now: Instant,
    /// Whether the client may be asked for another batch.
    pub may_fill: bool,
    pub actions: Vec<Action>,
}

/// What came of the next record or error.
enum Next {
    /// It is dealt with.
    Done,
    /// It stays where it is until more is known of it.
    Waiting,
}

/// What came of taking records.
pub struct Taken {
    /// There was something to take, and room for it.
    pub has_taken: bool,
    /// More may be taken once `actions` are done.
    pub is_interrupted: bool,
    pub actions: Vec<Action>,
    pub end: Option<Box<RunEnd>>,
}

impl<'a, B: Broker> Intake<'_, 'a, B> {
    /// Takes what may be taken now: one batch at most, since rebalances are served between batches, never in the
    /// middle of one.
    pub fn take(mut self) -> Taken {
        let (mut has_taken, mut is_interrupted) = (false, false);
        let mut count = 0_u32;
        let selects = self.delivery.leaves_records_out();
        let are_headers_late = self.delivery.header_use() == HeaderUse::Kept;
        let mut end = self.delivery.watch_filter(self.now).err().map(Into::into);
        while end.is_none() && self.actions.is_empty() {
            match self.take_ready() {
                Ok(false) => break,
                Ok(true) => has_taken = true,
                Err(failed) => end = Some(failed),
            }
        }
        while end.is_none() && self.delivery.has_room(self.commits) {
            if self.client.is_used_up() && (has_taken || !self.may_fill || !self.fill()) {
                break;
            }
            match self.take_one(selects, are_headers_late) {
                Ok(Next::Done) => has_taken = true,
                Ok(Next::Waiting) => break,
                Err(failed) => end = Some(failed),
            }
            count = count.wrapping_add(1);
            if selects && count.is_multiple_of(LOOKS) && self.now.elapsed() >= LONGEST_TURN {
                // Whatever has to be looked at: the client is to be served.
                break;
            }
            if !self.actions.is_empty() {
                is_interrupted = end.is_none();
                break;
            }
        }
        Taken { has_taken, is_interrupted, actions: self.actions, end }
    }

    fn fill(&mut self) -> bool {
        self.delivery.begin_batch();
        self.client.fill()
    }

    /// Takes the next record or error of the batch. `selects`: the record may be left out; `are_headers_late`: its
    /// headers are read if it is not.
    ///
    /// # Errors
    /// The run ends with it.
    #[inline(always)]
    fn take_one(&mut self, selects: bool, are_headers_late: bool) -> Result<Next, Box<RunEnd>> {
        let (slot, index, mut record) = match self.client.next() {
            None => return Ok(Next::Done),
            Some(Arrival::Record { slot, index, record }) => (slot, index, record),
            Some(Arrival::Trouble { slot, offset, trouble }) => {
                return self.trouble(slot, offset, &trouble).map(|()| Next::Done);
            }
        };
        let Some(partition) = self.assignment.partition_mut(slot) else { return Ok(Next::Done) };
        let (mut is_left_out, mut checked) = (false, None);
        if selects && partition.is_open_at(record.offset) {
            match self.delivery.decide(partition.id, index, &record) {
                Decision::Known(known) => checked = known,
                Decision::LeftOut => is_left_out = true,
                Decision::Waiting => return self.leave_next(false),
                Decision::NeedsJq => return self.leave_next(true),
            }
            if are_headers_late && !is_left_out {
                let Some(again) = self.client.again_with_headers(slot) else { return Ok(Next::Done) };
                record = again;
            }
        }
        match partition.admit(&record, self.commits.watermarks_mut(), self.now) {
            Admission::Taken => {}
            Admission::Left => return Ok(Next::Done),
            Admission::AtStop => {
                self.assignment.mark_end_changed();
                return Ok(Next::Done);
            }
            Admission::BehindGap => return self.read_again(slot).map(|()| Next::Done),
        }
        let (place, offset) = (partition.place(), record.offset);
        let id = place.id;
        let fate = if is_left_out {
            self.delivery.leave_out()
        } else {
            fate_of(self.delivery.submit(&place, &record, checked), &mut self.actions)?
        };
        if matches!(fate, Fate::LeftOut | Fate::Kept) {
            self.commits.watermarks_mut().leave_out(id, offset);
        }
        // Behind a record in hand those that are left out lengthen the span as any other.
        if self.delivery.pause_if_enough(id, self.commits.watermarks(), self.now) {
            self.client.hold(slot);
        }
        end_if_last(fate).map(|()| Next::Done)
    }

    /// Leaves the record that was looked at for later, and hands it over to jq if it was not yet.
    ///
    /// # Errors
    /// No thread can be started.
    #[inline(never)]
    fn leave_next(&mut self, needs_jq: bool) -> Result<Next, Box<RunEnd>> {
        self.client.give_back();
        if needs_jq {
            let partitions = self.assignment.partitions();
            let is_open =
                |slot, offset| partitions.get(slot).is_some_and(|partition| partition.is_open_at(offset));
            self.delivery.hand_over(self.client, is_open)?;
        }
        Ok(Next::Waiting)
    }

    /// Takes a record that has waited until it could be decoded. False if there is none.
    ///
    /// # Errors
    /// The run ends with it.
    fn take_ready(&mut self) -> Result<bool, Box<RunEnd>> {
        let Some(ready) = self.delivery.take_ready(self.commits)? else { return Ok(false) };
        let ReadyRecord { id, record, is_left_out, checked } = ready;
        let place = PartitionPlace { id, partition: &record.partition };
        let fate = if is_left_out {
            self.delivery.leave_out()
        } else {
            let submitted = record.with(|record| self.delivery.submit_now(&place, record, checked));
            fate_of(submitted, &mut self.actions)?
        };
        if matches!(fate, Fate::LeftOut | Fate::Kept) {
            self.commits.watermarks_mut().settle(id, record.offset);
            self.assignment.settled(id);
        }
        end_if_last(fate).map(|()| true)
    }

    fn trouble(&mut self, slot: usize, offset: i64, trouble: &Trouble) -> Step {
        self.step(|assignment, context| assignment.partition_trouble(slot, offset, trouble, context))
    }

    fn read_again(&mut self, slot: usize) -> Step {
        self.step(|assignment, context| {
            assignment.read_again(slot, context);
            Ok(())
        })
    }

    fn step(&mut self, step: impl FnOnce(&mut Assignment<'a>, &mut Context<'_, 'a>) -> Step) -> Step {
        let mut context = Context {
            commits: self.commits,
            delivery: self.delivery,
            reachability: self.reachability,
            client: self.client,
            // No record is taken while the run comes to its end.
            is_closing: false,
            now: self.now,
            actions: &mut self.actions,
        };
        step(self.assignment, &mut context)
    }
}

/// What became of a record; what is to be told of it is added to `actions`.
#[inline]
fn fate_of(submitted: Result<Submitted, Box<Ended>>, actions: &mut Vec<Action>) -> Result<Fate, Box<RunEnd>> {
    let tell = |notices: Vec<Notice>, actions: &mut Vec<Action>| {
        if !notices.is_empty() {
            actions.extend(notices.into_iter().map(Action::Tell));
        }
    };
    match submitted {
        Ok(Submitted { fate, notices }) => {
            tell(notices, actions);
            Ok(fate)
        }
        Err(ended) => {
            tell(ended.notices, actions);
            Err(ended.failure.into())
        }
    }
}

fn end_if_last(fate: Fate) -> Step {
    if fate == Fate::Last { Err(Box::new(RunEnd::Done)) } else { Ok(()) }
}
