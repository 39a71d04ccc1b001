//! A question about the logs of several partitions, the answers to which come leader by leader. Pure.

use crate::kafka::admin::Asked;
use crate::kafka::ranges::Range;
use crate::record::TopicPartition;
use std::time::Instant;

/// One that is asked again until nothing is left to ask.
#[derive(Debug, Default)]
pub struct PartitionQuestion {
    /// The one under way.
    ticket: Option<u64>,
    /// Partitions of it that have no answer yet.
    asked: Vec<TopicPartition>,
    /// The question is not asked again before this time.
    again: Option<Instant>,
}

impl PartitionQuestion {
    /// None is under way, and the pause after the last one is over.
    pub fn may_be_asked(&self, now: Instant) -> bool {
        self.ticket.is_none() && self.again.is_none_or(|again| now >= again)
    }

    /// Notes that it is asked about these.
    pub fn ask(&mut self, ticket: u64, partitions: Vec<TopicPartition>) {
        self.ticket = Some(ticket);
        self.asked = partitions;
    }

    pub fn is(&self, ticket: u64) -> bool {
        self.ticket == Some(ticket)
    }

    /// Takes answers; once all have come, what is still unknown may be asked for after `again`.
    pub fn answered(&mut self, ranges: &[Asked<Range>], again: Instant) {
        self.asked.retain(|partition| !ranges.iter().any(|(answered, _)| answered == partition));
        if self.asked.is_empty() {
            self.ticket = None;
            self.again = Some(again);
        }
    }

    /// Whoever was asked does not answer any more.
    pub fn give_up(&mut self) {
        self.ticket = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::admin::Unknown;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn it_is_over_when_every_leader_has_answered_and_asked_again_after_a_pause() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let partition = |number| TopicPartition { topic: Arc::from("t"), partition: number };
        let unknown = |number| (partition(number), Err(Unknown::Unanswered));
        let mut question = PartitionQuestion::default();
        assert!(question.may_be_asked(now));
        question.ask(7, vec![partition(0), partition(1)]);
        assert!(question.is(7) && !question.is(8) && !question.may_be_asked(later));
        question.answered(&[unknown(0)], later);
        assert!(question.is(7), "another leader was asked too");
        question.answered(&[unknown(1)], later);
        assert!(!question.is(7) && !question.may_be_asked(now) && question.may_be_asked(later));
        question.ask(9, vec![partition(0)]);
        question.give_up();
        assert!(!question.is(9));
    }
}
