//! What coordinators say about groups: who is in them, and what they have committed.

use crate::kafka::admin::Described;
use crate::kafka::admin::groups::{self, CommittedRequest, GroupDescription, Undescribed};
use crate::kafka::client::Consumer;
use crate::kafka::errors::{Trouble, TroubleKind};
use crate::record::TopicPartition;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The pause before a coordinator is asked again that cannot answer at the moment, for example because it has just
/// taken a group over.
const AGAIN: Duration = Duration::from_millis(100);

/// Up to how many groups are asked for one after the other a second time if they have committed nothing.
const FEW: usize = 8;

/// A group and all offsets that it has committed.
pub type CoordinatorAnswer = (GroupDescription, Vec<(TopicPartition, i64)>);

/// Questions to coordinators. A question without an answer is kept from one look to the next, however long the
/// coordinator is away: giving it up would end the process (`COORDINATOR_LIMIT`), and asking it anew each time would
/// pile up questions.
#[derive(Default)]
pub struct Questions {
    committed: HashMap<String, CommittedRequest>,
    undescribed: Undescribed,
}

impl Questions {
    /// Asks about all groups at once and returns the answers in the order of `names`; those that are missing after
    /// `limit` are troubles.
    pub(super) fn ask(
        &mut self,
        client: &Arc<Consumer>,
        names: &[String],
        limit: Duration,
    ) -> Vec<Described<CoordinatorAnswer>> {
        let deadline = Instant::now() + limit;
        let mut told: HashMap<String, Result<CoordinatorAnswer, Trouble>> = HashMap::new();
        let mut open = names.to_vec();
        while !open.is_empty() {
            told.extend(self.ask_once(client, &open, deadline));
            if Instant::now() + AGAIN >= deadline {
                break;
            }
            open.retain(|name| told.get(name).is_some_and(is_passing));
            if !open.is_empty() {
                std::thread::sleep(AGAIN);
            }
        }
        names.iter().filter_map(|name| Some((name.clone(), told.remove(name)?))).collect()
    }

    fn ask_once(
        &mut self,
        client: &Arc<Consumer>,
        names: &[String],
        deadline: Instant,
    ) -> Vec<Described<CoordinatorAnswer>> {
        let Questions { committed, undescribed } = self;
        // All requests are sent before the first answer is waited for.
        for name in names {
            committed.entry(name.clone()).or_insert_with(|| groups::ask_committed(client, name));
        }
        let (described, mut committed) = std::thread::scope(|scope| {
            let described = scope.spawn(|| groups::describe_until(client, names, undescribed, deadline));
            let mut answer = |name: &String| {
                let answer = committed.get(name)?.answer_until(deadline)?;
                committed.remove(name);
                Some((name.clone(), answer))
            };
            let committed: HashMap<_, _> = names.iter().filter_map(&mut answer).collect();
            (described.join().unwrap_or_default(), committed)
        });
        let both = |(name, group): Described<GroupDescription>| {
            let mut committed = committed.remove(&name).unwrap_or_else(|| Err(Trouble::unanswered()));
            if names.len() <= FEW && committed.as_ref().is_ok_and(Vec::is_empty) && group.is_ok() {
                // A coordinator that has just taken over may have answered before it knew what was committed.
                let again = groups::ask_committed(client, &name).answer_until(deadline);
                committed = again.unwrap_or(committed);
            }
            (name, group.and_then(|group| Ok((group, committed?))))
        };
        described.into_iter().map(both).collect()
    }
}

/// Whether the coordinator, or the one that takes over from it, may have an answer soon.
pub fn is_passing<T>(answer: &Result<T, Trouble>) -> bool {
    answer.as_ref().is_err_and(|trouble| trouble.kind == TroubleKind::Transport)
}
