//! What the client told, acted on with the tracker in hand.

use super::Run;
use crate::kafka::look_up::Answer;
use crate::kafka::{ClientEvent, Trouble, TroubleKind};
use crate::reachability::{Change, Verdict};
use crate::talk::Event;
use std::time::{Duration, Instant};

/// A group that has not taken us after that long is asked what it is.
const WONDER: Duration = Duration::from_secs(3);

impl Run<'_> {
    pub(super) fn handle_events(&mut self, now: Instant) {
        while let Some(event) = self.source.event() {
            match event {
                ClientEvent::Assigned(partitions) => self.rebalances.assigned(partitions),
                ClientEvent::Revoked { partitions, is_lost: true } => self.lost(partitions, now),
                ClientEvent::Revoked { partitions, is_lost: false } => {
                    // Their logs need not be known any more, and must not be read once they are.
                    self.unreached.remove(&partitions);
                    self.rebalances.revoked(partitions);
                }
                ClientEvent::Trouble(trouble) => {
                    if Self::is_passing(&trouble) {
                        continue;
                    }
                    if matches!(trouble.kind, TroubleKind::Fenced | TroubleKind::Unreleased) {
                        self.meet_namesake(&trouble, now);
                        continue;
                    }
                    if matches!(trouble.kind, TroubleKind::InconsistentProtocol | TroubleKind::UnknownGroup) {
                        self.ask_what_the_group_is(trouble);
                        continue;
                    }
                    if matches!(trouble.kind, TroubleKind::Transport | TroubleKind::AllBrokersDown) {
                        self.identity.disturbed(now);
                    }
                    let verdict = self.reachability.classify(&trouble, now);
                    self.act_on(verdict, now);
                }
                ClientEvent::Log(line) => {
                    self.reachability.note_log_line(&line);
                    self.talk.library(line);
                }
                ClientEvent::Answer(answer) => self.take_answer(answer, now),
                ClientEvent::Fetched(positions) => {
                    for (partition, position) in positions {
                        if let Some(lane) = self.lanes.find_mut(&partition) {
                            if position.is_active {
                                lane.fetched = Some(position);
                            } else {
                                lane.starts_over(now);
                            }
                            if !position.throttle.is_zero() {
                                lane.throttled_until = Some(now + position.throttle);
                            }
                        }
                    }
                }
            }
        }
    }

    fn take_answer(&mut self, answer: Answer, now: Instant) {
        match answer {
            Answer::Topics(result) => self.topics_described(result, now),
            Answer::Ids(ids) => self.ids_found(ids, now),
            Answer::Names(result) => self.names_found(result, now),
            Answer::Ranges { ticket, ranges, trouble } => self.ranges_found(ticket, ranges, trouble, now),
            Answer::Committed(result) => self.committed_found(result, now),
            Answer::Probe { is_reached } => match self.reachability.probe_answered(is_reached, now) {
                Change::None => {}
                Change::Lost => {
                    let message = "lost all brokers, still trying".to_owned();
                    self.talk.say(&Event::Warning { message });
                }
                Change::Again(time) => self.talk.info(format!("connected again after {}", seconds(time))),
            },
            Answer::ClusterId(id) => self.cluster_found(id, now),
            Answer::Ends(ends) => self.ends_asked(ends),
            Answer::Foreign(foreign) => {
                let refused = self.refused_by_group.take();
                if let Some(trouble) = foreign.or(refused) {
                    let verdict = self.reachability.classify(&trouble, now);
                    self.act_on(verdict, now);
                }
            }
            Answer::Unheld(unheld) => {
                if let Some(unheld) = unheld {
                    self.unheld_found(unheld, now);
                }
            }
            Answer::Looked { partition, offset, finding } => self.looked(&partition, offset, finding, now),
            Answer::Owners(owners) => self.owners_found(owners, now),
        }
    }

    /// The group takes no member like us: it may be none of consumers, which says more.
    fn ask_what_the_group_is(&mut self, trouble: Trouble) {
        if let Some(group) = self.settings.group()
            && self.refused_by_group.replace(trouble).is_none()
        {
            self.source.look_ups().foreign(group.name.clone());
        }
    }

    /// A group of another kind may refuse us again and again without a word (`group.protocol=consumer`).
    pub(super) fn wonder_about_group(&mut self, now: Instant) {
        let is_waiting = self.topics.is_reading() && !self.rebalances.has_joined && self.ending.is_none();
        if let Some(group) = self.settings.group().filter(|_| is_waiting && !self.has_asked_for_kind)
            && now.duration_since(self.started) >= WONDER
        {
            self.has_asked_for_kind = true;
            self.source.look_ups().foreign(group.name.clone());
        }
    }

    /// What a trouble asks for.
    pub(super) fn act_on(&mut self, verdict: Verdict, now: Instant) {
        match verdict {
            Verdict::Wait => {}
            Verdict::Warn(message) => self.talk.warn(message, now),
            Verdict::Fail(failure) => self.fail(failure, now),
        }
    }

    /// Whether the trouble only says that the group is being shared out anew.
    pub(super) fn is_passing(trouble: &Trouble) -> bool {
        trouble.kind == TroubleKind::Rebalancing
    }
}

/// `12 s`
fn seconds(time: Duration) -> String {
    format!("{} s", (time.as_millis() + 500) / 1000)
}
