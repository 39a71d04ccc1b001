//! A run from its beginning to its end: what it works with is opened, the loop turns, everything is closed.

use super::assignment::Assignment;
use super::closing::Closing;
use super::status::Status;
use super::topics::Topics;
use super::{Consumer, LONGEST_SLEEP, Turn};
use crate::alarm::Alarm;
use crate::choices::{CommitMode, CommitSettings};
use crate::commits::Commits;
use crate::consume::broker::Broker;
use crate::delivery::{Delivery, HeaderUse};
use crate::error::{Failure, Kind};
use crate::kafka::Source;
use crate::metrics::Meter;
use crate::reachability::{FailureText, Reachability, explain};
use crate::secrets;
use crate::settings::Consume;
use crate::signals::Shutdown;
use crate::talk::{Event, ProgressDisplay, Talk};
use std::time::{Duration, Instant};

/// Everything a run needs from the world.
pub struct World {
    pub alarm: Alarm,
    pub shutdown: Shutdown,
    pub talk: Talk,
    pub meter: Meter,
    pub progress: Option<ProgressDisplay>,
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
    let World { mut alarm, shutdown, talk, meter, progress } = world;
    let opened = Delivery::start(settings, &alarm, (talk.handler_output(), talk.order()), started)
        .and_then(|delivery| Ok((delivery, open(settings, &alarm, talk.is_library_wanted())?)));
    let (delivery, client) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            return Finished { talk, result: Err(failure), deadline: started + LONGEST_SLEEP };
        }
    };
    let mut status = Status::new(talk, meter, settings.group().is_some(), started);
    status.progress = progress;
    let mut consumer = consumer(settings, client, delivery, status);
    consumer.step(started, |parts, context| parts.topics.search(context));
    loop {
        match consumer.turn(shutdown.is_requested(), Instant::now()) {
            Turn::Over => return finish(consumer),
            Turn::Again => {}
            Turn::Sleep(limit) => {
                // While records wait to be written, the writer finds out about a closed reader itself.
                let woken = alarm.wait(limit, consumer.closing.is_none());
                if woken.is_stdout_closed {
                    consumer.end_unwritable(Instant::now());
                }
            }
        }
    }
}

/// The loop with all its parts, which has not turned yet.
pub fn consumer<'a, B: Broker>(
    settings: &'a Consume,
    mut client: B,
    delivery: Delivery<'a>,
    status: Status,
) -> Consumer<'a, B> {
    client.read_headers(delivery.header_use() == HeaderUse::All);
    if settings.is_merged {
        client.merge_by_time(settings.connection.is_ours("queued.min.messages"));
    }
    let (group, connection, now) = (settings.group(), &settings.connection, status.started);
    let failure_text = FailureText::new(
        &connection.brokers,
        connection.user.as_deref(),
        group.map(|group| group.name.as_str()),
    )
    .set_by(connection.brokers_setting());
    let connect_deadline = connection.connect_timeout.map(|limit| now + limit);
    let never = CommitSettings { mode: CommitMode::Never, is_async: false };
    Consumer {
        settings,
        client,
        reachability: Reachability::new(failure_text, connect_deadline, now)
            .with_refused_limit(connection.refused_limit),
        topics: Topics::new(settings, now),
        assignment: Assignment::new(settings),
        commits: Commits::new(group.map_or(never, |group| group.commits), now),
        delivery,
        status,
        closing: None,
    }
}

/// Closes the consumer and sums up.
pub fn finish<B: Broker>(mut consumer: Consumer<'_, B>) -> Finished {
    let now = Instant::now();
    consumer.end_progress(now);
    if consumer.status.meter.is_on() {
        consumer.publish();
    }
    for notice in consumer.delivery.last_warnings() {
        consumer.tell(notice, now);
    }
    let Consumer { settings, client, topics, commits, delivery, status, closing, .. } = consumer;
    let Status { mut talk, started, .. } = status;
    let has_started = topics.is_reading();
    if has_started {
        talk.say(&Event::Progress { message: "Closing consumer...".into() });
    }
    let (tally, has_failed_records) = (delivery.tally(), delivery.has_failed_records());
    let closing = closing.unwrap_or_else(|| Closing::new(settings.shutdown_timeout, false, now));
    delivery.close(closing.close_deadline(now));
    // Reading alone there is nobody to tell.
    if has_started && settings.group().is_some() {
        client.close(closing.close_deadline(Instant::now()));
    } else {
        std::mem::forget(client);
    }
    let has_lost_reader = closing.has_lost_reader();
    let (result, warning) = closing.result(&commits, has_failed_records);
    let result = result.and_then(|()| expected(settings, commits.total(), has_lost_reader));
    if let Some(message) = warning {
        talk.say(&Event::Warning { message });
    }
    talk.tell_repeats(Instant::now(), true);
    if has_started {
        let dropped = commits.watermarks().stale();
        talk.say(&Event::Closed { records: commits.total(), dropped, tally });
        if let Some(tally) = tally {
            talk.say(&Event::Summary { tally, time: started.elapsed() });
        }
    }
    Finished { talk, result, deadline: Instant::now() + Duration::from_millis(500) }
}

/// Whether as many records were printed or processed as were expected. A reader that has gone may have had enough.
fn expected(settings: &Consume, count: u64, has_lost_reader: bool) -> Result<(), Failure> {
    match settings.stops.expected {
        Some(expected) if has_lost_reader && !expected.is_exceeded_by(count) => Ok(()),
        Some(expected) if !expected.is_met_by(count) => {
            Err(Failure::new(Kind::Expectation, format!("expected {expected}, got {count}")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Makes the client of a run.
fn open(settings: &Consume, alarm: &Alarm, is_verbose: bool) -> Result<Source, Failure> {
    let tokens = settings.connection.tokens.as_ref();
    Source::open(&properties(settings), tokens, is_verbose, alarm).map_err(|words| unfit(settings, words))
}

/// The failure for properties of which librdkafka makes no client.
pub(super) fn unfit(settings: &Consume, words: String) -> Failure {
    explain::unfit(&secrets::hide(words, &settings.connection.hidden))
}

/// What is handed to librdkafka.
fn properties(settings: &Consume) -> Vec<(String, String)> {
    let connection = &settings.connection;
    let mut properties = connection.properties.clone();
    if settings.stops.to.is_some() && connection.property("statistics.interval.ms").is_none() {
        // Only statistics tell that fetching has passed batches that hold no record (`Assignment::look_at_ends`).
        properties.push(("statistics.interval.ms".to_owned(), "500".to_owned()));
    }
    let mut ours: Vec<(&str, &str)> = Vec::new();
    if settings.handling.is_some() || settings.is_merged {
        // What was prefetched of a partition that is held comes all at once when it goes on; and each of those has
        // a queue of its own, as all have whose records are merged.
        ours.extend([("queued.min.messages", "5000"), ("queued.max.messages.kbytes", "1024")]);
    }
    if settings.stops.last.is_some() {
        // A step back begins when the fetch before it is answered, which waits for what comes at the end of the log.
        ours.push(("fetch.wait.max.ms", "10"));
    }
    for (name, value) in ours.into_iter().filter(|(name, _)| connection.is_ours(name)) {
        properties.retain(|(other, _)| other != name);
        properties.push((name.to_owned(), value.to_owned()));
    }
    properties
}
