//! Partitions that give nothing although their log goes on: silence is no end. It is proved that nothing is left, or
//! the reason is told.

use super::Partitions;
use crate::consume::action::{Action, Context, ReadChange, RunEnd};
use crate::consume::assignment::partition::{AssignedPartition, Reading};
use crate::consume::assignment::silence::Silence;
use crate::consume::assignment::times::QUIET;
use crate::error::{Failure, Kind};
use crate::kafka::look_up::Question;
use crate::kafka::probe::Finding;
use crate::record::TopicPartition;
use std::time::{Duration, Instant};

/// A partition that has given nothing for that long is looked at where nothing waits for its end; else after `QUIET`.
const QUIET_WITHOUT_END: Duration = Duration::from_secs(5);

const THROTTLED: &str = "the broker throttles this client";

/// What is not explained by then is told.
const UNEXPLAINED: Duration = Duration::from_secs(10);

/// A partition that a look has shown to have records, and that delivers none for that long, is set again.
const STALLED: Duration = Duration::from_secs(15);

/// The pause between two looks, doubled from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How long a look may take, doubled likewise.
const LIMITS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// A partition that gives something now and then is told to be silent for the same reason again after that long.
const SAID_AGAIN: Duration = Duration::from_secs(300);

/// Looks under way at once: each is a client of its own.
const MOST_LOOKS: usize = 4;

/// The end of a log is below where it was when so many looks in a row say so: a leader that has just taken over is
/// behind for a moment.
const LOOKS_AT_A_CUT: u32 = 3;

/// While another partition has given something within that time, a silent one may only wait for its turn.
const MOVING: Duration = Duration::from_secs(1);

impl Partitions<'_> {
    /// Up to where a partition has something to give.
    fn expected_end(&self, partition: &AssignedPartition, context: &Context<'_, '_>) -> i64 {
        match self.settings.stops.to {
            Some(_) => partition.stop_offset().map_or(partition.end, |stop| stop.min(partition.end)),
            // Without an end only a known end of the log tells that something is missing.
            None => context.client.known_end(&partition.name).unwrap_or(0),
        }
    }

    /// Whether a partition has given nothing for so long, although it has something to give.
    fn is_silent(&self, partition: &AssignedPartition, quiet: Duration, context: &Context<'_, '_>) -> bool {
        let next = context.commits.watermarks().next(partition.id).unwrap_or(0);
        partition.is_open()
            && context.now.duration_since(partition.moved_at) >= quiet
            && !context.delivery.is_paused(partition.id)
            && next < self.expected_end(partition, context)
            && context.client.is_drained(partition.id.slot)
    }

    /// Looks at partitions that have given nothing for a while, and tells of those that stay silent.
    pub fn watch_silence(&mut self, context: &mut Context<'_, '_>) {
        if context.is_closing || !context.client.is_used_up() {
            return;
        }
        let now = context.now;
        let is_moving = self.iter().any(|partition| now.duration_since(partition.moved_at) < MOVING);
        let has_end = self.settings.stops.to.is_some();
        let quiet = if has_end && !is_moving { QUIET } else { QUIET_WITHOUT_END };
        let (mut silent, mut at_end) = (Vec::new(), Vec::new());
        for partition in self.iter() {
            let (silence, slot) = (&partition.silence, partition.id.slot);
            if self.is_silent(partition, quiet, context) {
                silent.push((silence.looks, slot, self.expected_end(partition, context)));
            } else if silence.looks > 0
                && !silence.is_looking
                && context.commits.watermarks().next(partition.id).unwrap_or(0)
                    >= self.expected_end(partition, context)
            {
                at_end.push(slot);
            }
        }
        for slot in at_end {
            if let Some(partition) = self.get_mut(slot) {
                partition.silence = Silence::default();
            }
        }
        // Those of a leader that never answers must not keep the others from being looked at.
        silent.sort_by_key(|(looks, ..)| *looks);
        let mut looking = self.iter().filter(|partition| partition.silence.is_looking).count();
        for (_, slot, expected) in silent {
            if let Some(partition) = self.get_mut(slot) {
                watch_silent(partition, expected, &mut looking, context);
            }
        }
    }

    /// Takes what a look has found. True if the partition is read to its stop.
    ///
    /// # Errors
    /// The run ends: the partition cannot be read on.
    pub fn looked(
        &mut self,
        name: &TopicPartition,
        offset: i64,
        finding: Finding,
        context: &mut Context<'_, '_>,
    ) -> Result<bool, Box<RunEnd>> {
        let mut is_at_stop = false;
        let has_end = self.settings.stops.to.is_some();
        let Some(partition) = self.find_mut(name) else { return Ok(false) };
        let (id, end) = (partition.id, partition.end);
        let silence = &mut partition.silence;
        silence.is_looking = false;
        silence.not_before = Some(context.now + silence.grown(PAUSES));
        silence.looks += 1;
        let has_moved = context.commits.watermarks().next(id) != Some(offset);
        if partition.reading == Reading::Broken || has_moved {
            return Ok(false);
        }
        silence.has_looked = true;
        if !matches!(finding, Finding::EndsAt(_)) {
            silence.ends_here = 0;
        }
        match finding {
            Finding::NothingBefore(next) | Finding::EndsAt(next) if next > offset => {
                if silence.nothing_before.replace(next) == Some(next) {
                    is_at_stop = nothing_before(partition, next, context);
                } else {
                    // It is looked at twice, as any gap is read twice.
                    silence.not_before = None;
                }
            }
            Finding::NothingBefore(_) => (silence.is_readable, silence.reason) = (true, None),
            Finding::EndsAt(_) => {
                (silence.ends_here, silence.reason) = (silence.ends_here + 1, None);
                if has_end && silence.ends_here >= LOOKS_AT_A_CUT {
                    let message = format!("{name}: the log now ends at {offset}; before, it ended at {end}");
                    let failure = Failure::new(Kind::Run, message)
                        .hint("a leader that lacked the last records was elected");
                    self.fail_after(id, failure, context);
                }
            }
            Finding::Unknown(reason) => {
                silence.is_readable = false;
                let leader = || context.client.leader(name);
                let unanswered =
                    || leader().map(|leader| format!("nothing arrives from its leader `{leader}`"));
                silence.reason = reason.or_else(unanswered);
            }
            Finding::Unreadable(why) => {
                let failure = unreadable(name, offset, &why);
                if has_end {
                    self.fail_after(id, failure, context);
                } else {
                    context.warn(format!("{}: {why}", failure.message));
                }
            }
        }
        self.fail_pending(context)?;
        Ok(is_at_stop)
    }

    /// The failure of a run whose time is over before a partition was read to its end, for no fault of its own.
    pub fn stopped_before_end(&self, context: &Context<'_, '_>) -> Option<Failure> {
        let has_end = self.settings.stops.to.is_some();
        let is_known = |partition: &AssignedPartition| {
            // Read on without an end, a partition may be silent for no other reason than an open transaction.
            let is_held_up = partition.silence.reason.is_some() || partition.is_throttled(context.now);
            has_end || partition.silence.is_told(partition.moved_at) && is_held_up
        };
        let mut silent = self.iter().filter(|partition| self.is_silent(partition, QUIET, context));
        let partition = silent.find(|partition| is_known(partition))?;
        let next = context.commits.watermarks().next(partition.id).unwrap_or(0);
        let message = format!("stopped at {next} in {}, before its end", partition.name);
        let failure = Failure::new(Kind::Run, message);
        Some(match &partition.silence.reason {
            Some(reason) => failure.caused_by(reason.clone()),
            None if partition.is_throttled(context.now) => failure.caused_by(THROTTLED),
            None => failure,
        })
    }
}

fn watch_silent(
    partition: &mut AssignedPartition,
    expected: i64,
    looking: &mut usize,
    context: &mut Context<'_, '_>,
) {
    let now = context.now;
    let next = context.commits.watermarks().next(partition.id).unwrap_or(0);
    partition.silence.follow(partition.moved_at);
    // A quota explains a silence, and a look would take from it.
    let is_due = partition.silence.not_before.is_none_or(|at| now >= at)
        && context.reachability.is_connected()
        && !partition.is_throttled(now);
    if is_due && !partition.silence.is_looking && *looking < MOST_LOOKS {
        *looking += 1;
        partition.silence.is_looking = true;
        let limit = partition.silence.grown(LIMITS);
        let partition = partition.name.clone();
        context.act(Action::Ask(Question::Look { partition, offset: next, limit }));
    }
    if let Some(warning) = untold(partition, expected, now) {
        context.warn(warning);
    }
    if is_stalled(partition, now) {
        // Once for each look that has shown it: an answer that is under way is thrown away.
        (partition.silence.is_readable, partition.silence.set_at) = (false, Some(now));
        partition.fetching_starts(now);
        // A position of an empty partition is invalid for ever, so this one is below its end for sure.
        context.act(Action::Read(ReadChange::Seek { partition: partition.name.clone(), offset: next }));
    }
}

/// Only markers, aborted or compacted records lie below this offset, or nothing at all. True if that is the stop.
fn nothing_before(partition: &mut AssignedPartition, next: i64, context: &mut Context<'_, '_>) -> bool {
    let (id, stop) = (partition.id, partition.stop_offset());
    context.commits.watermarks_mut().advance(id, stop.map_or(next, |stop| stop.min(next)));
    partition.mark_dirty();
    partition.moved_at = context.now;
    let is_at_stop = stop.is_some_and(|stop| next >= stop);
    if is_at_stop {
        partition.finish();
    }
    if context.commits.watermarks().is_settled(id) && context.commits.watermarks().owed(id).is_some() {
        context.commits.passed_marker();
    }
    is_at_stop
}

/// The failure for a place in the log that cannot be read.
pub fn unreadable(partition: &TopicPartition, offset: i64, why: &str) -> Failure {
    let TopicPartition { topic, partition: number } = partition;
    let message = format!("{partition} @ {offset}: the broker's data cannot be read");
    Failure::new(Kind::Run, message).caused_by(why).hint(format!(
        "to continue after it, find the next offset N that can be read: `--from {number}=N`, or with a group \
         `kcons group reset GROUP --topic {topic}:{number} --to N --execute`"
    ))
}

fn is_stalled(partition: &AssignedPartition, now: Instant) -> bool {
    let since = partition.silence.set_at.map_or(partition.moved_at, |at| at.max(partition.moved_at));
    partition.silence.is_readable && !partition.is_throttled(now) && now.duration_since(since) >= STALLED
}

/// What to say of a partition that gives nothing, once for each reason.
fn untold(partition: &mut AssignedPartition, end: i64, now: Instant) -> Option<String> {
    let silent = now.duration_since(partition.moved_at);
    if silent < UNEXPLAINED || !partition.silence.has_looked && !partition.is_throttled(now) {
        return None;
    }
    let reason = match &partition.silence.reason {
        _ if partition.is_throttled(now) => Some(THROTTLED),
        Some(reason) => Some(reason.as_str()),
        None if partition.stop_offset().is_none() => Some("a transaction may be open"),
        None => None,
    };
    let reason = reason.map(str::to_owned).unwrap_or_default();
    if partition.silence.told.as_ref() == Some(&reason) {
        return None;
    }
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    partition.silence.told = Some(reason.clone());
    let is_known = |(said, at): &(String, Instant)| *said == reason && now.duration_since(*at) < SAID_AGAIN;
    if partition.silence.said.as_ref().is_some_and(is_known) {
        return None;
    }
    partition.silence.said = Some((reason, now));
    Some(format!(
        "{}: nothing received for {} s although the log ends at {end}, waiting{because}",
        partition.name,
        silent.as_secs()
    ))
}
