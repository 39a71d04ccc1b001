//! Records that are produced again: dead letters, and `--forward`.

mod reasons;

use crate::alarm::Alarm;
use crate::error::{Failure, Kind};
use crate::handlers::{Done, FailureReason, Outcome, Printed};
use crate::kafka::producer::{Outgoing, Producer, Report, SendRefusal};
use crate::kafka::{ClientEvent, Trouble, TroubleKind};
use crate::reachability::explain;
use crate::record::OwnedRecord;
use crate::secrets;
use crate::settings::Connection;
use reasons::Reasons;
use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::Arc;

pub use reasons::FailureHeaders;

/// Unless a record is alone, the topic may refuse it for the sake of others that are sent with it.
const ALONE: (&str, &str) = ("batch.num.messages", "1");

/// A producer for one topic.
pub struct Republisher {
    producer: Producer,
    /// For what was refused as too large in a batch; made when that happens first.
    alone: Option<Producer>,
    connection: Connection,
    alarm: RawFd,
    topic: String,
    /// Records on their way at once.
    limit: usize,
    sent: HashMap<u64, Sent>,
    /// What was refused on the spot.
    refused: Vec<Report>,
    /// The topic is not ours to write.
    forbidden: Option<Failure>,
}

/// A record on its way.
struct Sent {
    record: Arc<OwnedRecord>,
    /// What made the record a dead letter; absent for one that is forwarded.
    failure_headers: Option<FailureHeaders>,
    form: SendForm,
}

/// How a record is sent: each time that it is too large in the next way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendForm {
    Batched,
    Alone,
    /// A dead letter that is only taken without the text of its error.
    WithoutText,
}

/// What became of a record that was sent.
pub struct Delivered {
    pub ticket: u64,
    pub result: Result<(), Trouble>,
    pub form: SendForm,
}

/// Takes records whose attempts are used up.
pub trait DeadLetterTopic {
    /// Produces a record with headers that say what went wrong with it.
    fn dead_letter(&mut self, ticket: u64, record: Arc<OwnedRecord>, headers: FailureHeaders);
    /// The next record that was acknowledged, or was not.
    fn delivery(&mut self) -> Option<Delivered>;
    /// The failure that ends a run whose dead letters are not taken.
    fn failure(&self, record: &OwnedRecord, trouble: &Trouble) -> Failure;
    /// What the client tells of itself: its log, and what broke it for good.
    fn news(&self) -> (Vec<String>, Option<Trouble>);
}

impl DeadLetterTopic for Republisher {
    fn dead_letter(&mut self, ticket: u64, record: Arc<OwnedRecord>, headers: FailureHeaders) {
        self.send(ticket, Sent { record, failure_headers: Some(headers), form: SendForm::Batched });
    }

    fn delivery(&mut self) -> Option<Delivered> {
        Republisher::delivery(self)
    }

    fn failure(&self, record: &OwnedRecord, trouble: &Trouble) -> Failure {
        if trouble.kind == TroubleKind::TopicAuthorization {
            return self.no_right();
        }
        let message = format!("{}: the dead-letter topic `{}` did not take it", record.place(), self.topic);
        Failure::new(Kind::Record, message).caused_by(trouble.told())
    }

    fn news(&self) -> (Vec<String>, Option<Trouble>) {
        Republisher::news(self)
    }
}

impl Republisher {
    /// Makes the producer; it connects in the background.
    ///
    /// # Errors
    /// Properties that do not fit together for a producer.
    pub fn open(
        connection: &Connection,
        topic: &str,
        limit: usize,
        alarm: &Alarm,
    ) -> Result<Republisher, Failure> {
        let alarm = alarm.descriptor();
        Ok(Republisher {
            producer: producer(connection, alarm, None)?,
            alone: None,
            connection: connection.clone(),
            alarm,
            topic: topic.to_owned(),
            limit,
            sent: HashMap::new(),
            refused: Vec::new(),
            forbidden: None,
        })
    }

    pub fn room(&self) -> usize {
        let alone = self.alone.as_ref().map_or(0, Producer::in_flight);
        self.limit.saturating_sub(self.producer.in_flight() + alone + self.refused.len())
    }

    /// Produces a record as it is, less the headers that made it a dead letter.
    pub fn forward(&mut self, ticket: u64, record: Arc<OwnedRecord>) {
        self.send(ticket, Sent { record, failure_headers: None, form: SendForm::Batched });
    }

    fn send(&mut self, ticket: u64, sent: Sent) {
        let Sent { record, failure_headers, form } = &sent;
        let own = record.headers();
        let reasons = failure_headers.as_ref().map(|failure_headers| Reasons::of(record, failure_headers));
        let reasons = match form {
            SendForm::Batched | SendForm::Alone => reasons,
            SendForm::WithoutText => reasons.map(Reasons::without_text),
        };
        let headers = match &reasons {
            Some(reasons) => reasons.with(&own),
            None => reasons::without(&own),
        };
        let outgoing =
            Outgoing { topic: &self.topic, key: record.key(), value: record.value(), headers: &headers };
        let producer = match form {
            SendForm::Batched => &self.producer,
            SendForm::Alone | SendForm::WithoutText => self.alone.as_ref().unwrap_or(&self.producer),
        };
        if let Err(refusal) = producer.send(ticket, &outgoing) {
            let trouble = match refusal {
                SendRefusal::Full => Trouble {
                    kind: TroubleKind::Transport,
                    reason: "the producer's queue is full".to_owned(),
                },
                SendRefusal::Failed(trouble) => trouble,
            };
            self.refused.push(Report { ticket, result: Err(trouble), is_too_large: false });
        }
        self.sent.insert(ticket, sent);
    }

    /// The next record that was acknowledged, or was not. One that is too large is sent again first: alone, and a dead
    /// letter then without the text of its error.
    pub fn delivery(&mut self) -> Option<Delivered> {
        loop {
            let report = self.refused.pop().or_else(|| self.producer.report());
            let report = report.or_else(|| self.alone.as_ref()?.report())?;
            let Report { ticket, result, is_too_large } = report;
            let Some(mut sent) = self.sent.remove(&ticket) else { continue };
            let next = match sent.form {
                SendForm::Batched => Some(SendForm::Alone),
                SendForm::Alone if sent.failure_headers.is_some() => Some(SendForm::WithoutText),
                SendForm::Alone | SendForm::WithoutText => None,
            };
            match next.filter(|_| is_too_large && self.can_send_alone()) {
                Some(form) => {
                    sent.form = form;
                    self.send(ticket, sent);
                }
                None => return Some(Delivered { ticket, result, form: sent.form }),
            }
        }
    }

    fn can_send_alone(&mut self) -> bool {
        if self.alone.is_none() {
            self.alone = producer(&self.connection, self.alarm, Some(ALONE)).ok();
        }
        self.alone.is_some()
    }

    /// The next forwarded record, as any other handler would tell it.
    pub fn done(&mut self) -> Option<Done> {
        let Delivered { ticket, result, .. } = self.delivery()?;
        let outcome = match result {
            Ok(()) => Outcome::Accepted,
            // No record is at fault: whatever the policy, none of them is given up.
            Err(trouble) if trouble.kind == TroubleKind::TopicAuthorization => {
                self.forbidden = Some(self.no_right());
                Outcome::Unfinished
            }
            Err(trouble) => {
                let what = format!("`{}` did not take it: {}", self.topic, trouble.told());
                Outcome::Failed(FailureReason::of(what))
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
        let producers = || [&self.producer].into_iter().chain(&self.alone);
        for producer in producers() {
            while let Some(event) = producer.event() {
                // Troubles come back with the records.
                if let ClientEvent::Log(line) = event {
                    lines.push(line);
                }
            }
        }
        (lines, producers().find_map(Producer::fatal_error))
    }

    fn no_right(&self) -> Failure {
        let who =
            self.connection.user.as_ref().map_or_else(String::new, |user| format!(" for user `{user}`"));
        Failure::new(Kind::Connection, format!("no right to write topic `{}`{who}", self.topic))
            .hint("ask for WRITE and DESCRIBE on the topic")
    }
}

fn producer(connection: &Connection, alarm: RawFd, more: Option<(&str, &str)>) -> Result<Producer, Failure> {
    let mut properties = connection.for_producer();
    properties.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Producer::open(&properties, connection.tokens.as_ref(), false, alarm)
        .map_err(|words| explain::unfit(&secrets::hide(words, &connection.hidden)))
}
