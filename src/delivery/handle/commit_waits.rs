//! `manual` with `--parallel`: the next record of a key waits until the one before is committed.

use super::Handlers;

impl Handlers<'_> {
    /// No key waits for a commit any more: the last one covers them all.
    pub fn stop_waiting_for_commits(&mut self) {
        self.commit_sent();
        self.commit_confirmed();
    }

    /// A commit of all that is settled is on its way.
    pub fn commit_sent(&mut self) {
        self.committing.append(&mut self.uncommitted);
    }

    /// The commit under way is confirmed: the keys that waited for it go on.
    pub fn commit_confirmed(&mut self) {
        for ticket in std::mem::take(&mut self.committing) {
            self.remove(ticket);
        }
    }

    /// The commit under way failed: the next one covers its records.
    pub fn commit_failed(&mut self) {
        self.uncommitted.append(&mut self.committing);
    }
}
