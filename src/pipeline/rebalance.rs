//! What the group gives and takes: the client's callback recorded it, here it is acted on, step by step.

use super::Run;
use super::question::Question;
use super::unreached::Retry;
use crate::commits::AssignmentId;
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::ranges::Range;
use crate::record::TopicPartition;
use crate::talk::Event;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

/// How long the commit of a hand-over may take.
const HAND_OVER_COMMIT_LIMIT: Duration = Duration::from_secs(5);

/// Leaders that have answered do not wait longer than that for the others: their partitions are read.
const LONGEST_WAIT_FOR_ALL: Duration = Duration::from_secs(1);

/// The rebalance under way and those that wait for it.
pub struct Rebalances {
    waiting: VecDeque<Change>,
    pub step: Step,
    limit: Duration,
    last_ticket: u64,
    /// Partitions of topics in which the group had nothing when we started: there `latest` applies.
    pub fresh: HashSet<TopicPartition>,
    /// Partitions whose position fell out of the log, and the look-up of their range.
    pub lost_positions: Vec<TopicPartition>,
    pub position_question: Question,
    /// The group has given us something at least once, if only nothing.
    pub has_joined: bool,
    /// It has, and has not given our place away since.
    pub is_member: bool,
}

enum Change {
    Assigned(Vec<TopicPartition>),
    Revoked(Vec<TopicPartition>),
}

pub enum Step {
    Idle,
    /// The logs of new partitions are looked up.
    Starting(Starting),
    /// Records in hand of partitions that go are finished, then committed.
    Revoking {
        partitions: Vec<TopicPartition>,
        deadline: Instant,
        is_commit_sent: bool,
    },
}

/// New partitions, and what is known of their logs by now.
pub struct Starting {
    pub partitions: Vec<TopicPartition>,
    pub ticket: u64,
    pub since: Instant,
    pub found: Vec<Range>,
    pub unknown: Vec<(TopicPartition, Unknown)>,
    /// What the try before told of those.
    pub why: Vec<(TopicPartition, Unknown)>,
    /// After a try that told nothing.
    pub again: Option<Instant>,
    pub retry: Retry,
    pub is_said: bool,
}

impl Starting {
    pub fn new(partitions: Vec<TopicPartition>, since: Instant) -> Starting {
        Starting {
            partitions,
            ticket: 0,
            since,
            found: Vec::new(),
            unknown: Vec::new(),
            why: Vec::new(),
            again: None,
            retry: Retry::default(),
            is_said: false,
        }
    }

    /// Takes answers to its question.
    pub fn take(&mut self, ranges: Vec<Asked<Range>>) {
        // Some may have been taken back meanwhile. A set, since there may be a thousand partitions.
        let ours: HashSet<&TopicPartition> = self.partitions.iter().collect();
        for (partition, range) in ranges.into_iter().filter(|(partition, _)| ours.contains(partition)) {
            match range {
                Ok(range) => self.found.push(range),
                Err(why) => self.unknown.push((partition, why)),
            }
        }
    }

    fn remove(&mut self, partitions: &[TopicPartition]) {
        let stays = |partition: &TopicPartition| !partitions.contains(partition);
        self.partitions.retain(stays);
        self.found.retain(|range| stays(&range.partition));
        self.unknown.retain(|(partition, _)| stays(partition));
    }

    /// The partitions whose logs are not known, and why.
    pub fn unanswered(&self) -> Vec<(TopicPartition, Unknown)> {
        let found: HashSet<&TopicPartition> = self.found.iter().map(|range| &range.partition).collect();
        let why: HashMap<_, _> = self.why.iter().chain(&self.unknown).cloned().collect();
        let missing = self.partitions.iter().filter(|partition| !found.contains(partition));
        let with_reason = |partition: &TopicPartition| {
            (partition.clone(), why.get(partition).cloned().unwrap_or(Unknown::Unanswered))
        };
        missing.map(with_reason).collect()
    }

    /// Every partition has its answer.
    pub fn is_answered(&self) -> bool {
        self.found.len() + self.unknown.len() >= self.partitions.len()
    }

    /// What is known is read now: everything, or what there is when the others have been waited for.
    pub fn is_enough(&self, now: Instant) -> bool {
        self.found.len() >= self.partitions.len()
            || !self.found.is_empty() && now.duration_since(self.since) >= LONGEST_WAIT_FOR_ALL
    }
}

impl Rebalances {
    pub fn new(limit: Duration) -> Rebalances {
        Rebalances {
            waiting: VecDeque::new(),
            step: Step::Idle,
            limit,
            last_ticket: 0,
            fresh: HashSet::new(),
            lost_positions: Vec::new(),
            position_question: Question::default(),
            has_joined: false,
            is_member: false,
        }
    }

    /// Forgets what the group has given and taken; the tickets go on, so that no late answer is taken for a new one.
    pub fn start_over(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        let (has_joined, last_ticket) = (self.has_joined, self.last_ticket);
        *self = Rebalances { fresh, has_joined, last_ticket, ..Rebalances::new(self.limit) };
    }

    pub fn assigned(&mut self, partitions: Vec<TopicPartition>) {
        self.waiting.push_back(Change::Assigned(partitions));
    }

    pub fn revoked(&mut self, partitions: Vec<TopicPartition>) {
        if let Step::Starting(starting) = &mut self.step {
            // Taken back before they were read: there is nothing to wait for.
            starting.remove(&partitions);
            if starting.partitions.is_empty() {
                self.step = Step::Idle;
            }
        }
        self.waiting.push_back(Change::Revoked(partitions));
    }

    pub fn is_revoking(&self) -> bool {
        matches!(self.step, Step::Revoking { .. })
            || self.waiting.iter().any(|change| matches!(change, Change::Revoked(_)))
    }

    /// Partitions were given to us and are not taken over yet.
    pub fn is_starting(&self) -> bool {
        matches!(self.step, Step::Starting(_))
    }

    /// The lost positions that may be asked for now, under a ticket.
    pub fn ask_positions(&mut self, now: Instant) -> Option<(u64, Vec<TopicPartition>)> {
        if self.lost_positions.is_empty() || !self.position_question.may_be_asked(now) {
            return None;
        }
        let ticket = self.ticket();
        self.position_question.ask(ticket, self.lost_positions.clone());
        Some((ticket, self.lost_positions.clone()))
    }

    /// Takes answers to that.
    pub fn positions_answered(&mut self, ranges: &[Asked<Range>], again: Instant) {
        self.position_question.answered(ranges, again);
        let is_found = |partition: &TopicPartition| {
            ranges.iter().any(|(answered, range)| answered == partition && range.is_ok())
        };
        self.lost_positions.retain(|partition| !is_found(partition));
    }

    pub fn is_quiet(&self) -> bool {
        matches!(self.step, Step::Idle) && self.waiting.is_empty() && self.lost_positions.is_empty()
    }

    /// Asks where a partition can go on whose position is outside the log.
    pub fn find_range(&mut self, partition: TopicPartition) {
        if !self.lost_positions.contains(&partition) {
            self.lost_positions.push(partition);
        }
    }

    pub fn ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }
}

impl Run<'_> {
    /// Does what can be done of the rebalance under way.
    pub(super) fn advance_rebalance(&mut self, now: Instant) {
        self.ask_lost_positions(now);
        loop {
            match std::mem::replace(&mut self.rebalances.step, Step::Idle) {
                Step::Idle => match self.rebalances.waiting.pop_front() {
                    Some(Change::Assigned(partitions)) => self.start_assigning(partitions, now),
                    Some(Change::Revoked(partitions)) => self.start_revoking(partitions, now),
                    None => return,
                },
                Step::Starting(starting) if starting.again.is_some_and(|again| now >= again) => {
                    self.look_up_starts(starting);
                    return;
                }
                Step::Starting(starting) if starting.is_enough(now) => {
                    self.rebalances.step = Step::Starting(starting);
                    self.start_found(now);
                }
                Step::Revoking { partitions, deadline, is_commit_sent } => {
                    let step = self.advance_revoke(partitions, deadline, is_commit_sent, now);
                    if let Some(step) = step {
                        self.rebalances.step = step;
                        return;
                    }
                }
                step @ Step::Starting(_) => {
                    self.rebalances.step = step;
                    return;
                }
            }
        }
    }

    fn start_assigning(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        self.identity.joined();
        self.coverage.start_over();
        self.rebalances.has_joined = true;
        self.rebalances.is_member = true;
        if self.ending.is_some() {
            self.answer_with_nothing();
            return;
        }
        if partitions.is_empty() {
            // A member to spare: that the coordinator answers is all there is to reach.
            self.reachability.established();
            self.check_topics(now);
            self.counts.assigned += self.as_rebalance();
            self.talk.say(&Event::Assigned { partitions: Vec::new() });
            self.ends.is_changed = true;
            if let Err(words) = self.source.assign(&[], &[]) {
                self.talk.warn(format!("cannot take an empty assignment: {words}"), now);
            }
            return;
        }
        self.look_up_starts(Starting::new(partitions, now));
        self.check_topics(now);
    }

    /// We are about to leave: nothing is taken, but an assignment has to be answered, or the group is not left.
    pub(super) fn answer_with_nothing(&mut self) {
        self.rebalances.step = Step::Idle;
        // What cannot be answered ends with the session.
        drop(self.source.assign(&[], &[]));
    }

    fn start_revoking(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        for partition in &partitions {
            if let Some(lane) = self.lanes.find_mut(partition) {
                lane.is_revoked = true;
            }
        }
        self.delivery.revoke(&self.ids_of(&partitions), self.commits.watermarks());
        let deadline = now + self.rebalances.limit;
        self.rebalances.step = Step::Revoking { partitions, deadline, is_commit_sent: false };
    }

    /// The next step of a hand-over; `None` when it is done.
    fn advance_revoke(
        &mut self,
        partitions: Vec<TopicPartition>,
        deadline: Instant,
        is_commit_sent: bool,
        now: Instant,
    ) -> Option<Step> {
        self.delivery.seal();
        let is_settled = self.delivery.is_done_with(&self.ids_of(&partitions), self.commits.watermarks());
        // What is not settled in time is given up; what is, still gets its commit.
        let is_commit_late = now >= deadline + HAND_OVER_COMMIT_LIMIT;
        let is_waiting = !is_settled && now < deadline || self.commits.is_under_way();
        if is_waiting && !is_commit_late {
            return Some(Step::Revoking { partitions, deadline, is_commit_sent });
        }
        let owed = self.commits.owed_of(&partitions);
        if !owed.is_empty() && !is_commit_sent && !is_commit_late {
            self.commit(owed, now);
            return Some(Step::Revoking { partitions, deadline, is_commit_sent: true });
        }
        self.release(&partitions, now);
        self.counts.revoked += 1;
        self.talk.say(&Event::Revoked { partitions });
        if self.commits.is_anything_owed() {
            // The commit of a hand-over starts all counts anew, of partitions that stay as well.
            self.commits.ask();
        }
        None
    }

    /// The group gave our partitions away: nothing is committed for them, what is in hand is nobody's.
    pub(super) fn lost(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        self.identity.disturbed(now);
        self.rebalances.waiting.clear();
        self.rebalances.step = Step::Idle;
        self.rebalances.is_member = false;
        self.note_lost(&partitions);
        self.release(&partitions, now);
        self.counts.lost += 1;
        self.talk.say(&Event::Lost { partitions });
    }

    pub(super) fn ids_of(&self, partitions: &[TopicPartition]) -> Vec<AssignmentId> {
        let lanes = self.lanes.iter().filter(|lane| partitions.contains(&lane.partition));
        lanes.map(|lane| lane.claim).collect()
    }

    fn release(&mut self, partitions: &[TopicPartition], now: Instant) {
        self.delivery.abandon(&self.ids_of(partitions));
        self.unreached.remove(partitions);
        self.rebalances.lost_positions.retain(|partition| !partitions.contains(partition));
        self.ends.forget(partitions);
        let mut unassigned = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let slot = self.lanes.find(partition).map(|lane| lane.claim.slot);
            if let Some(lane) = slot.and_then(|slot| self.lanes.remove(slot)) {
                self.commits.watermarks_mut().release(lane.claim);
                self.counts.add_read(&lane.partition.topic, lane.read);
            }
            unassigned.push((partition.clone(), slot));
        }
        if let Err(words) = self.source.unassign(&unassigned) {
            self.talk.warn(format!("cannot give partitions back: {words}"), now);
        }
        self.ends.is_changed = true;
        self.delivery.released(self.lanes.iter().count());
    }
}
