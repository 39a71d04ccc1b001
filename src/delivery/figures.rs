//! What a delivery can tell of the records that it was given.

use super::handle::Handlers;
use super::{Delivery, Target};
use crate::metrics::RecordCounts;
use crate::talk::Tally;

impl Delivery<'_> {
    /// What handlers have done; nothing where records are printed.
    pub fn tally(&self) -> Option<Tally> {
        self.handlers().map(|handlers| handlers.tally)
    }

    /// How many records handlers work on.
    pub fn in_flight(&self) -> u64 {
        self.handlers().map_or(0, Handlers::in_flight)
    }

    /// How many records were rendered for stdout.
    pub fn rendered(&self) -> u64 {
        match &self.target {
            Target::Print(printer) => printer.rendered,
            Target::Handle(_) => 0,
        }
    }

    /// Some records were not printed because a jq program failed on them, and the run should end with an error.
    pub fn has_failed_records(&self) -> bool {
        match &self.target {
            Target::Print(printer) => printer.has_failed_records,
            Target::Handle(_) => false,
        }
    }

    pub fn counts(&self) -> &RecordCounts {
        match &self.target {
            Target::Print(printer) => &printer.counts,
            Target::Handle(handlers) => &handlers.counts,
        }
    }

    pub fn counts_mut(&mut self) -> &mut RecordCounts {
        match &mut self.target {
            Target::Print(printer) => &mut printer.counts,
            Target::Handle(handlers) => &mut handlers.counts,
        }
    }
}
