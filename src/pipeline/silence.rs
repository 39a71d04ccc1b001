//! Partitions that give nothing although their log goes on: silence is no end. It is proved that nothing is left, or
//! the reason is told.

use super::Run;
use super::ends::QUIET;
use super::lanes::Lane;
use crate::error::{Failure, Kind};
use crate::kafka::probe::Finding;
use crate::offsets::Claim;
use crate::record::TopicPartition;
use std::time::{Duration, Instant};

/// A partition that has given nothing for that long is looked at where nothing waits for its end; else after `QUIET`.
const QUIET_WITHOUT_END: Duration = Duration::from_secs(5);

/// What is not explained by then is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// A partition that a look has shown to have records, and that delivers none for that long, is set again.
const STALLED: Duration = Duration::from_secs(15);

/// The pause between two looks, doubled from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How long a look may take, doubled likewise.
const LIMITS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// Looks under way at once: each is a client of its own.
const MOST_LOOKS: usize = 4;

/// What is known of a partition that gives nothing.
#[derive(Debug, Default)]
pub struct Silence {
    is_looking: bool,
    looks: u32,
    not_before: Option<Instant>,
    /// There are records: they only do not come.
    is_readable: bool,
    reason: Option<String>,
    /// What was told of it.
    told: Option<String>,
    set_at: Option<Instant>,
}

impl Silence {
    fn grown(&self, (first, last): (Duration, Duration)) -> Duration {
        first.saturating_mul(1 << self.looks.min(8)).min(last)
    }

    /// Whether somebody was told that nothing comes.
    pub fn is_told(&self) -> bool {
        self.told.is_some()
    }
}

/// A failure that ends the run once everything read before it in its partition is done.
pub struct Pending {
    claim: Claim,
    failure: Failure,
}

impl Run<'_> {
    /// Looks at partitions that have given nothing for a while, and tells of those that stay silent.
    pub(super) fn watch_silence(&mut self, now: Instant) {
        if self.ending.is_some() || !self.source.is_used_up() {
            return;
        }
        let has_end = self.settings.stops.to.is_some();
        let mut looking = self.lanes.iter().filter(|lane| lane.silence.is_looking).count();
        let (mut looks, mut warnings) = (Vec::new(), Vec::new());
        for lane in self.lanes.iter_mut() {
            let next = self.tracker.next(lane.claim).unwrap_or(0);
            let end = lane.stop.filter(|stop| *stop <= lane.end).or_else(|| {
                // Read on without an end: only what is known to be there can be missing.
                let known = || self.source.known_end(&lane.partition).unwrap_or(0);
                (!has_end).then(known)
            });
            let is_held = self.handling.as_ref().is_some_and(|handling| handling.is_held(lane.claim));
            let quiet = if has_end { QUIET } else { QUIET_WITHOUT_END };
            let is_silent = !lane.is_finished
                && !lane.is_revoked
                && !lane.is_broken
                && !is_held
                && end.is_some_and(|end| next < end)
                && now.duration_since(lane.moved_at) >= quiet
                && self.source.is_drained(lane.claim.slot);
            if !is_silent {
                if !lane.silence.is_looking && next >= end.unwrap_or(0) {
                    lane.silence = Silence::default();
                }
                continue;
            }
            let is_due = lane.silence.not_before.is_none_or(|at| now >= at);
            if is_due && !lane.silence.is_looking && looking < MOST_LOOKS {
                looking += 1;
                lane.silence.is_looking = true;
                let limit = lane.silence.grown(LIMITS);
                looks.push((lane.partition.clone(), next, limit));
            }
            warnings.extend(untold(lane, end.unwrap_or(next), now));
            if is_stalled(lane, now) {
                lane.silence.set_at = Some(now);
                self.source.forward_again();
                // A position of an empty partition is invalid for ever, so this one is below its end for sure.
                drop(self.source.seek(&lane.partition, next));
            }
        }
        for (partition, offset, limit) in looks {
            self.source.look_ups().look(partition, offset, limit);
        }
        for warning in warnings {
            self.talk.warn(warning, now);
        }
    }

    /// Takes what a look has found.
    pub(super) fn looked(&mut self, partition: &TopicPartition, offset: i64, finding: Finding, now: Instant) {
        let has_end = self.settings.stops.to.is_some();
        let Some(lane) = self.lanes.find_mut(partition) else { return };
        let claim = lane.claim;
        let silence = &mut lane.silence;
        silence.is_looking = false;
        silence.not_before = Some(now + silence.grown(PAUSES));
        silence.looks += 1;
        if self.tracker.next(claim) != Some(offset) {
            // It has moved meanwhile.
            lane.silence = Silence::default();
            return;
        }
        match finding {
            Finding::NothingBefore(next) => match lane.stop {
                Some(stop) if next >= stop => {
                    // Only markers, aborted or compacted records lie between, or nothing at all.
                    self.tracker.advance(claim, stop);
                    lane.is_dirty = true;
                    lane.is_finished = true;
                    self.ends.is_changed = true;
                    if self.tracker.is_settled(claim) && self.tracker.owed(claim).is_some() {
                        self.schedule.moved();
                    }
                }
                Some(_) | None => {
                    lane.silence.is_readable = true;
                    lane.silence.reason = None;
                }
            },
            Finding::Unknown(reason) => {
                let leader = || self.source.look_ups().leader(&lane.partition);
                let unanswered =
                    || leader().map(|leader| format!("nothing comes from its leader `{leader}`"));
                lane.silence.reason = reason.or_else(unanswered);
            }
            Finding::Unreadable(why) => {
                let failure = unreadable(&lane.partition, offset, &why);
                if has_end {
                    self.fail_after(claim, failure, now);
                } else {
                    self.talk.warn(format!("{}: {why}", failure.message), now);
                }
            }
        }
    }

    /// Ends the run with a failure once what was read before it in its partition is done.
    pub(super) fn fail_after(&mut self, claim: Claim, failure: Failure, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(claim.slot).filter(|lane| lane.claim == claim) {
            lane.is_broken = true;
            self.output.seal();
            self.pending.push(Pending { claim, failure });
        }
        self.fail_pending(now);
    }

    pub(super) fn fail_pending(&mut self, now: Instant) {
        if self.pending.is_empty() {
            return;
        }
        let lanes = &self.lanes;
        // Whoever gets the partition now finds out for itself.
        self.pending.retain(|pending| lanes.iter().any(|lane| lane.claim == pending.claim));
        let is_done = |pending: &Pending| self.tracker.is_settled(pending.claim);
        if let Some(index) = self.pending.iter().position(is_done) {
            let failure = self.pending.swap_remove(index).failure;
            self.fail(failure, now);
        }
    }

    /// The failure of a run whose time is over before a partition was read to its end, for no fault of its own.
    pub(super) fn stopped_before_end(&self, now: Instant) -> Option<Failure> {
        if let Some(failure) = self.never_read(now) {
            return Some(failure);
        }
        let lane = self.lanes.iter().find(|lane| !lane.is_finished && lane.silence.is_told())?;
        let next = self.tracker.next(lane.claim).unwrap_or(0);
        let message = format!("stopped at {next} in {}, before its end", lane.partition);
        Some(Failure::new(Kind::Run, message).caused_by(lane.silence.reason.clone().unwrap_or_default()))
    }
}

/// The failure for a place in the log that cannot be read.
pub fn unreadable(partition: &TopicPartition, offset: i64, why: &str) -> Failure {
    let TopicPartition { topic, partition: number } = partition;
    let message = format!("{partition} @ {offset}: the broker's data cannot be read");
    Failure::new(Kind::Run, message).caused_by(why).hint(format!(
        "to go on behind it, find the next offset N that can be read: `--from {number}=N`, or with a group \
         `kcons group reset GROUP --topic {topic}:{number} --to N --execute`"
    ))
}

fn is_stalled(lane: &Lane, now: Instant) -> bool {
    let since = lane.silence.set_at.map_or(lane.moved_at, |at| at.max(lane.moved_at));
    lane.silence.is_readable && !lane.is_throttled && now.duration_since(since) >= STALLED
}

/// What to say of a partition that gives nothing, once for each reason.
fn untold(lane: &mut Lane, end: i64, now: Instant) -> Option<String> {
    let silent = now.duration_since(lane.moved_at);
    if silent < PATIENCE || lane.silence.looks == 0 {
        return None;
    }
    let reason = match &lane.silence.reason {
        _ if lane.is_throttled => Some("the broker throttles this client"),
        Some(reason) => Some(reason.as_str()),
        None if lane.stop.is_none() => Some("a transaction may be open"),
        None => None,
    };
    let reason = reason.map(str::to_owned).unwrap_or_default();
    if lane.silence.told.as_ref() == Some(&reason) {
        return None;
    }
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    lane.silence.told = Some(reason);
    Some(format!(
        "{}: nothing has come for {} s though its log goes on to {end}, waiting{because}",
        lane.partition,
        silent.as_secs()
    ))
}
