//! What coordinators say of groups: who is in them, and what they have committed.

use crate::kafka::admin::Described;
use crate::kafka::admin::groups::{self, CommittedRequest, GroupDescription, Undescribed};
use crate::kafka::client::Consumer;
use crate::kafka::errors::{Trouble, TroubleKind};
use crate::record::TopicPartition;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A coordinator that cannot answer at the moment, as one that has just taken a group over, is asked again after that long.
const AGAIN: Duration = Duration::from_millis(100);

/// Of so many groups those that have committed nothing are asked a second time, each in its turn.
const FEW: usize = 8;

/// A group and all that it has committed.
pub type CoordinatorAnswer = (GroupDescription, Vec<(TopicPartition, i64)>);

/// Questions to coordinators. One that has no answer is kept from one look to the next, however long the coordinator is
/// away: given up, it would end the process (`COORDINATOR_LIMIT`), and asked again, it would be asked ever more often.
#[derive(Default)]
pub struct Questions {
    committed: HashMap<String, CommittedRequest>,
    undescribed: Undescribed,
}

impl Questions {
    /// Asks about all groups at once, in the order of their names; those without an answer after `limit` are told as that.
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
        // All on their way before the first answer is waited for.
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
                // A coordinator that has just taken over may have been told so before it knew what was committed.
                let again = groups::ask_committed(client, &name).answer_until(deadline);
                committed = again.unwrap_or(committed);
            }
            (name, group.and_then(|group| Ok((group, committed?))))
        };
        described.into_iter().map(both).collect()
    }
}

/// Whether somebody else may have an answer soon, or the coordinator itself.
pub fn is_passing<T>(answer: &Result<T, Trouble>) -> bool {
    answer.as_ref().is_err_and(|trouble| trouble.kind == TroubleKind::Transport)
}
