//! The way of a record from the broker to stdout; owns the loop.

mod assign;
mod commits;
mod coverage;
mod ending;
mod ends;
mod events;
mod identity;
mod lanes;
mod leaders;

mod question;
mod ranges;
mod rebalance;
mod records;
mod search;
mod silence;
mod starts;
mod topics;

mod unreached;
mod watching;

use crate::alarm::Alarm;
use crate::choices::{CommitMode, CommitSettings};
use crate::commits::Commits;
use crate::delivery::{Delivery, Progress, Settled};
use crate::error::Failure;
use crate::handlers;
use crate::kafka::{Source, Trouble};
use crate::metrics::{Counts, Meter};
use crate::reachability::{FailureText, Reachability, explain};
use crate::secrets;
use crate::settings::Consume;
use crate::shutdown::Shutdown;
use crate::talk::{Event, Notice, Talk};
use coverage::Coverage;
use ending::Ending;
use identity::Identity;
use lanes::Lanes;

use rebalance::Rebalances;
use silence::Pending;
use std::time::{Duration, Instant};
use topics::Topics;
use unreached::Unreached;

/// The longest sleep: whatever happens, the client is served ten times a second.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// Everything a run needs from the world.
pub struct World {
    pub alarm: Alarm,
    pub shutdown: Shutdown,
    pub talk: Talk,
    pub meter: Meter,
}

/// A run of `consume`.
pub struct Run<'a> {
    settings: &'a Consume,
    alarm: Alarm,
    shutdown: Shutdown,
    talk: Talk,
    source: Source,
    delivery: Delivery<'a>,
    reachability: Reachability,
    topics: Topics,
    commits: Commits,
    lanes: Lanes,
    rebalances: Rebalances,
    identity: Identity,
    /// The group takes no member like us, and is being asked what it is.
    refused_by_group: Option<Trouble>,
    has_asked_for_kind: bool,
    coverage: Coverage,
    unreached: Unreached,
    ends: ends::Ends,
    /// Failures that wait for what was read before them.
    pending: Vec<Pending>,
    /// Records written to stdout, or handled.
    processed: u64,
    ending: Option<Ending>,
    meter: Meter,
    counts: Counts,
    ends_asked_at: Option<Instant>,
    started: Instant,
    idle_since: Instant,
    checked: Instant,
}

/// What a run came to, once everything is written and closed.
pub struct Finished {
    pub talk: Talk,
    pub result: Result<(), Failure>,
    /// Until when the last lines may be waited for.
    pub deadline: Instant,
}

/// Reads until something ends the run; then finishes, commits and closes.
///
/// # Errors
/// In `Finished`: whatever ended the run early.
pub fn run(settings: &Consume, world: World) -> Finished {
    let started = Instant::now();
    let World { alarm, shutdown, talk, meter } = world;
    let opened = Delivery::start(settings, &alarm, talk.handler_output(), started)
        .and_then(|delivery| Ok((delivery, open_source(settings, &alarm, talk.is_library_wanted())?)));
    let (delivery, source) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            return Finished { talk, result: Err(failure), deadline: started + LONGEST_SLEEP };
        }
    };
    let group = settings.group();
    let user = settings.connection.user.as_deref();
    let failure_text =
        FailureText::new(&settings.connection.brokers, user, group.map(|group| group.name.as_str()));
    let connect_deadline = settings.connection.connect_timeout.map(|limit| started + limit);
    let never = CommitSettings { mode: CommitMode::Never, is_async: false };
    let mut run = Run {
        settings,
        alarm,
        shutdown,
        talk,
        source,
        delivery,
        reachability: Reachability::new(failure_text, connect_deadline, started),
        topics: Topics::new(settings, started),
        commits: Commits::new(group.map_or(never, |group| group.commits), started),
        lanes: Lanes::default(),
        rebalances: Rebalances::new(rebalance_limit(settings)),
        identity: Identity::new(&settings.connection),
        refused_by_group: None,
        has_asked_for_kind: false,
        coverage: Coverage::default(),
        unreached: Unreached::new(),
        ends: ends::Ends::default(),
        pending: Vec::new(),
        processed: 0,
        ending: None,
        meter,
        counts: Counts::default(),
        ends_asked_at: None,
        started,
        idle_since: started,
        checked: started,
    };
    run.source.read_headers(run.delivery.reads_headers());
    run.search_topics(started);
    while run.turn() {}
    if run.meter.is_on() {
        run.publish();
    }
    run.finish()
}

/// Makes the client of a run.
fn open_source(settings: &Consume, alarm: &Alarm, is_verbose: bool) -> Result<Source, Failure> {
    let tokens = settings.connection.tokens.as_ref();
    Source::open(&properties(settings), tokens, is_verbose, alarm)
        .map_err(|words| explain::unfit(&secrets::hide(words, &settings.connection.hidden)))
}

/// What is handed to librdkafka.
fn properties(settings: &Consume) -> Vec<(String, String)> {
    let connection = &settings.connection;
    let mut properties = connection.properties.clone();
    if settings.stops.to.is_some() && connection.property("statistics.interval.ms").is_none() {
        // Only statistics tell that fetching has passed batches that hold no record (`ends`).
        properties.push(("statistics.interval.ms".to_owned(), "500".to_owned()));
    }
    if settings.handling.is_some() {
        // What was prefetched of a partition that is held comes all at once when it goes on; and each of those has
        // a queue of its own.
        for (name, value) in [("queued.min.messages", "5000"), ("queued.max.messages.kbytes", "1024")] {
            if connection.is_ours(name) {
                properties.retain(|(other, _)| other != name);
                properties.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    properties
}

/// How long a revoke may wait for records in hand: half of `max.poll.interval.ms`, at most 30 s.
fn rebalance_limit(settings: &Consume) -> Duration {
    let interval = settings.connection.property("max.poll.interval.ms").and_then(|text| text.parse().ok());
    Duration::from_millis(interval.unwrap_or(300_000) / 2).min(Duration::from_secs(30))
}

impl Run<'_> {
    /// One turn of the loop. False when the run is over.
    fn turn(&mut self) -> bool {
        let now = Instant::now();
        handlers::reap_orphans();
        self.watch_signals(now);
        self.settle_written(now);
        self.take_commit_answer(now);
        self.source.serve();
        self.handle_events(now);
        self.join_again_if_due(now);
        self.advance_rebalance(now);
        self.advance_commits(now);
        let progress = self.delivery.poll(now);
        self.apply(progress, now);
        let has_worked = self.take_records(now);
        for id in self.delivery.resume(self.commits.watermarks()) {
            self.source.go_on(id.slot);
        }
        while let Some(progress) = self.delivery.start_attempts(&self.commits, now) {
            self.apply(progress, now);
        }
        // A topic that is written to all the time is never idle: a finished partition counts at once.
        if !has_worked || self.ends.is_changed && self.unreached.is_empty() {
            self.look_at_ends(now);
        }
        self.delivery.seal_if_waiting(now);
        self.watch_clocks(now);
        self.answer_scrapes(now);
        if self.is_over(now) {
            return false;
        }
        if !has_worked {
            self.sleep(now);
        }
        true
    }

    fn sleep(&mut self, now: Instant) {
        let limit = self.delivery.pause(&self.commits, now).unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
        // While records wait to be written, the writer finds out about a closed reader itself.
        let woken = self.alarm.wait(limit, self.ending.is_none());
        if woken.is_stdout_closed {
            self.end_unwritable(Instant::now());
        }
    }

    /// What depends on time alone.
    fn watch_clocks(&mut self, now: Instant) {
        if let Some(failure) = self.reachability.give_up(now) {
            self.fail(failure, now);
        }
        if let Some(waiting) = self.reachability.still_waiting(now) {
            self.say_in_order(&waiting);
        }
        if self.reachability.is_probe_due(now) {
            self.source.look_ups().probe(self.topics.any_name());
        }
        self.topics_due(now);
        self.ask_unreached(now);
        self.fail_pending(now);
        let is_reading = self.reachability.is_connected() && !self.lanes.is_empty();
        if !is_reading || !self.delivery.is_idle() {
            self.idle_since = now;
        }
        let stops = &self.settings.stops;
        // A probe takes up to three seconds to find out that nothing can come.
        let is_idle = !self.reachability.is_uncertain()
            && stops.idle_timeout.is_some_and(|limit| now.duration_since(self.idle_since) >= limit);
        let is_late = stops.duration.is_some_and(|limit| now.duration_since(self.started) >= limit);
        if (is_idle || is_late) && self.ending.is_none() {
            match self.stopped_before_end(now) {
                Some(failure) => self.fail(failure, now),
                None => self.end(now),
            }
        }
        if now.duration_since(self.checked) >= Duration::from_secs(1) {
            self.watch_pauses(self.checked, now);
            self.checked = now;
            self.each_second(now);
        }
    }

    fn each_second(&mut self, now: Instant) {
        self.source.forward_again();
        self.source.look_ups().start_again();
        let progress = self.delivery.look_after(now);
        self.apply(progress, now);
        let is_spare = self.lanes.is_empty() && self.rebalances.has_joined;
        if let Some(warning) = self.delivery.spare_member_warning(is_spare, now) {
            self.talk.warn(warning, now);
        }
        self.watch_unreached(now);
        self.watch_silence(now);
        self.wonder_about_group(now);
        self.talk.tell_repeats(now, false);
        // Delivered once, then silence: so it is asked for.
        if let Some(trouble) = self.source.fatal_error() {
            self.fail_fatally(&trouble, now);
        }
        if self.delivery.has_filter() {
            // Records that are left out are no reason for a commit by themselves.
            self.commits.passed_left_out();
        }
        // A marker may follow a record that was committed long ago.
        for lane in self.lanes.iter_mut() {
            lane.is_dirty = true;
        }
    }

    fn watch_signals(&mut self, now: Instant) {
        if self.shutdown.is_requested() && !self.ending.as_ref().is_some_and(|ending| ending.is_signal_said) {
            self.say_in_order(&Event::Progress { message: "Shutdown signal received...".into() });
            self.end(now);
            if let Some(ending) = &mut self.ending {
                ending.is_signal_said = true;
            }
        }
    }

    /// Says something once all records before it are written.
    fn say_in_order(&mut self, event: &Event) {
        if let Some(line) = self.talk.line(event) {
            self.delivery.say(&line);
        }
    }

    fn tell(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Event(event) => self.talk.say(&event),
            Notice::AfterRecords(event) => self.say_in_order(&event),
            Notice::Warning(message) => self.talk.warn(message, now),
            Notice::Library(line) => self.talk.library(line),
        }
    }

    /// Acts on what has happened to records.
    fn apply(&mut self, progress: Progress, now: Instant) {
        for settled in progress.settled {
            self.settle(settled);
        }
        for notice in progress.notices {
            self.tell(notice, now);
        }
        if let Some(failure) = progress.failure {
            self.fail(failure, now);
        }
        if progress.is_unwritable {
            self.end_unwritable(now);
        }
        let is_enough = self.settings.stops.count.is_some_and(|count| self.processed >= count);
        if is_enough && self.ending.is_none() {
            self.end(now);
        }
    }

    fn settle(&mut self, settled: Settled) {
        let records = match settled {
            Settled::Record { id, offset, is_counted } => {
                self.commits.watermarks_mut().settle(id, offset);
                if let Some(lane) = self.lanes.get_mut(id.slot) {
                    lane.is_dirty = true;
                }
                u64::from(is_counted)
            }
            Settled::Before { id, next } => self.commits.watermarks_mut().settle_before(id, next),
        };
        self.processed += records;
        self.commits.processed(records);
    }
}
