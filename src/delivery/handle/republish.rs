//! Records that are produced again: dead letters, and `--forward`.

mod producers;
mod reasons;

use crate::error::{Failure, Kind};
use crate::handlers::{Done, FailureReason, Outcome, Printed};
use crate::kafka::producer::{Outgoing, Report, SendRefusal};
use crate::kafka::{Trouble, TroubleKind};
use crate::record::OwnedRecord;
use reasons::Reasons;
use std::collections::HashMap;
use std::sync::Arc;

pub use producers::{Outlet, RunProducer};
pub use reasons::FailureHeaders;

/// Produces records to one topic.
pub struct Republisher {
    producer: RunProducer,
    outlet: Outlet,
    topic: String,
    /// As whom we write.
    user: Option<String>,
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
        let message = format!("{}: the dead-letter topic `{}` did not accept it", record.place(), self.topic);
        Failure::new(Kind::Record, message).caused_by(trouble.told())
    }

    fn news(&self) -> (Vec<String>, Option<Trouble>) {
        Republisher::news(self)
    }
}

impl Republisher {
    /// Produces to a topic with the producer of the run; `limit`: how many records are on their way at once.
    pub fn new(
        producer: &RunProducer,
        outlet: Outlet,
        topic: &str,
        user: Option<&str>,
        limit: usize,
    ) -> Republisher {
        Republisher {
            producer: producer.clone(),
            outlet,
            topic: topic.to_owned(),
            user: user.map(str::to_owned),
            limit,
            sent: HashMap::new(),
            refused: Vec::new(),
            forbidden: None,
        }
    }

    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.sent.len())
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
        let alone = match form {
            SendForm::Batched => false,
            SendForm::Alone | SendForm::WithoutText => true,
        };
        if let Err(refusal) = self.producer.send(self.outlet, ticket, alone, &outgoing) {
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
            let report = self.refused.pop().or_else(|| self.producer.report(self.outlet))?;
            let Report { ticket, result, is_too_large } = report;
            let Some(mut sent) = self.sent.remove(&ticket) else { continue };
            let next = match sent.form {
                SendForm::Batched => Some(SendForm::Alone),
                SendForm::Alone if sent.failure_headers.is_some() => Some(SendForm::WithoutText),
                SendForm::Alone | SendForm::WithoutText => None,
            };
            match next.filter(|_| is_too_large && self.producer.can_send_alone()) {
                Some(form) => {
                    sent.form = form;
                    self.send(ticket, sent);
                }
                None => return Some(Delivered { ticket, result, form: sent.form }),
            }
        }
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
                let what = format!("`{}` did not accept it: {}", self.topic, trouble.told());
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
        self.producer.news()
    }

    fn no_right(&self) -> Failure {
        let who = self.user.as_ref().map_or_else(String::new, |user| format!(" for user `{user}`"));
        Failure::new(Kind::Connection, format!("no right to write topic `{}`{who}", self.topic))
            .hint("ask for WRITE and DESCRIBE on the topic")
    }
}
