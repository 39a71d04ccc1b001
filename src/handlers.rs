//! Programs that process records: one process for each, or workers that stay.

mod attempt;

pub use attempt::{Attempt, Done, Outcome, Reason};
