//! Partitions that give nothing although their log goes on: silence is no end. It is proved that nothing is left, or
//! the reason is told.

use super::Run;
use super::ends::QUIET;
use super::lanes::Lane;
use crate::commits::AssignmentId;
use crate::error::{Failure, Kind};
use crate::kafka::probe::Finding;
use crate::record::TopicPartition;
use std::time::{Duration, Instant};

/// A partition that has given nothing for that long is looked at where nothing waits for its end; else after `QUIET`.
const QUIET_WITHOUT_END: Duration = Duration::from_secs(5);

const THROTTLED: &str = "the broker throttles this client";

/// What is not explained by then is told.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// What is known of a partition that gives nothing.
#[derive(Debug, Default)]
pub struct Silence {
    is_looking: bool,
    looks: u32,
    not_before: Option<Instant>,
    /// When the partition last gave something: the rest is about the time since then.
    since: Option<Instant>,
    has_looked: bool,
    /// There are records: they only do not come.
    is_readable: bool,
    /// The last look has found nothing before this offset.
    nothing_before: Option<i64>,
    /// So many looks in a row have found the end of the log right here.
    ends_here: u32,
    reason: Option<String>,
    /// What was told of it, now or shortly before.
    told: Option<String>,
    /// What was last said, and when.
    said: Option<(String, Instant)>,
    set_at: Option<Instant>,
}

impl Silence {
    fn grown(&self, (first, last): (Duration, Duration)) -> Duration {
        first.saturating_mul(1 << self.looks.min(8)).min(last)
    }

    /// Forgets what is known if the partition has given something since. How rarely it is looked at stays: looks take
    /// from a quota, too.
    fn follow(&mut self, moved_at: Instant) {
        if self.since != Some(moved_at) {
            let Silence { is_looking, looks, not_before, .. } = *self;
            let (since, said) = (Some(moved_at), self.said.take());
            *self = Silence { is_looking, looks, not_before, since, said, ..Silence::default() };
        }
    }

    /// Whether somebody was told that nothing has come since then.
    fn is_told(&self, moved_at: Instant) -> bool {
        self.told.is_some() && self.since == Some(moved_at)
    }
}

/// A failure that ends the run once everything read before it in its partition is done.
pub struct Pending {
    claim: AssignmentId,
    failure: Failure,
}

impl Run<'_> {
    /// Up to where a partition has something to give.
    fn expected_end(&self, lane: &Lane) -> i64 {
        match self.settings.stops.to {
            Some(_) => lane.stop.map_or(lane.end, |stop| stop.min(lane.end)),
            // Without an end only a known end of the log tells that something is missing.
            None => self.source.known_end(&lane.partition).unwrap_or(0),
        }
    }

    /// Whether a partition has given nothing for so long, although it has something to give.
    fn is_silent(&self, lane: &Lane, quiet: Duration, now: Instant) -> bool {
        let is_held = || self.delivery.is_paused(lane.claim);
        let next = self.commits.watermarks().next(lane.claim).unwrap_or(0);
        !lane.is_finished
            && !lane.is_revoked
            && !lane.is_broken
            && now.duration_since(lane.moved_at) >= quiet
            && !is_held()
            && next < self.expected_end(lane)
            && self.source.is_drained(lane.claim.slot)
    }

    /// Looks at partitions that have given nothing for a while, and tells of those that stay silent.
    pub(super) fn watch_silence(&mut self, now: Instant) {
        if self.ending.is_some() || !self.source.is_used_up() {
            return;
        }
        let is_moving = self.lanes.iter().any(|lane| now.duration_since(lane.moved_at) < MOVING);
        let has_end = self.settings.stops.to.is_some();
        let quiet = if has_end && !is_moving { QUIET } else { QUIET_WITHOUT_END };
        let (mut silent, mut at_end) = (Vec::new(), Vec::new());
        for lane in self.lanes.iter() {
            let silence = &lane.silence;
            if self.is_silent(lane, quiet, now) {
                silent.push((silence.looks, lane.claim));
            } else if silence.looks > 0
                && !silence.is_looking
                && self.commits.watermarks().next(lane.claim).unwrap_or(0) >= self.expected_end(lane)
            {
                at_end.push(lane.claim);
            }
        }
        for claim in at_end {
            if let Some(lane) = self.lanes.get_mut(claim.slot) {
                lane.silence = Silence::default();
            }
        }
        // Those of a leader that never answers must not keep the others from being looked at.
        silent.sort_by_key(|(looks, _)| *looks);
        let mut looking = self.lanes.iter().filter(|lane| lane.silence.is_looking).count();
        for (_, claim) in silent {
            self.watch_silent(claim, &mut looking, now);
        }
    }

    fn watch_silent(&mut self, claim: AssignmentId, looking: &mut usize, now: Instant) {
        let Some(expected) = self.lanes.get(claim.slot).map(|lane| self.expected_end(lane)) else { return };
        let Some(lane) = self.lanes.get_mut(claim.slot) else { return };
        let next = self.commits.watermarks().next(claim).unwrap_or(0);
        lane.silence.follow(lane.moved_at);
        // A quota explains a silence, and a look would take from it.
        let is_due = lane.silence.not_before.is_none_or(|at| now >= at)
            && self.reachability.is_connected()
            && !lane.is_throttled(now);
        if is_due && !lane.silence.is_looking && *looking < MOST_LOOKS {
            *looking += 1;
            lane.silence.is_looking = true;
            let limit = lane.silence.grown(LIMITS);
            self.source.look_ups().look(lane.partition.clone(), next, limit);
        }
        if let Some(warning) = untold(lane, expected, now) {
            self.talk.warn(warning, now);
        }
        if is_stalled(lane, now) {
            // Once for each look that has shown it: an answer that is under way is thrown away.
            (lane.silence.is_readable, lane.silence.set_at) = (false, Some(now));
            lane.starts_over(now);
            self.source.forward_again();
            // A position of an empty partition is invalid for ever, so this one is below its end for sure.
            drop(self.source.seek(&lane.partition, next));
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
        if lane.is_broken || self.commits.watermarks().next(claim) != Some(offset) {
            // It has moved meanwhile.
            return;
        }
        silence.has_looked = true;
        if !matches!(finding, Finding::EndsAt(_)) {
            silence.ends_here = 0;
        }
        match finding {
            Finding::NothingBefore(next) | Finding::EndsAt(next) if next > offset => {
                if silence.nothing_before.replace(next) == Some(next) {
                    self.nothing_before(claim, next, now);
                } else {
                    // It is looked at twice, as any gap is read twice.
                    silence.not_before = None;
                }
            }
            Finding::NothingBefore(_) => (silence.is_readable, silence.reason) = (true, None),
            Finding::EndsAt(_) => {
                (silence.ends_here, silence.reason) = (silence.ends_here + 1, None);
                if has_end && silence.ends_here >= LOOKS_AT_A_CUT {
                    let end = lane.end;
                    let message =
                        format!("{partition}: its log ends at {offset} now, and went on to {end} before");
                    let failure = Failure::new(Kind::Run, message)
                        .hint("a leader that lacked the last records was elected");
                    self.fail_after(claim, failure, now);
                }
            }
            Finding::Unknown(reason) => {
                silence.is_readable = false;
                let leader = || self.source.look_ups().leader(partition);
                let unanswered =
                    || leader().map(|leader| format!("nothing comes from its leader `{leader}`"));
                silence.reason = reason.or_else(unanswered);
            }
            Finding::Unreadable(why) => {
                let failure = unreadable(partition, offset, &why);
                if has_end {
                    self.fail_after(claim, failure, now);
                } else {
                    self.talk.warn(format!("{}: {why}", failure.message), now);
                }
            }
        }
    }

    /// Only markers, aborted or compacted records lie below this offset, or nothing at all.
    fn nothing_before(&mut self, claim: AssignmentId, next: i64, now: Instant) {
        let Some(lane) = self.lanes.get_mut(claim.slot) else { return };
        self.commits.watermarks_mut().advance(claim, lane.stop.map_or(next, |stop| stop.min(next)));
        (lane.is_dirty, lane.moved_at) = (true, now);
        if lane.stop.is_some_and(|stop| next >= stop) {
            lane.is_finished = true;
            self.ends.is_changed = true;
        }
        if self.commits.watermarks().is_settled(claim) && self.commits.watermarks().owed(claim).is_some() {
            self.commits.passed_marker();
        }
    }

    /// Ends the run with a failure once what was read before it in its partition is done.
    pub(super) fn fail_after(&mut self, claim: AssignmentId, failure: Failure, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(claim.slot).filter(|lane| lane.claim == claim) {
            lane.is_broken = true;
            if let Some(next) = self.commits.watermarks().next(claim) {
                // Whatever is told of how far fetching is: what lies behind it was not read.
                self.commits.watermarks_mut().hold(claim, next);
            }
            self.delivery.seal();
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
        let is_done = |pending: &Pending| self.commits.watermarks().is_settled(pending.claim);
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
        let has_end = self.settings.stops.to.is_some();
        let is_known = |lane: &Lane| {
            // Read on without an end, a partition may be silent for no other reason than an open transaction.
            let is_held_up = lane.silence.reason.is_some() || lane.is_throttled(now);
            has_end || lane.silence.is_told(lane.moved_at) && is_held_up
        };
        let lane = self.lanes.iter().find(|lane| self.is_silent(lane, QUIET, now) && is_known(lane))?;
        let next = self.commits.watermarks().next(lane.claim).unwrap_or(0);
        let message = format!("stopped at {next} in {}, before its end", lane.partition);
        let failure = Failure::new(Kind::Run, message);
        Some(match &lane.silence.reason {
            Some(reason) => failure.caused_by(reason.clone()),
            None if lane.is_throttled(now) => failure.caused_by(THROTTLED),
            None => failure,
        })
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
    lane.silence.is_readable && !lane.is_throttled(now) && now.duration_since(since) >= STALLED
}

/// What to say of a partition that gives nothing, once for each reason.
fn untold(lane: &mut Lane, end: i64, now: Instant) -> Option<String> {
    let silent = now.duration_since(lane.moved_at);
    if silent < PATIENCE || !lane.silence.has_looked && !lane.is_throttled(now) {
        return None;
    }
    let reason = match &lane.silence.reason {
        _ if lane.is_throttled(now) => Some(THROTTLED),
        Some(reason) => Some(reason.as_str()),
        None if lane.stop.is_none() => Some("a transaction may be open"),
        None => None,
    };
    let reason = reason.map(str::to_owned).unwrap_or_default();
    if lane.silence.told.as_ref() == Some(&reason) {
        return None;
    }
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    lane.silence.told = Some(reason.clone());
    let is_known = |(said, at): &(String, Instant)| *said == reason && now.duration_since(*at) < SAID_AGAIN;
    if lane.silence.said.as_ref().is_some_and(is_known) {
        return None;
    }
    lane.silence.said = Some((reason, now));
    Some(format!(
        "{}: nothing has come for {} s though its log goes on to {end}, waiting{because}",
        lane.partition,
        silent.as_secs()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_silence_is_forgotten_when_something_comes() {
        let (then, now) = (Instant::now(), Instant::now() + Duration::from_secs(20));
        let mut silence = Silence::default();
        silence.follow(then);
        (silence.looks, silence.not_before, silence.is_looking) = (3, Some(now), true);
        (silence.has_looked, silence.is_readable, silence.ends_here) = (true, true, 2);
        (silence.reason, silence.told) = (Some("a quota".to_owned()), Some("a quota".to_owned()));
        silence.follow(then);
        assert!(silence.is_told(then) && silence.has_looked && silence.is_readable);
        // Something has come, and the next look at it has not been made.
        assert!(!silence.is_told(now));
        silence.follow(now);
        assert!(!silence.is_told(now) && !silence.has_looked && !silence.is_readable);
        assert_eq!((silence.ends_here, &silence.reason), (0, &None));
        assert!(silence.is_looking, "its answer is still to come");
        assert_eq!((silence.looks, silence.not_before), (3, Some(now)), "looks stay as rare as they were");
    }
}
