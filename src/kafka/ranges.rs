//! The logs of partitions: where each begins and ends, and what the group has committed in it.

use super::admin::{self, Asked, EARLIEST, LATEST, Unknown};
use super::client::Consumer;
use super::errors::Trouble;
use crate::record::TopicPartition;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// What to find out about partitions.
#[derive(Clone, Debug)]
pub struct RangeQuery {
    pub partitions: Vec<TopicPartition>,
    pub with_committed: bool,
    /// The time at which to start, in milliseconds since 1970, by partition; `to_times` are those at which to stop.
    pub from_times: Vec<(TopicPartition, i64)>,
    pub to_times: Vec<(TopicPartition, i64)>,
    pub read_uncommitted: bool,
    /// How long a leader may take to answer.
    pub limit: Duration,
}

/// The log of a partition: offsets `begin..end`, and what else was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub partition: TopicPartition,
    pub begin: i64,
    /// The end as the isolation level sees it, which is before the first open transaction.
    pub end: i64,
    /// The end of the log, open transactions included.
    pub high: i64,
    pub committed: Option<i64>,
    /// The first offset at or after the time at which to start; the end if there is none. `to` is the same for the
    /// stop.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Range {
    /// Returns the range if its numbers can be those of a log. They come from several requests, between which the
    /// log may have been cut.
    fn checked(self) -> Option<Range> {
        let is_log = 0 <= self.begin && self.begin <= self.end && 0 <= self.high;
        let are_offsets = [self.committed, self.from, self.to].iter().flatten().all(|offset| *offset >= 0);
        // The log may have grown between the two questions.
        (is_log && are_offsets).then(|| Range { high: self.high.max(self.end), ..self })
    }
}

impl RangeQuery {
    /// Asks for the logs of some partitions, and nothing else.
    pub fn of(partitions: Vec<TopicPartition>, read_uncommitted: bool, limit: Duration) -> RangeQuery {
        RangeQuery {
            partitions,
            with_committed: false,
            from_times: Vec::new(),
            to_times: Vec::new(),
            read_uncommitted,
            limit,
        }
    }

    /// Divides the question into one for each leader. Partitions whose leader is not known stay together.
    pub(super) fn by_leader(self, leader: impl Fn(&TopicPartition) -> Option<i32>) -> Vec<RangeQuery> {
        let mut parts: BTreeMap<Option<i32>, Vec<TopicPartition>> = BTreeMap::new();
        for partition in &self.partitions {
            parts.entry(leader(partition)).or_default().push(partition.clone());
        }
        if parts.len() <= 1 {
            return vec![self];
        }
        let part = |partitions: Vec<TopicPartition>| {
            let times = |all: &[(TopicPartition, i64)]| {
                all.iter().filter(|(partition, _)| partitions.contains(partition)).cloned().collect()
            };
            let (from_times, to_times) = (times(&self.from_times), times(&self.to_times));
            RangeQuery { partitions, from_times, to_times, ..self.clone() }
        };
        parts.into_values().map(part).collect()
    }

    pub(super) fn topics(&self) -> Vec<String> {
        let mut topics: Vec<String> =
            self.partitions.iter().map(|partition| partition.topic.to_string()).collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    pub(super) fn unanswered(&self) -> Vec<Asked<Range>> {
        self.partitions.iter().map(|partition| (partition.clone(), Err(Unknown::Unanswered))).collect()
    }
}

/// Finds out about partitions, with one request for each broker and question. The answers are in the order of the
/// query.
///
/// # Errors
/// The committed offsets could not be had.
pub fn ranges(client: &Arc<Consumer>, query: &RangeQuery) -> Result<Vec<Asked<Range>>, Trouble> {
    let all = |wanted: i64| -> Vec<_> {
        query.partitions.iter().map(|partition| (partition.clone(), wanted)).collect()
    };
    let ask = |wanted| admin::ask_offsets(client, wanted, query.read_uncommitted, query.limit);
    // An offset that was asked for or committed is inside the log even if it lies in an open transaction.
    let highs = (!query.read_uncommitted).then(|| admin::ask_offsets(client, all(LATEST), true, query.limit));
    // Each question is asked twice, and all are sent before the first answer is waited for.
    let ask_twice = |wanted: &[(TopicPartition, i64)]| [(); 2].map(|()| ask(wanted.to_vec()));
    let ask_times = |times: &[(TopicPartition, i64)]| (!times.is_empty()).then(|| ask_twice(times));
    let (begins, ends) = (ask_twice(&all(EARLIEST)), ask_twice(&all(LATEST)));
    let (from, to) = (ask_times(&query.from_times), ask_times(&query.to_times));
    let committed = if query.with_committed {
        admin::committed(client, &query.partitions, query.limit)?
    } else {
        vec![None; query.partitions.len()]
    };
    let answer = |request: admin::OffsetsRequest| -> AskedOffsets { request.answer().into_iter().collect() };
    let lower = |requests: [_; 2]| agreed(requests.map(answer), i64::min);
    let higher = |requests: [_; 2]| agreed(requests.map(answer), i64::max);
    let answers = RangeAnswers {
        begins: lower(begins),
        ends: higher(ends),
        highs: highs.map(answer),
        from: from.map(lower).unwrap_or_default(),
        to: to.map(higher).unwrap_or_default(),
    };
    let ranges = query.partitions.iter().zip(committed);
    Ok(ranges
        .map(|(partition, committed)| (partition.clone(), answers.range(partition, committed)))
        .collect())
}

/// Combines two answers to the same question. A number that was damaged on its way looks like any other, and one
/// that is wrong by a bit would leave out records in silence. So of the two the one counts with which more is read.
///
/// If that one is wrong, it shows: the leader refuses a start before the log, and an end after the log is never
/// reached.
fn agreed([mut first, second]: [AskedOffsets; 2], choose: fn(i64, i64) -> i64) -> AskedOffsets {
    for (partition, answer) in &mut first {
        let other = second.get(partition).cloned().unwrap_or(Err(Unknown::Unanswered));
        // No record is that late, which means the end.
        let at = |offset: i64| if offset == -1 { i64::MAX } else { offset };
        let chosen = |(one, other): (i64, i64)| match choose(at(one), at(other)) {
            i64::MAX => -1,
            offset => offset,
        };
        *answer = answer.clone().and_then(|one| Ok(chosen((one, other?))));
    }
    first
}

/// Finds out about partitions for a command, as `ranges` does. Leaders that gave no answer are asked once more.
///
/// # Errors
/// The committed offsets could not be had.
pub fn ranges_or_ask_again(client: &Arc<Consumer>, query: &RangeQuery) -> Result<Vec<Asked<Range>>, Trouble> {
    let mut found = ranges(client, query)?;
    let is_unanswered = |(_, range): &&Asked<Range>| *range == Err(Unknown::Unanswered);
    let partitions: Vec<_> =
        found.iter().filter(is_unanswered).map(|(partition, _)| partition.clone()).collect();
    if !partitions.is_empty() {
        let again: HashMap<_, _> =
            ranges(client, &RangeQuery { partitions, ..query.clone() })?.into_iter().collect();
        for (partition, range) in &mut found {
            if let Some(second) = again.get(partition) {
                range.clone_from(second);
            }
        }
    }
    Ok(found)
}

type AskedOffsets = HashMap<TopicPartition, Result<i64, Unknown>>;

/// What the leaders answered, question by question.
struct RangeAnswers {
    begins: AskedOffsets,
    ends: AskedOffsets,
    /// The ends with open transactions; none if `ends` has them already.
    highs: Option<AskedOffsets>,
    from: AskedOffsets,
    to: AskedOffsets,
}

impl RangeAnswers {
    fn range(&self, partition: &TopicPartition, committed: Option<i64>) -> Result<Range, Unknown> {
        let find =
            |offsets: &AskedOffsets| offsets.get(partition).cloned().unwrap_or(Err(Unknown::Unanswered));
        let (begin, end) = (find(&self.begins)?, find(&self.ends)?);
        let high = self.highs.as_ref().map_or(Ok(end), find)?;
        let at_time = |offsets: &AskedOffsets| match offsets.get(partition) {
            // Without a record that late, it is the end.
            Some(Ok(-1)) => Ok(Some(end)),
            Some(Ok(offset)) => Ok(Some(*offset)),
            Some(Err(unknown)) => Err(unknown.clone()),
            None => Ok(None),
        };
        let (from, to) = (at_time(&self.from)?, at_time(&self.to)?);
        let range = Range { partition: partition.clone(), begin, end, high, committed, from, to };
        range.checked().ok_or(Unknown::Unanswered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Unknown::{NoLeader, Unanswered};

    fn partition() -> TopicPartition {
        TopicPartition { topic: Arc::from("t"), partition: 0 }
    }

    fn offsets(offset: Result<i64, Unknown>) -> AskedOffsets {
        HashMap::from([(partition(), offset)])
    }

    fn answers(begin: i64, end: i64, high: i64) -> RangeAnswers {
        RangeAnswers {
            begins: offsets(Ok(begin)),
            ends: offsets(Ok(end)),
            highs: Some(offsets(Ok(high))),
            from: AskedOffsets::new(),
            to: AskedOffsets::new(),
        }
    }

    #[test]
    fn a_log_is_only_known_with_all_its_numbers() {
        let range = answers(1, 5, 7).range(&partition(), Some(3)).unwrap();
        assert_eq!((range.begin, range.end, range.high, range.committed), (1, 5, 7, Some(3)));
        let lost = RangeAnswers { highs: Some(offsets(Err(Unanswered))), ..answers(1, 5, 7) };
        assert_eq!(lost.range(&partition(), None), Err(Unanswered));
        let leaderless = RangeAnswers { begins: offsets(Err(NoLeader)), ..answers(1, 5, 7) };
        assert_eq!(leaderless.range(&partition(), None), Err(NoLeader));
        let other = TopicPartition { partition: 1, ..partition() };
        assert_eq!(answers(1, 5, 7).range(&other, None), Err(Unanswered));
    }

    #[test]
    fn of_two_answers_that_one_counts_with_which_more_is_read() {
        let agreed = |one, other, choose| {
            agreed([offsets(one), offsets(other)], choose).remove(&partition()).expect("it was asked for")
        };
        for (one, other, lower, higher) in
            [(0, 64, 0, 64), (64, 0, 0, 64), (7, 7, 7, 7), (-1, 7, 7, -1), (7, -1, 7, -1), (-1, -1, -1, -1)]
        {
            assert_eq!(agreed(Ok(one), Ok(other), i64::min), Ok(lower), "{one} {other}");
            assert_eq!(agreed(Ok(one), Ok(other), i64::max), Ok(higher), "{one} {other}");
        }
        assert_eq!(agreed(Ok(1), Err(NoLeader), i64::min), Err(NoLeader));
        assert_eq!(agreed(Err(Unanswered), Ok(1), i64::min), Err(Unanswered));
    }

    #[test]
    fn numbers_that_are_no_log_are_no_answer() {
        for (begin, end, high) in [(-1001, -1001, -1001), (6, 5, 7), (1, 5, -1001), (-1, 5, 7)] {
            assert_eq!(answers(begin, end, high).range(&partition(), None), Err(Unanswered), "{begin} {end}");
        }
    }

    #[test]
    fn a_log_that_grows_between_two_questions_is_known() {
        assert_eq!(answers(1, 8, 7).range(&partition(), None).unwrap().high, 8);
    }

    #[test]
    fn a_time_behind_the_last_record_is_the_end() {
        let at =
            |offset| RangeAnswers { from: offsets(offset), ..answers(1, 5, 7) }.range(&partition(), None);
        assert_eq!(at(Ok(-1)).unwrap().from, Some(5));
        assert_eq!(at(Ok(2)).unwrap().from, Some(2));
        assert_eq!(at(Err(Unanswered)), Err(Unanswered));
        assert_eq!(answers(1, 5, 7).range(&partition(), None).unwrap().from, None);
    }
}
