//! Records in hand that cannot be decoded yet. They wait in order, partition by partition; other partitions go on.

use super::filter::{Checked, Filter, Upcoming};
use super::{Decision, Delivery, Fate, PartitionPlace, Submitted, Target};
use crate::commits::{AssignmentId, Commits};
use crate::decode::{Decoders, Schemas};
use crate::error::Failure;
use crate::record::{OwnedRecord, Record};
use crate::settings::Consume;
use crate::talk::Event;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// A partition of which so much waits is not read on.
const RECORDS: usize = 1_000;
const BYTES: usize = 4 * 1024 * 1024;

/// While so much waits of all partitions together, nothing is read.
const ALL_BYTES: usize = 64 * 1024 * 1024;

/// Records that wait for longer are told of.
const PATIENCE: Duration = Duration::from_secs(2);

/// The records of all partitions that wait, numbered in the order in which they came.
pub struct WaitingRecords {
    decoders: Decoders,
    /// Whether records of other partitions have to wait, too.
    are_others_behind: bool,
    /// Looks at those that can be decoded; the filter of the others is in the middle of a batch.
    filter: Option<Filter>,
    records: HashMap<usize, OwnedRecord>,
    last_number: usize,
    bytes: usize,
    queues: HashMap<AssignmentId, Queue>,
    /// Numbers of records that can be decoded, in order.
    ready: VecDeque<(usize, AssignmentId)>,
    /// The first record of each partition that was given up: nothing below it waits.
    given_up: HashMap<AssignmentId, i64>,
    /// When somebody first looked and some waited.
    since: Option<Instant>,
    is_wait_said: bool,
}

/// The numbers of the records of one partition, in order.
#[derive(Default)]
struct Queue {
    numbers: VecDeque<usize>,
    /// How many of them can be decoded.
    ready: usize,
    bytes: usize,
    is_paused: bool,
}

impl Queue {
    fn is_enough(&self) -> bool {
        self.numbers.len() >= RECORDS || self.bytes >= BYTES
    }

    fn is_half(&self) -> bool {
        self.numbers.len() <= RECORDS / 2 && self.bytes <= BYTES / 2
    }
}

/// A record that has waited and can be decoded now.
pub struct ReadyRecord {
    pub id: AssignmentId,
    pub record: OwnedRecord,
    /// Nobody wants it.
    pub is_left_out: bool,
    pub checked: Option<Checked>,
}

impl WaitingRecords {
    /// `None` if no format of the run needs schemas: then no record ever waits.
    pub(super) fn new(
        settings: &Consume,
        schemas: &Schemas,
        filter: Option<Filter>,
    ) -> Option<Box<WaitingRecords>> {
        let output = &settings.output;
        schemas.are_asked_for().then(|| {
            Box::new(WaitingRecords {
                are_others_behind: settings.is_merged,
                decoders: Decoders::new(&output.formats, schemas),
                filter,
                records: HashMap::new(),
                last_number: 0,
                bytes: 0,
                queues: HashMap::new(),
                ready: VecDeque::new(),
                given_up: HashMap::new(),
                since: None,
                is_wait_said: false,
            })
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn count(&self) -> u64 {
        self.records.len() as u64
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= ALL_BYTES || self.are_others_behind && !self.is_empty()
    }

    /// Whether a record of an assignment has to wait: for its schemas, or for those before it.
    pub(super) fn must_wait(&self, id: AssignmentId, record: &Record<'_>) -> bool {
        self.has_records_of(id) || !self.can_decode(record)
    }

    fn has_records_of(&self, id: AssignmentId) -> bool {
        self.queues.get(&id).is_some_and(|queue| !queue.numbers.is_empty())
    }

    /// Whether the record can be decoded now.
    pub(super) fn can_decode(&self, record: &Record<'_>) -> bool {
        self.decoders.can_decode(record)
    }

    fn add(&mut self, place: &PartitionPlace<'_>, record: &Record<'_>) {
        let record = OwnedRecord::copy(record, place.partition.clone());
        let queue = self.queues.entry(place.id).or_default();
        self.last_number += 1;
        queue.numbers.push_back(self.last_number);
        queue.bytes += record.size();
        self.bytes += record.size();
        self.records.insert(self.last_number, record);
    }

    /// Looks which records can be decoded by now.
    fn find_ready(&mut self) {
        for (id, queue) in &mut self.queues {
            for number in queue.numbers.iter().skip(queue.ready) {
                let record = self.records.get(number);
                if !record.is_some_and(|record| record.with(|record| self.decoders.can_decode(record))) {
                    break;
                }
                queue.ready += 1;
                self.ready.push_back((*number, *id));
            }
        }
        self.ready.make_contiguous().sort_unstable();
    }

    /// Takes the next record that can be decoded and was looked at.
    fn take_ready(&mut self) -> Result<Option<ReadyRecord>, Failure> {
        let Some((number, id)) = self.ready.front().copied() else { return Ok(None) };
        let (mut is_left_out, mut checked) = (false, None);
        if let (Some(filter), Some(record)) = (&mut self.filter, self.records.get(&number)) {
            match record.with(|record| filter.decide(number, record)) {
                Decision::Known(known) => checked = known,
                Decision::LeftOut => is_left_out = true,
                Decision::Waiting => return Ok(None),
                Decision::NeedsJq => {
                    let mut upcoming = ReadyRecords { numbers: &self.ready, records: &self.records };
                    filter.hand_over(&mut upcoming, |_, _| true)?;
                    return Ok(None);
                }
            }
        }
        self.ready.pop_front();
        let Some(record) = self.records.remove(&number) else { return Ok(None) };
        self.bytes -= record.size();
        if let Some(queue) = self.queues.get_mut(&id) {
            queue.numbers.pop_front();
            queue.ready -= 1;
            queue.bytes -= record.size();
        }
        Ok(Some(ReadyRecord { id, record, is_left_out, checked }))
    }

    /// Gives up the records of some assignments, which stay unsettled.
    pub(super) fn give_up(&mut self, ids: &[AssignmentId]) {
        self.ready.retain(|(_, id)| !ids.contains(id));
        for id in ids {
            let Some(queue) = self.queues.remove(id) else { continue };
            self.bytes -= queue.bytes;
            let given_up = queue.numbers.iter().filter_map(|number| self.records.remove(number));
            // All of them are removed, and only the first is noted.
            if let Some(first) = given_up.reduce(|first, _| first) {
                self.given_up.insert(*id, first.offset);
            }
        }
    }

    /// Gives up everything.
    pub(super) fn give_all_up(&mut self) {
        let ids: Vec<AssignmentId> = self.queues.keys().copied().collect();
        self.give_up(&ids);
    }

    /// Forgets assignments that have ended.
    pub(super) fn forget(&mut self, ids: &[AssignmentId]) {
        self.give_up(ids);
        self.given_up.retain(|id, _| !ids.contains(id));
    }

    /// The offset below which nothing of an assignment waits, if records of it were given up.
    pub(super) fn given_up(&self, id: AssignmentId) -> Option<i64> {
        self.given_up.get(&id).copied()
    }

    /// True if so much of a partition waits from now on that it should not be read on.
    pub(super) fn pause_if_enough(&mut self, id: AssignmentId) -> bool {
        let Some(queue) = self.queues.get_mut(&id) else { return false };
        queue.is_enough() && !std::mem::replace(&mut queue.is_paused, true)
    }

    /// The partitions that were paused and of which no more than half waits.
    pub(super) fn resume(&mut self) -> Vec<AssignmentId> {
        let is_resumed =
            |queue: &mut Queue| queue.is_half() && std::mem::replace(&mut queue.is_paused, false);
        self.queues.iter_mut().filter_map(|(id, queue)| is_resumed(queue).then_some(*id)).collect()
    }

    pub(super) fn is_paused(&self, id: AssignmentId) -> bool {
        self.queues.get(&id).is_some_and(|queue| queue.is_paused)
    }

    /// What is said of records that have waited for a while, once.
    fn still_waiting(&mut self, now: Instant) -> Option<Event> {
        if self.is_empty() {
            (self.since, self.is_wait_said) = (None, false);
            return None;
        }
        let is_long = now.duration_since(*self.since.get_or_insert(now)) >= PATIENCE;
        if !is_long || self.is_wait_said {
            return None;
        }
        let first = self.queues.values().filter_map(|queue| queue.numbers.front()).min();
        let record = self.records.get(first?)?;
        let schema = record.with(|record| self.decoders.awaited(record))?;
        self.is_wait_said = true;
        let partition = &record.partition;
        let message = format!("Still waiting for schema {schema} from the registry, for {partition}").into();
        Some(Event::Progress { message })
    }

    /// Ends programs that take too long.
    ///
    /// # Errors
    /// Programs got stuck too often.
    pub(super) fn watch_filter(&mut self, now: Instant) -> Result<(), Failure> {
        self.filter.as_mut().map_or(Ok(()), |filter| filter.watch(now))
    }
}

/// Records that can be decoded, to be looked at together.
struct ReadyRecords<'w> {
    numbers: &'w VecDeque<(usize, AssignmentId)>,
    records: &'w HashMap<usize, OwnedRecord>,
}

impl Upcoming for ReadyRecords<'_> {
    fn look_ahead(&mut self, look: &mut dyn FnMut(usize, usize, &Record<'_>) -> bool) {
        for (number, id) in self.numbers {
            let record = self.records.get(number);
            if !record.is_some_and(|record| record.with(|record| look(id.slot, *number, record))) {
                return;
            }
        }
    }
}

impl Delivery<'_> {
    /// Has a record wait if it must; `None` if it need not.
    #[inline]
    pub(super) fn wait_if_it_must(
        &mut self,
        place: &PartitionPlace<'_>,
        record: &Record<'_>,
    ) -> Option<Submitted> {
        let waiting = self.waiting.as_mut()?;
        waiting.must_wait(place.id, record).then(|| {
            waiting.add(place, record);
            Submitted { fate: Fate::Waiting, notices: Vec::new() }
        })
    }

    /// Takes the next record that has waited and can be decoded now, or was kept and is to be delivered, if there is room
    /// for it: it was counted as in hand before.
    ///
    /// # Errors
    /// No thread can be started that looks at it.
    pub fn take_ready(&mut self, commits: &Commits) -> Result<Option<ReadyRecord>, Failure> {
        let has_room = match &self.target {
            Target::Print(_) => !self.writer.is_full() && self.room(commits) > 0,
            Target::Handle(handlers) => handlers.has_room(commits.total()),
        };
        if let Some(newest) = self.newest.as_mut().filter(|_| has_room)
            && let Some(ready) = newest.take()
        {
            return Ok(Some(ready));
        }
        match &mut self.waiting {
            Some(waiting) if has_room && !waiting.is_empty() => {
                if waiting.ready.is_empty() {
                    waiting.find_ready();
                }
                waiting.take_ready()
            }
            Some(_) | None => Ok(None),
        }
    }

    /// What is said of records that wait for long; to be asked about once a second.
    pub fn still_waiting(&mut self, now: Instant) -> Option<Event> {
        self.waiting.as_mut()?.still_waiting(now)
    }

    /// Whether records of an assignment wait to be decoded.
    pub fn has_waiting(&self, id: AssignmentId) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.has_records_of(id))
    }

    /// Nothing waits to be decoded.
    pub(super) fn has_nothing_waiting(&self) -> bool {
        self.waiting.as_ref().is_none_or(|waiting| waiting.is_empty())
    }
}
