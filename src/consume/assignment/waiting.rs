//! What a run waits for before it can read, and when it gives up.

use super::Assignment;
use super::rebalance::RebalanceStep;
use super::times::PATIENCE;
use crate::consume::action::{Context, Step, fail};
use crate::error::Failure;
use crate::kafka::admin::Unknown;
use crate::reachability::unknown::{self, words};
use crate::record::TopicPartition;
use std::time::Duration;

/// So long the answer to a question may take.
const MOMENT: Duration = Duration::from_millis(500);

impl Assignment<'_> {
    /// Tells what is waited for, and gives up if the run has an end and the time is over.
    ///
    /// # Errors
    /// The run ends: partitions that it should read to an end cannot be reached.
    pub fn watch_unreached(&mut self, context: &mut Context<'_, '_>) -> Step {
        if context.is_closing {
            return Ok(());
        }
        let client = context.client;
        let leader = |partition: &TopicPartition| client.leader(partition);
        for message in self.unreached.untold(context.now, leader) {
            context.warn(message);
        }
        let ends = self.ends.unknown_for(PATIENCE, context.now);
        if !ends.is_empty() && !self.ends.is_unknown_said {
            for words in words(ends, leader) {
                context.warn(format!("{words}, waiting for its end"));
            }
            self.ends.is_unknown_said = true;
        }
        let limit = self.settings.connection.connect_timeout;
        let Some(limit) = limit.filter(|_| self.settings.stops.to.is_some()) else { return Ok(()) };
        self.not_known(limit, limit, context).map_or(Ok(()), fail)
    }

    /// The failure for what has not been known for `limit`: logs, ends at a time, and, for `of_all`, the logs of all
    /// partitions that were given to us together.
    fn not_known(&self, limit: Duration, of_all: Duration, context: &Context<'_, '_>) -> Option<Failure> {
        let leader = |partition: &TopicPartition| context.client.leader(partition);
        let failure = self.unreached.given_up(limit, context.now, leader);
        let failure = failure.or_else(|| unknown::failure(&self.unstarted(of_all, context), leader));
        failure.or_else(|| unknown::failure(self.ends.unknown_for(limit, context.now), leader))
    }

    /// The partitions that have been ours for so long, while the log of none of those given with them is known. While
    /// no broker has answered at all that is another failure.
    fn unstarted(&self, limit: Duration, context: &Context<'_, '_>) -> Vec<(TopicPartition, Unknown)> {
        match &self.rebalances.step {
            RebalanceStep::Starting(starting)
                if context.reachability.has_answered()
                    && context.now.duration_since(starting.since) >= limit =>
            {
                starting.unanswered()
            }
            RebalanceStep::Starting(_) | RebalanceStep::Idle | RebalanceStep::Revoking(_) => Vec::new(),
        }
    }

    /// The failure of a run whose time is over while partitions were never read.
    pub fn never_read(&self, context: &Context<'_, '_>) -> Option<Failure> {
        // What was only just asked for is no failure. A run without an end may stop at any time.
        let of_all = if self.settings.stops.to.is_some() { MOMENT } else { PATIENCE };
        let failure = self.not_known(Duration::ZERO, of_all, context)?;
        Some(Failure { hint: None, ..failure })
    }
}
