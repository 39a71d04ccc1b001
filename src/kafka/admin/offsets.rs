//! The offsets of partitions, asked for by `ListOffsets`.

use super::AdminOptions;
use crate::kafka::client::{Consumer, topic_partition};
use crate::kafka::errors::{self, Trouble};
use crate::kafka::native::{ClientQueue, PartitionList, QueueEvent, error_code, native, text};
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Asks `ListOffsets` for the first offset of a log.
pub const EARLIEST: i64 = -2;
/// Asks `ListOffsets` for the end of a log, as the isolation level sees it.
pub const LATEST: i64 = -1;

/// Why something about a partition is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The leader did not answer in time, or its answer makes no sense.
    Unanswered,
    /// The partition has no leader now.
    NoLeader,
    /// The leader refused.
    Refused(Trouble),
}

impl Unknown {
    fn of(code: RDKafkaErrorCode) -> Unknown {
        match code {
            // With `NoEnt`, librdkafka found no leader for any partition of the request.
            RDKafkaErrorCode::LeaderNotAvailable | RDKafkaErrorCode::NoEnt => Unknown::NoLeader,
            code => Unknown::from(errors::trouble(code, "")),
        }
    }
}

impl From<Trouble> for Unknown {
    fn from(trouble: Trouble) -> Unknown {
        if trouble.kind.is_absence() { Unknown::Unanswered } else { Unknown::Refused(trouble) }
    }
}

/// The answer to a question about one of several partitions.
pub type Asked<T> = (TopicPartition, Result<T, Unknown>);

/// A `ListOffsets` request under way.
pub struct OffsetsRequest {
    answers: ClientQueue,
    wanted: Vec<(TopicPartition, i64)>,
    limit: Duration,
}

/// Asks for an offset of each partition: `EARLIEST`, `LATEST`, or the first offset at or after a time in
/// milliseconds.
pub fn ask_offsets(
    client: &Arc<Consumer>,
    wanted: Vec<(TopicPartition, i64)>,
    read_uncommitted: bool,
    limit: Duration,
) -> OffsetsRequest {
    let list = PartitionList::of(wanted.iter().map(|(partition, wanted)| (partition, *wanted)));
    let answers = ClientQueue::new(client);
    let level = if read_uncommitted {
        rd::rd_kafka_IsolationLevel_t::RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED
    } else {
        rd::rd_kafka_IsolationLevel_t::RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED
    };
    let options = AdminOptions::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTOFFSETS, limit);
    // SAFETY: client, options, list and queue are alive; the call copies what it needs.
    unsafe {
        let error = rd::rd_kafka_AdminOptions_set_isolation_level(options.0, level);
        if !error.is_null() {
            rd::rd_kafka_error_destroy(error);
        }
        rd::rd_kafka_ListOffsets(native(client), list.pointer(), options.0, answers.pointer());
    }
    OffsetsRequest { answers, wanted, limit }
}

impl OffsetsRequest {
    /// Waits for the answer: the offset of every partition that was asked for, in that order; -1 where there is no
    /// record at or after a time.
    ///
    /// librdkafka 2.12 fills in -1001 without an error where one of several leaders did not answer
    /// (`rd_kafka_ListOffsets_leaders_queried_cb`), so every number is checked.
    pub fn answer(self) -> Vec<Asked<i64>> {
        // Waits a little longer than the request itself.
        let event = self.answers.poll(self.limit + Duration::from_millis(500));
        let answered = match event.as_ref().map(QueueEvent::error) {
            Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR) => Ok(event),
            Some(code) => Err(Unknown::of(code.into())),
            None => Err(Unknown::Unanswered),
        };
        let mut answered: Result<HashMap<_, _>, Unknown> = answered.map(|event| {
            // SAFETY: the event is alive, and of a ListOffsets request.
            event.map(|event| unsafe { results(event.pointer()) }).unwrap_or_default()
        });
        let offset = |(partition, wanted): (TopicPartition, i64)| {
            let result = match &mut answered {
                Ok(answered) => match answered.remove(&partition) {
                    Some(Ok(offset)) if is_answer(wanted, offset) => Ok(offset),
                    Some(Ok(_)) | None => Err(Unknown::Unanswered),
                    Some(Err(unknown)) => Err(unknown),
                },
                Err(unknown) => Err(unknown.clone()),
            };
            (partition, result)
        };
        self.wanted.into_iter().map(offset).collect()
    }
}

/// Waits for the answers to several requests of a command. Leaders that give none are asked once more and may take
/// `second` then.
pub fn answers_or_ask_again<const N: usize>(
    client: &Arc<Consumer>,
    requests: [Option<OffsetsRequest>; N],
    read_uncommitted: bool,
    second: Duration,
) -> [Vec<Asked<i64>>; N] {
    let mut answers = requests.map(|request| {
        let Some(request) = request else { return (Vec::new(), None) };
        let wanted: HashMap<TopicPartition, i64> = request.wanted.iter().cloned().collect();
        let answers = request.answer();
        let is_unanswered = |(_, answer): &&Asked<i64>| *answer == Err(Unknown::Unanswered);
        let unanswered = answers.iter().filter(is_unanswered);
        let again: Vec<_> = unanswered
            .filter_map(|(partition, _)| Some((partition.clone(), *wanted.get(partition)?)))
            .collect();
        let again = (!again.is_empty()).then(|| ask_offsets(client, again, read_uncommitted, second));
        (answers, again)
    });
    for (answers, again) in &mut answers {
        let Some(again) = again.take() else { continue };
        let second: HashMap<_, _> = again.answer().into_iter().collect();
        for (partition, answer) in answers {
            if let Some(second) = second.get(partition) {
                answer.clone_from(second);
            }
        }
    }
    answers.map(|(answers, _)| answers)
}

/// Whether a number can be the answer to `wanted`.
fn is_answer(wanted: i64, offset: i64) -> bool {
    offset >= 0 || wanted >= 0 && offset == -1
}

/// # Safety
/// The event must be alive and hold the result of ListOffsets; what it returns is copied.
unsafe fn results(event: *mut rd::rd_kafka_event_t) -> HashMap<TopicPartition, Result<i64, Unknown>> {
    let mut count = 0;
    // SAFETY: the caller vouches for the event, which owns what it returns.
    unsafe {
        let result = rd::rd_kafka_event_ListOffsets_result(event);
        let infos = rd::rd_kafka_ListOffsets_result_infos(result, &raw mut count);
        let one = |index: usize| {
            let element = &*rd::rd_kafka_ListOffsetsResultInfo_topic_partition(*infos.add(index));
            let partition = topic_partition(&text(element.topic), element.partition);
            match error_code(&raw const element.err) {
                RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => (partition, Ok(element.offset)),
                code => (partition, Err(Unknown::of(code.into()))),
            }
        };
        (0..count).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_below_zero_is_an_answer_only_for_a_time() {
        for (wanted, offset, expected) in [
            (EARLIEST, 0, true),
            (EARLIEST, -1, false),
            (LATEST, 7, true),
            (LATEST, -1, false),
            (LATEST, -1001, false),
            (0, -1, true),
            (1_763_888_400_000, -1, true),
            (1_763_888_400_000, -1001, false),
        ] {
            assert_eq!(is_answer(wanted, offset), expected, "{wanted} {offset}");
        }
    }
}
