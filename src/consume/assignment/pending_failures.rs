//! Failures that end the run once everything read before them in their partitions is done.

use super::Assignment;
use super::partition::Reading;
use crate::commits::AssignmentId;
use crate::consume::action::{Action, Context, Step, fail};
use crate::error::Failure;

/// A failure that ends the run once everything read before it in its partition is done.
#[derive(Debug)]
pub struct PendingFailure {
    id: AssignmentId,
    failure: Failure,
}

impl Assignment<'_> {
    /// Ends the run with a failure once what was read before it in its partition is done.
    pub(super) fn fail_after(&mut self, id: AssignmentId, failure: Failure, context: &mut Context<'_, '_>) {
        let Some(partition) = self.partitions.get_mut(id.slot).filter(|partition| partition.id == id) else {
            return;
        };
        partition.reading = Reading::Broken;
        if let Some(next) = context.commits.watermarks().next(id) {
            // Whatever is told of how far fetching is: what lies behind it was not read.
            context.commits.watermarks_mut().hold(id, next);
        }
        context.act(Action::Seal);
        self.pending_failures.push(PendingFailure { id, failure });
    }

    /// Ends the run with a failure whose time has come.
    ///
    /// # Errors
    /// The failure.
    pub fn fail_pending(&mut self, context: &Context<'_, '_>) -> Step {
        if self.pending_failures.is_empty() {
            return Ok(());
        }
        let partitions = &self.partitions;
        // Whoever gets the partition now finds out for itself.
        self.pending_failures.retain(|pending| partitions.iter().any(|partition| partition.id == pending.id));
        let is_done = |pending: &PendingFailure| context.commits.watermarks().is_settled(pending.id);
        match self.pending_failures.iter().position(is_done) {
            Some(index) => fail(self.pending_failures.swap_remove(index).failure),
            None => Ok(()),
        }
    }
}
