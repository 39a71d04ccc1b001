//! What a run needs of a client: the real one, or one that a test makes up.

use super::action::{Fetching, ReadChange};
use crate::delivery::Upcoming;
use crate::error::{Failure, Kind};
use crate::kafka::commit::{CommitAnswer, CommitRefusal};
use crate::kafka::look_up::{Answer, Question};
use crate::kafka::source::Assigned;
use crate::kafka::{Arrival, ClientEvent, Source, Trouble};
use crate::record::{Record, TopicPartition};
use std::time::Instant;

/// A consumer, with librdkafka's words as errors. Nothing here waits but `read_back`, for a moment.
pub trait Broker: Upcoming + Fetching + Sized {
    /// Another client like this one, which is in no group.
    fn renewed(&self) -> Result<Self, String>;
    /// Gives the client up: it ends in the background, however long that takes.
    fn abandon(self);
    /// Leaves the group, at most until `deadline`.
    fn close(self, deadline: Instant);

    /// Serves rebalances, errors and log lines; keeps the membership alive.
    fn serve(&mut self);
    fn event(&mut self) -> Option<ClientEvent>;
    fn fatal_error(&self) -> Option<Trouble>;
    /// Asks a question; an event tells of the answer.
    fn ask(&self, question: Question);
    /// The answer that `ClientEvent::Answered` has told of.
    fn answer(&mut self) -> Option<Answer>;
    /// Repeats what the client may have forgotten, and starts look-ups that found no thread.
    fn look_after(&self);

    /// Says whether `next` gives records with their headers.
    fn read_headers(&mut self, is_wanted: bool);
    /// Has records come in the order of their timestamps, once everything is assigned.
    /// If `limits_queues`, fewer messages of a partition are fetched ahead where there are many.
    fn merge_by_time(&mut self, limits_queues: bool);
    /// Takes a new batch if the last one is used up. True if there is something to look at.
    fn fill(&mut self) -> bool;
    fn next(&mut self) -> Option<Arrival<'_>>;
    /// The record that `next` gave last, of this slot, now with its headers.
    fn again_with_headers(&mut self, slot: usize) -> Option<Record<'_>>;
    /// Has `next` give the record again that it gave last, as if nobody had looked at it.
    fn give_back(&mut self);
    /// Delivers nothing more of a partition, but for what is on its way already.
    fn hold(&mut self, slot: usize);
    /// Delivers a partition again, from where it was held.
    fn go_on(&mut self, slot: usize);

    fn subscribe(&self, topics: &[&str]) -> Result<(), String>;
    fn leave(&self);
    fn assign(&mut self, assigned: &[Assigned], others: &[(TopicPartition, i64)]) -> Result<(), String>;
    fn unassign(&mut self, partitions: &[(TopicPartition, Option<usize>)]) -> Result<(), String>;
    fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String>;
    fn read_again(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String>;
    /// Goes on from an earlier offset. Positions that are asked for afterwards are those behind it: this waits for the
    /// client's own thread, which answers within milliseconds.
    fn read_back(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String>;
    fn start_over(
        &mut self,
        partition: &TopicPartition,
        offset: i64,
        all: &[(TopicPartition, i64)],
    ) -> Result<(), String>;
    fn pause(&mut self, partition: &TopicPartition);
    fn ask_statistics(&self);

    fn commit(&mut self, positions: &[(TopicPartition, i64)]) -> Result<(), CommitRefusal>;
    fn commit_answer(&mut self) -> Option<CommitAnswer>;
}

/// Has the client read partitions, or no more. Returns what is to be warned of.
///
/// # Errors
/// A partition cannot be read from where it should be.
pub fn change(client: &mut impl Broker, change: ReadChange) -> Result<Option<String>, Failure> {
    let failed = |message: String, words: String| Failure::new(Kind::Run, message).caused_by(words);
    let warning = match change {
        ReadChange::Assign { assigned, others } => {
            let result = client.assign(&assigned, &others);
            result.map_err(|words| failed("cannot start reading".to_owned(), words))?;
            None
        }
        ReadChange::StartOver { partition, offset, all } => {
            let result = client.start_over(&partition, offset, &all);
            result.map_err(|words| failed(format!("{partition}: cannot continue at {offset}"), words))?;
            None
        }
        ReadChange::AssignNothing => {
            let words = client.assign(&[], &[]).err();
            words.map(|words| format!("cannot take an empty assignment: {words}"))
        }
        ReadChange::Unassign(partitions) => {
            let words = client.unassign(&partitions).err();
            words.map(|words| format!("cannot release partitions: {words}"))
        }
        ReadChange::ReadAgain { partition, offset } => {
            let words = client.read_again(&partition, offset).err();
            words.map(|words| format!("{partition}: cannot read again from {offset}: {words}"))
        }
        ReadChange::ReadBack { partition, offset } => {
            let result = client.read_back(&partition, offset);
            result.map_err(|words| failed(format!("{partition}: cannot go back to {offset}"), words))?;
            None
        }
        ReadChange::Seek { partition, offset } => {
            // It is looked at again, and set again if that was no help.
            drop(client.seek(&partition, offset));
            None
        }
        ReadChange::Pause(partition) => {
            client.pause(&partition);
            None
        }
        ReadChange::Resume(id) => {
            client.go_on(id.slot);
            None
        }
        ReadChange::AskStatistics => {
            client.ask_statistics();
            None
        }
    };
    Ok(warning)
}

impl Fetching for Source {
    fn is_in_group(&self) -> bool {
        Source::is_in_group(self)
    }

    fn is_used_up(&self) -> bool {
        Source::is_used_up(self)
    }

    fn is_drained(&self, slot: usize) -> bool {
        Source::is_drained(self, slot)
    }

    fn has_waiting(&self, slot: usize) -> bool {
        Source::has_waiting(self, slot)
    }

    fn positions(&self, partitions: &[TopicPartition]) -> Vec<Option<i64>> {
        Source::positions(self, partitions)
    }

    fn known_end(&self, partition: &TopicPartition) -> Option<i64> {
        Source::known_end(self, partition)
    }

    fn leader(&self, partition: &TopicPartition) -> Option<String> {
        self.look_ups().leader(partition)
    }
}

impl Broker for Source {
    fn renewed(&self) -> Result<Source, String> {
        Source::renewed(self)
    }

    fn abandon(self) {
        Source::abandon(self);
    }

    fn close(self, deadline: Instant) {
        Source::close(self, deadline);
    }

    fn serve(&mut self) {
        Source::serve(self);
    }

    fn event(&mut self) -> Option<ClientEvent> {
        Source::event(self)
    }

    fn fatal_error(&self) -> Option<Trouble> {
        Source::fatal_error(self)
    }

    fn ask(&self, question: Question) {
        self.look_ups().ask(question);
    }

    fn answer(&mut self) -> Option<Answer> {
        Source::answer(self)
    }

    fn look_after(&self) {
        self.forward_again();
        self.look_ups().start_again();
    }

    fn read_headers(&mut self, is_wanted: bool) {
        Source::read_headers(self, is_wanted);
    }

    fn merge_by_time(&mut self, limits_queues: bool) {
        Source::merge_by_time(self, limits_queues);
    }

    fn fill(&mut self) -> bool {
        Source::fill(self)
    }

    fn next(&mut self) -> Option<Arrival<'_>> {
        Source::next(self)
    }

    fn again_with_headers(&mut self, slot: usize) -> Option<Record<'_>> {
        Source::again_with_headers(self, slot)
    }

    fn give_back(&mut self) {
        Source::give_back(self);
    }

    fn hold(&mut self, slot: usize) {
        Source::hold(self, slot);
    }

    fn go_on(&mut self, slot: usize) {
        Source::go_on(self, slot);
    }

    fn subscribe(&self, topics: &[&str]) -> Result<(), String> {
        Source::subscribe(self, topics)
    }

    fn leave(&self) {
        Source::leave(self);
    }

    fn assign(&mut self, assigned: &[Assigned], others: &[(TopicPartition, i64)]) -> Result<(), String> {
        Source::assign(self, assigned, others)
    }

    fn unassign(&mut self, partitions: &[(TopicPartition, Option<usize>)]) -> Result<(), String> {
        Source::unassign(self, partitions)
    }

    fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        self.forward_again();
        Source::seek(self, partition, offset)
    }

    fn read_again(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        Source::read_again(self, partition, offset)
    }

    fn read_back(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        Source::read_back(self, partition, offset)
    }

    fn start_over(
        &mut self,
        partition: &TopicPartition,
        offset: i64,
        all: &[(TopicPartition, i64)],
    ) -> Result<(), String> {
        Source::start_over(self, partition, offset, all)
    }

    fn pause(&mut self, partition: &TopicPartition) {
        Source::pause(self, partition);
    }

    fn ask_statistics(&self) {
        Source::ask_statistics(self);
    }

    fn commit(&mut self, positions: &[(TopicPartition, i64)]) -> Result<(), CommitRefusal> {
        Source::commit(self, positions)
    }

    fn commit_answer(&mut self) -> Option<CommitAnswer> {
        Source::commit_answer(self)
    }
}
