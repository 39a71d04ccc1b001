//! The producer of a run: all that a run produces goes through it.

use crate::error::Failure;
use crate::kafka::producer::{Outgoing, Producer, Report, SendRefusal};
use crate::kafka::{ClientEvent, Trouble};
use crate::reachability::explain;
use crate::secrets;
use crate::settings::Connection;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::time::Duration;

/// Unless a record is alone, the topic may refuse it for the sake of others that are sent with it.
const ALONE: (&str, &str) = ("batch.num.messages", "1");

/// What a run produces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlet {
    Forwarded,
    DeadLetters,
}

/// The producer of a run, shared by its outlets.
#[derive(Clone)]
pub struct RunProducer(Rc<RefCell<Producers>>);

struct Producers {
    batched: Producer,
    /// For what was refused as too large in a batch; made when that happens first.
    alone: Option<Producer>,
    connection: Connection,
    alarm: RawFd,
    /// Topics whose records have their own time to be acknowledged.
    limits: Vec<(String, Option<Duration>)>,
    forwarded: VecDeque<Report>,
    dead_letters: VecDeque<Report>,
}

impl RunProducer {
    /// Makes the producer; it connects in the background and rings the alarm with this descriptor.
    ///
    /// # Errors
    /// Properties that do not fit together for a producer.
    pub fn open(connection: &Connection, alarm: RawFd) -> Result<RunProducer, Failure> {
        Ok(RunProducer(Rc::new(RefCell::new(Producers {
            batched: open(connection, alarm, None)?,
            alone: None,
            connection: connection.clone(),
            alarm,
            limits: Vec::new(),
            forwarded: VecDeque::new(),
            dead_letters: VecDeque::new(),
        }))))
    }

    /// Gives records of one topic so long to be acknowledged, without an end if that is `None`. Before the first of them.
    ///
    /// # Errors
    /// The limit does not fit the other properties.
    pub fn limit_time(&self, topic: &str, limit: Option<Duration>) -> Result<(), Failure> {
        let mut producers = self.0.borrow_mut();
        limit_time(&producers.batched, topic, limit)
            .map_err(|words| explain::unfit(&secrets::hide(words, &producers.connection.hidden)))?;
        producers.limits.push((topic.to_owned(), limit));
        Ok(())
    }

    /// Hands a record over, `alone` or with others; its ticket comes back to the outlet.
    ///
    /// # Errors
    /// The record was not taken, and no report will come.
    pub fn send(
        &self,
        outlet: Outlet,
        ticket: u64,
        alone: bool,
        outgoing: &Outgoing<'_>,
    ) -> Result<(), SendRefusal> {
        let producers = self.0.borrow();
        let producer = producers.alone.as_ref().filter(|_| alone).unwrap_or(&producers.batched);
        let mark = match outlet {
            Outlet::Forwarded => 0,
            Outlet::DeadLetters => 1,
        };
        producer.send(ticket << 1 | mark, outgoing)
    }

    /// The next report on a record of this outlet.
    pub fn report(&self, outlet: Outlet) -> Option<Report> {
        let mut producers = self.0.borrow_mut();
        let Producers { batched, alone, forwarded, dead_letters, .. } = &mut *producers;
        while let Some(report) = batched.report().or_else(|| alone.as_ref()?.report()) {
            let reports = if report.ticket & 1 == 0 { &mut *forwarded } else { &mut *dead_letters };
            reports.push_back(Report { ticket: report.ticket >> 1, ..report });
        }
        match outlet {
            Outlet::Forwarded => forwarded.pop_front(),
            Outlet::DeadLetters => dead_letters.pop_front(),
        }
    }

    /// Whether records can be sent alone from now on.
    pub fn can_send_alone(&self) -> bool {
        let mut producers = self.0.borrow_mut();
        if producers.alone.is_none() {
            producers.alone = producers.open_alone();
        }
        producers.alone.is_some()
    }

    /// What the client tells of itself: its log, and what broke it for good.
    pub fn news(&self) -> (Vec<String>, Option<Trouble>) {
        let producers = self.0.borrow();
        let all = || [&producers.batched].into_iter().chain(&producers.alone);
        let mut lines = Vec::new();
        for producer in all() {
            while let Some(event) = producer.event() {
                // Troubles come back with the records.
                if let ClientEvent::Log(line) = event {
                    lines.push(line);
                }
            }
        }
        (lines, all().find_map(Producer::fatal_error))
    }
}

impl Producers {
    fn open_alone(&self) -> Option<Producer> {
        let producer = open(&self.connection, self.alarm, Some(ALONE)).ok()?;
        for (topic, limit) in &self.limits {
            limit_time(&producer, topic, *limit).ok()?;
        }
        Some(producer)
    }
}

fn open(connection: &Connection, alarm: RawFd, more: Option<(&str, &str)>) -> Result<Producer, Failure> {
    let mut properties = connection.for_producer();
    properties.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Producer::open(&properties, connection.tokens.as_ref(), false, alarm)
        .map_err(|words| explain::unfit(&secrets::hide(words, &connection.hidden)))
}

fn limit_time(producer: &Producer, topic: &str, limit: Option<Duration>) -> Result<(), String> {
    // 0 is none, there as here.
    producer.limit_time(topic, limit.map_or(0, |limit| limit.as_millis()))
}
