//! Records that are produced again: dead letters, and `--forward`.

use crate::alarm::Alarm;
use crate::error::{Failure, Kind};
use crate::handlers::{Done, Outcome, Printed, Reason};
use crate::kafka::producer::{Outgoing, Producer, Refusal, Report};
use crate::kafka::{ClientEvent, Trouble, TroubleKind};
use crate::pipeline::mistakes;
use crate::record::OwnedRecord;
use crate::secrets;
use crate::settings::Connection;

/// Headers of ours start with this; they tell why a record is a dead letter.
const PREFIX: &str = "kcons.";

/// A producer for one topic.
pub struct Letters {
    producer: Producer,
    topic: String,
    /// Records on their way at once.
    limit: usize,
    /// What was refused on the spot.
    refused: Vec<Report>,
    /// Who writes, for messages.
    user: Option<String>,
    /// The topic is not ours to write.
    forbidden: Option<Failure>,
}

/// Why a record is a dead letter.
pub struct Notice<'a> {
    /// What went wrong, with the last of the handler's stderr.
    pub error: String,
    pub attempts: u32,
    pub group: Option<&'a str>,
}

impl Letters {
    /// Makes the producer; it connects in the background.
    ///
    /// # Errors
    /// Properties that do not fit together for a producer.
    pub fn open(
        connection: &Connection,
        topic: &str,
        limit: usize,
        alarm: &Alarm,
    ) -> Result<Letters, Failure> {
        let (properties, tokens) = (connection.for_producer(), connection.tokens.as_ref());
        let producer = Producer::open(&properties, tokens, false, alarm)
            .map_err(|words| mistakes::unfit(&secrets::hide(words, &connection.hidden)))?;
        let user = connection.user.clone();
        Ok(Letters { producer, topic: topic.to_owned(), limit, refused: Vec::new(), user, forbidden: None })
    }

    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.producer.in_flight() + self.refused.len())
    }

    /// Produces a record as it is, less the headers that made it a dead letter.
    pub fn forward(&mut self, ticket: u64, record: &OwnedRecord) {
        let headers = record.headers();
        let headers = headers.iter().filter(|header| !header.name.starts_with(PREFIX.as_bytes()));
        let headers: Vec<_> = headers.map(|header| (header.name, header.value)).collect();
        self.send(ticket, record, &headers);
    }

    /// Produces a record with headers that say what went wrong with it.
    pub fn bury(&mut self, ticket: u64, record: &OwnedRecord, notice: &Notice<'_>) {
        let attempts = notice.attempts.to_string();
        let (partition, offset) = (record.partition.partition.to_string(), record.offset.to_string());
        let timestamp = record.timestamp.map(|timestamp| timestamp.to_string());
        let reasons: [(&str, Option<&str>); 7] = [
            ("kcons.error", Some(&notice.error)),
            ("kcons.attempts", Some(&attempts)),
            ("kcons.topic", Some(&record.partition.topic)),
            ("kcons.partition", Some(&partition)),
            ("kcons.offset", Some(&offset)),
            ("kcons.timestamp", timestamp.as_deref()),
            ("kcons.group", notice.group),
        ];
        let own = record.headers();
        let mut headers: Vec<(&[u8], Option<&[u8]>)> =
            own.iter().map(|header| (header.name, header.value)).collect();
        let known = reasons.iter().filter(|(_, value)| value.is_some());
        headers.extend(known.map(|(name, value)| (name.as_bytes(), value.map(str::as_bytes))));
        self.send(ticket, record, &headers);
    }

    fn send(&mut self, ticket: u64, record: &OwnedRecord, headers: &[(&[u8], Option<&[u8]>)]) {
        let outgoing = Outgoing { topic: &self.topic, key: record.key(), value: record.value(), headers };
        if let Err(refusal) = self.producer.send(ticket, &outgoing) {
            let trouble = match refusal {
                Refusal::Full => Trouble {
                    kind: TroubleKind::Transport,
                    reason: "the producer's queue is full".to_owned(),
                },
                Refusal::Failed(trouble) => trouble,
            };
            self.refused.push(Report { ticket, result: Err(trouble) });
        }
    }

    /// The next record that was acknowledged, or was not.
    pub fn report(&mut self) -> Option<Report> {
        self.refused.pop().or_else(|| self.producer.report())
    }

    /// The next forwarded record, as any other handler would tell it.
    pub fn done(&mut self) -> Option<Done> {
        let Report { ticket, result } = self.report()?;
        let outcome = match result {
            Ok(()) => Outcome::Accepted,
            // No record is at fault: whatever the policy, none of them is given up.
            Err(trouble) if trouble.kind == TroubleKind::TopicAuthorization => {
                self.forbidden = Some(self.no_right());
                Outcome::Unfinished
            }
            Err(trouble) => {
                let what = format!("`{}` did not take it: {}", self.topic, trouble.reason);
                Outcome::Failed(Reason::of(what))
            }
        };
        Some(Done { ticket, outcome, output: Printed::default() })
    }

    /// The failure that ends a run whose records may not be forwarded; once.
    pub fn forbidden(&mut self) -> Option<Failure> {
        self.forbidden.take()
    }

    /// What the client tells of itself: its log, and what broke it for good.
    pub fn news(&self) -> (Vec<String>, Option<Trouble>) {
        let mut lines = Vec::new();
        while let Some(event) = self.producer.event() {
            // Troubles come back with the records.
            if let ClientEvent::Log(line) = event {
                lines.push(line);
            }
        }
        (lines, self.producer.fatal_error())
    }

    /// The failure that ends a run whose dead letters are not taken.
    pub fn failure(&self, record: &OwnedRecord, trouble: &Trouble) -> Failure {
        if trouble.kind == TroubleKind::TopicAuthorization {
            return self.no_right();
        }
        let message = format!("{}: the dead-letter topic `{}` did not take it", record.place(), self.topic);
        Failure::new(Kind::Record, message).caused_by(trouble.reason.clone())
    }

    fn no_right(&self) -> Failure {
        let who = self.user.as_ref().map_or_else(String::new, |user| format!(" for user `{user}`"));
        Failure::new(Kind::Connection, format!("no right to write topic `{}`{who}", self.topic))
            .hint("ask for WRITE and DESCRIBE on the topic")
    }
}
