//! The events that can be told, and their two forms: text for people, fields for machines.

use super::repeats::{Repeats, WarningKind};
use super::tally::Tally;
use crate::escape;
use crate::record::TopicPartition;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::Duration;

/// Something worth telling.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run has subscribed, or begins to read without a group.
    Started {
        topics: Vec<String>,
    },
    Assigned {
        partitions: Vec<TopicPartition>,
        /// Whether the member of a group had something, or nothing, before.
        is_change: bool,
    },
    Revoked {
        partitions: Vec<TopicPartition>,
    },
    Lost {
        partitions: Vec<TopicPartition>,
    },
    /// A member of a group has no partition.
    Spare,
    EndReached {
        partition: TopicPartition,
        names_topic: bool,
        /// Whether one line stands for the ends of all partitions.
        is_folded: bool,
    },
    Committed {
        offsets: Vec<(TopicPartition, i64)>,
        error: Option<String>,
    },
    /// A record that could not be decoded or processed.
    RecordFailed {
        partition: TopicPartition,
        offset: i64,
        reason: String,
        /// Whether the reason is that of many records, so that people need to read it once.
        is_common: bool,
        /// Whether the run ends because of the record. People then read it in the error, and not twice.
        ends_run: bool,
    },
    /// An attempt at a record failed, or asked to come later; another one follows.
    AttemptFailed {
        partition: TopicPartition,
        offset: i64,
        /// `attempt 1 of 4 failed (exit status 1), again in 0.3 s`
        reason: String,
        is_first: bool,
    },
    /// A record was processed by its handler, or known as a duplicate.
    RecordDone {
        partition: TopicPartition,
        offset: i64,
        /// `ok, 0.21 s`
        outcome: String,
    },
    Progress {
        message: Cow<'static, str>,
    },
    /// A record that failed and goes to the dead-letter topic.
    DeadLettered {
        partition: TopicPartition,
        offset: i64,
        reason: String,
    },
    /// The client is closed. `dropped` counts records and results of assignments that had ended.
    Closed {
        records: u64,
        dropped: u64,
        /// What became of the records, with a handler.
        tally: Option<Tally>,
    },
    /// The last line of a run with a handler.
    Summary {
        tally: Tally,
        /// How long the run took.
        time: Duration,
    },
    /// What a command has done.
    Done {
        message: String,
    },
    Info {
        message: String,
    },
    Warning {
        message: String,
    },
    /// A line of librdkafka's own log.
    Library {
        message: String,
    },
}

/// How important an event is, from the most to the least important.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Warning,
    Info,
    /// Always said, without a prefix.
    Summary,
    /// A line of a normal run, such as `Subscribed to …` or `Reached end of …`.
    Progress,
    /// What the group has changed: said on a terminal, elsewhere with `-v`.
    Change,
    /// Said with `-v`.
    Detail,
    /// Said with `-vv`.
    Library,
    /// Said in JSON only.
    Machine,
}

impl Event {
    /// How important the event is.
    pub fn level(&self) -> Level {
        match self {
            Event::Warning { .. }
            | Event::RecordFailed { ends_run: false, .. }
            | Event::AttemptFailed { is_first: true, .. }
            | Event::DeadLettered { .. }
            | Event::Lost { .. } => Level::Warning,
            Event::Summary { .. } | Event::Done { .. } | Event::Spare => Level::Summary,
            Event::Info { .. } => Level::Info,
            Event::Started { .. }
            | Event::EndReached { is_folded: false, .. }
            | Event::Progress { .. }
            | Event::Closed { .. } => Level::Progress,
            // Nothing that a person has to know: the first step of a rebalance.
            Event::Assigned { partitions, .. } | Event::Revoked { partitions } if partitions.is_empty() => {
                Level::Machine
            }
            Event::Assigned { is_change: false, .. }
            | Event::AttemptFailed { is_first: false, .. }
            | Event::RecordDone { .. } => Level::Detail,
            Event::Assigned { is_change: true, .. } | Event::Revoked { .. } => Level::Change,
            Event::Library { .. } => Level::Library,
            Event::Committed { .. }
            | Event::EndReached { is_folded: true, .. }
            | Event::RecordFailed { ends_run: true, .. } => Level::Machine,
        }
    }

    /// The kind of the event, if there may be an event of this kind for each record.
    pub fn kind(&self) -> Option<WarningKind> {
        match self {
            Event::RecordFailed { reason, is_common: true, ends_run: false, .. } => {
                Some(WarningKind::of_one(reason.clone()))
            }
            Event::RecordFailed { partition, ends_run: false, .. } => {
                Some(WarningKind::of_many(format!("failed in {}", partition.topic)))
            }
            Event::AttemptFailed { partition, is_first: true, .. } => {
                Some(WarningKind::of_many(format!("attempt failed in {}", partition.topic)))
            }
            Event::DeadLettered { partition, .. } => {
                Some(WarningKind::of_many(format!("dead-lettered of {}", partition.topic)))
            }
            Event::Started { .. }
            | Event::Assigned { .. }
            | Event::Revoked { .. }
            | Event::Lost { .. }
            | Event::Spare
            | Event::EndReached { .. }
            | Event::Committed { .. }
            | Event::RecordFailed { ends_run: true, .. }
            | Event::AttemptFailed { is_first: false, .. }
            | Event::RecordDone { .. }
            | Event::Progress { .. }
            | Event::Closed { .. }
            | Event::Summary { .. }
            | Event::Done { .. }
            | Event::Info { .. }
            | Event::Warning { .. }
            | Event::Library { .. } => None,
        }
    }

    /// Counts an event that says of one more record what was said of others.
    pub fn is_counted(&self, repeats: &mut Repeats) -> bool {
        let Event::RecordFailed { partition, offset, reason, is_common: true, ends_run: false } = self else {
            return false;
        };
        repeats.is_counted(reason, format_args!("{partition} @ {offset}: {reason}"))
    }

    /// The `event` field of the JSON form.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Started { .. } => "startup_complete",
            Event::Assigned { .. } => "partitions_assigned",
            Event::Revoked { .. } => "partitions_revoked",
            Event::Lost { .. } => "partitions_lost",
            Event::EndReached { .. } => "end_reached",
            Event::Committed { .. } => "offsets_committed",
            Event::RecordFailed { .. } => "record_failed",
            Event::DeadLettered { .. } => "record_dead_lettered",
            Event::Closed { .. } => "shutdown_complete",
            Event::Spare
            | Event::Progress { .. }
            | Event::Info { .. }
            | Event::Summary { .. }
            | Event::Done { .. } => "info",
            Event::RecordDone { .. } => "record_done",
            Event::AttemptFailed { .. } | Event::Warning { .. } => "warning",
            Event::Library { .. } => "library",
        }
    }

    /// The text for people, without a prefix.
    pub fn text(&self) -> String {
        match self {
            Event::Started { topics } if topics.len() == 1 => format!("Subscribed to topic: {}", topics[0]),
            Event::Started { topics } => format!("Subscribed to topics: {}", topics.join(", ")),
            Event::Assigned { partitions, .. } => format!("Assigned: {}", by_topic(partitions)),
            Event::Revoked { partitions } => format!("Revoked: {}", by_topic(partitions)),
            Event::Lost { partitions } => {
                format!(
                    "the group reassigned our partitions; their uncommitted records will be read again: {}",
                    by_topic(partitions)
                )
            }
            Event::Spare => "No partitions: other members hold all of them".to_owned(),
            Event::EndReached { partition, names_topic: false, .. } => {
                format!("Reached end of partition {}", partition.partition)
            }
            Event::EndReached { partition, names_topic: true, .. } => {
                format!("Reached end of {} partition {}", partition.topic, partition.partition)
            }
            Event::Committed { error: None, .. } => "offsets committed".to_owned(),
            Event::Committed { error: Some(error), .. } => format!("commit failed: {error}"),
            Event::RecordFailed { partition, offset, reason, .. }
            | Event::AttemptFailed { partition, offset, reason, .. }
            | Event::RecordDone { partition, offset, outcome: reason } => {
                format!("{partition} @ {offset}: {reason}")
            }
            Event::DeadLettered { partition, offset, reason } => {
                format!("{partition} @ {offset}: dead-lettered {reason}")
            }
            Event::Progress { message } => message.clone().into_owned(),
            Event::Closed { .. } => "Consumer closed.".to_owned(),
            Event::Summary { tally, time } => tally.summary(*time),
            Event::Done { message }
            | Event::Info { message }
            | Event::Warning { message }
            | Event::Library { message } => message.clone(),
        }
    }

    /// The further fields of the JSON form.
    pub fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        match self {
            Event::Started { topics } => {
                fields.insert("topics".to_owned(), json!(topics));
            }
            Event::Assigned { partitions, .. }
            | Event::Revoked { partitions }
            | Event::Lost { partitions } => {
                let partitions: Vec<Value> = partitions.iter().map(partition_json).collect();
                fields.insert("partitions".to_owned(), Value::Array(partitions));
            }
            Event::EndReached { partition, .. } => {
                fields.insert("topic".to_owned(), json!(partition.topic.as_ref()));
                fields.insert("partition".to_owned(), json!(partition.partition));
            }
            Event::Committed { offsets, error } => {
                let offsets: Vec<Value> = offsets.iter().map(offset_json).collect();
                fields.insert("offsets".to_owned(), Value::Array(offsets));
                fields.insert(
                    "result".to_owned(),
                    json!(cut(error.as_deref().unwrap_or("ok"), escape::LONGEST)),
                );
                return fields;
            }
            Event::RecordFailed { partition, offset, .. }
            | Event::AttemptFailed { partition, offset, .. }
            | Event::RecordDone { partition, offset, .. }
            | Event::DeadLettered { partition, offset, .. } => {
                fields.insert("topic".to_owned(), json!(partition.topic.as_ref()));
                fields.insert("partition".to_owned(), json!(partition.partition));
                fields.insert("offset".to_owned(), json!(offset));
            }
            Event::Closed { records, dropped, tally } => {
                fields.insert("records".to_owned(), json!(records));
                fields.insert("dropped".to_owned(), json!(dropped));
                for (name, count) in tally.iter().flat_map(Tally::counts) {
                    fields.insert(name.to_owned(), json!(count));
                }
            }
            Event::Spare
            | Event::Progress { .. }
            | Event::Summary { .. }
            | Event::Done { .. }
            | Event::Info { .. }
            | Event::Warning { .. }
            | Event::Library { .. } => {}
        }
        fields.insert("message".to_owned(), json!(cut(&self.text(), escape::LONGEST)));
        fields
    }
}

/// Cuts a text for JSON to at most `longest` bytes; JSON itself escapes what has to be escaped.
pub fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = (0..=longest - '…'.len_utf8()).rev().find(|end| text.is_char_boundary(*end));
    format!("{}…", &text[..end.unwrap_or(0)])
}

fn partition_json(partition: &TopicPartition) -> Value {
    json!({"topic": partition.topic.as_ref(), "partition": partition.partition})
}

fn offset_json((partition, offset): &(TopicPartition, i64)) -> Value {
    json!({"topic": partition.topic.as_ref(), "partition": partition.partition, "offset": offset})
}

/// Partitions by topic, as in `tasks [0, 1], orders [2]`.
pub fn by_topic(partitions: &[TopicPartition]) -> String {
    let mut sorted = partitions.to_vec();
    sorted.sort();
    let mut text = String::new();
    let mut topic = None;
    for TopicPartition { topic: name, partition } in &sorted {
        if topic == Some(name) {
            text.push_str(", ");
        } else {
            text.push_str(if text.is_empty() { "" } else { "], " });
            text.push_str(name);
            text.push_str(" [");
            topic = Some(name);
        }
        text.push_str(&partition.to_string());
    }
    text.push_str(if text.is_empty() { "(none)" } else { "]" });
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn partition(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition { topic: Arc::from(topic), partition }
    }

    #[test]
    fn partitions_are_grouped_by_topic() {
        let partitions = [partition("b", 2), partition("a", 1), partition("a", 0)];
        assert_eq!(by_topic(&partitions), "a [0, 1], b [2]");
        assert_eq!(by_topic(&[]), "(none)");
    }
}
