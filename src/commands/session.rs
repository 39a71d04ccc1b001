//! A connection for commands that ask: each question has an answer, a failure in words, or is given up.

use crate::alarm::Alarm;
use crate::delivery::{self, Unwritable};
use crate::error::{Failure, Kind};
use crate::handlers::reap_orphans;
use crate::kafka::admin::{self, Unknown};
use crate::kafka::{ClientEvent, Consumer, Source, Trouble, TroubleKind};
use crate::reachability::explain::{self, FailureText};
use crate::reachability::unknown;
use crate::reachability::{Reachability, Verdict};
use crate::record::TopicPartition;
use crate::secrets;
use crate::settings::{self, Connection};
use crate::signals::Shutdown;
use crate::talk::Talk;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// The longest sleep: whatever happens, the client is served ten times a second.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// A question that failed in passing is asked again after that long.
const AGAIN: Duration = Duration::from_millis(100);

/// A connection that was there is called lost when a question has no answer for that long.
const DOUBT: Duration = Duration::from_secs(1);

/// Reasons come a moment after the deadline, or not at all.
const GRACE: Duration = Duration::from_millis(200);

/// How long the last lines on stderr may take.
pub const LAST_LINES: Duration = Duration::from_millis(500);

/// librdkafka drops the connection it started with once it knows the brokers' names, and then makes a new one at
/// most every 11 ms (`rd_kafka_connect_any`), where all are soon to be asked anyway. Known to it, but not in its
/// table of properties.
const CONNECT_AT_ONCE: [&str; 2] = ["enable.sparse.connections", "false"];

/// The properties of a client that asks.
pub fn properties(connection: &Connection) -> Vec<(String, String)> {
    let at_once = CONNECT_AT_ONCE.map(str::to_owned).into();
    connection.properties.iter().cloned().chain([at_once]).collect()
}

/// Why a command stops before its end.
pub enum Stop {
    /// A signal, or a reader of stdout that is gone: no failure.
    Asked,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

/// A client and all that is said about it.
pub struct Session {
    source: Source,
    alarm: Alarm,
    shutdown: Shutdown,
    pub talk: Talk,
    brokers: String,
    user: Option<String>,
    has_default_brokers: bool,
    brokers_setting: String,
    /// `None`: try for ever.
    limit: Option<Duration>,
    /// How long brokers of this machine are tried that refuse the connection, if not as long as others.
    refused_limit: Option<Duration>,
    reachability: Reachability,
    /// Outages are waited for.
    is_patient: bool,
}

/// Does the work of a command on a connection; then everything said is written.
///
/// # Errors
/// Whatever the work ended with.
pub fn run(
    connection: &Connection,
    (talk, world): (settings::TalkSettings, (Alarm, Shutdown)),
    work: impl FnOnce(&mut Session) -> Result<(), Stop>,
) -> Result<(), Failure> {
    let mut session = Session::open(connection, Talk::new(talk, false), world)?;
    session.talk.hide(&connection.hidden);
    for note in &connection.notes {
        session.talk.info(note.clone());
    }
    for warning in &connection.warnings {
        session.talk.warn(warning.clone(), Instant::now());
    }
    let result = work(&mut session);
    session.talk.finish(Instant::now() + LAST_LINES);
    // A client with a question under way takes its time to end, and may abort; the process ends without it.
    std::mem::forget(session);
    match result {
        Ok(()) | Err(Stop::Asked) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

impl Session {
    fn open(
        connection: &Connection,
        talk: Talk,
        (alarm, shutdown): (Alarm, Shutdown),
    ) -> Result<Session, Failure> {
        let tokens = connection.tokens.as_ref();
        let source = Source::open(&properties(connection), tokens, talk.is_library_wanted(), &alarm)
            .map_err(|words| explain::unfit(&secrets::hide(words, &connection.hidden)))?;
        let user = connection.user.clone();
        let failure_text = FailureText::new(&connection.brokers, user.as_deref(), None);
        Ok(Session {
            source,
            alarm,
            shutdown,
            talk,
            brokers: connection.brokers.clone(),
            user,
            has_default_brokers: connection.has_default_brokers(),
            brokers_setting: connection.brokers_setting(),
            limit: connection.connect_timeout,
            refused_limit: connection.refused_limit,
            reachability: Reachability::new(failure_text, None, Instant::now()),
            is_patient: false,
        })
    }

    /// Says what is going to be changed: of several clusters it may be another than somebody means.
    pub fn tell_cluster(&mut self) {
        self.talk.info(format!("cluster `{}`", self.brokers));
    }

    /// From now on an outage is waited for, and told.
    pub fn be_patient(&mut self) {
        self.is_patient = true;
        self.reachability.established();
    }

    /// How long a question may take; nothing: as long as it takes.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// Whether an outage is waited for.
    pub fn is_patient(&self) -> bool {
        self.is_patient
    }

    /// Asks on a helper thread and waits for the answer; what passes is asked again.
    ///
    /// # Errors
    /// No answer within `--connect-timeout`, an answer that refuses us, or a signal.
    pub fn ask<T: Send + 'static>(
        &mut self,
        question: impl Fn(&Arc<Consumer>) -> Result<T, Trouble> + Send + Sync + 'static,
    ) -> Result<T, Stop> {
        let question = Arc::new(question);
        let asked = Instant::now();
        let deadline = self.limit.filter(|_| !self.is_patient).map(|limit| asked + limit);
        if !self.is_patient {
            self.reachability = Reachability::new(self.failure_text(None), deadline, asked)
                .with_refused_limit(self.refused_limit);
        }
        let mut answers = self.start(&question);
        let mut again = None;
        loop {
            let now = Instant::now();
            self.serve(now)?;
            match answers.try_recv() {
                Ok(Ok(answer)) => {
                    self.answered(now);
                    return Ok(answer);
                }
                Ok(Err(trouble)) if is_passing(&trouble) => {
                    self.classify(&trouble, now)?;
                    again = Some(now + AGAIN);
                }
                Ok(Err(trouble)) => return Err(self.refused(None, &trouble).into()),
                Err(_) => {}
            }
            if again.take_if(|again| now >= *again).is_some() {
                answers = self.start(&question);
            }
            if self.shutdown.is_requested() {
                return Err(Stop::Asked);
            }
            self.lose_patience(asked, deadline, now)?;
            self.alarm.wait(LONGEST_SLEEP, false);
        }
    }

    /// Waits for something outside of Kafka, for as long as it takes.
    ///
    /// # Errors
    /// A signal.
    pub fn wait_for<T: Send + 'static>(
        &mut self,
        work: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<T, Stop> {
        let (sender, done) = mpsc::channel();
        let bell = self.alarm.bell();
        let work = move || {
            // The command may be over already.
            let _ = sender.send(work());
            bell.ring();
        };
        let started = std::thread::Builder::new().name("wait".to_owned()).spawn(work);
        started.map_err(|error| {
            Failure::new(Kind::Run, "cannot start a thread").caused_by(crate::error::reason(&error))
        })?;
        loop {
            // What goes wrong meanwhile is told by the next question.
            self.source.serve();
            while self.source.event().is_some() {}
            if let Ok(done) = done.try_recv() {
                return Ok(done);
            }
            if self.shutdown.is_requested() {
                return Err(Stop::Asked);
            }
            self.alarm.wait(LONGEST_SLEEP, false);
        }
    }

    /// The failure for a trouble that an answer told, about a group or not.
    pub fn refused(&self, group: Option<&str>, trouble: &Trouble) -> Failure {
        let failure = self.failure_text(group).failure(trouble);
        match trouble.kind {
            TroubleKind::GroupAuthorization => {
                failure.hint("ask for DESCRIBE on the group, and READ or DELETE to change it")
            }
            TroubleKind::Unsupported => failure.hint(
                "the broker of `kcons demo --serve` has no group commands, and an old Kafka may lack some: try a \
                 current Kafka",
            ),
            _ => failure,
        }
    }

    fn failure_text(&self, group: Option<&str>) -> FailureText {
        FailureText::new(&self.brokers, self.user.as_deref(), group)
            .by_default(self.has_default_brokers)
            .set_by(self.brokers_setting.clone())
    }

    /// The failure for a topic that may not be described.
    pub fn forbidden_topic(&self, topic: &str) -> Failure {
        self.failure_text(None).forbidden_topic(topic)
    }

    /// Fails if something is not known of these partitions, naming them and their leaders.
    ///
    /// # Errors
    /// There are some.
    pub fn refuse_unknown(&mut self, unknown: Vec<(TopicPartition, Unknown)>) -> Result<(), Stop> {
        if unknown.is_empty() {
            return Ok(());
        }
        let mut topics: Vec<String> =
            unknown.iter().map(|(partition, _)| partition.topic.to_string()).collect();
        topics.sort_unstable();
        topics.dedup();
        let described = self.ask(move |client| admin::topics(client, &topics, GRACE)).unwrap_or_default();
        let leader = |partition: &TopicPartition| {
            let (_, topic) = described.iter().find(|(name, _)| **name == *partition.topic)?;
            let mut leaders = topic.as_ref().ok()?.leaders.iter();
            leaders
                .find(|leader| leader.partition == partition.partition)
                .map(|leader| leader.address.clone())
        };
        match unknown::failure(&unknown, leader) {
            Some(failure) => Err(Failure { hint: None, ..failure }.into()),
            None => Ok(()),
        }
    }

    /// Sleeps, serving the client.
    ///
    /// # Errors
    /// A signal, or the reader of stdout is gone.
    pub fn sleep_until(&mut self, end: Instant) -> Result<(), Stop> {
        loop {
            let now = Instant::now();
            reap_orphans();
            self.serve(now)?;
            if self.shutdown.is_requested() {
                return Err(Stop::Asked);
            }
            if now >= end {
                return Ok(());
            }
            if self.alarm.wait(LONGEST_SLEEP.min(end - now), true).is_stdout_closed {
                return Err(Stop::Asked);
            }
        }
    }

    /// Writes data, behind what was said before.
    ///
    /// # Errors
    /// stdout takes nothing any more; a reader that is gone is no failure.
    pub fn print(&mut self, text: &str) -> Result<(), Stop> {
        self.talk.finish(Instant::now() + LAST_LINES);
        match delivery::write_all(text.as_bytes()) {
            Ok(()) => Ok(()),
            Err(Unwritable::Closed) => Err(Stop::Asked),
            Err(Unwritable::Failed(reason)) => {
                Err(Failure::new(Kind::Run, format!("cannot write to stdout: {reason}")).into())
            }
        }
    }

    fn start<T: Send + 'static>(
        &self,
        question: &Arc<impl Fn(&Arc<Consumer>) -> Result<T, Trouble> + Send + Sync + 'static>,
    ) -> Receiver<Result<T, Trouble>> {
        let question = Arc::clone(question);
        self.source.look_ups().ask_with(move |client| question(client))
    }

    fn serve(&mut self, now: Instant) -> Result<(), Stop> {
        self.source.serve();
        while let Some(event) = self.source.event() {
            match event {
                ClientEvent::Trouble(trouble) => self.classify(&trouble, now)?,
                ClientEvent::Log(line) => {
                    self.reachability.note_log_line(&line);
                    self.talk.library(line);
                }
                ClientEvent::Assigned(_)
                | ClientEvent::Revoked { .. }
                | ClientEvent::Answered
                | ClientEvent::Fetched(_) => {}
            }
        }
        Ok(())
    }

    fn classify(&mut self, trouble: &Trouble, now: Instant) -> Result<(), Stop> {
        match self.reachability.classify(trouble, now) {
            Verdict::Wait => Ok(()),
            Verdict::Warn(message) => {
                self.talk.warn(message, now);
                Ok(())
            }
            Verdict::Fail(failure) => Err(failure.into()),
        }
    }

    fn answered(&mut self, now: Instant) {
        if let Some(event) = self.reachability.probe_answered(true, now).event() {
            self.talk.say(&event);
        }
    }

    /// Gives up when the time is over; somebody who waits is told what for.
    fn lose_patience(&mut self, asked: Instant, deadline: Option<Instant>, now: Instant) -> Result<(), Stop> {
        if self.is_patient {
            if now >= asked + DOUBT && self.reachability.is_uncertain() && self.reachability.is_connected() {
                // One broker that is away may hold an answer up, while the others are there.
                let is_reached = self.is_reached();
                if let Some(event) = self.reachability.probe_answered(is_reached, now).event() {
                    self.talk.say(&event);
                }
            }
            return Ok(());
        }
        if let Some(failure) = self.reachability.give_up(now) {
            return Err(if self.is_reached() { self.no_answer() } else { failure }.into());
        }
        if let Some(waiting) = self.reachability.still_waiting(now) {
            self.talk.say(&waiting);
        }
        match deadline {
            Some(deadline) if now >= deadline + GRACE => Err(self.no_answer().into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether any broker answers.
    fn is_reached(&self) -> bool {
        admin::topic_names(self.source.look_ups().client(), GRACE).is_ok()
    }

    fn no_answer(&self) -> Failure {
        let message = format!("no answer from `{}` in time", self.brokers);
        let failure = Failure::new(Kind::Connection, message);
        failure.hint("`--connect-timeout 0s` waits for as long as it takes")
    }
}

fn is_passing(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::Transport | TroubleKind::AllBrokersDown)
}
