//! Fetches schemas one after the other: when which one is asked for, and when it is given up for now.

use super::answer::{Reference, SchemaAnswer, SchemaKind};
use super::outage::RegistryOutage;
use super::references::{self, ReferenceFault, Referenced};
use crate::decode::{Messages, RegisteredSchema, Schema, SchemaForm, SchemaId, SchemaSlot, UnionNames};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long records wait for a schema, all tries together.
const LIMIT: Duration = Duration::from_secs(10);

/// A question that had to wait longer behind others is tried for so long, unless the registry is silent.
const LEAST_TRY: Duration = Duration::from_secs(1);

/// Pauses between the tries of a question, which grow by two.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Pauses between questions for a schema that could not be had, which grow by two.
const FIRST_ABSENCE: Duration = Duration::from_secs(1);
const LONGEST_ABSENCE: Duration = Duration::from_secs(60);

/// How long a later question may take, and each one to a registry that has been given up: others may wait behind it.
const LATER_TRY: Duration = Duration::from_secs(5);

/// So many references are kept.
const MOST_VERSIONS: usize = 1_000;

/// Asks a registry.
pub trait Asker {
    /// Gets what stands at a path, before `until`.
    fn get(&mut self, path: &str, until: Instant) -> Result<Vec<u8>, FetchFault>;

    fn now(&self) -> Instant;
}

/// Why there is no schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchFault {
    /// The registry has none by this name.
    Unknown,
    /// Nothing stands at this path: another kind of registry, or none.
    NoSuchPath(String),
    /// The registry is away, whatever it is asked: nothing listens, it is silent, or its proxy says so.
    Away {
        words: String,
        wait: Option<Duration>,
    },
    /// It may pass by itself.
    Passing {
        words: String,
        /// How long the registry asks to be left alone.
        wait: Option<Duration>,
    },
    Lasting(String),
}

/// Somebody needs a schema.
#[derive(Debug)]
pub struct SchemaQuestion {
    pub id: SchemaId,
    pub slot: Arc<SchemaSlot>,
}

/// Asks for schemas, each when it is due.
pub struct Fetcher<A, R> {
    asker: A,
    names: UnionNames,
    /// Wakes those who wait for a schema.
    ring: R,
    pending: Vec<Pending>,
    /// Schemas that others refer to, by subject and version.
    versions: BTreeMap<(String, String), Arc<SchemaAnswer>>,
    outage: RegistryOutage,
}

struct Pending {
    question: SchemaQuestion,
    due: Instant,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Records wait for the answer.
    Awaited { since: Instant, pause: Duration },
    /// It could not be had and is asked for again, if somebody misses it.
    Missing { pause: Duration },
}

impl<A: Asker, R: Fn()> Fetcher<A, R> {
    pub fn new(asker: A, names: UnionNames, ring: R) -> Fetcher<A, R> {
        Fetcher {
            asker,
            names,
            ring,
            pending: Vec::new(),
            versions: BTreeMap::new(),
            outage: RegistryOutage::default(),
        }
    }

    /// Answers questions until nobody can ask any more.
    pub fn run(mut self, questions: &Receiver<SchemaQuestion>) {
        loop {
            while let Ok(question) = questions.try_recv() {
                self.take(question);
            }
            let received = match self.step() {
                None => questions.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => questions.recv_timeout(due.saturating_duration_since(self.asker.now())),
            };
            match received {
                Ok(question) => self.take(question),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take(&mut self, question: SchemaQuestion) {
        let due = self.asker.now();
        let stage = Stage::Awaited { since: due, pause: FIRST_PAUSE };
        self.pending.push(Pending { question, due, stage });
    }

    /// Asks for what is due first, if it is due, and of several for one that records wait for; returns when the next
    /// is due.
    fn step(&mut self) -> Option<Instant> {
        let now = self.asker.now();
        let urgency = |pending: &Pending| {
            let is_missing = matches!(pending.stage, Stage::Missing { .. });
            (pending.due.max(now), is_missing, pending.due)
        };
        let first = (0..self.pending.len()).min_by_key(|index| urgency(&self.pending[*index]))?;
        if self.pending[first].due <= now {
            let Pending { question, stage, .. } = self.pending.remove(first);
            match stage {
                Stage::Awaited { since, pause } => self.try_awaited(question, since, pause),
                Stage::Missing { pause } => self.try_missing(question, pause),
            }
        }
        self.pending.iter().map(|pending| pending.due).min()
    }

    fn try_awaited(&mut self, question: SchemaQuestion, since: Instant, pause: Duration) {
        let (now, deadline) = (self.asker.now(), since + LIMIT);
        if let Some(fault) = self.outage.shared(now) {
            return self.miss(question, &fault, FIRST_ABSENCE);
        }
        if let Some(fault) = self.outage.last_fault().cloned().filter(|_| now >= deadline) {
            return self.give_up(question, since, &fault);
        }
        let is_given_up = self.outage.is_given_up(now);
        let until = if is_given_up { now + LATER_TRY } else { deadline.max(now + LEAST_TRY) };
        let fault = match self.fetch(question.id, until) {
            Ok(schema) => {
                question.slot.fill(schema);
                return (self.ring)();
            }
            Err(fault) => fault,
        };
        match &fault {
            FetchFault::Away { wait, .. } | FetchFault::Passing { wait, .. } => {
                let due = self.asker.now() + wait.unwrap_or(pause).max(pause);
                if due < deadline && !is_given_up {
                    let stage = Stage::Awaited { since, pause: (pause * 2).min(LONGEST_PAUSE) };
                    return self.pending.push(Pending { question, due, stage });
                }
                self.give_up(question, since, &fault);
            }
            FetchFault::Unknown | FetchFault::NoSuchPath(_) | FetchFault::Lasting(_) => {
                self.miss(question, &fault, FIRST_ABSENCE);
            }
        }
    }

    fn try_missing(&mut self, question: SchemaQuestion, pause: Duration) {
        if !question.slot.take_missed() {
            // Nobody else knows a slot that was forgotten.
            if Arc::strong_count(&question.slot) > 1 {
                let due = self.asker.now() + pause;
                self.pending.push(Pending { question, due, stage: Stage::Missing { pause } });
            }
            return;
        }
        let until = self.asker.now() + LATER_TRY;
        match self.fetch(question.id, until) {
            Ok(schema) => {
                question.slot.fill(schema);
                (self.ring)();
            }
            Err(fault) => {
                self.miss(question, &fault, (pause * 2).min(LONGEST_ABSENCE));
                self.share_outage();
            }
        }
    }

    /// Gives a schema up that nobody answered for, and with it all others if the registry is away.
    fn give_up(&mut self, question: SchemaQuestion, since: Instant, fault: &FetchFault) {
        self.outage.give_up(since, self.asker.now());
        self.miss(question, fault, FIRST_ABSENCE);
        self.share_outage();
    }

    /// Of a registry that is away nothing is asked until it is due: all others share the fault.
    fn share_outage(&mut self) {
        let now = self.asker.now();
        let (Some(fault), Some(again)) = (self.outage.shared(now), self.outage.again(now)) else { return };
        for pending in std::mem::take(&mut self.pending) {
            match pending.stage {
                Stage::Awaited { .. } => self.miss(pending.question, &fault, FIRST_ABSENCE),
                Stage::Missing { .. } => {
                    self.pending.push(Pending { due: pending.due.max(again), ..pending });
                }
            }
        }
    }

    /// Gives a schema up for now.
    fn miss(&mut self, question: SchemaQuestion, fault: &FetchFault, pause: Duration) {
        let id = question.id;
        match fault {
            FetchFault::Unknown => question.slot.fail_unknown(id),
            // Registries without GUIDs have no such path.
            FetchFault::NoSuchPath(_) if matches!(id, SchemaId::Global(_)) => {
                question.slot.fail_unknown(id);
            }
            FetchFault::NoSuchPath(words)
            | FetchFault::Away { words, .. }
            | FetchFault::Passing { words, .. }
            | FetchFault::Lasting(words) => {
                question.slot.fail(&format!("schema {id} cannot be had: {words}"));
            }
        }
        let now = self.asker.now();
        // As soon as the registry is back, all are asked for that it could not answer for.
        let (due, pause) = match self.outage.again(now) {
            Some(again) => (again, FIRST_ABSENCE),
            None => (now + pause, pause),
        };
        self.pending.push(Pending { question, due, stage: Stage::Missing { pause } });
        (self.ring)();
    }

    fn fetch(&mut self, id: SchemaId, until: Instant) -> Result<RegisteredSchema, FetchFault> {
        let path = match id {
            SchemaId::Number(number) => format!("/schemas/ids/{number}"),
            SchemaId::Global(_) => format!("/schemas/guids/{id}"),
        };
        let answer = self.answer(&path, until)?;
        let collected = references::collect(&answer, &mut |reference| self.version(reference, until));
        let number = match id {
            SchemaId::Number(number) => Some(number),
            SchemaId::Global(_) => answer.number,
        };
        let form = match collected {
            Ok(references) => form(&answer, &references, self.names),
            Err(ReferenceFault::TooMany) => SchemaForm::Unusable("it has too many references".to_owned()),
            Err(ReferenceFault::Failed(fault)) => return Err(fault),
        };
        Ok(RegisteredSchema { number, form })
    }

    fn answer(&mut self, path: &str, until: Instant) -> Result<SchemaAnswer, FetchFault> {
        let answered = self.asker.get(path, until).and_then(|body| {
            let words = "the answer to `GET ".to_owned() + path + "` is no schema";
            SchemaAnswer::parse(&body).ok_or(FetchFault::Passing { words, wait: None })
        });
        let now = self.asker.now();
        match &answered {
            Err(fault @ (FetchFault::Away { .. } | FetchFault::Passing { .. })) => {
                self.outage.failed(fault, now);
            }
            Ok(_) | Err(FetchFault::Unknown | FetchFault::NoSuchPath(_) | FetchFault::Lasting(_)) => {
                self.outage.answered(now);
            }
        }
        answered
    }

    /// A schema that another one refers to.
    fn version(&mut self, reference: &Reference, until: Instant) -> Result<Arc<SchemaAnswer>, FetchFault> {
        let Reference { subject, version, .. } = reference;
        let place = (subject.clone(), version.clone());
        if let Some(known) = self.versions.get(&place) {
            return Ok(Arc::clone(known));
        }
        let path = format!("/subjects/{}/versions/{}", escaped(subject), escaped(version));
        // A schema that was deleted is still referred to. Not every registry knows the parameter.
        let asked = match self.answer(&format!("{path}?deleted=true"), until) {
            Err(FetchFault::Unknown | FetchFault::NoSuchPath(_)) => self.answer(&path, until),
            other => other,
        };
        let answer = asked.map_err(|fault| match fault {
            FetchFault::Unknown | FetchFault::NoSuchPath(_) => FetchFault::Lasting(format!(
                "version {version} of `{subject}`, to which it refers, is not in the registry"
            )),
            fault @ (FetchFault::Away { .. } | FetchFault::Passing { .. } | FetchFault::Lasting(_)) => fault,
        })?;
        if self.versions.len() >= MOST_VERSIONS {
            self.versions.clear();
        }
        let answer = Arc::new(answer);
        self.versions.insert(place, Arc::clone(&answer));
        Ok(answer)
    }
}

fn form(answer: &SchemaAnswer, references: &[Referenced], names: UnionNames) -> SchemaForm {
    let read = match &answer.kind {
        SchemaKind::Avro => {
            let texts = references.iter().filter(|one| !one.is_again).map(|one| one.answer.text.as_str());
            Schema::parse(&answer.text, &texts.collect::<Vec<_>>(), names).map(SchemaForm::Avro)
        }
        SchemaKind::Protobuf => {
            let imports = references.iter().map(|one| (one.name.as_str(), one.answer.text.as_str()));
            Messages::of_schema(&answer.text, &imports.collect::<Vec<_>>()).map(SchemaForm::Protobuf)
        }
        SchemaKind::Json => Ok(SchemaForm::Json),
        SchemaKind::Other(kind) => Err(format!("its type `{kind}` is not known")),
    };
    read.unwrap_or_else(SchemaForm::Unusable)
}

/// Writes a name as a part of a path.
fn escaped(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => path.push(char::from(byte)),
            byte => write!(path, "%{byte:02X}").expect("a string takes every text"),
        }
    }
    path
}

#[cfg(test)]
mod tests;
