//! Partitions that are ours and whose log is not known yet: asked for again, told, and given up by runs with an end.

use super::partitions::Partitions;
use super::retry::Retry;
use super::times::PATIENCE;
use crate::consume::action::{Action, Context};
use crate::error::Failure;
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::look_up::{Purpose, Question};
use crate::kafka::ranges::Range;
use crate::reachability::unknown::{failure, words};
use crate::record::TopicPartition;
use std::time::{Duration, Instant};

/// The partitions that wait to be read.
pub struct Unreached {
    partitions: Vec<Waiting>,
    retry: Retry,
    again: Option<Instant>,
}

/// One of them.
struct Waiting {
    partition: TopicPartition,
    /// The question that is to tell its log; none while it is not asked for.
    ticket: Option<u64>,
    since: Instant,
    why: Unknown,
    is_said: bool,
}

impl Unreached {
    pub fn new() -> Unreached {
        Unreached { partitions: Vec::new(), retry: Retry::default(), again: None }
    }

    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &TopicPartition> {
        self.partitions.iter().map(|waiting| &waiting.partition)
    }

    /// Adds partitions that were asked for by `ticket` since `since`; `why`: what is known of each by now.
    pub fn add(
        &mut self,
        partitions: impl Iterator<Item = (TopicPartition, Option<Unknown>)>,
        ticket: u64,
        since: Instant,
    ) {
        self.partitions.extend(partitions.map(|(partition, why)| Waiting {
            partition,
            ticket: why.is_none().then_some(ticket),
            since,
            why: why.unwrap_or(Unknown::Unanswered),
            is_said: false,
        }));
    }

    /// Forgets partitions that are not ours any more.
    pub fn remove(&mut self, partitions: &[TopicPartition]) {
        self.partitions.retain(|waiting| !partitions.contains(&waiting.partition));
        if self.partitions.is_empty() {
            self.retry = Retry::default();
        }
    }

    /// Takes the answers to a question; those that tell a log are returned.
    pub fn answered(&mut self, ticket: u64, ranges: &[Asked<Range>]) -> Vec<Range> {
        let mut found = Vec::new();
        for (partition, result) in ranges {
            let is_it = |waiting: &Waiting| waiting.ticket == Some(ticket) && waiting.partition == *partition;
            let Some(index) = self.partitions.iter().position(is_it) else { continue };
            match result {
                Ok(range) => {
                    found.push(range.clone());
                    self.partitions.swap_remove(index);
                }
                Err(why) => {
                    let waiting = &mut self.partitions[index];
                    waiting.ticket = None;
                    if waiting.why != *why {
                        waiting.why = why.clone();
                        waiting.is_said = false;
                    }
                }
            }
        }
        if self.partitions.is_empty() {
            self.retry = Retry::default();
        }
        found
    }

    /// Whether somebody should be asked now, and how long that may take.
    fn due(&mut self, now: Instant) -> Option<Duration> {
        if !self.has_unasked() {
            return None;
        }
        let again = *self.again.get_or_insert_with(|| now + self.retry.pause());
        if now < again {
            return None;
        }
        self.again = None;
        Some(self.retry.limit())
    }

    /// Takes the partitions for which no question is under way; from now on `ticket` is their question.
    fn ask(&mut self, ticket: u64) -> Vec<TopicPartition> {
        let unasked = self.partitions.iter_mut().filter(|waiting| waiting.ticket.is_none());
        unasked
            .map(|waiting| {
                waiting.ticket = Some(ticket);
                waiting.partition.clone()
            })
            .collect()
    }

    fn has_unasked(&self) -> bool {
        self.partitions.iter().any(|waiting| waiting.ticket.is_none())
    }

    /// What to say of partitions that have waited for long enough, once.
    pub fn untold(
        &mut self,
        now: Instant,
        leader: impl Fn(&TopicPartition) -> Option<String>,
    ) -> Vec<String> {
        let is_due =
            |waiting: &&mut Waiting| !waiting.is_said && now.duration_since(waiting.since) >= PATIENCE;
        let due = self.partitions.iter_mut().filter(is_due).map(|waiting| {
            waiting.is_said = true;
            (waiting.partition.clone(), waiting.why.clone())
        });
        let due: Vec<_> = due.collect();
        words(&due, leader).into_iter().map(|words| format!("{words}, waiting")).collect()
    }

    /// The failure of a run that has waited for `limit` in vain.
    pub fn given_up(
        &self,
        limit: Duration,
        now: Instant,
        leader: impl Fn(&TopicPartition) -> Option<String>,
    ) -> Option<Failure> {
        let is_late = |waiting: &&Waiting| now.duration_since(waiting.since) >= limit;
        let late = self.partitions.iter().filter(is_late);
        let late: Vec<_> = late.map(|waiting| (waiting.partition.clone(), waiting.why.clone())).collect();
        failure(&late, leader)
    }
    /// Asks for the logs that are not known yet.
    pub fn ask_again(&mut self, all: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
        if context.is_closing {
            return;
        }
        let Some(limit) = self.due(context.now) else { return };
        let ticket = all.next_ticket();
        let query = all.start_query(self.ask(ticket), limit);
        context.act(Action::Ask(Question::Ranges { purpose: Purpose::Start(ticket), query }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::sync::Arc;

    fn partition(partition: i32) -> TopicPartition {
        TopicPartition { topic: Arc::from("t"), partition }
    }

    fn range(number: i32) -> Range {
        let partition = partition(number);
        Range { partition, begin: 0, end: 5, high: 5, committed: None, from: None, to: None }
    }

    fn leader(_: &TopicPartition) -> Option<String> {
        Some("b:9092".to_owned())
    }

    #[test]
    fn an_answer_counts_for_the_question_it_belongs_to() {
        let now = Instant::now();
        let mut unreached = Unreached::new();
        unreached.add([(partition(0), None), (partition(1), None)].into_iter(), 7, now);
        assert!(unreached.answered(6, &[(partition(0), Ok(range(0)))]).is_empty());
        assert_eq!(unreached.answered(7, &[(partition(0), Ok(range(0)))]), [range(0)]);
        assert!(!unreached.has_unasked());
        assert!(unreached.answered(7, &[(partition(1), Err(Unknown::NoLeader))]).is_empty());
        assert_eq!(unreached.ask(8), [partition(1)]);
        assert_eq!(unreached.answered(8, &[(partition(1), Ok(range(1)))]), [range(1)]);
        assert!(unreached.is_empty());
    }

    #[test]
    fn what_waits_is_said_once_for_each_reason() {
        let now = Instant::now();
        let mut unreached = Unreached::new();
        let why = [(partition(0), Some(Unknown::NoLeader)), (partition(1), None), (partition(2), None)];
        unreached.add(why.into_iter(), 1, now);
        assert!(unreached.untold(now, leader).is_empty());
        let expected =
            ["t [0] has no leader, waiting", "t [1], t [2]: no answer from their leader `b:9092`, waiting"];
        assert_eq!(unreached.untold(now + PATIENCE, leader), expected);
        assert!(unreached.untold(now + PATIENCE * 2, leader).is_empty());
        unreached.answered(1, &[(partition(1), Err(Unknown::NoLeader))]);
        assert_eq!(unreached.untold(now + PATIENCE * 2, leader), ["t [1] has no leader, waiting"]);
    }

    #[test]
    fn a_run_gives_up_after_its_time() {
        let now = Instant::now();
        let mut unreached = Unreached::new();
        unreached.add([(partition(1), None)].into_iter(), 1, now);
        let limit = Duration::from_secs(10);
        assert_eq!(unreached.given_up(limit, now + limit / 2, leader), None);
        let failure = unreached.given_up(limit, now + limit, leader).unwrap();
        assert_eq!(failure.kind, Kind::Connection);
        assert_eq!(failure.message, "t [1]: no answer from its leader `b:9092`");
    }
}
