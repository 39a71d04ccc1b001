//! Deliveries for tests of the loop: what is printed is kept, and handlers do what the test says.

use super::Delivery;
use super::handle::{DeadLetterTopic, Delivered, FailureHeaders, Handlers, Pool, SendForm};
use super::writer::{Unwritable, Writer};
use crate::alarm::Alarm;
use crate::decode::Schemas;
use crate::error::{Failure, Kind};
use crate::handlers::{Attempt, Done, Outcome, Printed};
use crate::kafka::Trouble;
use crate::record::OwnedRecord;
use crate::settings::Consume;
use nix::sys::signal::Signal;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What was written to stdout.
#[derive(Clone, Default)]
pub struct Stdout(Arc<Mutex<Vec<u8>>>);

impl Stdout {
    /// The whole lines written since this was last asked.
    pub fn take_lines(&self) -> Vec<String> {
        let mut bytes = self.0.lock().expect("the writer does not panic");
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let taken: Vec<u8> = bytes.drain(..end).collect();
        String::from_utf8_lossy(&taken).lines().map(str::to_owned).collect()
    }
}

/// What handlers are at, and what becomes of it.
#[derive(Default)]
pub struct Script {
    /// How many attempts may be at work at once.
    pub parallel: usize,
    /// At work, the oldest first.
    pub attempts: Vec<Attempt>,
    /// Attempts that were ended by a signal.
    pub killed: Vec<u64>,
    /// Records that were sent to the dead-letter topic and are not acknowledged.
    pub dead_letters: Vec<(u64, Arc<OwnedRecord>)>,
    done: VecDeque<Done>,
    delivered: VecDeque<Delivered>,
}

impl Script {
    /// Handlers that have nothing to do; so many may be at work at once.
    pub fn new(parallel: usize) -> SharedScript {
        Rc::new(RefCell::new(Script { parallel, ..Script::default() }))
    }

    /// Ends an attempt.
    pub fn answer(&mut self, index: usize, outcome: Outcome) -> Attempt {
        let attempt = self.attempts.remove(index);
        self.done.push_back(Done { ticket: attempt.ticket, outcome, output: Printed::default() });
        attempt
    }

    /// Acknowledges a dead letter, or refuses it.
    pub fn answer_dead_letter(&mut self, result: Result<(), Trouble>) -> Arc<OwnedRecord> {
        let (ticket, record) = self.dead_letters.remove(0);
        self.delivered.push_back(Delivered { ticket, result, form: SendForm::Batched });
        record
    }
}

/// The script of one run.
pub type SharedScript = Rc<RefCell<Script>>;

struct ScriptedPool(SharedScript);

impl Pool for ScriptedPool {
    fn room(&self) -> usize {
        let script = self.0.borrow();
        script.parallel.saturating_sub(script.attempts.len())
    }

    fn hand(&mut self, attempt: Attempt) {
        self.0.borrow_mut().attempts.push(attempt);
    }

    fn done(&mut self) -> Option<Done> {
        self.0.borrow_mut().done.pop_front()
    }

    fn end(&mut self, tickets: &[u64], _: Signal) {
        let mut script = self.0.borrow_mut();
        let is_meant = |attempt: &Attempt| tickets.contains(&attempt.ticket);
        while let Some(index) = script.attempts.iter().position(is_meant) {
            let attempt = script.answer(index, Outcome::Unfinished);
            script.killed.push(attempt.ticket);
        }
    }

    fn end_all(&mut self, signal: Signal) {
        let tickets: Vec<u64> = self.0.borrow().attempts.iter().map(|attempt| attempt.ticket).collect();
        self.end(&tickets, signal);
    }
}

struct ScriptedTopic(SharedScript);

impl DeadLetterTopic for ScriptedTopic {
    fn dead_letter(&mut self, ticket: u64, record: Arc<OwnedRecord>, _: FailureHeaders) {
        self.0.borrow_mut().dead_letters.push((ticket, record));
    }

    fn delivery(&mut self) -> Option<Delivered> {
        self.0.borrow_mut().delivered.pop_front()
    }

    fn failure(&self, record: &OwnedRecord, trouble: &Trouble) -> Failure {
        let message = format!("{}: the dead-letter topic did not accept it", record.place());
        Failure::new(Kind::Record, message).caused_by(trouble.told())
    }

    fn news(&self) -> (Vec<String>, Option<Trouble>) {
        (Vec::new(), None)
    }
}

impl<'a> Delivery<'a> {
    /// A delivery as `settings` asks for; with a handler it follows `script`.
    pub fn scripted(
        settings: &'a Consume,
        schemas: &Schemas,
        alarm: &Alarm,
        stdout: &Stdout,
        script: &SharedScript,
        now: Instant,
    ) -> Delivery<'a> {
        let bytes = Arc::clone(&stdout.0);
        let sink = move |piece: &[u8]| -> Result<(), Unwritable> {
            bytes.lock().expect("the test does not panic here").extend_from_slice(piece);
            Ok(())
        };
        let writer = Writer::start_into(alarm.bell(), sink).expect("a thread");
        let handlers = settings.handling.as_ref().map(|handling| {
            let pool = Box::new(ScriptedPool(Rc::clone(script)));
            let topic = Box::new(ScriptedTopic(Rc::clone(script)));
            Handlers::new(settings, handling, pool, Some(topic), alarm.bell())
        });
        Delivery::new(settings, schemas, writer, handlers, alarm, now)
    }
}
